// SPDX-License-Identifier: Apache-2.0
// Runs many independent samples on several threads, each with its own tools (a State, readers), and hands the results
// over in the order of the samples whatever thread ran them.
#pragma once

#include <algorithm>
#include <atomic>
#include <crosspike/core/team.hpp>
#include <cstddef>
#include <exception>
#include <vector>

namespace crosspike {

inline constexpr std::size_t sample_window = 256;  // samples between two hand-overs

// Every thread calls `make_worker()` once; worker(sample, result) is then called once per sample 0 .. count - 1, from
// any thread with that thread's worker. `result` is one of a window's and is used again. sink(sample, result) is called
// in order of samples by one thread at a time. What depends on the number of a sample alone is the same at any number
// of threads, and so is an error: where workers throw, the smallest such sample's error is rethrown, and the sink has
// had the windows before that sample's.
template <class Result, class MakeWorker, class Sink>
void run_samples(std::size_t count, int threads, const MakeWorker& make_worker, const Sink& sink) {
  Team team(threads);
  std::vector<Result> window(std::min(sample_window, count));
  std::vector<std::exception_ptr> errors(window.size());
  // Samples are taken in order, so that all below `stop` have been taken by the time that one fails.
  std::atomic<std::size_t> next{0}, stop{count};
  team.run([&](Team::Member& member) {
    auto worker = make_worker();
    for (std::size_t begin = 0; begin < count; begin += sample_window) {
      const std::size_t end = std::min(count, begin + sample_window);
      for (std::size_t sample; (sample = begin + next.fetch_add(1)) < std::min(end, stop.load());) {
        try {
          worker(sample, window[sample - begin]);
        } catch (...) {
          errors[sample - begin] = std::current_exception();
          std::size_t least = stop.load();
          while (sample < least && !stop.compare_exchange_weak(least, sample)) continue;
        }
      }
      member.barrier();
      if (member.rank() == 0) {
        if (stop < count) std::rethrow_exception(errors[stop - begin]);
        for (std::size_t sample = begin; sample < end; ++sample) sink(sample, window[sample - begin]);
        next.store(0);
      }
      member.barrier();
    }
  });
}

}  // namespace crosspike
