// SPDX-License-Identifier: Apache-2.0
// Runs many independent samples through one Program: a State and a team of one per thread, results handed over in the
// order of the samples whatever thread ran them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <crosspike/core/program.hpp>
#include <crosspike/core/team.hpp>

namespace crosspike {

inline constexpr std::size_t sample_window = 256;  // samples between two hand-overs

// `run(sample, state, solo, result)` is called from any thread, once per sample 0 .. count - 1, with a State of that
// thread; it resets a lane, fills inputs and advances with `solo`. `result` is one of a window's and is used again.
// `sink(sample, result)` is called in order of samples by one thread at a time. The Program must have one lane.
template <class Result>
void run_samples(const std::shared_ptr<const Program>& program, std::size_t count, int threads,
                 const std::function<void(std::size_t, State&, Team&, Result&)>& run,
                 const std::function<void(std::size_t, Result&)>& sink) {
  Team team(threads);
  std::vector<Result> window(std::min(sample_window, count));
  std::atomic<std::size_t> next{0};
  team.run([&](Team::Member& member) {
    State state(program);
    Team solo(1);
    for (std::size_t begin = 0; begin < count; begin += sample_window) {
      const std::size_t end = std::min(count, begin + sample_window);
      for (std::size_t sample; (sample = begin + next.fetch_add(1)) < end;) run(sample, state, solo, window[sample - begin]);
      member.barrier();
      if (member.rank() == 0) {
        for (std::size_t sample = begin; sample < end; ++sample) sink(sample, window[sample - begin]);
        next.store(0);
      }
      member.barrier();
    }
  });
}

}  // namespace crosspike
