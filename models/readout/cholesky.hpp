// SPDX-License-Identifier: Apache-2.0
// Cholesky's factor of a large symmetric matrix, by a team.
#pragma once

#include <crosspike/core/team.hpp>
#include <functional>
#include <span>

namespace crosspike {

/// Replaces the upper triangle of a (order, order) row-major matrix by U with U'U = the matrix; what lies below is not
/// read, and of no use afterwards. False where the matrix is not positive definite in double. Tiles of 256 x 256 are
/// the work of one rank and one single-threaded BLAS call each, in a fixed order of additions, so the factor is equal
/// bit for bit at any size of the team. `progress(columns done)` is called by rank 0 and may throw.
bool factorise(std::span<double> matrix, std::size_t order, Team& team,
               const std::function<void(std::size_t)>& progress = {});

}  // namespace crosspike
