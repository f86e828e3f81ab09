/* CONV_2D on Armv7E-M: any filter, stride, padding and dilation, in one group or several.
 *
 * A strip of a few output positions' input columns is expanded to int16 in working memory: for
 * each column the filter's rows one after the other, each with all channels. So the values that
 * one output position reads, its patch, lie side by side, and patches overlap as the windows do;
 * what lies in the padding is there as the input's zero point. Then every block of four outputs
 * passes over the strip. Where dilation sets a filter's columns apart, patches share none, and each
 * is expanded by itself. Groups of outputs that read channels of their own take turns in the strip.
 *
 * Of each four channels the order is 0, 2, 1, 3, which is how SXTB16 takes them out of a word; the
 * weights are packed to match (compiler/dsp/strip_packing.py). */
#ifndef COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_H
#define COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/strip_convolution_expand.h"
#include "kernels/dsp/strip_convolution_tiles.h"

#define COINCELL_STRIP_MOST_ROWS 16

/* tile_columns: output columns of a strip, even; or all of them, where two_rows is set: then a tile
 * is two rows' outputs at one column, which suits narrow images of odd width.
 * column_values: int16 of one column, filter_height times a group's channels; one more where an odd
 * number would put the next output's patch at an odd place.
 * column_stride: input columns from one expanded column to the next.
 * strip_stride: expanded columns from one output to the next; filter_width where they share none.
 * groups: equal parts of the input's channels, each read by its part of the outputs.
 * unrolled, unrolled_rest: steps in the loops' bodies, for pairs of positions and for all else.
 * left_shift, ... sum_max: see coincell_strip_tile; without sums the last three are 0. The others
 * are those of the layer. */
typedef struct {
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
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t groups;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
    int32_t tile_columns;
    int32_t two_rows;
    int32_t column_values;
    int32_t column_stride;
    int32_t strip_stride;
    int32_t unrolled;
    int32_t unrolled_rest;
    int32_t left_shift;
    int32_t right_shift;
    int32_t form;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t sum_shift;
    int32_t sum_min;
    int32_t sum_max;
} coincell_strip_convolution_parameters;

/* Expands so many columns of a group's channels, the first of them input column `begin`, which may
 * lie outside.
 *
 * rows:     [filter_height] input rows, null in the padding
 * channel:  the group's first
 * distance: values from one expanded column to the next
 * strip:    [columns, distance], of which the first column_values of each are written */
COINCELL_INLINE void
coincell_strip_columns(const coincell_strip_convolution_parameters *p, const int8_t *const *rows,
                       int32_t channel, int32_t begin, int32_t columns, int32_t distance,
                       int16_t *strip)
{
    const int32_t channels = p->input_channels / p->groups;
    int32_t left = begin < 0 ? (-begin + p->column_stride - 1) / p->column_stride : 0;
    left = left < columns ? left : columns;
    const int32_t room = p->input_width - begin;
    int32_t right = room > 0 ? (room + p->column_stride - 1) / p->column_stride : 0;
    right = right < columns ? right : columns;
    right = right > left ? right : left;
    const int apart = distance != p->column_values;
    coincell_strip_fill_columns(strip, left, p->column_values, distance, p->input_zero_point);
    if (!apart || right < columns) {
        coincell_strip_fill_columns(strip + right * distance, columns - right, p->column_values,
                                    distance, p->input_zero_point);
    }
    if (apart && right == left) {
        return; /* what follows would lie outside */
    }
    const int32_t offset = (begin + left * p->column_stride) * p->input_channels + channel;
    for (int32_t row = 0; row < p->filter_height; ++row) {
        int16_t *to = strip + left * distance + row * channels;
        const coincell_strip_spacing spacing = {
            .channels = channels,
            .from = p->column_stride * p->input_channels,
            .to = distance,
        };
        if (rows[row]) {
            coincell_strip_expand(&spacing, rows[row] + offset, to, right - left);
        } else {
            coincell_strip_fill_columns(to, right - left, channels, distance,
                                        p->input_zero_point);
        }
    }
}

/* Expands what a group's output columns x .. x + columns - 1 read.
 *
 * rows:    [filter_height] input rows, null in the padding
 * channel: the group's first
 * strip:   [(columns - 1) * strip_stride + filter_width, column_values] */
COINCELL_INLINE void
coincell_strip_prepare(const coincell_strip_convolution_parameters *p, const int8_t *const *rows,
                       int32_t channel, int32_t x, int32_t columns, int16_t *strip)
{
    const int32_t begin = x * p->stride_width - p->padding_left;
    if (p->filter_width > 1 && p->dilation_width > 1) {
        for (int32_t tap = 0; tap < p->filter_width; ++tap) {
            coincell_strip_columns(p, rows, channel, begin + tap * p->dilation_width, columns,
                                   p->filter_width * p->column_values,
                                   strip + tap * p->column_values);
        }
    } else {
        coincell_strip_columns(p, rows, channel, begin,
                               (columns - 1) * p->strip_stride + p->filter_width,
                               p->column_values, strip);
    }
}

/* A tile of two outputs side by side, of four channels. */
COINCELL_INLINE coincell_strip_tile
coincell_strip_whole_tile(const coincell_strip_convolution_parameters *p)
{
    const int32_t channels = p->output_channels / p->groups;
    const int32_t distance = 2 * p->strip_stride * p->column_values;
    const coincell_strip_tile tile = {
        .pairs = (p->filter_width * p->column_values + 1) / 2,
        .distance = distance,
        .advance = 2 * distance,
        .outputs = 4,
        .stored = channels < 4 ? channels : 4,
        .output_distance = p->output_channels,
        .output_advance = 2 * p->output_channels,
        .unrolled = p->unrolled,
        .steps_back = channels > 4 && channels % 4 == 3 ? 1 : 0,
        .left_shift = p->left_shift,
        .right_shift = p->right_shift,
        .form = p->form,
        .low = p->clamp_min,
        .high = p->clamp_max,
        .sum_shift = p->sum_shift,
        .sum_low = p->sum_min,
        .sum_high = p->sum_max,
    };
    return tile;
}

/* All blocks of a group over so many tiles of `positions`; arrays as in coincell_strip_tiles.
 *
 * Blocks of four outputs; the last one makes one output once more where three are left over, which
 * costs less than code for them would. One or two left over are a block of two. */
COINCELL_INLINE void
coincell_strip_blocks(const coincell_strip_convolution_parameters *p, coincell_strip_tile tile,
                      int32_t positions, int32_t tiles, const int16_t *patches,
                      const int8_t *weights, const int32_t *scales, uintptr_t addend,
                      int8_t *output)
{
    const int32_t channels = p->output_channels / p->groups;
    const int32_t rest = channels % 4 == 3 ? 0 : channels % 4;
    const int32_t fours = (channels - rest + 3) / 4;
    const int32_t *layer = scales;
    scales += p->sum_shift ? 4 : 1;
    if (fours) {
        coincell_strip_tiles(&tile, positions, tiles, fours, patches, weights, layer, scales,
                             addend, output);
    }
    if (rest) {
        weights += fours * 8 * tile.pairs;
        scales += fours * 4 * p->form;
        tile.outputs = 2;
        tile.stored = channels < 2 ? channels : 2;
        tile.steps_back = 0;
        tile.unrolled = p->unrolled_rest;
        coincell_strip_tiles(&tile, positions, tiles, 1, patches, weights, layer, scales, addend,
                             output + (channels < 2 ? 0 : channels - 2));
    }
}

/* A group's weights and constants among all groups'; the bytes from an output to its addend, where
 * there are sums; its first input channel and first output. */
typedef struct {
    const int8_t *weights;
    const int32_t *scales;
    uintptr_t addend;
    int32_t channel;
    int32_t output;
} coincell_strip_group;

/* weights, scales: [groups], of all of them
 * addend: bytes from an output to its addend */
COINCELL_INLINE coincell_strip_group
coincell_strip_group_of(const coincell_strip_convolution_parameters *p, int32_t number,
                        const int8_t *weights, const int32_t *scales, uintptr_t addend)
{
    const int32_t outputs = p->output_channels / p->groups;
    const int32_t made = outputs % 4 == 3 ? outputs + 1 : (outputs + 1) & ~1;
    const int32_t pairs = (p->filter_width * p->column_values + 1) / 2;
    const coincell_strip_group group = {
        .weights = weights + number * 2 * pairs * made,
        .scales = scales + number * (1 + made * p->form),
        .addend = addend,
        .channel = number * (p->input_channels / p->groups),
        .output = number * outputs,
    };
    return group;
}

/* So many positions of a group one by one.
 *
 * patches: from the first position's on
 * weights, scales: as in coincell_strip_tiles, the layer's constants before the scales
 * addend:  bytes from an output to its addend
 * output:  [count, output_channels] */
COINCELL_INLINE void
coincell_strip_singles(const coincell_strip_convolution_parameters *p, int32_t count,
                       const int16_t *patches, const int8_t *weights, const int32_t *scales,
                       uintptr_t addend, int8_t *output)
{
    coincell_strip_tile tile = coincell_strip_whole_tile(p);
    tile.unrolled = p->unrolled_rest;
    tile.advance /= 2;
    tile.output_advance /= 2;
    coincell_strip_blocks(p, tile, 1, count, patches, weights, scales, addend, output);
}

/* A group's outputs at so many columns of a row.
 *
 * strip:  what they read
 * output: [columns, output_channels], from the group's first output on */
COINCELL_INLINE void
coincell_strip_group_row(const coincell_strip_convolution_parameters *p,
                         const coincell_strip_group *group, int32_t columns,
                         const int16_t *strip, int8_t *output)
{
    const int32_t even = columns & ~1;
    if (even) {
        coincell_strip_blocks(p, coincell_strip_whole_tile(p), 2, even / 2, strip,
                              group->weights, group->scales, group->addend, output);
    }
    if (p->output_width % 2 && columns % 2) {
        coincell_strip_singles(p, 1, strip + even * p->strip_stride * p->column_values,
                               group->weights, group->scales, group->addend,
                               output + even * p->output_channels);
    }
}

/* One output row. What a strip reads is read before its outputs are written, in a group.
 *
 * rows:   [filter_height] input rows, null in the padding
 * addend: bytes from an output to its addend
 * strip:  working memory for tile_columns
 * output: [output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_row(const coincell_strip_convolution_parameters *p,
                               const int8_t *const *rows, const int8_t *weights,
                               const int32_t *scales, uintptr_t addend, int16_t *strip,
                               int8_t *output)
{
    for (int32_t x = 0; x < p->output_width; x += p->tile_columns) {
        const int32_t left = p->output_width - x;
        const int32_t columns = left < p->tile_columns ? left : p->tile_columns;
        for (int32_t number = 0; number < p->groups; ++number) {
            const coincell_strip_group group =
                coincell_strip_group_of(p, number, weights, scales, addend);
            int8_t *made = output + x * p->output_channels + group.output;
            coincell_strip_prepare(p, rows, group.channel, x, columns, strip);
            coincell_strip_group_row(p, &group, columns, strip, made);
        }
    }
}

/* Two output rows in tiles of one above the other.
 *
 * rows:   [2, filter_height] input rows, of the first output row and of the second
 * addend: bytes from an output to its addend
 * strip:  working memory for both rows
 * output: [2, output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_two_rows(const coincell_strip_convolution_parameters *p,
                                    const int8_t *const *rows, const int8_t *weights,
                                    const int32_t *scales, uintptr_t addend, int16_t *strip,
                                    int8_t *output)
{
    const int32_t expanded = (p->output_width - 1) * p->strip_stride + p->filter_width;
    const int32_t values = (expanded * p->column_values + 1) & ~1;
    coincell_strip_tile tile = coincell_strip_whole_tile(p);
    tile.advance = tile.distance;
    tile.distance = 2 * values;
    tile.output_advance = p->output_channels;
    tile.output_distance = p->output_width * p->output_channels;
    for (int32_t number = 0; number < p->groups; ++number) {
        const coincell_strip_group group =
            coincell_strip_group_of(p, number, weights, scales, addend);
        for (int32_t row = 0; row < 2; ++row) {
            coincell_strip_prepare(p, rows + row * p->filter_height, group.channel, 0,
                                   p->output_width, strip + row * values);
        }
        coincell_strip_blocks(p, tile, 2, p->output_width, strip, group.weights, group.scales,
                              group.addend, output + group.output);
    }
}

/* The input rows that output row y reads, null in the padding.
 *
 * input: [input_height, input_width, input_channels]
 * rows:  [filter_height] */
COINCELL_INLINE void
coincell_strip_rows(const coincell_strip_convolution_parameters *p, const int8_t *input, int32_t y,
                    const int8_t **rows)
{
    const int32_t top = y * p->stride_height - p->padding_top;
    for (int32_t row = 0; row < p->filter_height; ++row) {
        const int32_t y_read = top + row * p->dilation_height;
        const int inside = y_read >= 0 && y_read < p->input_height;
        rows[row] = inside ? input + y_read * p->input_width * p->input_channels : 0;
    }
}

/* input:   [input_height, input_width, input_channels], at or behind the output as the compiler has
 *          found to be safe
 * weights, scales: packed by compiler/dsp/strip_packing.py
 * addend:  bytes from an output to its addend, where there are sums
 * strip:   working memory, aligned to 8 bytes
 * output:  [output_height, output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_of(const coincell_strip_convolution_parameters *p, const int8_t *input,
                              const int8_t *weights, const int32_t *scales, uintptr_t addend,
                              int16_t *strip, int8_t *output)
{
    const int8_t *rows[2 * COINCELL_STRIP_MOST_ROWS];
    const int32_t row_bytes = p->output_width * p->output_channels;
    int32_t y = 0;
    for (; p->two_rows && y + 1 < p->output_height; y += 2) {
        coincell_strip_rows(p, input, y, rows);
        coincell_strip_rows(p, input, y + 1, rows + p->filter_height);
        coincell_strip_convolution_two_rows(p, rows, weights, scales, addend, strip, output);
        output += 2 * row_bytes;
    }
    if (p->two_rows && p->output_height % 2) {
        coincell_strip_rows(p, input, y, rows);
        for (int32_t number = 0; number < p->groups; ++number) {
            const coincell_strip_group group =
                coincell_strip_group_of(p, number, weights, scales, addend);
            coincell_strip_prepare(p, rows, group.channel, 0, p->output_width, strip);
            coincell_strip_singles(p, p->output_width, strip, group.weights, group.scales,
                                   group.addend, output + group.output);
        }
    }
    for (; !p->two_rows && y < p->output_height; ++y) {
        coincell_strip_rows(p, input, y, rows);
        coincell_strip_convolution_row(p, rows, weights, scales, addend, strip, output);
        output += row_bytes;
    }
}

/* As above, without addends. */
COINCELL_INLINE void
coincell_strip_convolution(const coincell_strip_convolution_parameters *p, const int8_t *input,
                           const int8_t *weights, const int32_t *scales, int16_t *strip,
                           int8_t *output)
{
    coincell_strip_convolution_of(p, input, weights, scales, 0, strip, output);
}

#endif
