#include "kernels/max_pool_2d_int16.h"

#include "kernels/fixed_point.h"
#include "kernels/window.h"

/* The largest value of one channel over one window.
 *
 * image: [input_height, input_width, channels], from the channel read on */
static int32_t window_maximum(const coincell_max_pool_2d_int16_parameters *p,
                              const coincell_window *rows, const coincell_window *columns,
                              const int16_t *image)
{
    const int32_t width = columns->last - columns->first;
    const int32_t x = columns->origin + columns->first;
    int32_t largest = INT16_MIN;
    for (int32_t row = rows->first; row < rows->last; ++row) {
        const int16_t *in = image + ((rows->origin + row) * p->input_width + x) * p->channels;
        for (int32_t i = 0; i < width; ++i, in += p->channels) {
            largest = *in > largest ? *in : largest;
        }
    }
    return largest;
}

void coincell_max_pool_2d_int16(const coincell_max_pool_2d_int16_parameters *p,
                                const int16_t *input, int16_t *output)
{
    const int32_t image_size = p->input_height * p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; ++batch, input += image_size) {
        for (int32_t out_y = 0; out_y < p->output_height; ++out_y) {
            const coincell_window rows =
                coincell_clip_window(out_y * p->stride_height - p->padding_top, p->window_height,
                                     1, p->input_height);
            for (int32_t out_x = 0; out_x < p->output_width; ++out_x) {
                const coincell_window columns =
                    coincell_clip_window(out_x * p->stride_width - p->padding_left,
                                         p->window_width, 1, p->input_width);
                for (int32_t channel = 0; channel < p->channels; ++channel) {
                    const int32_t largest = window_maximum(p, &rows, &columns, input + channel);
                    *output++ = (int16_t)coincell_clamp(largest, p->clamp_min, p->clamp_max);
                }
            }
        }
    }
}
