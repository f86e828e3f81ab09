#include "kernels/conv_2d_int16.h"

#include "kernels/fixed_point_int16.h"
#include "kernels/patch.h"

/* Runs of values that lie side by side, and the steps from one run to the next. */
typedef struct {
    int32_t count;
    int32_t length;
    int32_t input_step;
    int32_t filter_step;
} run_list;

/* sum + all products of `runs`, which begin at image and filter. */
static COINCELL_OUT_OF_LINE int64_t add_runs(const run_list *runs, const int16_t *image,
                                             const int8_t *filter, int64_t sum)
{
    const int32_t length = runs->length;

    for (int32_t count = runs->count; count > 0; --count) {
        sum = coincell_dot_product_int16(sum, image, filter, length);
        image += runs->input_step;
        filter += runs->filter_step;
    }
    return sum;
}

/* The sum of one output channel at one position.
 *
 * image:  [input_height, input_width, input_channels], from the first channel of the group on
 * filter: [filter_height, filter_width, filter_channels], this output's own
 * joined: whether the taps of a row lie side by side in both, so that a row is one run */
static int64_t accumulate(const coincell_patch *patch, int32_t channels, int32_t joined,
                          const int16_t *image, const int8_t *filter, int64_t sum)
{
    image += patch->input_start;
    filter += patch->filter_start;
    if (joined) {
        const run_list rows = {patch->rows, patch->columns * channels, patch->input_row,
                               patch->filter_row};
        return add_runs(&rows, image, filter, sum);
    }
    const run_list taps = {patch->columns, channels, patch->input_column, patch->filter_column};
    for (int32_t row = 0; row < patch->rows; ++row) {
        sum = add_runs(&taps, image, filter, sum);
        image += patch->input_row;
        filter += patch->filter_row;
    }
    return sum;
}

/* All outputs at one position.
 *
 * image:  [input_height, input_width, input_channels]
 * output: [output_channels] */
static void convolve_at(const coincell_conv_2d_int16_parameters *p, const coincell_patch *patch,
                        const int16_t *image, const int8_t *filter, const int64_t *bias,
                        const int32_t *multiplier, const int8_t *shift, int16_t *output)
{
    const int32_t filter_size = p->filter_height * p->filter_width * p->filter_channels;
    const int32_t groups = p->input_channels / p->filter_channels;
    const int32_t group_outputs = p->output_channels / groups;
    const int32_t joined = p->dilation_width == 1 && groups == 1;

    for (int32_t group = 0; group < groups; ++group, image += p->filter_channels) {
        for (int32_t i = 0; i < group_outputs; ++i, filter += filter_size) {
            const int64_t sum = accumulate(patch, p->filter_channels, joined, image, filter,
                                           bias ? *bias++ : 0);
            const int32_t scaled = coincell_rescale_sum(sum, p->wide, *multiplier++, *shift++);
            *output++ = (int16_t)coincell_clamp(scaled, p->clamp_min, p->clamp_max);
        }
    }
}

void coincell_conv_2d_int16(const coincell_conv_2d_int16_parameters *p, const int16_t *input,
                            const int8_t *filter, const int64_t *bias, const int32_t *multiplier,
                            const int8_t *shift, int16_t *output)
{
    const coincell_steps dilation = {p->dilation_height, p->dilation_width};
    const coincell_steps input_steps = {p->input_width * p->input_channels, p->input_channels};
    const coincell_steps filter_steps = {p->filter_width * p->filter_channels,
                                         p->filter_channels};
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
                output += p->output_channels;
            }
        }
    }
}
