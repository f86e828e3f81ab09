/* Depthwise convolution with a filter of any size, stride and dilation: four channels at a time. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"
#include "kernels/window.h"

typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t zero_point; /* of the input */
    int32_t constants; /* words a channel: multiplier and offset; the bias before; a step behind */
    int32_t left_shift;
    int32_t right_shift;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_depthwise_parameters;

/* The output of a sum without its bias; constants: those of its channel */
COINCELL_INLINE int8_t coincell_depthwise_output(const coincell_depthwise_parameters *p,
                                                 const int32_t *constants, int32_t sum)
{
    const int biased = p->constants > 2;
    const int32_t bias = biased ? *constants++ : 0;
    const int32_t step = p->constants > 3 ? constants[2] : 0;
    const int32_t x = (int32_t)(((uint32_t)sum << p->left_shift) + (uint32_t)bias);
    const int32_t output =
        coincell_output_of(x, constants[0], constants[1], step, p->right_shift);
    return (int8_t)(output < p->clamp_min ? p->clamp_min
                                          : output > p->clamp_max ? p->clamp_max : output);
}

/* Four channels at one position.
 *
 * rows, columns: which taps lie inside the image
 * image:     from its upper left corner and the first of the channels on
 * filter:    [filter_height, filter_width, channels], likewise
 * constants: [4, constants]
 * output:    [4] */
COINCELL_INLINE void coincell_depthwise_four(const coincell_depthwise_parameters *p,
                                             const coincell_window *rows,
                                             const coincell_window *columns,
                                             const int8_t *image, const int8_t *filter,
                                             const int32_t *constants, int8_t *output)
{
    const uint32_t minus_zero = (uint32_t)(-p->zero_point & 0xFFFF) * 0x00010001u;
    const int32_t step = p->dilation_width * p->channels;
    const int32_t left = columns->origin + columns->first * p->dilation_width;
    int32_t sums[4] = {0, 0, 0, 0};

    for (int32_t row = rows->first; row < rows->last; ++row) {
        const int32_t y = rows->origin + row * p->dilation_height;
        const int8_t *x = image + (y * p->input_width + left) * p->channels;
        const int8_t *tap = filter + (row * p->filter_width + columns->first) * p->channels;
        for (int32_t rest = columns->last - columns->first; rest > 0;) {
            const uint32_t values = coincell_load_word(x);
            const uint32_t taps = coincell_load_word(tap);
            const uint32_t even = coincell_sxtab16(minus_zero, values);
            const uint32_t odd = coincell_sxtab16_ror8(minus_zero, values);
            const uint32_t even_taps = coincell_sxtb16(taps);
            const uint32_t odd_taps = coincell_sxtb16_ror8(taps);
            sums[0] = coincell_smlabb(even, even_taps, sums[0]);
            sums[1] = coincell_smlabb(odd, odd_taps, sums[1]);
            sums[2] = coincell_smlatt(even, even_taps, sums[2]);
            sums[3] = coincell_smlatt(odd, odd_taps, sums[3]);
            if (--rest > 0) { /* no pointer leaves its array, not even after the last tap */
                x += step;
                tap += p->channels;
            }
        }
    }
    for (int32_t i = 0; i < 4; ++i, constants += p->constants) {
        output[i] = coincell_depthwise_output(p, constants, sums[i]);
    }
}

/* input:     [input_height, input_width, channels], at least 4 channels
 * filter:    [filter_height, filter_width, channels]
 * constants: [channels, constants]
 * output:    [output_height, output_width, channels] */
COINCELL_INLINE void coincell_depthwise(const coincell_depthwise_parameters *p,
                                        const int8_t *input, const int8_t *filter,
                                        const int32_t *constants, int8_t *output)
{
    for (int32_t y = 0; y < p->output_height; ++y) {
        const coincell_window rows =
            coincell_clip_window(y * p->stride_height - p->padding_top, p->filter_height,
                                 p->dilation_height, p->input_height);
        for (int32_t x = 0; x < p->output_width; ++x, output += p->channels) {
            const coincell_window columns =
                coincell_clip_window(x * p->stride_width - p->padding_left, p->filter_width,
                                     p->dilation_width, p->input_width);
            for (int32_t channel = 0; channel < p->channels; channel += 4) {
                const int32_t last = p->channels - 4;
                const int32_t first = channel < last ? channel : last;
                coincell_depthwise_four(p, &rows, &columns, input + first, filter + first,
                                        constants + first * p->constants, output + first);
            }
        }
    }
}

#endif
