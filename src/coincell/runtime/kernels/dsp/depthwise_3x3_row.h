/* Rows of a 3x3 depthwise convolution for one channel, each from a pair row and half the next.
 *
 * As in depthwise_3x3_rows.h there are an assembly and a plain version. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROW_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROW_H

#include <stdint.h>

#include "kernels/dsp/depthwise_taps.h"

typedef struct {
    int32_t width; /* of the image */
    int32_t output_width;
    int32_t channels;
    int32_t stride;       /* 1 or 2 */
    int32_t padding_left; /* 0 or 1; the last output may reach one column beyond the image */
    int32_t zero_point;
    coincell_3x3_scaling scaling;
    int32_t unroll; /* columns in the assembly's loop: 1 .. 4; 2 or 4 where stride is 1 and they
                       are not all */
} coincell_row_3x3_parameters;

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && defined(__GNUC__)
#include "kernels/dsp/depthwise_3x3_row_assembly.h"
#else

/* line:      [count, width] pairs
 * constants: see depthwise_taps.h
 * output:    [count, output_width, channels], from this channel on
 * below:     words from a pair to the one below it: width, or any number where count is 1 */
COINCELL_INLINE void coincell_row_3x3(const coincell_row_3x3_parameters *p,
                                      const uint32_t *line, const int32_t *constants,
                                      int8_t *output, int32_t below, int32_t count)
{
    const uint32_t outside = coincell_pair_of_zeros(p->zero_point);
    for (int32_t row = 0; row < count; ++row, line += p->width) {
        for (int32_t column = 0; column < p->output_width; ++column) {
            int32_t sum = constants[4];
            for (int32_t tap = 0; tap < 3; ++tap) {
                const int32_t seen = column * p->stride + tap - p->padding_left;
                const int inside = seen >= 0 && seen < p->width;
                const uint32_t first = inside ? line[seen] : outside;
                const uint32_t second = inside ? line[below + seen] : outside;
                sum = coincell_upper_sum(first, second, coincell_taps_of(constants[tap]), sum);
            }
            output[(row * p->output_width + column) * p->channels] =
                coincell_3x3_output(&p->scaling, constants, sum);
        }
    }
}

#endif
#endif
