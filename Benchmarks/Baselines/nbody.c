// The energy of bodies and its gradient over all pairs, on all threads.

#define IS_PARALLEL 1
#include "baseline.h"

enum { bodies = 2000 };

static float px[bodies], py[bodies], pz[bodies];
static float sums[maximum_threads][16];

static void pull(void *context, int part, long begin, long end) {
  float *out = context, energy = 0;
  for (long i = begin; i < end; i++) {
    float x = px[i], y = py[i], z = pz[i], gx = 0, gy = 0, gz = 0, sum = 0;
    for (int j = 0; j < bodies; j++) {
      float dx = x - px[j], dy = y - py[j], dz = z - pz[j];
      float inverse = 1 / sqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
      float cube = inverse * inverse * inverse;
      sum += inverse;
      gx += dx * cube;
      gy += dy * cube;
      gz += dz * cube;
    }
    energy += sum;
    out[3 * i] = -2 * gx;
    out[3 * i + 1] = -2 * gy;
    out[3 * i + 2] = -2 * gz;
  }
  sums[part][0] = energy;
}

static void evaluate(const void *const *arguments, void *const *results) {
  const float *positions = arguments[0];
  for (int i = 0; i < bodies; i++) {
    px[i] = positions[3 * i];
    py[i] = positions[3 * i + 1];
    pz[i] = positions[3 * i + 2];
  }
  in_parallel(pull, results[1], bodies);
  float energy = 0;
  for (int part = 0; part < team.threads; part++) energy += sums[part][0];
  *(float *)results[0] = energy;
}
