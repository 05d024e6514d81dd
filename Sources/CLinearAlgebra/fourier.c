// Fourier transforms of many numbers along an axis, for compiled programs to call.
//
// Lengths of small prime factors are transformed by Stockham's method (butterflies of 2, 3, 4, 5 and 8
// points, and of odd primes), others as convolutions (Bluestein 1970). Each lane of a vector is a transform
// of its own; one long transform is two steps of many short ones (Bailey 1990).
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "CLinearAlgebra.h"
#include "memory.h"
#include "parallel.h"
#include "shuffles.h"

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)
#define TILE(x) PASTE(x, W)

// The greatest prime factor of lengths that are not transformed as convolutions.
#define FOURIER_PRIME 31
// Transforms longer than this, or too few for the lanes, are taken in two steps where they have factors.
#define FOURIER_LONG 8192
#define FOURIER_SHORT 64

enum { FOURIER_FORWARD, FOURIER_INVERSE, FOURIER_REAL, FOURIER_REAL_INVERSE };

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#define AVX2 __attribute__((target("avx2,fma")))
#endif

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static pthread_mutex_t plans_lock = PTHREAD_MUTEX_INITIALIZER;

// cos and sin of 2π·k/n, from an angle of at most an eighth of a turn.
static void root(int64_t k, int64_t n, double *c, double *s) {
  const int64_t octant = 8 * k / n, rest = 8 * k % n;
  const double angle =
      0.78539816339744830962 * ((double)(octant % 2 ? n - rest : rest) / (double)n);
  const double x = cos(angle), y = sin(angle);
  switch (octant) {
    case 0: *c = x; *s = y; break;
    case 1: *c = y; *s = x; break;
    case 2: *c = -y; *s = x; break;
    case 3: *c = -x; *s = y; break;
    case 4: *c = -x; *s = -y; break;
    case 5: *c = -y; *s = -x; break;
    case 6: *c = y; *s = -x; break;
    default: *c = x; *s = -y; break;
  }
}

// The least length of prime factors 2, 3 and 5 that is at least n.
static int64_t smooth_length(int64_t n) {
  for (;; n++) {
    int64_t rest = n;
    while (rest % 2 == 0) rest /= 2;
    while (rest % 3 == 0) rest /= 3;
    while (rest % 5 == 0) rest /= 5;
    if (rest == 1) return n;
  }
}

// Transforms numbers that have a length of prime factors 2, 3 and 5, in double precision; 1 where that is
// done, 0 where there is no memory.
static int known_transform(const double *x, double *y, int64_t n, int64_t stride) {
  if (n == 1) {
    y[0] = x[0];
    y[1] = x[1];
    return 1;
  }
  const int64_t r = n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5, m = n / r;
  double *parts = adjoint_take_memory((size_t)(2 * n) * sizeof(double));
  if (!parts) return 0;
  int is_done = 1;
  for (int64_t part = 0; is_done && part < r; part++) {
    is_done = known_transform(x + 2 * part * stride, parts + 2 * part * m, m, stride * r);
  }
  for (int64_t k = 0; is_done && k < n; k++) {
    double re = 0, im = 0;
    for (int64_t part = 0; part < r; part++) {
      double c, s;
      root(part * k % n, n, &c, &s);
      const double *z = parts + 2 * (part * m + k % m);
      re += z[0] * c + z[1] * s;
      im += z[1] * c - z[0] * s;
    }
    y[2 * k] = re;
    y[2 * k + 1] = im;
  }
  free(parts);
  return is_done;
}

#define T float
#define S f32
#include "fourier_element.inc"
#if defined(__x86_64__)
#define TARGET AVX512
#define W 16
#define PUT_MASKED(target, v, mask) _mm512_mask_storeu_ps(target, (__mmask16)(mask), (__m512)(v))
#define NAME(x) PASTE(x, f32_avx512)
#include "fourier.inc"
#define TARGET AVX2
#define W 8
#define NAME(x) PASTE(x, f32_avx2)
#include "fourier.inc"
#endif
#define TARGET 
#define W 4
#define NAME(x) PASTE(x, f32_base)
#include "fourier.inc"
#include "fourier_routine.inc"

#define T double
#define S f64
#include "fourier_element.inc"
#if defined(__x86_64__)
#define TARGET AVX512
#define W 8
#define PUT_MASKED(target, v, mask) _mm512_mask_storeu_pd(target, (__mmask8)(mask), (__m512d)(v))
#define NAME(x) PASTE(x, f64_avx512)
#include "fourier.inc"
#define TARGET AVX2
#define W 4
#define NAME(x) PASTE(x, f64_avx2)
#include "fourier.inc"
#endif
#define TARGET 
#define W 2
#define NAME(x) PASTE(x, f64_base)
#include "fourier.inc"
#include "fourier_routine.inc"

const void *adjoint_fourier_routine(const char *name) {
  if (strcmp(name, "fourier_f32") == 0) return (const void *)adjoint_fourier_f32;
  if (strcmp(name, "fourier_f64") == 0) return (const void *)adjoint_fourier_f64;
  return 0;
}
