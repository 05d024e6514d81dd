// Working memory of threads, kept for the next call.
#pragma once
#include <stddef.h>

// Memory of this thread, aligned for any vector; null where there is none. There are two, number 0 for what
// a piece of work needs and number 1 for what all pieces share.
void *adjoint_working_memory(int number, size_t size);

// Memory for a piece of work, aligned to cache lines and given back with free; null where there is none.
void *adjoint_take_memory(size_t size);

// Whether there was no memory for something on this thread since this was asked last. Routines return it.
int adjoint_was_memory_missing(void);

// Makes the next answer that there was none.
void adjoint_note_missing_memory(void);
