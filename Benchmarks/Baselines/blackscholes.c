// Prices of options and their derivatives, on one thread with the C library's functions.

#include "baseline.h"

enum { count = 1000000 };

static void evaluate(const void *const *arguments, void *const *results) {
  const float *spot = arguments[0], *strike = arguments[1], *time = arguments[2],
              *volatility = arguments[3];
  float *by_spot = results[1], *by_strike = results[2], *by_time = results[3],
        *by_volatility = results[4];
  const float rate = 0.02f;
  double sum = 0;
  for (long i = 0; i < count; i++) {
    float root = sqrtf(time[i]), spread = volatility[i] * root;
    float d1 = (logf(spot[i] / strike[i]) + (rate + 0.5f * volatility[i] * volatility[i]) * time[i])
               / spread;
    float d2 = d1 - spread;
    float below1 = 0.5f * (1 + erff(d1 * 0.70710678f));
    float below2 = 0.5f * (1 + erff(d2 * 0.70710678f));
    float density = 0.39894228f * expf(-0.5f * d1 * d1);
    float discount = expf(-rate * time[i]);
    sum += spot[i] * below1 - strike[i] * discount * below2;
    by_spot[i] = below1;
    by_strike[i] = -discount * below2;
    by_time[i] = spot[i] * density * volatility[i] / (2 * root) + rate * strike[i] * discount * below2;
    by_volatility[i] = spot[i] * density * root;
  }
  *(float *)results[0] = (float)sum;
}
