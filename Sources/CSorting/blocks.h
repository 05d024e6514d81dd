// How routines run blocks of work on the runtime's threads.
#pragma once
#include <stdint.h>

typedef void (*block_body)(void *, intptr_t, intptr_t);
typedef void (*parallel_for)(void *, block_body, void *, intptr_t);

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Runs blocks on the threads of the context, whose first field says how.
static inline void run_blocks(void *context, block_body body, void *job, int64_t blocks) {
  if (blocks <= 1 || !context) {
    if (blocks > 0) body(job, 0, (intptr_t)blocks);
    return;
  }
  (*(parallel_for *)context)(context, body, job, (intptr_t)blocks);
}
