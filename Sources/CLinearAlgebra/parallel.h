// Work that is shared by the threads of a call.
#pragma once
#include <stdint.h>

#include "memory.h"

typedef void (*block_body)(void *, intptr_t, intptr_t);
typedef void (*parallel_for)(void *, block_body, void *, intptr_t);

// Work of which some thread may find no memory.
struct noted_work { block_body body; void *job; int is_memory_missing; };

static void run_noted(void *data, intptr_t begin, intptr_t end) {
  struct noted_work *work = data;
  // What this thread noted before belongs to another routine.
  const int was_missing = adjoint_was_memory_missing();
  work->body(work->job, begin, end);
  if (adjoint_was_memory_missing()) __atomic_store_n(&work->is_memory_missing, 1, __ATOMIC_RELAXED);
  if (was_missing) adjoint_note_missing_memory();
}

// Runs blocks on the threads of the context, whose first field says how; without one on this thread. What
// is noted of missing memory on any of them is noted on this one.
static void run(void *context, block_body body, void *job, int64_t blocks) {
  if (blocks <= 1 || !context) {
    if (blocks > 0) body(job, 0, (intptr_t)blocks);
    return;
  }
  struct noted_work work = {body, job, 0};
  (*(parallel_for *)context)(context, run_noted, &work, (intptr_t)blocks);
  if (work.is_memory_missing) adjoint_note_missing_memory();
}
