// A radix sort of pairs of a key and a place, from the last digit of a key to the first and from the last
// key to the first, and a selection by digits where only the first places of one key are wanted.
#include <stddef.h>
#include <string.h>

#include "CSorting.h"
#include "blocks.h"
#include "words.h"

enum { DIGIT = 8, BUCKETS = 1 << DIGIT, DIGITS = 32 / DIGIT, SHORT = 48 };

// A key in the upper half, the place of its element in the lower one.
typedef uint64_t pair;

static inline pair make_pair(uint32_t key, int64_t place) {
  return (pair)key << 32 | (uint32_t)place;
}

static inline uint32_t digit(pair x, int number) {
  return (uint32_t)(x >> (32 + DIGIT * number)) & (BUCKETS - 1);
}

// MARK: One row, one thread

// Few pairs by their keys, by insertion.
static void insert_pairs(pair *pairs, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    const pair x = pairs[i];
    int64_t j = i;
    while (j > 0 && (uint32_t)(pairs[j - 1] >> 32) > (uint32_t)(x >> 32)) {
      pairs[j] = pairs[j - 1];
      j--;
    }
    pairs[j] = x;
  }
}

// The pairs by their keys, as they stand where these are equal; they end in one of the two arrays, which
// is returned.
static pair *sort_pairs(pair *from, pair *to, int64_t n) {
  if (n <= SHORT) {
    insert_pairs(from, n);
    return from;
  }
  uint32_t counts[DIGITS][BUCKETS];
  memset(counts, 0, sizeof counts);
  for (int64_t i = 0; i < n; i++) {
    const pair x = from[i];
    for (int d = 0; d < DIGITS; d++) counts[d][digit(x, d)]++;
  }
  for (int d = 0; d < DIGITS; d++) {
    uint32_t *next = counts[d];
    // A digit that all keys share orders nothing.
    if (next[digit(from[0], d)] == n) continue;
    uint32_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
      const uint32_t count = next[b];
      next[b] = sum;
      sum += count;
    }
    for (int64_t i = 0; i < n; i++) {
      const pair x = from[i];
      to[next[digit(x, d)]++] = x;
    }
    pair *sorted = to;
    to = from;
    from = sorted;
  }
  return from;
}

// The pairs of the first `count` places of a row by one key, in the order of places; there are `count`.
static void select_pairs(const uint32_t *keys, int64_t n, int64_t count, pair *chosen) {
  uint32_t bound = 0, mask = 0;
  int64_t wanted = count;
  // The digits of the last key that is chosen, one by one.
  for (int d = DIGITS - 1; d >= 0; d--) {
    uint32_t counts[BUCKETS];
    memset(counts, 0, sizeof counts);
    for (int64_t i = 0; i < n; i++) {
      if ((keys[i] & mask) == bound) counts[(keys[i] >> (DIGIT * d)) & (BUCKETS - 1)]++;
    }
    uint32_t b = 0;
    while (counts[b] < wanted) wanted -= counts[b++];
    bound |= b << (DIGIT * d);
    mask |= (uint32_t)(BUCKETS - 1) << (DIGIT * d);
    // All keys of the bucket are chosen: no further digit decides.
    if (counts[b] == wanted) break;
  }
  int64_t found = 0;
  for (int64_t i = 0; i < n && found < count; i++) {
    const uint32_t head = keys[i] & mask;
    if (head < bound || (head == bound && wanted > 0)) {
      if (head == bound) wanted--;
      chosen[found++] = make_pair(keys[i], i);
    }
  }
}

struct order_job {
  const uint32_t *const *keys;
  int32_t *order;
  pair *scratch;
  int64_t rows, extent, count, key_count, parts, chunks;
};

static void order_row(const struct order_job *job, int64_t row, pair *a, pair *b) {
  const int64_t n = job->extent, last = job->key_count - 1;
  const uint32_t *keys = job->keys[last] + row * n;
  int64_t found = n;
  if (job->key_count == 1 && job->count <= n / 2) {
    found = job->count;
    select_pairs(keys, n, found, a);
  } else {
    for (int64_t i = 0; i < n; i++) a[i] = make_pair(keys[i], i);
  }
  pair *sorted = sort_pairs(a, b, found);
  for (int64_t k = last - 1; k >= 0; k--) {
    keys = job->keys[k] + row * n;
    for (int64_t i = 0; i < n; i++) {
      const uint32_t place = (uint32_t)sorted[i];
      sorted[i] = make_pair(keys[place], place);
    }
    sorted = sort_pairs(sorted, sorted == a ? b : a, n);
  }
  int32_t *order = job->order + row * job->count;
  for (int64_t i = 0; i < job->count; i++) order[i] = (int32_t)(uint32_t)sorted[i];
}

static void order_parts(void *data, intptr_t begin, intptr_t end) {
  const struct order_job *job = data;
  for (int64_t part = begin; part < end; part++) {
    pair *a = job->scratch + part * 2 * job->extent;
    const int64_t stop = (part + 1) * job->rows / job->parts;
    for (int64_t row = part * job->rows / job->parts; row < stop; row++) {
      order_row(job, row, a, a + job->extent);
    }
  }
}

// MARK: One row, all threads

// A pass over the chunks of a row, by some bits of a key.
struct pass {
  const uint32_t *keys;
  // Pairs of a key and a place; null for all places in turn with their keys.
  pair *from;
  // Where pairs go; null where places alone go to the order.
  pair *to;
  int32_t *order;
  // For each chunk, how many of its pairs have each digit, then where the next of them goes.
  uint32_t (*counts)[BUCKETS];
  // In what bits the keys of each chunk differ from the row's first one.
  uint32_t *differing;
  int64_t n, count, chunk;
  int shift;
  uint32_t mask;
};

static inline pair pass_pair(const struct pass *pass, int64_t i) {
  return pass->from ? pass->from[i] : make_pair(pass->keys[i], i);
}

static inline uint32_t pass_digit(const struct pass *pass, pair x) {
  return (uint32_t)(x >> (32 + pass->shift)) & pass->mask;
}

// The pairs of a chunk, of another key and their places.
static void pair_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct pass *pass = data;
  const int64_t stop = least(end * pass->chunk, pass->n);
  for (int64_t i = begin * pass->chunk; i < stop; i++) {
    const uint32_t place = (uint32_t)pass->from[i];
    pass->from[i] = make_pair(pass->keys[place], place);
  }
}

static void compare_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct pass *pass = data;
  const uint32_t *keys = pass->keys, first = keys[0];
  for (intptr_t c = begin; c < end; c++) {
    const int64_t stop = least((c + 1) * pass->chunk, pass->n);
    uint32_t differing = 0;
    for (int64_t i = c * pass->chunk; i < stop; i++) differing |= keys[i] ^ first;
    pass->differing[c] = differing;
  }
}

static void count_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct pass pass = *(const struct pass *)data;
  for (intptr_t c = begin; c < end; c++) {
    // Two sets of counters, since neighbours often share a digit.
    uint32_t odd[BUCKETS], *even = pass.counts[c];
    memset(even, 0, sizeof odd);
    memset(odd, 0, sizeof odd);
    int64_t i = c * pass.chunk;
    const int64_t stop = least(i + pass.chunk, pass.n);
    for (; i + 1 < stop; i += 2) {
      even[pass_digit(&pass, pass_pair(&pass, i))]++;
      odd[pass_digit(&pass, pass_pair(&pass, i + 1))]++;
    }
    if (i < stop) even[pass_digit(&pass, pass_pair(&pass, i))]++;
    for (int b = 0; b < BUCKETS; b++) even[b] += odd[b];
  }
}

static void move_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct pass pass = *(const struct pass *)data;
  for (intptr_t c = begin; c < end; c++) {
    uint32_t *next = pass.counts[c];
    int64_t i = c * pass.chunk;
    const int64_t stop = least(i + pass.chunk, pass.n);
    if (!pass.to) {
      for (; i < stop; i++) {
        const pair x = pass_pair(&pass, i);
        const uint32_t place = next[pass_digit(&pass, x)]++;
        if (place < pass.count) pass.order[place] = (int32_t)(uint32_t)x;
      }
    } else if (pass.from) {
      for (; i < stop; i++) {
        const pair x = pass.from[i];
        pass.to[next[pass_digit(&pass, x)]++] = x;
      }
    } else {
      for (; i < stop; i++) {
        const pair x = make_pair(pass.keys[i], i);
        pass.to[next[pass_digit(&pass, x)]++] = x;
      }
    }
  }
}

static void store_chunks(void *data, intptr_t begin, intptr_t end) {
  const struct pass *pass = data;
  const int64_t stop = least(end * pass->chunk, pass->count);
  for (int64_t i = begin * pass->chunk; i < stop; i++) {
    pass->order[i] = (int32_t)(uint32_t)pass_pair(pass, i);
  }
}

// Makes counts the places where each chunk's pairs of each digit go.
static void make_places(const struct pass *pass, int64_t chunks) {
  uint32_t sum = 0;
  for (uint32_t b = 0; b <= pass->mask; b++) {
    for (int64_t c = 0; c < chunks; c++) {
      const uint32_t count = pass->counts[c][b];
      pass->counts[c][b] = sum;
      sum += count;
    }
  }
}

// Pairs by a key, from the lowest digit to the highest, where keys differ; the places go to the order with
// the last key.
static void order_by_key(
    void *context, struct pass *pass, int64_t chunks, pair *a, pair *b, int isLast) {
  run_blocks(context, compare_chunks, pass, chunks);
  uint32_t differing = 0;
  for (int64_t c = 0; c < chunks; c++) differing |= pass->differing[c];
  while (differing) {
    pass->shift = __builtin_ctz(differing);
    const int bits = 32 - __builtin_clz(differing) - pass->shift;
    const int passes = (bits + DIGIT - 1) / DIGIT;
    pass->mask = (1u << (bits + passes - 1) / passes) - 1;
    differing &= ~(pass->mask << pass->shift);
    pass->to = isLast && !differing ? NULL : pass->from == a ? b : a;
    run_blocks(context, count_chunks, pass, chunks);
    make_places(pass, chunks);
    run_blocks(context, move_chunks, pass, chunks);
    if (!pass->to) return;
    pass->from = pass->to;
  }
  if (isLast) run_blocks(context, store_chunks, pass, chunks);
}

// MARK: The first places of one row, all threads

enum { HEAD = 11, HEADS = 1 << HEAD };

// A selection of keys by their uppermost bits.
struct selection {
  const uint32_t *keys;
  pair *chosen;
  // For each chunk, how many keys have each head; then in front where its first chosen pair goes.
  uint32_t (*counts)[HEADS];
  int64_t n, chunk;
  // The last head that is chosen.
  uint32_t bound;
};

static inline uint32_t head(uint32_t key) { return key >> (32 - HEAD); }

static void count_heads(void *data, intptr_t begin, intptr_t end) {
  const struct selection *all = data;
  for (intptr_t c = begin; c < end; c++) {
    uint32_t *counts = all->counts[c];
    memset(counts, 0, sizeof all->counts[c]);
    const int64_t stop = least((c + 1) * all->chunk, all->n);
    for (int64_t i = c * all->chunk; i < stop; i++) counts[head(all->keys[i])]++;
  }
}

static void choose_heads(void *data, intptr_t begin, intptr_t end) {
  const struct selection *all = data;
  for (intptr_t c = begin; c < end; c++) {
    pair *next = all->chosen + all->counts[c][0];
    const int64_t stop = least((c + 1) * all->chunk, all->n);
    for (int64_t i = c * all->chunk; i < stop; i++) {
      if (head(all->keys[i]) <= all->bound) *next++ = make_pair(all->keys[i], i);
    }
  }
}

// Orders the first places of a row by one key; returns whether it did, which it does not where too many
// keys begin as the last chosen one does.
static int select_in_chunks(void *context, const struct order_job *job, int64_t row) {
  const int64_t n = job->extent, chunks = job->chunks;
  pair *a = job->scratch, *b = a + n;
  struct selection all = {
    .keys = job->keys[0] + row * n, .chosen = a, .counts = (uint32_t (*)[HEADS])(b + n), .n = n,
    .chunk = (n + chunks - 1) / chunks};
  run_blocks(context, count_heads, &all, chunks);
  int64_t found = 0;
  for (uint32_t h = 0; found < job->count; h++) {
    all.bound = h;
    for (int64_t c = 0; c < chunks; c++) found += all.counts[c][h];
  }
  if (found > job->count + n / 8) return 0;
  uint32_t place = 0;
  for (int64_t c = 0; c < chunks; c++) {
    uint32_t own = 0;
    for (uint32_t h = 0; h <= all.bound; h++) own += all.counts[c][h];
    all.counts[c][0] = place;
    place += own;
  }
  run_blocks(context, choose_heads, &all, chunks);
  const pair *sorted = sort_pairs(a, b, found);
  int32_t *order = job->order + row * job->count;
  for (int64_t i = 0; i < job->count; i++) order[i] = (int32_t)(uint32_t)sorted[i];
  return 1;
}

static void order_long_row(void *context, const struct order_job *job, int64_t row) {
  const int64_t n = job->extent, chunks = job->chunks;
  pair *a = job->scratch, *b = a + n;
  uint32_t *words = (uint32_t *)(b + n);
  struct pass pass = {
    .from = NULL, .n = n, .count = job->count, .chunk = (n + chunks - 1) / chunks,
    .order = job->order + row * job->count, .counts = (uint32_t (*)[BUCKETS])words,
    .differing = words + chunks * BUCKETS};
  for (int64_t k = job->key_count - 1; k >= 0; k--) {
    pass.keys = job->keys[k] + row * n;
    if (pass.from) run_blocks(context, pair_chunks, &pass, chunks);
    order_by_key(context, &pass, chunks, a, b, k == 0);
  }
}

static void adjoint_order(
    void *context, void *const *buffers, int64_t key_count, int64_t rows, int64_t extent,
    int64_t count, int64_t parts, int64_t chunks) {
  if (rows == 0 || count == 0) return;
  struct order_job job = {
    .keys = (const uint32_t *const *)buffers, .order = buffers[key_count],
    .scratch = buffers[key_count + 1], .rows = rows, .extent = extent, .count = count,
    .key_count = key_count, .parts = parts, .chunks = chunks};
  if (chunks == 0) return run_blocks(context, order_parts, &job, parts);
  const int selects = key_count == 1 && count <= extent / 2;
  for (int64_t row = 0; row < rows; row++) {
    if (selects) {
      if (select_in_chunks(context, &job, row)) continue;
      order_row(&job, row, job.scratch, job.scratch + extent);
    } else {
      order_long_row(context, &job, row);
    }
  }
}

const void *adjoint_sorting_routine(const char *name) {
  if (strcmp(name, "order") == 0) return (const void *)adjoint_order;
  return strcmp(name, "sort") == 0 ? (const void *)adjoint_sort_words : 0;
}
