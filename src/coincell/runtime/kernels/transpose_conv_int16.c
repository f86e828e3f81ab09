#include "kernels/transpose_conv_int16.h"

#include "kernels/contributions.h"
#include "kernels/fixed_point_int16.h"

/* The sum of one output channel at one place.
 *
 * image:  [input_height, input_width, input_channels]
 * filter: [filter_height, filter_width, input_channels] */
static int64_t accumulate(const coincell_transpose_conv_int16_parameters *p,
                          const coincell_contributions *rows,
                          const coincell_contributions *columns, const int16_t *image,
                          const int8_t *filter, int64_t sum)
{
    const int32_t depth = p->input_channels;

    for (int32_t i = 0; i < rows->count; ++i) {
        const int32_t row = (rows->pixel - i) * p->input_width;
        const int32_t tap_row = (rows->tap + i * p->stride_height) * p->filter_width;
        for (int32_t j = 0; j < columns->count; ++j) {
            const int16_t *pixel = image + (row + columns->pixel - j) * depth;
            const int8_t *tap = filter + (tap_row + columns->tap + j * p->stride_width) * depth;
            sum = coincell_dot_product_int16(sum, pixel, tap, depth);
        }
    }
    return sum;
}

void coincell_transpose_conv_int16(const coincell_transpose_conv_int16_parameters *p,
                                   const int16_t *input, const int8_t *filter, const int64_t *bias,
                                   const int32_t *multiplier, const int8_t *shift,
                                   int16_t *output)
{
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_contributions rows = coincell_contributions_at(
                y + p->padding_top, p->stride_height, p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const coincell_contributions columns = coincell_contributions_at(
                    x + p->padding_left, p->stride_width, p->filter_width, p->input_width);
                for (int32_t channel = 0; channel < p->output_channels; ++channel) {
                    const int64_t sum =
                        accumulate(p, &rows, &columns, input, filter + channel * filter_size,
                                   bias ? bias[channel] : 0);
                    const int32_t scaled =
                        coincell_rescale_wide(sum, multiplier[channel], shift[channel]);
                    *output++ = (int16_t)coincell_clamp(scaled, p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
