// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <omp.h>

#include <atomic>
#include <crosspike/core/error.hpp>
#include <crosspike/core/team.hpp>
#include <cstdint>
#include <exception>
#include <vector>

namespace crosspike {

namespace {

constexpr int largest_team = 1024;

// Thrown by a poisoned barrier, only to unwind the rank that waits there.
struct Unwind {};

thread_local bool inside_member = false;

// Marks the thread as a member for the time of a body.
class Inside {
 public:
  Inside() : before_(inside_member) { inside_member = true; }
  ~Inside() { inside_member = before_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_;
};

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

// Waits until `value` differs from `old` and returns what it then is. Spins first where every rank has a core: a
// barrier's wait is mostly shorter than a system call.
template <class T>
T wait_while(const std::atomic<T>& value, T old, int spins) {
  for (int spin = 0; spin < spins; ++spin) {
    const T now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

int spins_for(int size) { return omp_get_num_procs() >= size ? 500 : 0; }

}  // namespace

class Team::Barrier {
 public:
  explicit Barrier(int size) : size_(size), spins_(spins_for(size)) {}

  void wait() {
    const std::uint32_t phase = phase_.load(std::memory_order_acquire);
    if ((phase & poisoned) != 0) throw Unwind{};
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);  // published by the step of phase_
      phase_.fetch_add(one_phase, std::memory_order_acq_rel);
      phase_.notify_all();
      return;
    }
    const std::uint32_t now = wait_while(phase_, phase, spins_);
    // A barrier that all have reached lets all pass, even if one has thrown since: who throws must not depend on who
    // wakes first.
    if ((now & ~poisoned) == phase) throw Unwind{};
  }

  void poison() {
    phase_.fetch_or(poisoned, std::memory_order_acq_rel);
    phase_.notify_all();
  }

 private:
  static constexpr std::uint32_t poisoned = 1, one_phase = 2;

  const int size_, spins_;
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> phase_{0};  // counts the barriers passed, above a bit that says poisoned
};

Team::Team(int size) : size_(size) {
  if (size < 1 || size > largest_team) {
    throw Error(Fault::input,
                fmt::format("a team of {} threads was asked for; allowed are 1 to {}", size, largest_team));
  }
}

void Team::Member::barrier() {
  if (barrier_ != nullptr) barrier_->wait();
}

void Team::run(const std::function<void(Member&)>& body) {
  if (size_ == 1) {
    const Inside inside;
    Member member(0, 1, nullptr);
    body(member);
    return;
  }
  if (inside_member) {
    throw Error(Fault::system,
                fmt::format("a team of {} threads was run from inside another team; teams never nest", size_));
  }

  struct Region {
    const std::function<void(Member&)>& body;
    Barrier barrier;
    std::vector<std::exception_ptr> failures;
    // OpenMP's own fork and join order memory too, but a race detector sees only these two.
    std::atomic<bool> open{false};
    std::atomic<int> running;
    int granted = 0;
  };
  Region region{body, Barrier(size_), std::vector<std::exception_ptr>(static_cast<std::size_t>(size_)), false, size_};
  Region* const shared = &region;
  const int size = size_;
  region.open.store(true, std::memory_order_release);

#pragma omp parallel num_threads(size) default(none) firstprivate(shared, size)
  {
    (void)shared->open.load(std::memory_order_acquire);
    const int rank = omp_get_thread_num();
    const int granted = omp_get_num_threads();
    if (granted != size) {
      if (rank == 0) shared->granted = granted;
    } else {
      try {
        const Inside inside;
        Member member(rank, size, &shared->barrier);
        shared->body(member);
      } catch (const Unwind&) {
      } catch (...) {
        shared->failures[static_cast<std::size_t>(rank)] = std::current_exception();
        shared->barrier.poison();
      }
    }
    shared->running.fetch_sub(1, std::memory_order_acq_rel);
  }

  if (region.granted != 0) {
    throw Error(Fault::cannot,
                fmt::format("a team of {} threads was asked for, but OpenMP gave {}: raise OMP_THREAD_LIMIT, unset "
                            "OMP_DYNAMIC, or ask for fewer threads",
                            size, region.granted));
  }
  (void)region.running.load(std::memory_order_acquire);
  for (const std::exception_ptr& failure : region.failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace crosspike
