/* The mean of some samples, exactly rounded, in 32-bit divisions. */
#ifndef COINCELL_FEATURES_MEAN_H
#define COINCELL_FEATURES_MEAN_H

#include <stdint.h>

/* samples[count], `stride` apart, 1 to 65536 of them -> sum of sample + 32768. */
static inline uint32_t coincell_raised_sum(const int16_t *samples, int32_t count, int32_t stride)
{
    uint32_t sum = 0; /* at most 65535 * 65536 */
    for (int32_t n = 0; n < count; n++) sum += (uint32_t)(samples[n * stride] + 32768);
    return sum;
}

/* A sum of sample + 32768 over `count` samples -> their mean times 2^fraction_bits, rounded;
   fraction_bits at most 14. */
static inline int32_t coincell_rounded_mean(uint32_t sum, int32_t count, int32_t fraction_bits)
{
    const uint32_t number = (uint32_t)count;
    const uint32_t whole = sum / number, rest = sum % number;
    const uint32_t fraction = ((rest << fraction_bits) + number / 2) / number;
    return ((int32_t)whole - 32768) * (1 << fraction_bits) + (int32_t)fraction;
}

#endif
