/* The sigmoid and tanh of 16-bit values: a table of 256 entries, interpolated.
 *
 * Semantics: tensorflow/lite/kernels/internal/reference/integer_ops/{logistic,tanh}.h. */
#ifndef COINCELL_KERNELS_SIGMOID_INTERPOLATION_H
#define COINCELL_KERNELS_SIGMOID_INTERPOLATION_H

#include <stdint.h>

/* value * multiplier / 2^shift, rounded to nearest, ties upward: steps of 1 / (3 * 4096). */
static inline int32_t coincell_table_input(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t half = (int32_t)(((uint32_t)1 << shift) >> 1);
    return (value * multiplier + half) >> shift;
}

/* 1 / (1 + exp(-x)) in 1/32768, of x in steps of 1 / (3 * 4096)
 *
 * table: [256], the sigmoid at multiples of 1/24 in 1/65536 */
static inline int16_t coincell_logistic_int16(const uint16_t *table, int32_t x)
{
    const uint32_t magnitude = x < 0 ? -(uint32_t)x : (uint32_t)x;
    const uint32_t index = magnitude >> 9;
    uint32_t result = (uint32_t)0x7FFF << 10;
    if (index < 255) {
        const uint32_t low = table[index];
        result = (low << 9) + (magnitude & 0x1FF) * (table[index + 1] - low);
    }
    result = x < 0 ? ((uint32_t)1 << 25) - result + 511 : result + 512;
    return (int16_t)(result >> 10);
}

/* tanh(x) = 2 * sigmoid(2 * x) - 1 in 1/32768; x and table as above */
static inline int16_t coincell_tanh_int16(const uint16_t *table, int32_t x)
{
    const uint32_t magnitude = x < 0 ? -(uint32_t)x : (uint32_t)x;
    const uint32_t index = magnitude >> 8;
    int32_t result = 0xFFFF << 8;
    if (index < 255) {
        const uint32_t low = table[index];
        result = (int32_t)((low << 8) + (magnitude & 0xFF) * (table[index + 1] - low));
    }
    const int32_t one = (int32_t)1 << 23;
    result = x < 0 ? one - result + 127 : result - one + 128;
    return (int16_t)(result >> 8);
}

#endif
