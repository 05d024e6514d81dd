// Decompositions and solutions of equations of many matrices, for compiled programs to call.
//
// Matrices are packed and row-major. Orders up to ADJOINT_SMALL_ORDER are computed here, one matrix of
// the batch in each lane of a vector; larger ones by LAPACK, whose functions the caller finds first.
#pragma once
#include <stdint.h>

// The greatest order that is computed without LAPACK.
#define ADJOINT_SMALL_ORDER 32

// The functions of LAPACK and BLAS that are used, by number.
enum {
  ADJOINT_POTRF, ADJOINT_GETRF, ADJOINT_GEQRF, ADJOINT_ORGQR, ADJOINT_SYEVD, ADJOINT_GESDD,
  ADJOINT_TRSM, ADJOINT_LAPACK_COUNT
};

// The name of a function without the letter of the element type and the underscore behind.
const char *adjoint_lapack_name(int32_t function);

// Sets a function for f32 (0) or f64 (1) elements; done once, before routines that need it run.
void adjoint_set_lapack(int32_t is_double, int32_t function, const void *address);

// The address of a routine by its name; null where there is none of that name.
const void *adjoint_linear_algebra_routine(const char *name);
