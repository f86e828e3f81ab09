/* The loops of a pooling. */
#ifndef COINCELL_KERNELS_POOL_WINDOWS_H
#define COINCELL_KERNELS_POOL_WINDOWS_H

#include <stdint.h>

#include "kernels/fixed_point.h"
#include "kernels/inline.h"
#include "kernels/pool_2d.h"
#include "kernels/value.h"
#include "kernels/window.h"

/* What is known of a window after one more value. */
typedef int32_t coincell_pool_step(int32_t known, int32_t value);

/* The output of a window, of what is known after its last value; count: values inside the image. */
typedef int32_t coincell_pool_end(int32_t known, int32_t count);

/* What is known of one channel after rows * columns values.
 *
 * corner: [rows, input_width, channels], from the first column and the channel on */
COINCELL_INLINE int32_t coincell_pool_one(const coincell_pool_2d_parameters *p, int32_t known,
                                          coincell_pool_step *step, int32_t rows,
                                          int32_t columns, const coincell_value *corner)
{
    for (int32_t row = 0; row < rows; ++row) {
        const coincell_value *in = corner + row * p->input_width * p->channels;
        for (int32_t column = 0; column < columns; ++column, in += p->channels) {
            known = step(known, *in);
        }
    }
    return known;
}

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels]
 * start: what is known of a window before its first value. */
COINCELL_INLINE void coincell_pool_windows(const coincell_pool_2d_parameters *p, int32_t start,
                                           coincell_pool_step *step, coincell_pool_end *end,
                                           const coincell_value *input, coincell_value *output)
{
    const int32_t image_size = p->input_height * p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; ++batch, input += image_size) {
        for (int32_t out_y = 0; out_y < p->output_height; ++out_y) {
            const coincell_window y =
                coincell_clip_window(out_y * p->stride_height - p->padding_top, p->window_height,
                                     1, p->input_height);
            for (int32_t out_x = 0; out_x < p->output_width; ++out_x) {
                const coincell_window x =
                    coincell_clip_window(out_x * p->stride_width - p->padding_left,
                                         p->window_width, 1, p->input_width);
                const int32_t rows = y.last - y.first;
                const int32_t columns = x.last - x.first;
                const int32_t top = (y.origin + y.first) * p->input_width;
                const coincell_value *corner = input + (top + x.origin + x.first) * p->channels;
                for (int32_t channel = 0; channel < p->channels; ++channel) {
                    const int32_t known =
                        coincell_pool_one(p, start, step, rows, columns, corner + channel);
                    *output++ = (coincell_value)coincell_clamp(end(known, rows * columns),
                                                               p->clamp_min, p->clamp_max);
                }
            }
        }
    }
}

#endif
