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

// --- f32
#define T float
#if defined(__x86_64__)
#define TARGET AVX512
#define W 16
#define NAME(x) PASTE(x, f32_avx512)
#include "kernels.inc"
#define TARGET AVX2
#define W 8
#define NAME(x) PASTE(x, f32_avx2)
#include "kernels.inc"
#define TARGET AVX2
#define W 1
#define NAME(x) PASTE(x, f32_single_avx2)
#include "kernels.inc"
#endif
#define TARGET
#define W 4
#define NAME(x) PASTE(x, f32_base)
#include "kernels.inc"
#define TARGET
#define W 1
#define NAME(x) PASTE(x, f32_single)
#include "kernels.inc"
#undef T

// --- f64
#define T double
#if defined(__x86_64__)
#define TARGET AVX512
#define W 8
#define NAME(x) PASTE(x, f64_avx512)
#include "kernels.inc"
#define TARGET AVX2
#define W 4
#define NAME(x) PASTE(x, f64_avx2)
#include "kernels.inc"
#define TARGET AVX2
#define W 1
#define NAME(x) PASTE(x, f64_single_avx2)
#include "kernels.inc"
#endif
#define TARGET
#define W 2
#define NAME(x) PASTE(x, f64_base)
#include "kernels.inc"
#define TARGET
#define W 1
#define NAME(x) PASTE(x, f64_single)
#include "kernels.inc"
#undef T

#define TABLE(S, kind, width) \
  static const adjoint_kernels_##S table_##S##_##kind = { \
    width, cholesky_##S##_##kind, lu_##S##_##kind, solve_##S##_##kind, solve_rows_##S##_##kind};

#if defined(__x86_64__)
TABLE(f32, avx512, 16)
TABLE(f32, avx2, 8)
TABLE(f32, single_avx2, 1)
TABLE(f64, avx512, 8)
TABLE(f64, avx2, 4)
TABLE(f64, single_avx2, 1)
#endif
TABLE(f32, base, 4)
TABLE(f32, single, 1)
TABLE(f64, base, 2)
TABLE(f64, single, 1)

#if defined(__x86_64__)
#define CHOICE(S) \
  const adjoint_kernels_##S *adjoint_kernels_wide_##S(void) { \
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") \
        && __builtin_cpu_supports("avx512dq")) return &table_##S##_avx512; \
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &table_##S##_avx2; \
    return &table_##S##_base; \
  } \
  const adjoint_kernels_##S *adjoint_kernels_single_##S(void) { \
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) \
      return &table_##S##_single_avx2; \
    return &table_##S##_single; \
  }
#else
#define CHOICE(S) \
  const adjoint_kernels_##S *adjoint_kernels_wide_##S(void) { return &table_##S##_base; } \
  const adjoint_kernels_##S *adjoint_kernels_single_##S(void) { return &table_##S##_single; }
#endif
CHOICE(f32)
CHOICE(f64)
