// The kernels for small matrices, chosen for the processor at hand.
#pragma once
#include "CLinearAlgebra.h"

#define DECLARE_KERNELS(T, S) \
  typedef struct { \
    int64_t width; \
    void (*cholesky)(const T *, T *, int32_t *, int64_t, int, int64_t); \
    void (*lu)(const T *, T *, int32_t *, int32_t *, int64_t, int64_t, int64_t); \
    void (*solve)(const T *, int64_t, int64_t, int64_t, const T *, T *, int64_t, int64_t, \
                  int64_t, int64_t, int64_t, int, int64_t); \
    void (*solve_rows)(const T *, int64_t, int64_t, const T *, T *, int64_t, int64_t, int64_t, \
                       int); \
    void (*householder)(const T *, T *, T *, int64_t, int64_t, int64_t); \
    void (*reflectors)(const T *, const T *, T *, int64_t, int64_t, int64_t, int64_t); \
    void (*eigenvalues)(const T *, T *, int32_t *, int64_t, int, int64_t); \
  } adjoint_kernels_##S; \
  /* The kernels with the widest vectors, or, for single matrices, without vectors. */ \
  const adjoint_kernels_##S *adjoint_kernels_wide_##S(void); \
  const adjoint_kernels_##S *adjoint_kernels_single_##S(void);

// The same for complex matrices, whose elements are pairs of T.
#define DECLARE_COMPLEX_KERNELS(T, S) \
  typedef struct { \
    int64_t width; \
    void (*cholesky)(const T *, T *, int32_t *, int64_t, int, int64_t); \
    void (*lu)(const T *, T *, int32_t *, int32_t *, int64_t, int64_t, int64_t); \
    void (*solve)(const T *, int64_t, int64_t, int64_t, int, const T *, T *, int64_t, int64_t, \
                  int64_t, int64_t, int64_t, int, int64_t); \
    void (*householder)(const T *, T *, T *, int64_t, int64_t, int64_t); \
    void (*reflectors)(const T *, const T *, T *, int64_t, int64_t, int64_t, int64_t); \
  } adjoint_complex_kernels_##S; \
  const adjoint_complex_kernels_##S *adjoint_complex_kernels_wide_##S(void);

DECLARE_KERNELS(float, f32)
DECLARE_KERNELS(double, f64)
DECLARE_COMPLEX_KERNELS(float, f32)
DECLARE_COMPLEX_KERNELS(double, f64)
