// Working memory of threads, kept for the next call.
#pragma once
#include <stddef.h>

// Memory of this thread, aligned for any vector; null where there is none. There are two, number 0 for what
// a piece of work needs and number 1 for what all pieces share.
void *adjoint_working_memory(int number, size_t size);
