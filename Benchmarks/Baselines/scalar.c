// The product of a number and its sine, and the derivative.

#include "baseline.h"

// Not inlined, so that the loop around it cannot be taken apart.
__attribute__((noinline)) static void evaluate(
    const void *const *arguments, void *const *results) {
  double x = *(const volatile double *)arguments[0];
  double s = sin(x), c = cos(x);
  *(volatile double *)results[0] = s * x;
  *(volatile double *)results[1] = c * x + s;
}
