// A sort of words that are their own keys: partitions as quicksort makes them and networks of vectors for
// what remains, after Bramas (2017) and Blacher, Giesen, Sanders and Wassenberg (2022). A long row is
// divided among threads by splitters that a sample gives.
#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "blocks.h"
#include "words.h"

// Sixteen words, in as many registers as that takes.
typedef uint32_t words16 __attribute__((ext_vector_type(16)));

enum { RADIX = 8, BUCKETS = 1 << RADIX };

// Sorts words into the first of two arrays by their digits, the lowest one first.
static void sort_by_digits(const uint32_t *from, uint32_t *result, uint32_t *other, int64_t n) {
  uint32_t counts[32 / RADIX][BUCKETS];
  memset(counts, 0, sizeof counts);
  for (int64_t i = 0; i < n; i++) {
    for (int d = 0; d < 32 / RADIX; d++) counts[d][from[i] >> (RADIX * d) & (BUCKETS - 1)]++;
  }
  for (int d = 0; d < 32 / RADIX; d++) {
    uint32_t *next = counts[d], sum = 0;
    // A digit that all words share orders nothing.
    if (next[from[0] >> (RADIX * d) & (BUCKETS - 1)] == n) continue;
    for (int b = 0; b < BUCKETS; b++) {
      const uint32_t count = next[b];
      next[b] = sum;
      sum += count;
    }
    uint32_t *to = from == result ? other : result;
    for (int64_t i = 0; i < n; i++) to[next[from[i] >> (RADIX * d) & (BUCKETS - 1)]++] = from[i];
    from = to;
  }
  if (from != result) memcpy(result, from, (size_t)n * sizeof *from);
}

#if defined(__x86_64__)

// For each set of lanes that go right, the lanes that go left, then those.
static uint8_t parted[256][8];

__attribute__((constructor)) static void fill_parted(void) {
  for (int lanes = 0; lanes < 256; lanes++) {
    int left = 0, right = 8 - __builtin_popcount((unsigned)lanes);
    for (int i = 0; i < 8; i++) parted[lanes][lanes >> i & 1 ? right++ : left++] = (uint8_t)i;
  }
}

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt")))
#define KIND avx512
#define LANES 16
#define BLOCK 256
#include "words.inc"

#define TARGET __attribute__((target("avx2,popcnt")))
#define KIND avx2
#define LANES 8
#define BLOCK 128
#include "words.inc"

#endif

#define TARGET
#define KIND base
#define LANES 1
#define BLOCK 24
#include "words.inc"

// The functions for one kind of processor.
struct word_kernels {
  void (*sort)(const uint32_t *, uint32_t *, uint32_t *, int64_t, int);
  void (*split)(
      const uint32_t *, uint32_t *, uint32_t *, int64_t, const uint32_t *, int64_t, int64_t, int64_t *);
};

static struct word_kernels word_kernels(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return (struct word_kernels){sort_words_avx512, split_words_avx512};
  }
  if (__builtin_cpu_supports("avx2")) return (struct word_kernels){sort_words_avx2, split_words_avx2};
#endif
  return (struct word_kernels){sort_words_base, split_words_base};
}

// How many partitions a sort of so many words may take: twice as many as halves would.
static int depth_of(int64_t n) { return 2 * (64 - __builtin_clzll((uint64_t)n | 1)); }

enum { PARTS = 16, SAMPLE = 1024 };

struct words_job {
  struct word_kernels kernels;
  const uint32_t *words;
  uint32_t *sorted, *first, *second;
  int64_t rows, extent, parts, chunks, chunk;
  uint32_t splitters[PARTS - 1];
  // For each chunk where the words of each part end, among those of the row.
  int64_t (*bounds)[PARTS];
};

static void sort_rows(void *data, intptr_t begin, intptr_t end) {
  const struct words_job *job = data;
  const int64_t n = job->extent;
  for (int64_t part = begin; part < end; part++) {
    uint32_t *other = job->first + part * n;
    const int64_t stop = (part + 1) * job->rows / job->parts;
    for (int64_t row = part * job->rows / job->parts; row < stop; row++) {
      job->kernels.sort(job->words + row * n, job->sorted + row * n, other, n, depth_of(n));
    }
  }
}

static void split_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct words_job *job = data;
  for (int64_t c = begin; c < end; c++) {
    const int64_t start = c * job->chunk;
    const int64_t n = least(job->chunk, job->extent - start);
    if (n <= 0) {
      for (int part = 0; part < PARTS; part++) job->bounds[c][part] = job->extent;
      continue;
    }
    // Four partitions, so the words end in the second array.
    job->kernels.split(
        job->words + start, job->second + start, job->first + start, n, job->splitters, PARTS, start,
        job->bounds[c]);
  }
}

static void sort_parts(void *data, intptr_t begin, intptr_t end) {
  const struct words_job *job = data;
  for (int64_t part = begin; part < end; part++) {
    int64_t start = 0;
    for (int64_t c = 0; c < job->chunks; c++) {
      if (part > 0) start += job->bounds[c][part - 1] - least(c * job->chunk, job->extent);
    }
    uint32_t *sorted = job->sorted + start;
    int64_t n = 0;
    for (int64_t c = 0; c < job->chunks; c++) {
      const int64_t from = part > 0 ? job->bounds[c][part - 1] : least(c * job->chunk, job->extent);
      const int64_t count = job->bounds[c][part] - from;
      memcpy(sorted + n, job->first + from, (size_t)count * sizeof *sorted);
      n += count;
    }
    job->kernels.sort(sorted, sorted, job->second + start, n, depth_of(n));
  }
}

static void sort_long_row(void *context, struct words_job *job) {
  uint32_t sample[SAMPLE], other[SAMPLE];
  const int64_t step = job->extent / SAMPLE;
  for (int64_t i = 0; i < SAMPLE; i++) sample[i] = job->words[i * step + step / 2];
  job->kernels.sort(sample, sample, other, SAMPLE, depth_of(SAMPLE));
  for (int64_t i = 1; i < PARTS; i++) job->splitters[i - 1] = sample[i * (SAMPLE / PARTS)];
  run_blocks(context, split_chunks, job, job->chunks);
  run_blocks(context, sort_parts, job, PARTS);
}

void adjoint_sort_words(
    void *context, const uint32_t *words, uint32_t *sorted, uint64_t *scratch, int64_t rows,
    int64_t extent, int64_t parts, int64_t chunks) {
  if (rows == 0 || extent == 0) return;
  struct words_job job = {
    .kernels = word_kernels(), .words = words, .sorted = sorted, .first = (uint32_t *)scratch,
    .second = (uint32_t *)scratch + extent, .rows = rows, .extent = extent, .parts = parts,
    .chunks = chunks};
  if (chunks == 0) return run_blocks(context, sort_rows, &job, parts);
  job.chunk = (extent + chunks - 1) / chunks;
  job.bounds = (int64_t (*)[PARTS])(scratch + extent);  // Two words of 32 bits an element.
  for (int64_t row = 0; row < rows; row++) {
    sort_long_row(context, &job);
    job.words += extent;
    job.sorted += extent;
  }
}
