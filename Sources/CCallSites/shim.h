#pragma once

// Where the Swift function that this is inlined into returns to; Swift has no name for it. It does not
// depend on frame pointers.
static inline __attribute__((always_inline)) unsigned long adjoint_return_address(void) {
  return (unsigned long)__builtin_return_address(0);
}
