#include "CLLVMLibrary.h"

#if defined(__x86_64__)

#include <cpuid.h>

/// Mixes a word into a digest: the 64-bit FNV-1a hash, a word at a time
/// (http://www.isthe.com/chongo/tech/comp/fnv).
static unsigned long long mixed(unsigned long long digest, unsigned word) {
  for (int byte = 0; byte < 4; byte++) {
    digest ^= (word >> (8 * byte)) & 0xff;
    digest *= 0x100000001b3ull;
  }
  return digest;
}

unsigned long long adjoint_processor_digest(void) {
  // Leaves and parts of them that say what the processor is and has; see "Intel 64 and IA-32
  // Architectures Software Developer's Manual", volume 2A, CPUID.
  static const unsigned leaves[][2] = {
      {0, 0},    {1, 0},    {7, 0},    {7, 1},          {7, 2},          {0xd, 0},
      {0xd, 1},  {0x14, 0}, {0x19, 0}, {0x1e, 0},       {0x1e, 1},       {0x24, 0},
      {0x29, 0}, {0x80000000u, 0},     {0x80000001u, 0}, {0x80000008u, 0}, {0x80000021u, 0},
  };
  unsigned long long digest = 0xcbf29ce484222325ull;
  for (unsigned place = 0; place < sizeof leaves / sizeof *leaves; place++) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(leaves[place][0], leaves[place][1], &a, &b, &c, &d)) continue;
    // Which core it is, which differs from call to call.
    if (leaves[place][0] == 1) b &= 0x00ffffff;
    // The bytes that the enabled registers take, which stand in the digest as the registers themselves.
    if (leaves[place][0] == 0xd) b = 0;
    digest = mixed(mixed(mixed(mixed(digest, a), b), c), d);
    // Which registers the system saves.
    if (leaves[place][0] == 1 && (c & (1u << 27))) {
      unsigned low, high;
      __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      digest = mixed(mixed(digest, low), high);
    }
  }
  return digest ? digest : 1;
}

#else

unsigned long long adjoint_processor_digest(void) { return 0; }

#endif
