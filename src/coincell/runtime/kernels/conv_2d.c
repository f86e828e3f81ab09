#include "kernels/conv_2d.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"
#include "kernels/window.h"

/* The sum of one output channel at one position.
 *
 * image:  [input_height, input_width, input_channels], from the first channel of the group on
 * filter: [filter_height, filter_width, filter_channels] */
static int32_t accumulate(const coincell_conv_2d_parameters *p, const coincell_window *rows,
                          const coincell_window *columns, const int8_t *image,
                          const int8_t *filter, int32_t sum)
{
    const int32_t depth = p->filter_channels;
    /* Taps of one row lie side by side in memory unless something is skipped between them. */
    const int32_t joined = p->dilation_width == 1 && depth == p->input_channels;
    const int32_t taps = columns->last - columns->first;
    const int32_t run = joined ? taps * depth : depth;
    const int32_t runs = joined ? 1 : taps;
    const int32_t step = p->dilation_width * p->input_channels;

    for (int32_t row = rows->first; row < rows->last; ++row) {
        const int32_t y = rows->origin + row * p->dilation_height;
        const int32_t x = columns->origin + columns->first * p->dilation_width;
        const int8_t *in = image + (y * p->input_width + x) * p->input_channels;
        const int8_t *weights = filter + (row * p->filter_width + columns->first) * depth;
        for (int32_t i = 0; i < runs; ++i) {
            sum = coincell_dot_product(sum, in, weights, run, p->input_zero_point);
            in += step;
            weights += depth;
        }
    }
    return sum;
}

void coincell_conv_2d(const coincell_conv_2d_parameters *p, const int8_t *input,
                      const int8_t *filter, const int32_t *bias, const int32_t *multiplier,
                      const int8_t *shift, int8_t *output)
{
    const int32_t image_size = p->input_height * p->input_width * p->input_channels;
    const int32_t filter_size = p->filter_height * p->filter_width * p->filter_channels;
    const int32_t groups = p->input_channels / p->filter_channels;
    const int32_t group_outputs = p->output_channels / groups;

    for (int32_t batch = 0; batch < p->batches; ++batch, input += image_size) {
        for (int32_t out_y = 0; out_y < p->output_height; ++out_y) {
            const coincell_window rows =
                coincell_clip_window(out_y * p->stride_height - p->padding_top, p->filter_height,
                                     p->dilation_height, p->input_height);
            for (int32_t out_x = 0; out_x < p->output_width; ++out_x) {
                const coincell_window columns =
                    coincell_clip_window(out_x * p->stride_width - p->padding_left,
                                         p->filter_width, p->dilation_width, p->input_width);
                const int8_t *weights = filter;
                int32_t channel = 0;
                for (int32_t group = 0; group < groups; ++group) {
                    const int8_t *image = input + group * p->filter_channels;
                    for (int32_t i = 0; i < group_outputs; ++i, ++channel) {
                        int32_t sum = accumulate(p, &rows, &columns, image, weights,
                                                 bias ? bias[channel] : 0);
                        sum = coincell_rescale(sum, multiplier[channel], shift[channel]);
                        *output++ = (int8_t)coincell_clamp(sum + p->output_zero_point,
                                                           p->clamp_min, p->clamp_max);
                        weights += filter_size;
                    }
                }
            }
        }
    }
}
