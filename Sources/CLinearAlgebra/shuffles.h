#pragma once
// Shuffles of two vectors: squares are transposed in registers, and parts of complex numbers joined and
// separated. EXCHANGE_W_d exchanges elements of vectors at distance d that stand d apart.
#define SHUFFLE __builtin_shufflevector
#define EXCHANGE_16_1(v) \
  for (int i = 0; i < 16; i++) { \
    if (i & 1) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 1]; \
    v[i] = SHUFFLE(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30); \
    v[i + 1] = SHUFFLE(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31); \
  }
#define EXCHANGE_16_2(v) \
  for (int i = 0; i < 16; i++) { \
    if (i & 2) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 2]; \
    v[i] = SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29); \
    v[i + 2] = SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31); \
  }
#define EXCHANGE_16_4(v) \
  for (int i = 0; i < 16; i++) { \
    if (i & 4) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 4]; \
    v[i] = SHUFFLE(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27); \
    v[i + 4] = SHUFFLE(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31); \
  }
#define EXCHANGE_16_8(v) \
  for (int i = 0; i < 16; i++) { \
    if (i & 8) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 8]; \
    v[i] = SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23); \
    v[i + 8] = SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31); \
  }
#define TRANSPOSE_16(v) do { \
    EXCHANGE_16_1(v) EXCHANGE_16_2(v) EXCHANGE_16_4(v) EXCHANGE_16_8(v) \
  } while (0)
#define EVEN_16(a, b) SHUFFLE(a, b, \
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD_16(a, b) SHUFFLE(a, b, \
      1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define LOW_16(a, b) SHUFFLE(a, b, \
      0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_16(a, b) SHUFFLE(a, b, \
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

#define EXCHANGE_8_1(v) \
  for (int i = 0; i < 8; i++) { \
    if (i & 1) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 1]; \
    v[i] = SHUFFLE(a, b, 0, 8, 2, 10, 4, 12, 6, 14); \
    v[i + 1] = SHUFFLE(a, b, 1, 9, 3, 11, 5, 13, 7, 15); \
  }
#define EXCHANGE_8_2(v) \
  for (int i = 0; i < 8; i++) { \
    if (i & 2) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 2]; \
    v[i] = SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13); \
    v[i + 2] = SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15); \
  }
#define EXCHANGE_8_4(v) \
  for (int i = 0; i < 8; i++) { \
    if (i & 4) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 4]; \
    v[i] = SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11); \
    v[i + 4] = SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15); \
  }
#define TRANSPOSE_8(v) do { \
    EXCHANGE_8_1(v) EXCHANGE_8_2(v) EXCHANGE_8_4(v) \
  } while (0)
#define EVEN_8(a, b) SHUFFLE(a, b, \
      0, 2, 4, 6, 8, 10, 12, 14)
#define ODD_8(a, b) SHUFFLE(a, b, \
      1, 3, 5, 7, 9, 11, 13, 15)
#define LOW_8(a, b) SHUFFLE(a, b, \
      0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_8(a, b) SHUFFLE(a, b, \
      4, 12, 5, 13, 6, 14, 7, 15)

#define EXCHANGE_4_1(v) \
  for (int i = 0; i < 4; i++) { \
    if (i & 1) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 1]; \
    v[i] = SHUFFLE(a, b, 0, 4, 2, 6); \
    v[i + 1] = SHUFFLE(a, b, 1, 5, 3, 7); \
  }
#define EXCHANGE_4_2(v) \
  for (int i = 0; i < 4; i++) { \
    if (i & 2) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 2]; \
    v[i] = SHUFFLE(a, b, 0, 1, 4, 5); \
    v[i + 2] = SHUFFLE(a, b, 2, 3, 6, 7); \
  }
#define TRANSPOSE_4(v) do { \
    EXCHANGE_4_1(v) EXCHANGE_4_2(v) \
  } while (0)
#define EVEN_4(a, b) SHUFFLE(a, b, \
      0, 2, 4, 6)
#define ODD_4(a, b) SHUFFLE(a, b, \
      1, 3, 5, 7)
#define LOW_4(a, b) SHUFFLE(a, b, \
      0, 4, 1, 5)
#define HIGH_4(a, b) SHUFFLE(a, b, \
      2, 6, 3, 7)

#define EXCHANGE_2_1(v) \
  for (int i = 0; i < 2; i++) { \
    if (i & 1) continue; \
    const __typeof__(v[0]) a = v[i], b = v[i + 1]; \
    v[i] = SHUFFLE(a, b, 0, 2); \
    v[i + 1] = SHUFFLE(a, b, 1, 3); \
  }
#define TRANSPOSE_2(v) do { \
    EXCHANGE_2_1(v) \
  } while (0)
#define EVEN_2(a, b) SHUFFLE(a, b, \
      0, 2)
#define ODD_2(a, b) SHUFFLE(a, b, \
      1, 3)
#define LOW_2(a, b) SHUFFLE(a, b, \
      0, 2)
#define HIGH_2(a, b) SHUFFLE(a, b, \
      1, 3)
