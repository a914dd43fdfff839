// SPDX-License-Identifier: Apache-2.0
// A team of threads that runs one function on every rank, with a barrier that an exception unwinds instead of
// deadlocking. core/team.cpp is the only file that opens a parallel region; teams never nest.
#pragma once

#include <functional>

namespace crosspike {

class Team {
  class Barrier;

 public:
  /// Throws Error(input) unless 1 <= size <= 1024. Starts nothing.
  explicit Team(int size);

  int size() const { return size_; }

  /// What one rank sees of the team while it runs. Made by run(); not to be kept.
  class Member {
   public:
    int rank() const { return rank_; }
    int size() const { return size_; }

    /// Waits until every rank is here; what they wrote before is then visible. If a rank has thrown and so will never
    /// come, unwinds this one out of the body with a private exception that run() swallows: a `catch (...)` in a body
    /// must rethrow.
    void barrier();

   private:
    friend class Team;
    Member(int rank, int size, Barrier* barrier) : rank_(rank), size_(size), barrier_(barrier) {}

    int rank_, size_;
    Barrier* barrier_;  // null in a team of one
  };

  /// Runs `body` on every rank, rank 0 on the calling thread, and returns when all are done. If ranks threw, rethrows
  /// the lowest rank's exception; which ranks throw depends on the body alone, never on timing. The team can be used
  /// again. Throws Error(system) when a team of more than one is run from inside a member's body, Error(cannot) when
  /// OpenMP provides fewer threads than the team's size; `body` has then not run at all.
  void run(const std::function<void(Member&)>& body);

 private:
  int size_;
};

}  // namespace crosspike
