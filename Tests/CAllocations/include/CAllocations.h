#pragma once

// How often the calling thread has taken memory from the C library, and so from Swift's runtime too;
// negative where that cannot be counted.
long adjoint_allocation_count(void);

// Lets `aligned_alloc` find no memory on the calling thread, or find some again; returns zero where that cannot
// be done.
int adjoint_refuse_aligned_blocks(int refuse);
