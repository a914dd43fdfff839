// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <chrono>
#include <crosspike/core/error.hpp>
#include <crosspike/core/team.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace crosspike {
namespace {

template <class Action>
void expect_error(Fault fault, const std::string& message, Action action) {
  try {
    action();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), fault);
    EXPECT_EQ(std::string(error.what()), message);
  }
}

// What run() throws for a body whose `throwers` each throw their rank at `barrier` barriers from the start.
std::string message_of(Team& team, const std::vector<int>& throwers, int barriers) {
  try {
    team.run([&](Team::Member& member) {
      for (int i = 0; i < barriers; ++i) member.barrier();
      for (const int thrower : throwers) {
        if (thrower == member.rank()) throw std::runtime_error("rank " + std::to_string(thrower));
      }
      for (int i = 0; i < 3; ++i) member.barrier();
    });
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Team, RefusesSizesOutsideItsRange) {
  expect_error(Fault::input, "a team of 0 threads was asked for; allowed are 1 to 1024", [] { Team team(0); });
  expect_error(Fault::input, "a team of -3 threads was asked for; allowed are 1 to 1024", [] { Team team(-3); });
  expect_error(Fault::input, "a team of 1025 threads was asked for; allowed are 1 to 1024", [] { Team team(1025); });
  EXPECT_EQ(Team(1024).size(), 1024);
}

TEST(Team, RunsTheBodyOnceOnEveryRank) {
  for (const int size : {1, 2, 7}) {
    Team team(size);
    std::vector<int> calls(static_cast<std::size_t>(size)), sizes(calls);
    for (int repeat = 0; repeat < 3; ++repeat) {
      team.run([&](Team::Member& member) {
        ++calls[static_cast<std::size_t>(member.rank())];
        sizes[static_cast<std::size_t>(member.rank())] = member.size();
      });
    }
    EXPECT_EQ(calls, std::vector<int>(calls.size(), 3));
    EXPECT_EQ(sizes, std::vector<int>(calls.size(), size));
  }
}

TEST(Team, RankZeroIsTheCallingThread) {
  for (const int size : {1, 3}) {
    std::thread::id rank_zero;
    Team(size).run([&](Team::Member& member) {
      if (member.rank() == 0) rank_zero = std::this_thread::get_id();
    });
    EXPECT_EQ(rank_zero, std::this_thread::get_id());
  }
}

// Every rank counts in a cell of its own and reads its neighbour's: after a barrier the two must agree, and a second
// barrier keeps the neighbour from going on before it was read.
TEST(Team, BarrierShowsEachRankTheWritesOfTheOthers) {
  for (const int size : {2, 7}) {
    constexpr int rounds = 2000;
    std::vector<int> count(static_cast<std::size_t>(size)), differences(count);
    Team(size).run([&](Team::Member& member) {
      const auto mine = static_cast<std::size_t>(member.rank());
      const auto neighbour = static_cast<std::size_t>((member.rank() + 1) % member.size());
      for (int i = 0; i < rounds; ++i) {
        ++count[mine];
        member.barrier();
        if (count[neighbour] != count[mine]) ++differences[mine];
        member.barrier();
      }
    });
    EXPECT_EQ(count, std::vector<int>(count.size(), rounds));
    EXPECT_EQ(differences, std::vector<int>(count.size(), 0));
  }
}

TEST(Team, RethrowsTheExceptionOfTheLowestRank) {
  Team team(7);
  for (int repeat = 0; repeat < 100; ++repeat) {
    EXPECT_EQ(message_of(team, {6, 2, 4}, 0), "rank 2");
    EXPECT_EQ(message_of(team, {1, 5}, repeat % 5), "rank 1");
  }
}

// A rank that is still on its way out of a barrier must reach its own throw, even if a higher rank has thrown already.
TEST(Team, WhoThrowsDoesNotDependOnWhoIsLate) {
  Team team(2);
  const auto run = [&] {
    team.run([](Team::Member& member) {
      member.barrier();
      if (member.rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      throw std::runtime_error("rank " + std::to_string(member.rank()));
    });
  };
  for (int repeat = 0; repeat < 20; ++repeat) {
    try {
      run();
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()), "rank 0");
    }
  }
}

TEST(Team, AThrowUnwindsTheRanksThatWait) {
  Team team(4);
  std::atomic<int> unwound{0}, passed{0};
  struct Count {
    std::atomic<int>& count;
    ~Count() { ++count; }
  };
  EXPECT_THROW(team.run([&](Team::Member& member) {
    const Count count{unwound};
    if (member.rank() == 3) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the others are asleep in the barrier by now
      throw std::out_of_range("rank 3");
    }
    member.barrier();
    ++passed;
  }),
               std::out_of_range);
  EXPECT_EQ(unwound, 4);
  EXPECT_EQ(passed, 0);
}

TEST(Team, CanBeUsedAgainAfterAnException) {
  Team team(3);
  for (int repeat = 0; repeat < 10; ++repeat) {
    EXPECT_EQ(message_of(team, {1}, 2), "rank 1");
    EXPECT_EQ(message_of(team, {}, 2), "nothing was thrown");
  }
}

TEST(Team, OfOneRunsInlineAndPassesItsExceptionOn) {
  Team team(1);
  EXPECT_EQ(message_of(team, {}, 5), "nothing was thrown");
  EXPECT_EQ(message_of(team, {0}, 5), "rank 0");
}

TEST(Team, RefusesToNest) {
  for (const int outer : {1, 2}) {
    expect_error(Fault::system, "a team of 2 threads was run from inside another team; teams never nest",
                 [&] { Team(outer).run([](Team::Member&) { Team(2).run([](Team::Member&) {}); }); });
  }
  EXPECT_NO_THROW(Team(2).run([](Team::Member&) {}));  // the refusal leaves no mark on the thread
}

TEST(Team, OfOneMayRunInsideAnother) {
  std::atomic<int> calls{0};
  Team(3).run([&](Team::Member&) { Team(1).run([&](Team::Member&) { ++calls; }); });
  EXPECT_EQ(calls, 3);
}

TEST(Team, SaysWhenOpenMpProvidesTooFewThreads) {
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);  // every region gets one thread
  int calls = 0;
  expect_error(Fault::cannot,
               "a team of 5 threads was asked for, but OpenMP gave 1: raise OMP_THREAD_LIMIT, unset OMP_DYNAMIC, or "
               "ask for fewer threads",
               [&] { Team(5).run([&](Team::Member&) { ++calls; }); });
  omp_set_max_active_levels(levels);
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace crosspike
