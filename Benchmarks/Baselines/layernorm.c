// A weighted layer norm and its gradients, row by row, on all threads.

#define IS_PARALLEL 1
#include "baseline.h"

enum { rows = 4096, columns = 1024 };

// What each thread sums up.
static float by_scale[maximum_threads][columns], by_offset[maximum_threads][columns];
static float sums[maximum_threads][16];

struct Operands {
  const float *x, *scale, *offset, *weights;
  float *by_x;
};

static void norm_rows(void *context, int part, long begin, long end) {
  const struct Operands *o = context;
  float *scale_sums = by_scale[part], *offset_sums = by_offset[part];
  for (int j = 0; j < columns; j++) scale_sums[j] = offset_sums[j] = 0;
  float sum = 0;
  for (long i = begin; i < end; i++) {
    const float *x = o->x + i * columns, *w = o->weights + i * columns;
    float *out = o->by_x + i * columns;
    float mean = 0, variance = 0;
    for (int j = 0; j < columns; j++) mean += x[j];
    mean /= columns;
    for (int j = 0; j < columns; j++) variance += (x[j] - mean) * (x[j] - mean);
    float inverse = 1 / sqrtf(variance / columns + 1e-5f);
    float plain = 0, along = 0;
    for (int j = 0; j < columns; j++) {
      float normal = (x[j] - mean) * inverse, g = w[j] * o->scale[j];
      sum += (normal * o->scale[j] + o->offset[j]) * w[j];
      scale_sums[j] += normal * w[j];
      offset_sums[j] += w[j];
      plain += g;
      along += g * normal;
    }
    plain /= columns;
    along /= columns;
    for (int j = 0; j < columns; j++) {
      float normal = (x[j] - mean) * inverse;
      out[j] = inverse * (w[j] * o->scale[j] - plain - normal * along);
    }
  }
  sums[part][0] = sum;
}

static void evaluate(const void *const *arguments, void *const *results) {
  struct Operands o = {arguments[0], arguments[1], arguments[2], arguments[3], results[1]};
  in_parallel(norm_rows, &o, rows);
  float sum = 0, *scale = results[2], *offset = results[3];
  for (int j = 0; j < columns; j++) scale[j] = offset[j] = 0;
  for (int part = 0; part < team.threads; part++) {
    sum += sums[part][0];
    for (int j = 0; j < columns; j++) {
      scale[j] += by_scale[part][j];
      offset[j] += by_offset[part][j];
    }
  }
  *(float *)results[0] = sum;
}
