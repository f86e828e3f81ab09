/* Integer arithmetic of quantized networks, exact to TensorFlow Lite Micro (double rounding).
 *
 * A real factor is held as (multiplier, shift): multiplier * 2^(shift - 31). Semantics:
 * tensorflow/lite/kernels/internal/common.cc and gemmlowp's fixedpoint.h. */
#ifndef COINCELL_KERNELS_FIXED_POINT_H
#define COINCELL_KERNELS_FIXED_POINT_H

#include <stdint.h>

/* (2 * a * b) >> 32, rounded to nearest, ties upward. Needs not (a == b == INT32_MIN). */
static inline int32_t coincell_doubling_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* value / 2^exponent, rounded to nearest, ties away from zero; exponent is 0..31. */
static inline int32_t coincell_rounding_shift_right(int32_t value, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    const int32_t remainder = value & mask;
    const int32_t threshold = (mask >> 1) + (value < 0);
    return (value >> exponent) + (remainder > threshold);
}

/* value * multiplier * 2^(shift - 31); shift is -31..30. */
static inline int32_t coincell_rescale(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift > 0) {
        const int32_t raised = (int32_t)((uint32_t)value << shift);
        return coincell_doubling_high_multiply(raised, multiplier);
    }
    return coincell_rounding_shift_right(coincell_doubling_high_multiply(value, multiplier),
                                         -shift);
}

/* a + b modulo 2^32, as an int32 register adds. */
static inline int32_t coincell_wrapping_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* value * 2^exponent, saturating; exponent is 0..31. */
static inline int32_t coincell_saturating_shift_left(int32_t value, int32_t exponent)
{
    const int32_t limit = INT32_MAX >> exponent;
    if (value > limit) {
        return INT32_MAX;
    }
    if (value < -limit) {
        return INT32_MIN;
    }
    return (int32_t)((uint32_t)value << exponent);
}

/* How many of the 32 bits come before the first 1. */
static inline int32_t coincell_leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while (count < 32 && !(value & 0x80000000u)) {
        value <<= 1;
        ++count;
    }
    return count;
}

static inline int32_t coincell_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

#endif
