/* The loops of a bilinear resize. */
#ifndef COINCELL_KERNELS_BILINEAR_LOOPS_H
#define COINCELL_KERNELS_BILINEAR_LOOPS_H

#include <stdint.h>

#include "kernels/bilinear_grid.h"
#include "kernels/inline.h"
#include "kernels/value.h"

/* One pixel between four.
 *
 * upper, lower: rows of the image, [input_width, channels]
 * output:       [channels], rounded half away from zero */
COINCELL_INLINE void coincell_bilinear_between(int32_t channels, const coincell_value *upper,
                                               const coincell_value *lower, int32_t row_far,
                                               const coincell_neighbours *columns,
                                               coincell_value *output)
{
    const int32_t one = COINCELL_BILINEAR_ONE;
    const int32_t left = columns->lower * channels;
    const int32_t right = columns->upper * channels;
    const int32_t far = columns->far;

    for (int32_t channel = 0; channel < channels; ++channel) {
        const int32_t above = upper[left + channel] * (one - far) + upper[right + channel] * far;
        const int32_t below = lower[left + channel] * (one - far) + lower[right + channel] * far;
        const coincell_sum sum =
            (coincell_sum)above * (one - row_far) + (coincell_sum)below * row_far;
        const coincell_sum half = sum > 0 ? one * one / 2 : -one * one / 2;
        output[channel] = (coincell_value)((sum + half) / (one * one));
    }
}

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels] */
COINCELL_INLINE void coincell_bilinear_image(const coincell_bilinear_grid *p,
                                             const coincell_value *input, coincell_value *output)
{
    const int32_t row_size = p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_neighbours rows =
                coincell_neighbours_at(y * p->row_scale + p->row_offset, p->input_height);
            const coincell_value *upper = input + rows.lower * row_size;
            const coincell_value *lower = input + rows.upper * row_size;
            for (int32_t x = 0; x < p->output_width; ++x) {
                const coincell_neighbours columns =
                    coincell_neighbours_at(x * p->column_scale + p->column_offset, p->input_width);
                coincell_bilinear_between(p->channels, upper, lower, rows.far, &columns, output);
                output += p->channels;
            }
        }
        input += p->input_height * row_size;
    }
}

#endif
