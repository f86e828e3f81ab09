/* The loops of a convolution that spreads an image, gathered: each place of the output sums the
 * taps that reach it. */
#ifndef COINCELL_KERNELS_SPREAD_LOOPS_H
#define COINCELL_KERNELS_SPREAD_LOOPS_H

#include <stdint.h>

#include "kernels/contributions.h"
#include "kernels/inline.h"
#include "kernels/spread_sizes.h"
#include "kernels/value.h"

/* sum + all products of a pixel and a tap, [depth] each; parameters: the kernel's own */
typedef coincell_sum coincell_spread_product(const void *parameters, coincell_sum sum,
                                             const coincell_value *pixel, const int8_t *tap,
                                             int32_t depth);

/* The output that a sum makes; parameters: the kernel's own */
typedef coincell_value coincell_spread_end(const void *parameters, coincell_sum sum,
                                           int32_t multiplier, int32_t shift);

/* What makes a kernel of the loops, and the constants that they go over.
 *
 * filter: [output_channels, filter_height, filter_width, input_channels]
 * bias:   [output_channels], or a null pointer
 * multiplier, shift: [output_channels] */
typedef struct {
    const void *parameters;
    coincell_spread_product *product;
    coincell_spread_end *end;
    const int8_t *filter;
    const coincell_sum *bias;
    const int32_t *multiplier;
    const int8_t *shift;
} coincell_spread_layer;

/* The sum of one output channel at one place.
 *
 * image:  [input_height, input_width, input_channels]
 * filter: [filter_height, filter_width, input_channels] */
COINCELL_INLINE coincell_sum coincell_spread_sum(const coincell_spread_sizes *d,
                                                 const coincell_spread_layer *layer,
                                                 const coincell_contributions *rows,
                                                 const coincell_contributions *columns,
                                                 const coincell_value *image,
                                                 const int8_t *filter, coincell_sum sum)
{
    const int32_t depth = d->input_channels;

    for (int32_t i = 0; i < rows->count; ++i) {
        const int32_t row = (rows->pixel - i) * d->input_width;
        const int32_t tap_row = (rows->tap + i * d->stride_height) * d->filter_width;
        for (int32_t j = 0; j < columns->count; ++j) {
            const coincell_value *pixel = image + (row + columns->pixel - j) * depth;
            const int8_t *tap = filter + (tap_row + columns->tap + j * d->stride_width) * depth;
            sum = layer->product(layer->parameters, sum, pixel, tap, depth);
        }
    }
    return sum;
}

/* input:  [batches, input_height, input_width, input_channels]
 * output: [batches, output_height, output_width, output_channels] */
COINCELL_INLINE void coincell_spread(const coincell_spread_sizes *d,
                                     const coincell_spread_layer *layer,
                                     const coincell_value *input, coincell_value *output)
{
    const int32_t filter_size = d->filter_height * d->filter_width * d->input_channels;

    for (int32_t batch = 0; batch < d->batches; ++batch) {
        for (int32_t y = 0; y < d->output_height; ++y) {
            const coincell_contributions rows = coincell_contributions_at(
                y + d->padding_top, d->stride_height, d->filter_height, d->input_height);
            for (int32_t x = 0; x < d->output_width; ++x) {
                const coincell_contributions columns = coincell_contributions_at(
                    x + d->padding_left, d->stride_width, d->filter_width, d->input_width);
                for (int32_t channel = 0; channel < d->output_channels; ++channel) {
                    const coincell_sum sum = coincell_spread_sum(
                        d, layer, &rows, &columns, input, layer->filter + channel * filter_size,
                        layer->bias ? layer->bias[channel] : 0);
                    *output++ = layer->end(layer->parameters, sum, layer->multiplier[channel],
                                           layer->shift[channel]);
                }
            }
        }
        input += d->input_height * d->input_width * d->input_channels;
    }
}

#endif
