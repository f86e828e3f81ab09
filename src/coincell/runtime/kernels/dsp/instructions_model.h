/* The instructions of instructions.h in plain C, for computers that lack them. */
#ifndef COINCELL_KERNELS_DSP_INSTRUCTIONS_MODEL_H
#define COINCELL_KERNELS_DSP_INSTRUCTIONS_MODEL_H

#include <stdint.h>

/* The halves of a pair, each with its sign. */
static inline int32_t coincell_bottom(uint32_t pair)
{
    return (int16_t)(pair & 0xFFFFu);
}

static inline int32_t coincell_top(uint32_t pair)
{
    return (int16_t)(pair >> 16);
}

/* The pair of the low halves of two numbers. */
static inline uint32_t coincell_pair(int32_t bottom, int32_t top)
{
    return ((uint32_t)bottom & 0xFFFFu) | (uint32_t)top << 16;
}

/* a + b modulo 2^32. */
static inline int32_t coincell_model_sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t coincell_model_clip(int64_t value, int64_t low, int64_t high)
{
    return (int32_t)(value < low ? low : value > high ? high : value);
}

/* accumulator + the product of two halves: b is the bottom, t the top one. */
static inline int32_t coincell_smlabb(uint32_t a, uint32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_bottom(a) * coincell_bottom(b));
}

static inline int32_t coincell_smlabt(uint32_t a, uint32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_bottom(a) * coincell_top(b));
}

static inline int32_t coincell_smlatb(uint32_t a, uint32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_top(a) * coincell_bottom(b));
}

static inline int32_t coincell_smlatt(uint32_t a, uint32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_top(a) * coincell_top(b));
}

/* The sum of two products: bottom with bottom and top with top. */
static inline int32_t coincell_smuad(uint32_t a, uint32_t b)
{
    return coincell_smlatt(a, b, coincell_smlabb(a, b, 0));
}

static inline int32_t coincell_smlad(uint32_t a, uint32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_smuad(a, b));
}

/* accumulator + factor * half of a pair, of which 16 bits are dropped. */
static inline int32_t coincell_smlawb(int32_t factor, uint32_t pair, int32_t accumulator)
{
    const int64_t product = (int64_t)factor * coincell_bottom(pair);
    return coincell_model_sum(accumulator, (int32_t)(product >> 16));
}

static inline int32_t coincell_smlawt(int32_t factor, uint32_t pair, int32_t accumulator)
{
    const int64_t product = (int64_t)factor * coincell_top(pair);
    return coincell_model_sum(accumulator, (int32_t)(product >> 16));
}

/* The upper word of the product a * b, rounded down; the r form rounds to nearest, ties upward. */
static inline int32_t coincell_smmul(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}

static inline int32_t coincell_smmulr(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + 0x80000000LL) >> 32);
}

static inline int32_t coincell_smmla(int32_t a, int32_t b, int32_t accumulator)
{
    return coincell_model_sum(accumulator, coincell_smmul(a, b));
}

/* Bytes 0 and 2 as a pair; the _ror8 forms take bytes 1 and 3. */
static inline uint32_t coincell_sxtb16(uint32_t bytes)
{
    return coincell_pair((int8_t)(bytes & 0xFFu), (int8_t)(bytes >> 16 & 0xFFu));
}

static inline uint32_t coincell_sxtb16_ror8(uint32_t bytes)
{
    return coincell_sxtb16(bytes >> 8);
}

/* The same, added to a pair; the halves wrap. */
static inline uint32_t coincell_sxtab16(uint32_t pair, uint32_t bytes)
{
    const uint32_t extended = coincell_sxtb16(bytes);
    return coincell_pair(coincell_bottom(pair) + coincell_bottom(extended),
                         coincell_top(pair) + coincell_top(extended));
}

static inline uint32_t coincell_sxtab16_ror8(uint32_t pair, uint32_t bytes)
{
    return coincell_sxtab16(pair, bytes >> 8);
}

/* The low half of `low`, and the high half of high << shift (0 .. 31). */
static inline uint32_t coincell_pkhbt(uint32_t low, uint32_t high, int shift)
{
    return (low & 0xFFFFu) | (high << shift & 0xFFFF0000u);
}

/* The high half of `high`, and the low half of low >> shift (arithmetic, 1 .. 31). */
static inline uint32_t coincell_pkhtb(uint32_t high, uint32_t low, int shift)
{
    return (high & 0xFFFF0000u) | ((uint32_t)((int32_t)low >> shift) & 0xFFFFu);
}

/* value >> shift (0 .. 31), saturated to `bits` bits with a sign (1 .. 32). */
static inline int32_t coincell_ssat(int32_t value, int bits, int shift)
{
    const int64_t bound = (int64_t)1 << (bits - 1);
    return coincell_model_clip(value >> shift, -bound, bound - 1);
}

/* The larger of each two int8. */
static inline uint32_t coincell_max8(uint32_t a, uint32_t b)
{
    uint32_t result = 0;
    for (int place = 0; place < 32; place += 8) {
        const uint32_t from_a = a >> place & 0xFFu;
        const uint32_t from_b = b >> place & 0xFFu;
        result |= ((int8_t)from_a >= (int8_t)from_b ? from_a : from_b) << place;
    }
    return result;
}

#endif
