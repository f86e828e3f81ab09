/* TRANSPOSE_CONV, gathered: each place of the output sums the taps that reach it. */
#ifndef COINCELL_KERNELS_DSP_SPREAD_CONVOLUTION_H
#define COINCELL_KERNELS_DSP_SPREAD_CONVOLUTION_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"
#include "kernels/spread_sizes.h"

typedef struct {
    coincell_spread_sizes sizes;
    int32_t input_zero_point;
    int32_t form; /* constants a channel: M, C; or B, M, C; or B, M, C, D */
    int32_t left_shift;
    int32_t right_shift;
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
COINCELL_INLINE coincell_spread_reach coincell_spread_reach_of(int32_t place, int32_t stride,
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
COINCELL_INLINE void coincell_spread_tap(const coincell_spread_convolution_parameters *p,
                                         const int8_t *pixel, const int8_t *first,
                                         const int8_t *second, int32_t both, int32_t *sums)
{
    const uint32_t offset = (uint32_t)-p->input_zero_point & 0xFFFFu;
    const uint32_t offsets = coincell_in_register(offset | offset << 16);
    int32_t a = sums[0];
    int32_t b = sums[1];

    for (int32_t block = p->sizes.input_channels / 4; block > 0; --block) {
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
    for (int32_t rest = p->sizes.input_channels % 4; rest > 0; --rest) {
        const int32_t value = *pixel++ - p->input_zero_point;
        a += value * *first++;
        if (both) {
            b += value * *second++;
        }
    }
    sums[0] = a;
    sums[1] = b;
}

/* The sums of one or two neighbouring outputs at one place.
 *
 * image:  [input_height, input_width, input_channels]
 * filter: [1 or 2, filter_height, filter_width, input_channels]
 * sums:   [2], 0 beforehand */
COINCELL_INLINE void coincell_spread_sums(const coincell_spread_convolution_parameters *p,
                                          const coincell_spread_reach *rows,
                                          const coincell_spread_reach *columns,
                                          const int8_t *image, const int8_t *filter,
                                          int32_t both, int32_t *sums)
{
    const int32_t depth = p->sizes.input_channels;
    const int32_t filter_size = p->sizes.filter_height * p->sizes.filter_width * depth;

    for (int32_t i = 0; i < rows->count; ++i) {
        const int32_t row = (rows->pixel - i) * p->sizes.input_width + columns->pixel;
        const int32_t tap_row =
            (rows->tap + i * p->sizes.stride_height) * p->sizes.filter_width + columns->tap;
        const int8_t *pixel = image + row * depth;
        const int8_t *tap = filter + tap_row * depth;
        for (int32_t rest = columns->count; rest > 0;) {
            coincell_spread_tap(p, pixel, tap, tap + filter_size, both, sums);
            if (--rest > 0) { /* no pointer leaves its array, not even after the last tap */
                pixel -= depth;
                tap += p->sizes.stride_width * depth;
            }
        }
    }
}

/* sum: without its bias; constants: [form], of its channel */
COINCELL_INLINE int8_t coincell_spread_output(const coincell_spread_convolution_parameters *p,
                                              int32_t sum, const int32_t *constants)
{
    const int32_t *scale = constants + (p->form > 2);
    const int32_t bias = p->form > 2 ? constants[0] : 0;
    const int32_t raised = (int32_t)(((uint32_t)sum << p->left_shift) + (uint32_t)bias);
    const int32_t step = p->form > 3 ? scale[2] : 0;
    const int32_t output =
        coincell_output_of(raised, scale[0], scale[1], step, p->right_shift);
    return (int8_t)coincell_narrowed(output, p->clamp_min, p->clamp_max);
}

/* All outputs at one place: [output_channels]; rows and columns reach it.
 *
 * image:  [input_height, input_width, input_channels] */
COINCELL_INLINE void
coincell_spread_place(const coincell_spread_convolution_parameters *p,
                      const coincell_spread_reach *rows, const coincell_spread_reach *columns,
                      const int8_t *image, const int8_t *filter, const int32_t *constants,
                      int8_t *output)
{
    const coincell_spread_sizes *d = &p->sizes;
    const int32_t filter_size = d->filter_height * d->filter_width * d->input_channels;

    for (int32_t pair = p->sizes.output_channels / 2; pair > 0; --pair) {
        int32_t sums[2] = {0, 0};
        coincell_spread_sums(p, rows, columns, image, filter, 1, sums);
        output[0] = coincell_spread_output(p, sums[0], constants);
        output[1] = coincell_spread_output(p, sums[1], constants + p->form);
        filter += 2 * filter_size;
        constants += 2 * p->form;
        output += 2;
    }
    if (p->sizes.output_channels % 2) {
        int32_t sums[2] = {0, 0};
        coincell_spread_sums(p, rows, columns, image, filter, 0, sums);
        output[0] = coincell_spread_output(p, sums[0], constants);
    }
}

/* input:     [batches, input_height, input_width, input_channels]
 * filter:    [output_channels, filter_height, filter_width, input_channels]
 * constants: [output_channels, form]; see coincell_output_of
 * output:    [batches, output_height, output_width, output_channels] */
COINCELL_INLINE void
coincell_spread_convolution(const coincell_spread_convolution_parameters *p, const int8_t *input,
                            const int8_t *filter, const int32_t *constants, int8_t *output)
{
    const coincell_spread_sizes *d = &p->sizes;

    for (int32_t batch = 0; batch < d->batches; ++batch) {
        for (int32_t y = 0; y < d->output_height; ++y) {
            const coincell_spread_reach rows = coincell_spread_reach_of(
                y + d->padding_top, d->stride_height, d->filter_height, d->input_height);
            for (int32_t x = 0; x < d->output_width; ++x) {
                const coincell_spread_reach columns = coincell_spread_reach_of(
                    x + d->padding_left, d->stride_width, d->filter_width, d->input_width);
                coincell_spread_place(p, &rows, &columns, input, filter, constants, output);
                output += d->output_channels;
            }
        }
        input += d->input_height * d->input_width * d->input_channels;
    }
}

#endif
