/* Convolution of 16-bit activations: what the filter sees is gathered, then it is a dense layer. */
#ifndef COINCELL_KERNELS_DSP_CONVOLUTION_INT16_H
#define COINCELL_KERNELS_DSP_CONVOLUTION_INT16_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/row_int16.h"
#include "kernels/window.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t filter_channels; /* of a group */
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t gathers;             /* 0: a filter of 1 x 1 reads the image where it lies */
    coincell_outputs_int16 made; /* of one group */
} coincell_convolution_int16_parameters;

/* Copies `count` values; returns the place behind them.
 *
 * source, target: [count] */
COINCELL_INLINE int16_t *coincell_copy_int16(const int16_t *source, int32_t count,
                                             int16_t *target)
{
    for (; count >= 2; count -= 2, source += 2, target += 2) {
        coincell_store_word(target, coincell_load_word(source));
    }
    if (count) {
        *target++ = *source;
    }
    return target;
}

/* Writes `count` zeros; returns the place behind them. target: [count] */
COINCELL_INLINE int16_t *coincell_zeros_int16(int32_t count, int16_t *target)
{
    for (; count > 0; --count) {
        *target++ = 0;
    }
    return target;
}

/* What a filter sees at one position.
 *
 * rows, columns: which taps lie inside the image
 * image: [input_height, input_width, input_channels], from the first channel of the group on
 * patch: [filter_height, filter_width, filter_channels] */
COINCELL_INLINE void coincell_gather_int16(const coincell_convolution_int16_parameters *p,
                                           const coincell_window *rows,
                                           const coincell_window *columns,
                                           const int16_t *image, int16_t *patch)
{
    const int32_t depth = p->filter_channels;
    const int32_t joined = p->dilation_width == 1 && p->input_channels == depth;
    const int32_t left = columns->origin + columns->first * p->dilation_width;
    const int32_t inside = columns->last - columns->first;
    for (int32_t row = 0; row < p->filter_height; ++row) {
        if (row < rows->first || row >= rows->last) {
            patch = coincell_zeros_int16(p->filter_width * depth, patch);
            continue;
        }
        const int32_t y = rows->origin + row * p->dilation_height;
        const int16_t *source = image + (y * p->input_width + left) * p->input_channels;
        patch = coincell_zeros_int16(columns->first * depth, patch);
        if (joined) {
            patch = coincell_copy_int16(source, inside * depth, patch);
        } else {
            for (int32_t i = 0; i < inside; ++i) {
                patch = coincell_copy_int16(source, depth, patch);
                source += p->dilation_width * p->input_channels;
            }
        }
        patch = coincell_zeros_int16((p->filter_width - columns->last) * depth, patch);
    }
}

/* All outputs at one position; as in coincell_convolution_int16.
 *
 * image: [input_height, input_width, input_channels]; output: [groups, outputs] */
COINCELL_INLINE void coincell_convolve_int16(const coincell_convolution_int16_parameters *p,
                                             const coincell_window *rows,
                                             const coincell_window *columns,
                                             const int16_t *image, const uint32_t *weights,
                                             const int32_t *constants, int16_t *patch,
                                             int16_t *output)
{
    const int32_t taps = p->filter_height * p->filter_width * p->filter_channels;
    const int32_t words = (taps + 3) / 4 * p->made.outputs;
    if (!p->gathers) {
        image += (rows->origin * p->input_width + columns->origin) * p->input_channels;
        coincell_row_int16(&p->made, image, taps, weights, constants, output);
        return;
    }
    for (int32_t from = 0; from < p->input_channels; from += p->filter_channels) {
        coincell_gather_int16(p, rows, columns, image + from, patch);
        coincell_row_int16(&p->made, patch, taps, weights, constants, output);
        weights += words;
        constants += p->made.outputs * coincell_constants_int16(&p->made);
        output += p->made.outputs;
    }
}

/* input:     [batches, input_height, input_width, input_channels] int16
 * weights, constants: of each group; see row_int16.h
 * patch:     [filter_height, filter_width, filter_channels] int16, working memory if `gathers`
 * output:    [batches, output_height, output_width, groups, outputs] int16 */
COINCELL_INLINE void coincell_convolution_int16(const coincell_convolution_int16_parameters *p,
                                                const void *input, const void *weights,
                                                const void *constants, void *patch,
                                                void *output)
{
    const int32_t image_size = p->input_height * p->input_width * p->input_channels;
    const int32_t outputs = p->made.outputs * (p->input_channels / p->filter_channels);
    int16_t *made = output;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int16_t *image = (const int16_t *)input + batch * image_size;
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_window rows =
                coincell_clip_window(y * p->stride_height - p->padding_top, p->filter_height,
                                     p->dilation_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x, made += outputs) {
                const coincell_window columns =
                    coincell_clip_window(x * p->stride_width - p->padding_left,
                                         p->filter_width, p->dilation_width, p->input_width);
                coincell_convolve_int16(p, &rows, &columns, image, weights, constants, patch,
                                        made);
            }
        }
    }
}

#endif
