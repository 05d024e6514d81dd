// The Rosenbrock function of a thousand variables and its gradient.

#include "baseline.h"

enum { count = 1000 };

static void evaluate(const void *const *arguments, void *const *results) {
  const double *restrict x = arguments[0];
  double *restrict gradient = results[1], sum = 0;
  gradient[0] = -400 * x[0] * (x[1] - x[0] * x[0]) - 2 * (1 - x[0]);
  for (int i = 1; i < count - 1; i++)
    gradient[i] = 200 * (x[i] - x[i - 1] * x[i - 1]) - 400 * x[i] * (x[i + 1] - x[i] * x[i])
                  - 2 * (1 - x[i]);
  gradient[count - 1] = 200 * (x[count - 1] - x[count - 2] * x[count - 2]);
  for (int i = 0; i < count - 1; i++) {
    double rise = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
    sum += 100 * rise * rise + rest * rest;
  }
  *(double *)results[0] = sum;
}
