/* TRANSPOSE_CONV, gathered: each place of the output sums the taps that reach it. */
#ifndef COINCELL_KERNELS_DSP_SPREAD_CONVOLUTION_H
#define COINCELL_KERNELS_DSP_SPREAD_CONVOLUTION_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/fixed_point.h"

/* As coincell_transpose_conv_parameters. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_spread_convolution_parameters;

/* Along one dimension: the first of `count` taps that reach a place, and its pixel. From one to the
 * next it is a stride on in the filter and one pixel back. */
typedef struct {
    int32_t count;
    int32_t tap;
    int32_t pixel;
} coincell_spread_reach;

/* place: in the output, counted from the padding's start; taps: of the filter; size: pixels */
COINCELL_INSTRUCTION coincell_spread_reach coincell_spread_reach_of(int32_t place, int32_t stride,
                                                                    int32_t taps, int32_t size)
{
    coincell_spread_reach reach = {0, place % stride, place / stride};
    while (reach.pixel >= size) {
        reach.pixel -= 1;
        reach.tap += stride;
    }
    for (int32_t tap = reach.tap; tap < taps && reach.count <= reach.pixel; tap += stride) {
        reach.count += 1;
    }
    return reach;
}

/* Adds the products of one tap to the sums of one or two outputs.
 *
 * pixel: [input_channels]; first, second: the tap's weights in both filters, [input_channels]
 * sums:  [2]; the second is left alone unless `both` */
COINCELL_INSTRUCTION void coincell_spread_tap(const coincell_spread_convolution_parameters *p,
                                              const int8_t *pixel, const int8_t *first,
                                              const int8_t *second, int32_t both, int32_t *sums)
{
    const uint32_t offset = (uint32_t)-p->input_zero_point & 0xFFFFu;
    const uint32_t offsets = coincell_in_register(offset | offset << 16);
    int32_t a = sums[0];
    int32_t b = sums[1];

    for (int32_t block = p->input_channels / 4; block > 0; --block) {
        const uint32_t word = coincell_load_word(pixel);
        const uint32_t weights = coincell_load_word(first);
        const uint32_t others = both ? coincell_load_word(second) : 0;
        const uint32_t even = coincell_sxtab16(offsets, word);
        const uint32_t odd = coincell_sxtab16_ror8(offsets, word);
        a = coincell_smlad(even, coincell_sxtb16(weights), a);
        a = coincell_smlad(odd, coincell_sxtb16_ror8(weights), a);
        if (both) {
            b = coincell_smlad(even, coincell_sxtb16(others), b);
            b = coincell_smlad(odd, coincell_sxtb16_ror8(others), b);
        }
        pixel += 4;
        first += 4;
        second += 4;
    }
    for (int32_t rest = p->input_channels % 4; rest > 0; --rest) {
        const int32_t value = *pixel++ - p->input_zero_point;
        a = coincell_wrapping_add(a, value * *first++);
        if (both) {
            b = coincell_wrapping_add(b, value * *second++);
        }
    }
    sums[0] = a;
    sums[1] = b;
}

/* The sums of one or two neighbouring outputs at one place.
 *
 * image:  [input_height, input_width, input_channels]
 * filter: [1 or 2, filter_height, filter_width, input_channels]
 * sums:   [2], biases beforehand */
COINCELL_INSTRUCTION void coincell_spread_sums(const coincell_spread_convolution_parameters *p,
                                               const coincell_spread_reach *rows,
                                               const coincell_spread_reach *columns,
                                               const int8_t *image, const int8_t *filter,
                                               int32_t both, int32_t *sums)
{
    const int32_t depth = p->input_channels;
    const int32_t filter_size = p->filter_height * p->filter_width * depth;

    for (int32_t i = 0; i < rows->count; ++i) {
        const int32_t row = (rows->pixel - i) * p->input_width + columns->pixel;
        const int32_t tap_row =
            (rows->tap + i * p->stride_height) * p->filter_width + columns->tap;
        const int8_t *pixel = image + row * depth;
        const int8_t *tap = filter + tap_row * depth;
        for (int32_t j = columns->count; j > 0; --j) {
            coincell_spread_tap(p, pixel, tap, tap + filter_size, both, sums);
            pixel -= depth;
            tap += p->stride_width * depth;
        }
    }
}

/* One or two outputs at one place: [1 or 2]; other arguments as in coincell_spread_sums. */
COINCELL_INSTRUCTION void
coincell_spread_outputs(const coincell_spread_convolution_parameters *p,
                        const coincell_spread_reach *rows, const coincell_spread_reach *columns,
                        const int8_t *image, const int8_t *filter, const int32_t *bias,
                        const int32_t *multiplier, const int8_t *shift, int32_t both,
                        int8_t *output)
{
    int32_t sums[2] = {bias ? bias[0] : 0, bias && both ? bias[1] : 0};

    coincell_spread_sums(p, rows, columns, image, filter, both, sums);
    for (int32_t i = 0; i <= both; ++i) {
        const int32_t scaled = coincell_rescale(sums[i], multiplier[i], shift[i]);
        output[i] = (int8_t)coincell_clamp(scaled + p->output_zero_point, p->clamp_min,
                                           p->clamp_max);
    }
}

/* input, filter, bias, multiplier, shift, output: as coincell_transpose_conv. */
COINCELL_INSTRUCTION void
coincell_spread_convolution(const coincell_spread_convolution_parameters *p, const int8_t *input,
                            const int8_t *filter, const int32_t *bias, const int32_t *multiplier,
                            const int8_t *shift, int8_t *output)
{
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_spread_reach rows = coincell_spread_reach_of(
                y + p->padding_top, p->stride_height, p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const coincell_spread_reach columns = coincell_spread_reach_of(
                    x + p->padding_left, p->stride_width, p->filter_width, p->input_width);
                int32_t channel = 0;
                for (; channel + 1 < p->output_channels; channel += 2) {
                    coincell_spread_outputs(p, &rows, &columns, input,
                                            filter + channel * filter_size,
                                            bias ? bias + channel : 0, multiplier + channel,
                                            shift + channel, 1, output + channel);
                }
                if (p->output_channels % 2) {
                    coincell_spread_outputs(p, &rows, &columns, input,
                                            filter + channel * filter_size,
                                            bias ? bias + channel : 0, multiplier + channel,
                                            shift + channel, 0, output + channel);
                }
                output += p->output_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
