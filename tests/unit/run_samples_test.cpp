// SPDX-License-Identifier: Apache-2.0
// Many samples on several threads: each once, handed over in order, windows reused, errors passed on.
#include <gtest/gtest.h>

#include <chrono>
#include <crosspike/core/error.hpp>
#include <crosspike/core/run_samples.hpp>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace crosspike {
namespace {

struct Squares {
  std::vector<std::size_t> order, values;
};

Squares squares(std::size_t count, int threads) {
  Squares out;
  run_samples<std::size_t>(
      count, threads, [] { return [](std::size_t sample, std::size_t& result) { result = sample * sample; }; },
      [&](std::size_t sample, const std::size_t& result) {
        out.order.push_back(sample);
        out.values.push_back(result);
      });
  return out;
}

TEST(RunSamples, HandsOverEachSampleOnceInOrder) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, sample_window, 2 * sample_window + 1})
    for (const int threads : {1, 2, 5}) {
      const Squares found = squares(count, threads);
      ASSERT_EQ(found.order.size(), count);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(found.order[i], i);
        EXPECT_EQ(found.values[i], i * i);
      }
    }
}

TEST(RunSamples, MakesOneWorkerAThread) {
  std::mutex mutex;
  std::set<int> used;
  int made = 0;
  run_samples<int>(
      1000, 3,
      [&] {
        const std::lock_guard lock(mutex);
        return [id = made++](std::size_t, int& result) { result = id; };
      },
      [&](std::size_t, const int& id) { used.insert(id); });
  EXPECT_EQ(made, 3);
  EXPECT_LE(used.size(), 3u);
}

TEST(RunSamples, ReusesTheResultsOfAWindow) {
  std::set<const int*> places;
  run_samples<int>(
      3 * sample_window, 2, [] { return [](std::size_t, int&) {}; },
      [&](std::size_t, const int& result) { places.insert(&result); });
  EXPECT_EQ(places.size(), sample_window);
}

// The first of the failing samples is the slowest: others have long failed when it does.
TEST(RunSamples, RethrowsTheErrorOfTheSmallestFailingSample) {
  for (const int threads : {1, 7})
    for (int repeat = 0; repeat < 20; ++repeat) {
      const auto worker = [](std::size_t sample, int&) {
        if (sample < 260) return;
        if (sample == 261) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (sample >= 261) throw Error(Fault::input, "sample " + std::to_string(sample));
      };
      std::size_t handed_over = 0;
      try {
        run_samples<int>(
            1000, threads, [&] { return worker; }, [&](std::size_t, const int&) { ++handed_over; });
        ADD_FAILURE() << "nothing was thrown";
      } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "sample 261");
      }
      EXPECT_EQ(handed_over, sample_window);
    }
}

TEST(RunSamples, PassesOnWhatAWorkerOrTheSinkThrows) {
  const auto throwing = [](std::size_t sample, int&) {
    if (sample == 300) throw Error(Fault::input, "sample 300 is broken");
  };
  std::size_t seen = 0;
  for (const int threads : {1, 4})
    EXPECT_THROW(run_samples<int>(
                     1000, threads, [&] { return throwing; }, [&](std::size_t sample, const int&) { seen = sample; }),
                 Error);
  EXPECT_EQ(seen, sample_window - 1);  // of the window before
  for (const int threads : {1, 4})
    EXPECT_THROW(run_samples<int>(
                     1000, threads, [] { return [](std::size_t, int&) {}; },
                     [](std::size_t, const int&) { throw Error(Fault::interrupted, "stop"); }),
                 Error);
}

}  // namespace
}  // namespace crosspike
