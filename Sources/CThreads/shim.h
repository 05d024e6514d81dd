#pragma once

// Tells the core that the caller is in a spin loop; Swift has no public name for this instruction.
static inline void adjoint_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield");
#endif
}

#if defined(__linux__)
// glibc declares this function only under _GNU_SOURCE, which Swift's import does not set.
extern int adjoint_sched_getaffinity(int pid, unsigned long size, void *mask)
    __asm__("sched_getaffinity");
#endif

#if defined(__linux__)
// What is known of an address in a loaded file; glibc declares this too only under _GNU_SOURCE.
struct adjoint_image {
  const char *path;
  void *base;
  const char *symbol;
  void *symbol_address;
};
extern int adjoint_dladdr(const void *address, struct adjoint_image *image) __asm__("dladdr");
#endif
