#include "CLLVMLibrary.h"

#include <llvm/Config/llvm-config.h>

const char *adjoint_llvm_version(void) { return LLVM_VERSION_STRING; }

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Each function of LLVM is a stub here that jumps to an address from a table. As long as the library is not
// loaded that is the address of a few instructions that load it and jump again, much as the tables of
// dynamic linkers work: see "System V Application Binary Interface, AMD64 Architecture Processor
// Supplement", section 5.2, and "ELF for the Arm 64-bit Architecture", section 9.4.

#if defined(__x86_64__)

#define FUNCTION(name)                              \
  __asm__(".text\n"                                 \
          ".globl " #name "\n"                      \
          ".hidden " #name "\n"                     \
          ".type " #name ", @function\n"            \
          ".p2align 4\n" #name ":\n"                \
          "  jmp *.Ladjoint_slot_" #name "(%rip)\n" \
          ".Ladjoint_first_" #name ":\n"            \
          "  leaq " #name "(%rip), %r11\n"          \
          "  jmp adjoint_llvm_first\n"              \
          ".size " #name ", . - " #name "\n"        \
          ".section adjoint_llvm_slots, \"aw\"\n"   \
          ".p2align 3\n"                            \
          ".Ladjoint_slot_" #name ":\n"             \
          "  .quad .Ladjoint_first_" #name "\n"     \
          ".text\n");

// Keeps what arguments may stand in, loads the library, and calls again.
__asm__(".text\n"
        ".local adjoint_llvm_first\n"
        ".type adjoint_llvm_first, @function\n"
        "adjoint_llvm_first:\n"
        "  pushq %rdi\n  pushq %rsi\n  pushq %rdx\n  pushq %rcx\n"
        "  pushq %r8\n  pushq %r9\n  pushq %rax\n  pushq %r11\n"
        "  subq $136, %rsp\n"
        "  movups %xmm0, (%rsp)\n  movups %xmm1, 16(%rsp)\n"
        "  movups %xmm2, 32(%rsp)\n  movups %xmm3, 48(%rsp)\n"
        "  movups %xmm4, 64(%rsp)\n  movups %xmm5, 80(%rsp)\n"
        "  movups %xmm6, 96(%rsp)\n  movups %xmm7, 112(%rsp)\n"
        "  call adjoint_llvm_need\n"
        "  movups (%rsp), %xmm0\n  movups 16(%rsp), %xmm1\n"
        "  movups 32(%rsp), %xmm2\n  movups 48(%rsp), %xmm3\n"
        "  movups 64(%rsp), %xmm4\n  movups 80(%rsp), %xmm5\n"
        "  movups 96(%rsp), %xmm6\n  movups 112(%rsp), %xmm7\n"
        "  addq $136, %rsp\n"
        "  popq %r11\n  popq %rax\n  popq %r9\n  popq %r8\n"
        "  popq %rcx\n  popq %rdx\n  popq %rsi\n  popq %rdi\n"
        "  jmp *%r11\n"
        ".size adjoint_llvm_first, . - adjoint_llvm_first\n");

#else

#define FUNCTION(name)                                      \
  __asm__(".text\n"                                         \
          ".globl " #name "\n"                              \
          ".hidden " #name "\n"                             \
          ".type " #name ", %function\n"                    \
          ".p2align 4\n" #name ":\n"                        \
          "  adrp x16, .Ladjoint_slot_" #name "\n"          \
          "  ldr x16, [x16, :lo12:.Ladjoint_slot_" #name "]\n" \
          "  br x16\n"                                      \
          ".Ladjoint_first_" #name ":\n"                    \
          "  adrp x16, " #name "\n"                         \
          "  add x16, x16, :lo12:" #name "\n"               \
          "  b adjoint_llvm_first\n"                        \
          ".size " #name ", . - " #name "\n"                \
          ".section adjoint_llvm_slots, \"aw\"\n"           \
          ".p2align 3\n"                                    \
          ".Ladjoint_slot_" #name ":\n"                     \
          "  .xword .Ladjoint_first_" #name "\n"            \
          ".text\n");

// Keeps what arguments may stand in, loads the library, and calls again.
__asm__(".text\n"
        ".local adjoint_llvm_first\n"
        ".type adjoint_llvm_first, %function\n"
        "adjoint_llvm_first:\n"
        "  stp x29, x30, [sp, #-224]!\n"
        "  mov x29, sp\n"
        "  stp x0, x1, [sp, #16]\n  stp x2, x3, [sp, #32]\n"
        "  stp x4, x5, [sp, #48]\n  stp x6, x7, [sp, #64]\n"
        "  stp x8, x16, [sp, #80]\n"
        "  stp q0, q1, [sp, #96]\n  stp q2, q3, [sp, #128]\n"
        "  stp q4, q5, [sp, #160]\n  stp q6, q7, [sp, #192]\n"
        "  bl adjoint_llvm_need\n"
        "  ldp x0, x1, [sp, #16]\n  ldp x2, x3, [sp, #32]\n"
        "  ldp x4, x5, [sp, #48]\n  ldp x6, x7, [sp, #64]\n"
        "  ldp x8, x16, [sp, #80]\n"
        "  ldp q0, q1, [sp, #96]\n  ldp q2, q3, [sp, #128]\n"
        "  ldp q4, q5, [sp, #160]\n  ldp q6, q7, [sp, #192]\n"
        "  ldp x29, x30, [sp], #224\n"
        "  br x16\n"
        ".size adjoint_llvm_first, . - adjoint_llvm_first\n");

#endif

#include "functions.inc"
#undef FUNCTION

/// The addresses that stubs jump to, in the order of the names.
extern void *adjoint_slots[] __asm__("__start_adjoint_llvm_slots");

#define FUNCTION(name) #name,
static const char *const names[] = {
#include "functions.inc"
};
#undef FUNCTION

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define SO_NAME "libLLVM.so." TEXT(LLVM_VERSION_MAJOR) "." TEXT(LLVM_VERSION_MINOR)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure = NULL;
static int is_loaded = 0;

const char *adjoint_llvm_path(void) {
  return "/usr/lib/llvm-" TEXT(LLVM_VERSION_MAJOR) "/lib/" SO_NAME;
}

static void absent(void) {
  fputs("this LLVM lacks a function that Adjoint calls\n", stderr);
  abort();
}

static void load(void) {
  void *library = dlopen(adjoint_llvm_path(), RTLD_LAZY | RTLD_LOCAL);
  if (!library) library = dlopen(SO_NAME, RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    // The linker's own text goes with this thread.
    const char *reason = dlerror();
    failure = reason ? strdup(reason) : NULL;
    if (!failure) failure = SO_NAME " cannot be loaded";
    return;
  }
  for (size_t place = 0; place < sizeof names / sizeof *names; place++) {
    void *address = dlsym(library, names[place]);
    __atomic_store_n(&adjoint_slots[place], address ? address : (void *)absent, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&is_loaded, 1, __ATOMIC_RELEASE);
}

const char *adjoint_llvm_load(void) {
  pthread_once(&once, load);
  return failure;
}

int adjoint_llvm_is_loaded(void) { return __atomic_load_n(&is_loaded, __ATOMIC_ACQUIRE); }

/// Loads the library for a function that was called before.
__attribute__((used)) static void adjoint_llvm_need(void) {
  const char *reason = adjoint_llvm_load();
  if (!reason) return;
  fprintf(stderr, "%s\n", reason);
  abort();
}

#else

const char *adjoint_llvm_load(void) { return 0; }
int adjoint_llvm_is_loaded(void) { return 1; }
const char *adjoint_llvm_path(void) { return 0; }

#endif
