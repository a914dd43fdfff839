// SPDX-License-Identifier: Apache-2.0
// The BLAS and LAPACK routines that the readout calls. The team is the only source of threads here, so
// OpenBLAS is set to one thread; with one, a call's result depends on its arguments alone.
#pragma once

#include <cblas.h>

extern "C" {
void openblas_set_num_threads(int threads);
// LAPACK, column-major; OpenBLAS implements it in C, so there is no hidden string length.
void dpotrf_(const char* triangle, const int* order, double* matrix, const int* leading, int* info);
// In Fortran, without strings.
void dgeqp3_(const int* rows, const int* columns, double* matrix, const int* leading, int* order, double* tau,
             double* work, const int* work_size, int* info);
}

namespace crosspike {

inline void use_one_blas_thread() {
  static const bool once = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace crosspike
