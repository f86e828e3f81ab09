#include "kernels/depthwise_conv_2d_int16.h"

#include "kernels/fixed_point_int16.h"
#include "kernels/patch.h"

/* The sum of one output channel at one position. A row's taps are few enough for 32 bits.
 *
 * image:  [input_height, input_width, input_channels], from the channel read on
 * filter: [filter_height, filter_width, output_channels], from the channel written on */
static COINCELL_OUT_OF_LINE int64_t accumulate(const coincell_patch *patch, const int16_t *image,
                                               const int8_t *filter, int64_t sum)
{
    const int32_t input_column = patch->input_column;
    const int32_t filter_column = patch->filter_column;

    image += patch->input_start;
    filter += patch->filter_start;
    for (int32_t rows = patch->rows; rows > 0; --rows) {
        const int16_t *in = image;
        const int8_t *weight = filter;
        int32_t part = 0;
        for (int32_t columns = patch->columns; columns > 0; --columns) {
            part += *weight * *in;
            in += input_column;
            weight += filter_column;
        }
        sum += part;
        image += patch->input_row;
        filter += patch->filter_row;
    }
    return sum;
}

/* All outputs at one position.
 *
 * image:  [input_height, input_width, input_channels]
 * output: [input_channels * depth_multiplier] */
static void convolve_at(const coincell_depthwise_conv_2d_int16_parameters *p,
                        const coincell_patch *patch, const int16_t *image, const int8_t *filter,
                        const int64_t *bias, const int32_t *multiplier, const int8_t *shift,
                        int16_t *output)
{
    for (int32_t channel = 0; channel < p->input_channels; ++channel, ++image) {
        for (int32_t i = 0; i < p->depth_multiplier; ++i, ++filter) {
            const int64_t sum = accumulate(patch, image, filter, bias ? *bias++ : 0);
            const int32_t scaled = coincell_rescale_sum(sum, p->wide, *multiplier++, *shift++);
            *output++ = (int16_t)coincell_clamp(scaled, p->clamp_min, p->clamp_max);
        }
    }
}

void coincell_depthwise_conv_2d_int16(const coincell_depthwise_conv_2d_int16_parameters *p,
                                      const int16_t *input, const int8_t *filter,
                                      const int64_t *bias, const int32_t *multiplier,
                                      const int8_t *shift, int16_t *output)
{
    const int32_t output_channels = p->input_channels * p->depth_multiplier;
    const coincell_steps dilation = {p->dilation_height, p->dilation_width};
    const coincell_steps input_steps = {p->input_width * p->input_channels, p->input_channels};
    const coincell_steps filter_steps = {p->filter_width * output_channels, output_channels};
    const int32_t image_size = p->input_height * input_steps.row;

    for (int32_t batch = 0; batch < p->batches; ++batch, input += image_size) {
        for (int32_t out_y = 0; out_y < p->output_height; ++out_y) {
            const coincell_window rows =
                coincell_clip_window(out_y * p->stride_height - p->padding_top, p->filter_height,
                                     dilation.row, p->input_height);
            for (int32_t out_x = 0; out_x < p->output_width; ++out_x) {
                const coincell_window columns =
                    coincell_clip_window(out_x * p->stride_width - p->padding_left,
                                         p->filter_width, dilation.column, p->input_width);
                const coincell_patch patch =
                    coincell_patch_at(&rows, &columns, dilation, input_steps, filter_steps);
                convolve_at(p, &patch, input, filter, bias, multiplier, shift, output);
                output += output_channels;
            }
        }
    }
}
