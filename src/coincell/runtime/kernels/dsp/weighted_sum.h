/* The sum of two int8 tensors of unlike scales, element by element. */
#ifndef COINCELL_KERNELS_DSP_WEIGHTED_SUM_H
#define COINCELL_KERNELS_DSP_WEIGHTED_SUM_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"

/* With compiler/dsp/add.py having tried all pairs of int8, an output is
 *     h = offset + (first_factor * first >> 8) + (second_factor * second >> 8)
 *     h = h - (h < 0 ? step : 0)
 *     clamp(saturate8((h + rounding) >> right_shift)) */
typedef struct {
    int32_t rows;
    int32_t count;
    int32_t first_factor;
    int32_t second_factor;
    int32_t offset;
    int32_t step;
    int32_t rounding; /* 0 where step is 0 */
    int32_t right_shift;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_weighted_sum_parameters;

COINCELL_INLINE void coincell_weighted_sum_end(const coincell_weighted_sum_parameters *p,
                                               int32_t high, int8_t *place)
{
    if (p->step) {
        high -= (high >> 31) & p->step;
        high += p->rounding;
    }
    const int32_t output = coincell_ssat(high, 8, p->right_shift);
    coincell_store_byte(place, coincell_narrowed(output, p->clamp_min, p->clamp_max));
}

/* Four outputs of a word of each input; SMLAW drops 16 bits, so bytes stand 8 bits up.
 *
 * mask:   0xFF00FF00
 * output: [4] */
COINCELL_INLINE void coincell_weighted_sum_4(const coincell_weighted_sum_parameters *p,
                                             uint32_t first, uint32_t second,
                                             uint32_t mask, int8_t *output)
{
    const uint32_t first_even = first << 8 & mask;
    const uint32_t first_odd = first & mask;
    const uint32_t second_even = second << 8 & mask;
    const uint32_t second_odd = second & mask;
    const int32_t a = p->first_factor;
    const int32_t b = p->second_factor;
    coincell_weighted_sum_end(
        p, coincell_smlawb(a, first_even, coincell_smlawb(b, second_even, p->offset)),
        output);
    coincell_weighted_sum_end(
        p, coincell_smlawb(a, first_odd, coincell_smlawb(b, second_odd, p->offset)),
        output + 1);
    coincell_weighted_sum_end(
        p, coincell_smlawt(a, first_even, coincell_smlawt(b, second_even, p->offset)),
        output + 2);
    coincell_weighted_sum_end(
        p, coincell_smlawt(a, first_odd, coincell_smlawt(b, second_odd, p->offset)),
        output + 3);
}

/* first:  [count] int8
 * second: [count] int8
 * output: [count] int8 */
COINCELL_INLINE void coincell_weighted_sum_row(const coincell_weighted_sum_parameters *p,
                                               const int8_t *first, const int8_t *second,
                                               int8_t *output)
{
    const int8_t *a = first;
    const int8_t *b = second;
    int8_t *out = output;
    const uint32_t mask = coincell_in_register(0xFF00FF00u);
    for (const int8_t *end = a + (p->count & ~7); a != end; a += 8, b += 8, out += 8) {
        const uint32_t a_low = coincell_load_word(a);
        const uint32_t a_high = coincell_load_word(a + 4);
        const uint32_t b_low = coincell_load_word(b);
        const uint32_t b_high = coincell_load_word(b + 4);
        coincell_weighted_sum_4(p, a_low, b_low, mask, out);
        coincell_weighted_sum_4(p, a_high, b_high, mask, out + 4);
    }
    for (int32_t i = 0; i < (p->count & 7); ++i) {
        const uint32_t one = (uint32_t)a[i] << 8;
        const uint32_t other = (uint32_t)b[i] << 8;
        const int32_t high = coincell_smlawb(p->second_factor, other, p->offset);
        coincell_weighted_sum_end(p, coincell_smlawb(p->first_factor, one, high), out + i);
    }
}

/* first:  [rows, count] int8
 * second: [count] int8, the same for every row
 * output: [rows, count] int8; may be the first input, the second where there is one row, or lie
 *         before them */
COINCELL_INLINE void coincell_weighted_sum(const coincell_weighted_sum_parameters *p,
                                           const void *first, const void *second,
                                           void *output)
{
    const int8_t *a = first;
    int8_t *out = output;
    for (int32_t row = 0; row < p->rows; ++row, a += p->count, out += p->count) {
        coincell_weighted_sum_row(p, a, second, out);
    }
}

#endif
