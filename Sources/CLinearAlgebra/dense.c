// Kernels for large matrices: one copy for each set of instructions and element type.
#include "dense.h"

#include <string.h>

#include "shuffles.h"

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)
#define TILE(x) PASTE(x, W)
#define NAME(x) PASTE(PASTE(x, S), KIND)
#define DENSE(x) PASTE(adjoint_##x, S)

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#define AVX2 __attribute__((target("avx2,fma")))
#endif

// ARM has twice as many registers.
#if defined(__aarch64__)
#define BASE_ROWS 6
#define BASE_PARTS 3
#else
#define BASE_ROWS 4
#define BASE_PARTS 2
#endif

#define T float
#define S f32
#if defined(__x86_64__)
#define TARGET AVX512
#define W 16
#define PARTS 3
#define ROWS 8
#define SHORT 8
#define KIND avx512
#include "dense.inc"
#define TARGET AVX2
#define W 8
#define PARTS 2
#define ROWS 4
#define SHORT 4
#define KIND avx2
#include "dense.inc"
#endif
#define TARGET
#define W 4
#define PARTS BASE_PARTS
#define ROWS BASE_ROWS
#define SHORT 2
#define KIND base
#include "dense.inc"
#undef T
#undef S

#define T double
#define S f64
#if defined(__x86_64__)
#define TARGET AVX512
#define W 8
#define PARTS 3
#define ROWS 8
#define SHORT 8
#define KIND avx512
#include "dense.inc"
#define TARGET AVX2
#define W 4
#define PARTS 2
#define ROWS 4
#define SHORT 4
#define KIND avx2
#include "dense.inc"
#endif
#define TARGET
#define W 2
#define PARTS BASE_PARTS
#define ROWS BASE_ROWS
#define SHORT 2
#define KIND base
#include "dense.inc"
#undef T
#undef S

#define TABLE(S, kind, lanes, parts) \
  static const adjoint_dense_##S table_##S##_##kind = { \
    lanes, parts, solve_stripe_##S##_##kind, cholesky_in_##S##_##kind, \
    cholesky_step_##S##_##kind, cholesky_out_##S##_##kind};

#if defined(__x86_64__)
TABLE(f32, avx512, 16, 3)
TABLE(f32, avx2, 8, 2)
TABLE(f64, avx512, 8, 3)
TABLE(f64, avx2, 4, 2)
#endif
TABLE(f32, base, 4, BASE_PARTS)
TABLE(f64, base, 2, BASE_PARTS)

#if defined(__x86_64__)
#define WIDEST(table) \
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") \
      && __builtin_cpu_supports("avx512dq")) return &table##_avx512; \
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &table##_avx2;
#else
#define WIDEST(table)
#endif
#define CHOICE(S) \
  const adjoint_dense_##S *adjoint_dense_kernels_##S(void) { \
    WIDEST(table_##S) \
    return &table_##S##_base; \
  }
CHOICE(f32)
CHOICE(f64)
