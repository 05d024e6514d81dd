#pragma once

// C's functions of complex numbers, which Swift cannot import by their own types. They follow
// Annex G of C99 in branch cuts, infinities, NaN and signed zeros.

#include <complex.h>
#include <math.h>

typedef struct {
  double real;
  double imaginary;
} adjoint_complex;

static inline double complex adjoint_to_c(adjoint_complex z) {
  union {
    double parts[2];
    double complex value;
  } bits = {.parts = {z.real, z.imaginary}};
  return bits.value;
}

static inline adjoint_complex adjoint_from_c(double complex z) {
  adjoint_complex result = {creal(z), cimag(z)};
  return result;
}

#define ADJOINT_COMPLEX_FUNCTION(name)                                        \
  static inline adjoint_complex adjoint_##name(adjoint_complex z) {           \
    return adjoint_from_c(name(adjoint_to_c(z)));                             \
  }

ADJOINT_COMPLEX_FUNCTION(cexp)
ADJOINT_COMPLEX_FUNCTION(clog)
ADJOINT_COMPLEX_FUNCTION(csqrt)
ADJOINT_COMPLEX_FUNCTION(csin)
ADJOINT_COMPLEX_FUNCTION(ccos)
ADJOINT_COMPLEX_FUNCTION(ctan)
ADJOINT_COMPLEX_FUNCTION(csinh)
ADJOINT_COMPLEX_FUNCTION(ccosh)
ADJOINT_COMPLEX_FUNCTION(ctanh)
ADJOINT_COMPLEX_FUNCTION(casin)
ADJOINT_COMPLEX_FUNCTION(cacos)
ADJOINT_COMPLEX_FUNCTION(catan)
ADJOINT_COMPLEX_FUNCTION(casinh)
ADJOINT_COMPLEX_FUNCTION(cacosh)
ADJOINT_COMPLEX_FUNCTION(catanh)

// The quotient, scaled so that it neither overflows nor underflows where the result does not.
static inline adjoint_complex adjoint_cdiv(adjoint_complex x, adjoint_complex y) {
  return adjoint_from_c(adjoint_to_c(x) / adjoint_to_c(y));
}
