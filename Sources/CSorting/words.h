// The sort of words by themselves.
#pragma once
#include <stdint.h>

// Sorts each row of words into another array, by threads as `order` does; scratch memory has a word of 32
// bits for each element of a row and each part, two where rows are divided among chunks, and behind them
// sixteen words of 64 bits for each chunk.
void adjoint_sort_words(
    void *context, const uint32_t *words, uint32_t *sorted, uint64_t *scratch, int64_t rows,
    int64_t extent, int64_t parts, int64_t chunks);
