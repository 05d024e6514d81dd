// Orders of rows of keys, for compiled programs to call.
//
// Keys are unsigned integers of 32 bits; the result is the permutation that puts them in rising order,
// equal ones in theirs. It is the same for any number of threads, since a stable order is.
#pragma once
#include <stdint.h>

// `order` takes the runtime's context and a list of addresses: of the keys, of the order and of scratch
// memory; then the numbers of keys, of rows, of elements of a row and of places wanted, and how work is
// divided: either rows among `parts`, each with scratch memory of two words of 64 bits for each element of a
// row, or each row among `chunks`, with that memory once and 1024 words for each chunk.

// `sort` takes the context, the addresses of words, of where they go sorted and of scratch memory, and the
// numbers of rows, of elements of a row, of parts and of chunks; see words.h.

// The address of a routine by its name; null where there is none of that name.
const void *adjoint_sorting_routine(const char *name);
