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

// Hands out the samples of a window among the threads of a team, and keeps the smallest failing one's error, so that
// who ran which does not show.
class SampleShare {
 public:
  explicit SampleShare(std::size_t window) : errors_(window), stop_(window) {}

  // Every thread calls this; body(i) is called once for each i below `samples`.
  template <class Body>
  void share(std::size_t samples, const Body& body) {
    // Taken in order, so that all below `stop_` have been taken by the time that one fails.
    for (std::size_t i; (i = next_.fetch_add(1)) < std::min(samples, stop_.load());) {
      try {
        body(i);
      } catch (...) {
        errors_[i] = std::current_exception();
        std::size_t least = stop_.load();
        while (i < least && !stop_.compare_exchange_weak(least, i)) continue;
      }
    }
  }

  // These two once every thread is through with share().
  void rethrow() const {
    if (stop_ < errors_.size()) std::rethrow_exception(errors_[stop_]);
  }
  void restart() { next_.store(0); }

 private:
  std::vector<std::exception_ptr> errors_;
  std::atomic<std::size_t> next_{0}, stop_;
};

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
  SampleShare shared(window.size());
  team.run([&](Team::Member& member) {
    auto worker = make_worker();
    for (std::size_t begin = 0; begin < count; begin += sample_window) {
      const std::size_t end = std::min(count, begin + sample_window);
      shared.share(end - begin, [&](std::size_t i) { worker(begin + i, window[i]); });
      member.barrier();
      if (member.rank() == 0) {
        shared.rethrow();
        for (std::size_t sample = begin; sample < end; ++sample) sink(sample, window[sample - begin]);
        shared.restart();
      }
      member.barrier();
    }
  });
}

}  // namespace crosspike
