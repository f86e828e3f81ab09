/* Small integer helpers shared by the feature blocks. Q31 means: the value times 2^31. */
#ifndef COINCELL_FEATURES_FIXED_POINT_H
#define COINCELL_FEATURES_FIXED_POINT_H

#include <stdint.h>

/* Bits needed to write v: 0 for 0, 1 for 1, 2 for 2 and 3, ... (built on the 32-bit count of
   leading zeros, one instruction on an Armv7-M core; the 64-bit one would be a library call). */
static inline int32_t coincell_bit_length_32(uint32_t v)
{
    return v == 0 ? 0 : 32 - __builtin_clz(v);
}

static inline int32_t coincell_bit_length_64(uint64_t v)
{
    const uint32_t high = (uint32_t)(v >> 32);
    return high ? 32 + coincell_bit_length_32(high) : coincell_bit_length_32((uint32_t)v);
}

/* a b / 2^32, rounded to nearest, and the same added to or taken from c.
   An Armv7E-M core has one instruction for each, which not every compiler finds by itself. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
static inline int32_t coincell_multiply_high(int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline int32_t coincell_multiply_high_add(int32_t c, int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
}

static inline int32_t coincell_multiply_high_subtract(int32_t c, int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmlsr %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
}
#else
static inline int32_t coincell_multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + INT64_C(0x80000000)) >> 32);
}

static inline int32_t coincell_multiply_high_add(int32_t c, int32_t a, int32_t b)
{
    return c + (int32_t)(((int64_t)a * b + INT64_C(0x80000000)) >> 32);
}

static inline int32_t coincell_multiply_high_subtract(int32_t c, int32_t a, int32_t b)
{
    return c + (int32_t)((INT64_C(0x80000000) - (int64_t)a * b) >> 32);
}
#endif

/* v 2^shift for v < 2^32; a negative shift moves right and drops what falls off.
   The caller sees to it that nothing is lost at the top. */
static inline uint64_t coincell_shift(uint32_t v, int32_t shift)
{
    if (shift >= 0) return (uint64_t)v << shift;
    return shift > -32 ? v >> -shift : 0;
}

#endif
