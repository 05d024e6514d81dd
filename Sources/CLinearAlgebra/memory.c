// Working memory of threads, kept for the next call.
#include "memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct memory { void *block; size_t size; };

static pthread_key_t memory_keys[2];
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void release(void *data) {
  struct memory *memory = data;
  free(memory->block);
  free(memory);
}

static void make_keys(void) {
  pthread_key_create(&memory_keys[0], release);
  pthread_key_create(&memory_keys[1], release);
}

static _Thread_local int is_missing;

int adjoint_was_memory_missing(void) {
  const int was_missing = is_missing;
  is_missing = 0;
  return was_missing;
}

void adjoint_note_missing_memory(void) { is_missing = 1; }

// A block that starts at a multiple of the alignment; null where there is none, which is noted.
static void *aligned(size_t alignment, size_t size) {
  const size_t blocks = size / alignment + 1;
  void *block = blocks <= SIZE_MAX / alignment ? aligned_alloc(alignment, blocks * alignment) : 0;
  if (!block) adjoint_note_missing_memory();
  return block;
}

void *adjoint_take_memory(size_t size) { return aligned(64, size); }

void *adjoint_working_memory(int number, size_t size) {
  pthread_once(&memory_once, make_keys);
  struct memory *memory = pthread_getspecific(memory_keys[number]);
  if (!memory) {
    memory = calloc(1, sizeof *memory);
    if (!memory) {
      adjoint_note_missing_memory();
      return 0;
    }
    pthread_setspecific(memory_keys[number], memory);
  }
  if (memory->size < size) {
    free(memory->block);
    memory->block = aligned(4096, size);
    memory->size = memory->block ? size / 4096 * 4096 + 4096 : 0;
  }
  return memory->block;
}
