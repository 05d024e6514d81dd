// The routines that compiled programs call, for batches of matrices.
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "parallel.h"
#include "small.h"

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)

// So many matrices are one piece of work for a thread.
#define CHUNK 64
// From so many large matrices on each has one thread.
#define MANY 16
// From this order on threads share one.
#define SHARED 192

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

const char *adjoint_lapack_name(int32_t type, int32_t function) {
  static const char *const real[ADJOINT_LAPACK_COUNT] = {
    "potrf", "getrf", "geqrf", "orgqr", "syevd", "gesdd", "trsm", "geev", "gees", "gehrd", "sytrd"};
  if (function < 0 || function >= ADJOINT_LAPACK_COUNT) return 0;
  if (type >= 2) {
    switch (function) {
      case ADJOINT_ORGQR: return "ungqr";
      case ADJOINT_SYEVD: return "heevd";
      case ADJOINT_SYTRD: return "hetrd";
    }
  }
  return real[function];
}

static const void *lapack[4][ADJOINT_LAPACK_COUNT];

void adjoint_set_lapack(int32_t type, int32_t function, const void *address) {
  lapack[type & 3][function] = address;
}

// Runs pieces of a batch.
static void run_blocks(void *context, block_body body, void *job, int64_t batch) {
  run(context, body, job, (batch + CHUNK - 1) / CHUNK);
}

// Memory that all pieces of a call share; what is large is not kept for the next call.
#define KEPT ((size_t)1 << 25)

static void *acquire(size_t size) {
  if (size <= KEPT) return adjoint_working_memory(1, size);
  return adjoint_take_memory(size);
}

static void give_back(void *block, size_t size) {
  if (size > KEPT) free(block);
}

#define T float
#define R float
#define C float _Complex
#define S f32
#define SR f32
#define INDEX 0
#define IS_COMPLEX 0
#include "element.inc"

#define T double
#define R double
#define C double _Complex
#define S f64
#define SR f64
#define INDEX 1
#define IS_COMPLEX 0
#include "element.inc"

#define T float _Complex
#define R float
#define C float _Complex
#define S c64
#define SR f32
#define INDEX 2
#define IS_COMPLEX 1
#include "element.inc"

#define T double _Complex
#define R double
#define C double _Complex
#define S c128
#define SR f64
#define INDEX 3
#define IS_COMPLEX 1
#include "element.inc"

#define ENTRY(name) \
  {#name "_f32", (const void *)adjoint_##name##_f32}, \
  {#name "_f64", (const void *)adjoint_##name##_f64}, \
  {#name "_c64", (const void *)adjoint_##name##_c64}, \
  {#name "_c128", (const void *)adjoint_##name##_c128}

static const struct { const char *name; const void *address; } routines[] = {
  ENTRY(cholesky), ENTRY(solve), ENTRY(lu), ENTRY(householder), ENTRY(reflectors), ENTRY(eigh),
  ENTRY(svd), ENTRY(tridiagonal), ENTRY(eig), ENTRY(schur), ENTRY(hessenberg),
  ENTRY(tridiagonalize)};

const void *adjoint_linear_algebra_routine(const char *name) {
  for (size_t i = 0; i < sizeof routines / sizeof routines[0]; i++) {
    if (strcmp(routines[i].name, name) == 0) return routines[i].address;
  }
  return 0;
}
