#include "kernels/depthwise_conv_2d.h"

#include "kernels/fixed_point.h"
#include "kernels/window.h"

/* The sum of one output channel at one position.
 *
 * image:  [input_height, input_width, input_channels], from the channel read on
 * filter: [filter_height, filter_width, output_channels], from the channel written on */
static int32_t accumulate(const coincell_depthwise_conv_2d_parameters *p,
                          const coincell_window *rows, const coincell_window *columns,
                          const int8_t *image, const int8_t *filter, int32_t sum)
{
    const int32_t filter_step = p->input_channels * p->depth_multiplier;
    const int32_t input_step = p->dilation_width * p->input_channels;
    const int32_t x = columns->origin + columns->first * p->dilation_width;
    const int32_t taps = columns->last - columns->first;
    const int32_t zero_point = p->input_zero_point;
    uint32_t total = (uint32_t)sum;

    for (int32_t row = rows->first; row < rows->last; ++row) {
        const int32_t y = rows->origin + row * p->dilation_height;
        const int8_t *in = image + (y * p->input_width + x) * p->input_channels;
        const int8_t *weight = filter + (row * p->filter_width + columns->first) * filter_step;
        for (int32_t tap = 0; tap < taps; ++tap) {
            total += (uint32_t)(*weight * (*in - zero_point));
            in += input_step;
            weight += filter_step;
        }
    }
    return (int32_t)total;
}

void coincell_depthwise_conv_2d(const coincell_depthwise_conv_2d_parameters *p,
                                const int8_t *input, const int8_t *filter, const int32_t *bias,
                                const int32_t *multiplier, const int8_t *shift, int8_t *output)
{
    const int32_t image_size = p->input_height * p->input_width * p->input_channels;

    for (int32_t batch = 0; batch < p->batches; ++batch, input += image_size) {
        for (int32_t out_y = 0; out_y < p->output_height; ++out_y) {
            const coincell_window rows =
                coincell_clip_window(out_y * p->stride_height - p->padding_top, p->filter_height,
                                     p->dilation_height, p->input_height);
            for (int32_t out_x = 0; out_x < p->output_width; ++out_x) {
                const coincell_window columns =
                    coincell_clip_window(out_x * p->stride_width - p->padding_left,
                                         p->filter_width, p->dilation_width, p->input_width);
                int32_t channel = 0;
                for (int32_t in_channel = 0; in_channel < p->input_channels; ++in_channel) {
                    for (int32_t i = 0; i < p->depth_multiplier; ++i, ++channel) {
                        int32_t sum = accumulate(p, &rows, &columns, input + in_channel,
                                                 filter + channel, bias ? bias[channel] : 0);
                        sum = coincell_rescale(sum, multiplier[channel], shift[channel]);
                        *output++ = (int8_t)coincell_clamp(sum + p->output_zero_point,
                                                           p->clamp_min, p->clamp_max);
                    }
                }
            }
        }
    }
}
