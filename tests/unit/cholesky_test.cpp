// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/models/readout/cholesky.hpp>
#include <random>
#include <vector>

namespace crosspike {
namespace {

// U with a diagonal that keeps U'U well conditioned, and U'U itself (upper triangle).
struct Known {
  std::vector<double> factor, product;
};

Known known(std::size_t order) {
  std::mt19937 draw(3);
  std::uniform_real_distribution<double> small(-0.05, 0.05);
  Known result{std::vector<double>(order * order, 0.0), std::vector<double>(order * order, 0.0)};
  for (std::size_t i = 0; i < order; ++i)
    for (std::size_t j = i; j < order; ++j) result.factor[i * order + j] = i == j ? 1 + small(draw) : small(draw);
  for (std::size_t k = 0; k < order; ++k)
    for (std::size_t i = k; i < order; ++i)
      for (std::size_t j = i; j < order; ++j)
        result.product[i * order + j] += result.factor[k * order + i] * result.factor[k * order + j];
  return result;
}

TEST(Cholesky, GivesTheFactorBackAtOneTileAndSeveral) {
  for (const std::size_t order : {1, 2, 255, 256, 257, 700}) {
    const Known expected = known(order);
    std::vector<double> found = expected.product;
    Team team(2);
    ASSERT_TRUE(factorise(found, order, team));
    for (std::size_t i = 0; i < order; ++i)
      for (std::size_t j = i; j < order; ++j)
        ASSERT_NEAR(found[i * order + j], expected.factor[i * order + j], 1e-11) << order << ": " << i << ", " << j;
  }
}

TEST(Cholesky, GivesTheSameBitsAtAnyNumberOfThreads) {
  const Known system = known(900);
  std::vector<double> one = system.product;
  Team alone(1);
  ASSERT_TRUE(factorise(one, 900, alone));
  for (const int threads : {2, 3, 7}) {
    std::vector<double> other = system.product;
    Team team(threads);
    ASSERT_TRUE(factorise(other, 900, team));
    EXPECT_TRUE(one == other) << threads;
  }
}

TEST(Cholesky, SaysThatAMatrixIsNotPositiveDefinite) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{299}, std::size_t{599}}) {
    std::vector<double> matrix = known(600).product;
    matrix[at * 600 + at] = -1;
    Team team(2);
    EXPECT_FALSE(factorise(matrix, 600, team)) << at;
  }
}

TEST(Cholesky, StopsWhereProgressThrows) {
  std::vector<double> matrix = known(600).product;
  Team team(2);
  EXPECT_THROW(factorise(matrix, 600, team,
                         [](std::size_t columns) {
                           if (columns == 256) throw std::runtime_error("stop");
                         }),
               std::runtime_error);
}

}  // namespace
}  // namespace crosspike
