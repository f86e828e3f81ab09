/* Output rows of a 3x3 depthwise convolution with stride 1, for one channel.
 *
 * On a core with the DSP instructions and an FPU the loop over columns is one piece of assembly
 * that uses all fourteen registers; what does not fit waits in registers of the FPU. Beside it
 * stands the same in C, for every other core. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROWS_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROWS_H

#include <stdint.h>

#include "kernels/dsp/depthwise_taps.h"

typedef struct {
    int32_t width;        /* of the image */
    int32_t output_width; /* width + padding_left + padding_right - 2 */
    int32_t channels;
    int32_t padding_left;  /* 0 or 1 */
    int32_t padding_right; /* 0 or 1 */
    int32_t zero_point;
    coincell_3x3_scaling scaling;
    int32_t unroll; /* columns in the assembly's loop, 1 .. 6 */
} coincell_rows_3x3_parameters;

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && defined(__GNUC__)
#include "kernels/dsp/depthwise_3x3_assembly.h"
#else

/* line:      [count, width] pairs
 * constants: see depthwise_taps.h
 * output:    [2 count, output_width, channels], from this channel on
 * below:     words from a pair to the one below it: width, or any number where count is 1 */
COINCELL_INLINE void coincell_rows_3x3(const coincell_rows_3x3_parameters *p,
                                       const uint32_t *line, const int32_t *constants,
                                       int8_t *output, int32_t below, int32_t count)
{
    const uint32_t outside = coincell_pair_of_zeros(p->zero_point);
    const int32_t row_size = p->output_width * p->channels;
    for (int32_t pair = 0; pair < count; ++pair, line += p->width) {
        int8_t *made = output + 2 * pair * row_size;
        for (int32_t column = 0; column < p->output_width; ++column) {
            int32_t upper = constants[4];
            int32_t lower = constants[4];
            for (int32_t tap = 0; tap < 3; ++tap) {
                const int32_t seen = column + tap - p->padding_left;
                const int inside = seen >= 0 && seen < p->width;
                const uint32_t first = inside ? line[seen] : outside;
                const uint32_t second = inside ? line[below + seen] : outside;
                const coincell_column_taps taps = coincell_taps_of(constants[tap]);
                upper = coincell_upper_sum(first, second, taps, upper);
                lower = coincell_lower_sum(first, second, taps, lower);
            }
            made[column * p->channels] = coincell_3x3_output(&p->scaling, constants, upper);
            made[row_size + column * p->channels] =
                coincell_3x3_output(&p->scaling, constants, lower);
        }
    }
}

#endif
#endif
