/* RESIZE_BILINEAR, four channels of a pixel at once. */
#ifndef COINCELL_KERNELS_DSP_BILINEAR_H
#define COINCELL_KERNELS_DSP_BILINEAR_H

#include <stdint.h>

#include "kernels/bilinear_grid.h"
#include "kernels/dsp/instructions.h"

typedef coincell_bilinear_grid coincell_bilinear_parameters;

/* One value from what is above and below it, each in 1/1024; rounded half away from zero. */
COINCELL_INLINE int32_t coincell_bilinear_value(int32_t above, int32_t below, int32_t far)
{
    const int32_t sum = above * (COINCELL_BILINEAR_ONE - far) + below * far;
    return (sum + (sum >> 31) + COINCELL_BILINEAR_ONE * COINCELL_BILINEAR_ONE / 2) >> 20;
}

/* Two channels, output[0] and output[2], from 16-bit pairs of the four corners.
 *
 * weights: of the left corners, of the right ones */
COINCELL_INLINE void coincell_bilinear_two(uint32_t upper_left, uint32_t upper_right,
                                           uint32_t lower_left, uint32_t lower_right,
                                           uint32_t weights, int32_t row_far, int8_t *output)
{
    const uint32_t upper_first = coincell_pkhbt(upper_left, upper_right, 16);
    const uint32_t lower_first = coincell_pkhbt(lower_left, lower_right, 16);
    const uint32_t upper_second = coincell_pkhtb(upper_right, upper_left, 16);
    const uint32_t lower_second = coincell_pkhtb(lower_right, lower_left, 16);
    coincell_store_byte(output, coincell_bilinear_value(coincell_smuad(upper_first, weights),
                                                        coincell_smuad(lower_first, weights),
                                                        row_far));
    coincell_store_byte(output + 2, coincell_bilinear_value(coincell_smuad(upper_second, weights),
                                                            coincell_smuad(lower_second, weights),
                                                            row_far));
}

/* One pixel between four.
 *
 * upper, lower: rows of the image, [input_width, channels]
 * output:       [channels] */
COINCELL_INLINE void coincell_bilinear_pixel(const coincell_bilinear_parameters *p,
                                             const int8_t *upper, const int8_t *lower,
                                             int32_t row_far,
                                             const coincell_neighbours *columns,
                                             int8_t *output)
{
    const int32_t across = (columns->upper - columns->lower) * p->channels;
    const int32_t left = COINCELL_BILINEAR_ONE - columns->far;
    const uint32_t weights = ((uint32_t)left & 0xFFFFu) | (uint32_t)columns->far << 16;

    upper += columns->lower * p->channels;
    lower += columns->lower * p->channels;
    for (int32_t block = p->channels / 4; block > 0; --block) {
        const uint32_t a = coincell_load_word(upper);
        const uint32_t b = coincell_load_word(upper + across);
        const uint32_t c = coincell_load_word(lower);
        const uint32_t d = coincell_load_word(lower + across);
        coincell_bilinear_two(coincell_sxtb16(a), coincell_sxtb16(b), coincell_sxtb16(c),
                              coincell_sxtb16(d), weights, row_far, output);
        coincell_bilinear_two(coincell_sxtb16_ror8(a), coincell_sxtb16_ror8(b),
                              coincell_sxtb16_ror8(c), coincell_sxtb16_ror8(d), weights, row_far,
                              output + 1);
        upper += 4;
        lower += 4;
        output += 4;
    }
    for (int32_t rest = p->channels % 4; rest > 0; --rest) {
        const int32_t above = upper[0] * left + upper[across] * columns->far;
        const int32_t below = lower[0] * left + lower[across] * columns->far;
        *output++ = (int8_t)coincell_bilinear_value(above, below, row_far);
        ++upper;
        ++lower;
    }
}

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels] */
COINCELL_INLINE void coincell_bilinear(const coincell_bilinear_parameters *p,
                                       const int8_t *input, int8_t *output)
{
    const int32_t row_size = p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_neighbours rows =
                coincell_neighbours_at(y * p->row_scale + p->row_offset, p->input_height);
            const int8_t *upper = input + rows.lower * row_size;
            const int8_t *lower = input + rows.upper * row_size;
            for (int32_t x = 0; x < p->output_width; ++x) {
                const coincell_neighbours columns = coincell_neighbours_at(
                    x * p->column_scale + p->column_offset, p->input_width);
                coincell_bilinear_pixel(p, upper, lower, rows.far, &columns, output);
                output += p->channels;
            }
        }
        input += p->input_height * row_size;
    }
}

#endif
