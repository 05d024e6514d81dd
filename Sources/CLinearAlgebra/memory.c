// Working memory of threads, kept for the next call.
#include "memory.h"

#include <pthread.h>
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

void *adjoint_working_memory(int number, size_t size) {
  pthread_once(&memory_once, make_keys);
  struct memory *memory = pthread_getspecific(memory_keys[number]);
  if (!memory) {
    memory = calloc(1, sizeof *memory);
    if (!memory) return 0;
    pthread_setspecific(memory_keys[number], memory);
  }
  if (memory->size < size) {
    free(memory->block);
    memory->size = (size + 4095) / 4096 * 4096;
    if (posix_memalign(&memory->block, 4096, memory->size)) {
      memory->block = 0;
      memory->size = 0;
    }
  }
  return memory->block;
}
