// Decompositions and solutions of equations of many matrices, for compiled programs to call.
//
// Matrices are packed and row-major. Ones up to ADJOINT_SMALL_ORDER are computed here, one matrix of the
// batch in each lane of a vector. So are larger Cholesky factors and triangular equations of real numbers, in
// stripes of columns; others by LAPACK, whose functions the caller finds first.
#pragma once
#include <stdint.h>

// The greatest order of matrices that are computed one in each lane.
#define ADJOINT_SMALL_ORDER 32

// The functions of LAPACK and BLAS that are used, by number.
enum {
  ADJOINT_POTRF, ADJOINT_GETRF, ADJOINT_GEQRF, ADJOINT_ORGQR, ADJOINT_SYEVD, ADJOINT_GESDD,
  ADJOINT_TRSM, ADJOINT_GEEV, ADJOINT_GEES, ADJOINT_GEHRD, ADJOINT_SYTRD, ADJOINT_LAPACK_COUNT
};

// The name of a function without the letter of the element type and the underscore behind. Types are f32
// (0), f64 (1) and complex numbers of those (2, 3); LAPACK's letters for them are s, d, c and z.
const char *adjoint_lapack_name(int32_t type, int32_t function);

// Sets a function for elements of a type; done once, before routines that need it run.
void adjoint_set_lapack(int32_t type, int32_t function, const void *address);

// The address of a routine by its name; null where there is none of that name.
const void *adjoint_linear_algebra_routine(const char *name);

// The address of a routine for Fourier transforms by its name; null where there is none of that name.
const void *adjoint_fourier_routine(const char *name);
