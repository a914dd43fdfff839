// SPDX-License-Identifier: Apache-2.0
// Right-looking blocked Cholesky (Golub and Van Loan, Matrix Computations, 4th ed., 4.2.9). By columns, as BLAS is
// asked here, the upper triangle by rows is the lower one: L L'.
#include <algorithm>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/cholesky.hpp>

namespace crosspike {

bool factorise(std::span<double> matrix, std::size_t order, Team& team,
               const std::function<void(std::size_t)>& progress) {
  constexpr std::size_t width = 256;
  use_one_blas_thread();
  const int leading = static_cast<int>(order);
  const std::size_t tiles = (order + width - 1) / width;
  const auto at = [&](std::size_t i, std::size_t j) { return matrix.data() + j * width * order + i * width; };
  const auto size = [&](std::size_t i) { return static_cast<int>(std::min(width, order - i * width)); };
  bool definite = true;
  team.run([&](Team::Member& member) {
    const auto rank = static_cast<std::size_t>(member.rank()), ranks = static_cast<std::size_t>(member.size());
    for (std::size_t k = 0; k < tiles; ++k) {
      if (rank == 0) {
        int info = 0;
        const int n = size(k);
        dpotrf_("L", &n, at(k, k), &leading, &info);
        definite = info == 0;
        if (progress) progress(k * width);
      }
      member.barrier();
      if (!definite) return;
      for (std::size_t i = k + 1 + rank; i < tiles; i += ranks)
        cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, size(i), size(k), 1.0, at(k, k),
                    leading, at(i, k), leading);
      member.barrier();
      std::size_t tile = 0;
      for (std::size_t j = k + 1; j < tiles; ++j)
        for (std::size_t i = j; i < tiles; ++i) {
          if (tile++ % ranks != rank) continue;
          if (i == j)
            cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, size(i), size(k), -1.0, at(i, k), leading, 1.0,
                        at(i, i), leading);
          else
            cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, size(i), size(j), size(k), -1.0, at(i, k), leading,
                        at(j, k), leading, 1.0, at(i, j), leading);
        }
      member.barrier();
    }
  });
  return definite;
}

}  // namespace crosspike
