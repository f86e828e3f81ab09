/* Constants of a channel of a 3x3 depthwise convolution, and sums of a column's pairs.
 *
 * Five words a channel: three columns of taps, then the multiplier, then the bias. The bytes of a
 * column's word are, from the lowest: the middle tap, the upper, the lower, the middle. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_TAPS_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_TAPS_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

#define COINCELL_3X3_CONSTANTS 5

/* A column's taps as pairs, each 256 times too large. */
typedef struct {
    uint32_t upper; /* upper and middle */
    uint32_t lower; /* middle and lower */
} coincell_column_taps;

COINCELL_INSTRUCTION coincell_column_taps coincell_taps_of(int32_t word)
{
    const coincell_column_taps taps = {(uint32_t)word & 0xFF00FF00u,
                                       (uint32_t)word << 8 & 0xFF00FF00u};
    return taps;
}

/* What a column adds to the output whose taps begin with the upper row of the first pair. */
COINCELL_INSTRUCTION int32_t coincell_upper_sum(uint32_t first, uint32_t second,
                                                coincell_column_taps taps, int32_t sum)
{
    return coincell_smlabt(second, taps.lower, coincell_smlad(first, taps.upper, sum));
}

/* What a column adds to the output below. */
COINCELL_INSTRUCTION int32_t coincell_lower_sum(uint32_t first, uint32_t second,
                                                coincell_column_taps taps, int32_t sum)
{
    return coincell_smlad(second, taps.lower, coincell_smlatb(first, taps.upper, sum));
}

/* Two values of real zero, as the padding holds them. */
COINCELL_INSTRUCTION uint32_t coincell_pair_of_zeros(int32_t zero_point)
{
    return (uint32_t)(zero_point & 0xFFFF) * 0x00010001u;
}

#endif
