#pragma once

// How often the calling thread has taken memory from the C library, and so from Swift's runtime too;
// negative where that cannot be counted.
long adjoint_allocation_count(void);
