#include "CAllocations.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ADJOINT_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(ADJOINT_SANITIZED)

// A program may define these functions in place of the C library's, and then all of its libraries
// call them. Here they count and pass on, so what they return goes to the C library's own free.

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static __thread long count;

void *malloc(size_t size) {
  count += 1;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count += 1;
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  count += 1;
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  count += 1;
  return __libc_memalign(alignment, size);
}

static __thread int refuses;

void *aligned_alloc(size_t alignment, size_t size) {
  count += 1;
  if (refuses) return NULL;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  count += 1;
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *result = __libc_memalign(alignment, size);
  if (result == NULL) return ENOMEM;
  *block = result;
  return 0;
}

long adjoint_allocation_count(void) { return count; }

int adjoint_refuse_aligned_blocks(int refuse) {
  refuses = refuse;
  return 1;
}

#else

long adjoint_allocation_count(void) { return -1; }

int adjoint_refuse_aligned_blocks(int refuse) { return 0; }

#endif
