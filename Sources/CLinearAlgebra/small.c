// Kernels for small matrices: one copy for each set of instructions and element type.
#include "small.h"

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)


#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#define AVX2 __attribute__((target("avx2,fma")))
#else
#define AVX512
#define AVX2
#endif

// One copy for a set of instructions, by the target's attribute, and a number of matrices side by side.
#define T float
#define ELEMENT f32
#define WIDE_AVX512 16
#define WIDE_AVX2 8
#define WIDE_BASE 4
#include "targets.inc"

#define T double
#define ELEMENT f64
#define WIDE_AVX512 8
#define WIDE_AVX2 4
#define WIDE_BASE 2
#include "targets.inc"

#define TABLE(S, kind, width) \
  static const adjoint_kernels_##S table_##S##_##kind = { \
    width, cholesky_##S##_##kind, lu_##S##_##kind, solve_##S##_##kind, solve_rows_##S##_##kind, \
    householder_##S##_##kind, reflectors_##S##_##kind, eigenvalues_##S##_##kind};

#define COMPLEX_TABLE(S, kind, width) \
  static const adjoint_complex_kernels_##S complex_table_##S##_##kind = { \
    width, complex_cholesky_##S##_##kind, complex_lu_##S##_##kind, complex_solve_##S##_##kind, \
    complex_householder_##S##_##kind, complex_reflectors_##S##_##kind};

#if defined(__x86_64__)
TABLE(f32, avx512, 16)
TABLE(f32, avx2, 8)
TABLE(f32, single_avx2, 1)
TABLE(f64, avx512, 8)
TABLE(f64, avx2, 4)
TABLE(f64, single_avx2, 1)
COMPLEX_TABLE(f32, avx512, 16)
COMPLEX_TABLE(f32, avx2, 8)
COMPLEX_TABLE(f64, avx512, 8)
COMPLEX_TABLE(f64, avx2, 4)
#endif
TABLE(f32, base, 4)
TABLE(f32, single, 1)
TABLE(f64, base, 2)
TABLE(f64, single, 1)
COMPLEX_TABLE(f32, base, 4)
COMPLEX_TABLE(f64, base, 2)

#if defined(__x86_64__)
#define HAS_AVX512 \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") \
   && __builtin_cpu_supports("avx512dq"))
#define HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define WIDEST(table) \
  if (HAS_AVX512) return &table##_avx512; \
  if (HAS_AVX2) return &table##_avx2;
#define NARROWEST(table) \
  if (HAS_AVX2) return &table##_single_avx2;
#else
#define WIDEST(table)
#define NARROWEST(table)
#endif
#define CHOICE(S) \
  const adjoint_kernels_##S *adjoint_kernels_wide_##S(void) { \
    WIDEST(table_##S) \
    return &table_##S##_base; \
  } \
  const adjoint_kernels_##S *adjoint_kernels_single_##S(void) { \
    NARROWEST(table_##S) \
    return &table_##S##_single; \
  } \
  const adjoint_complex_kernels_##S *adjoint_complex_kernels_wide_##S(void) { \
    WIDEST(complex_table_##S) \
    return &complex_table_##S##_base; \
  }
CHOICE(f32)
CHOICE(f64)
