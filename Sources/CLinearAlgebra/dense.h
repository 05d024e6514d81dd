// The kernels for large matrices, chosen for the processor at hand.
#pragma once
#include "CLinearAlgebra.h"

// Right-hand sides that are solved one by one.
#define FEW 4

#define DECLARE_DENSE(T, S) \
  /* Triangular equations for right-hand sides; `is_lower` and `is_swapped` (aᵀ is read) say how `a` is seen \
     where x stands right of it. */ \
  struct adjoint_equations_##S { \
    int64_t n, columns; \
    int is_left, is_lower, is_swapped, is_unit; \
  }; \
  /* A Cholesky decomposition in stripes of `parts` vectors, one or all; `failed` is the place of a pivot that is not positive. */ \
  struct adjoint_cholesky_##S { \
    const T *a; \
    T *factor, *stripes; \
    int64_t n; \
    int parts, is_lower; \
    int32_t failed; \
  }; \
  typedef struct { \
    /* Elements of a vector, and vectors side by side in a stripe. */ \
    int64_t width, parts; \
    void (*solve)(const struct adjoint_equations_##S *, const T *, const T *, T *, void *, int64_t, \
                  int64_t); \
    void (*cholesky_in)(const struct adjoint_cholesky_##S *, int64_t); \
    void (*cholesky_step)(struct adjoint_cholesky_##S *, int64_t, int64_t); \
    void (*cholesky_out)(const struct adjoint_cholesky_##S *, int64_t); \
  } adjoint_dense_##S; \
  const adjoint_dense_##S *adjoint_dense_kernels_##S(void);

DECLARE_DENSE(float, f32)
DECLARE_DENSE(double, f64)
