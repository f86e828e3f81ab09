/* CONV_2D on Armv7E-M: any filter, stride and padding, dense, without dilation.
 *
 * A strip of a few output positions' input columns is expanded to int16 in working memory: for
 * each column the filter's rows one after the other, each with all channels. So the values that
 * one output position reads, its patch, lie side by side, and patches overlap as the windows do;
 * what lies in the padding is there as the input's zero point. Then every block of four outputs
 * passes over the strip.
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
 * column_values: int16 of one column, filter_height * input_channels; one more where an odd number
 * would put the next output's patch at an odd place.
 * column_stride: input columns from one expanded column to the next.
 * strip_stride: expanded columns from one output to the next.
 * unrolled, unrolled_rest: steps in the loops' bodies, for pairs of positions and for all else.
 * left_shift, ...: see coincell_strip_tile. The others are those of the layer. */
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
} coincell_strip_convolution_parameters;

/* Expands what the output columns x .. x + columns - 1 read.
 *
 * rows:  [filter_height] input rows [input_width, input_channels], null in the padding
 * strip: [(columns - 1) * strip_stride + filter_width, column_values] */
COINCELL_INLINE void
coincell_strip_prepare(const coincell_strip_convolution_parameters *p, const int8_t *const *rows,
                       int32_t x, int32_t columns, int16_t *strip)
{
    const int32_t expanded = (columns - 1) * p->strip_stride + p->filter_width;
    const int32_t begin = x * p->stride_width - p->padding_left;
    int32_t left = begin < 0 ? (-begin + p->column_stride - 1) / p->column_stride : 0;
    left = left < expanded ? left : expanded;
    const int32_t room = p->input_width - begin;
    int32_t right = room > 0 ? (room + p->column_stride - 1) / p->column_stride : 0;
    right = right < expanded ? right : expanded;
    right = right > left ? right : left;
    coincell_strip_fill(strip, left * p->column_values, p->input_zero_point);
    coincell_strip_fill(strip + right * p->column_values, (expanded - right) * p->column_values,
                        p->input_zero_point);
    const int32_t offset = (begin + left * p->column_stride) * p->input_channels;
    for (int32_t row = 0; row < p->filter_height; ++row) {
        int16_t *to = strip + left * p->column_values + row * p->input_channels;
        const coincell_strip_spacing spacing = {
            .channels = p->input_channels,
            .from = p->column_stride * p->input_channels,
            .to = p->column_values,
        };
        if (rows[row]) {
            coincell_strip_expand(&spacing, rows[row] + offset, to, right - left);
        } else {
            coincell_strip_fill_columns(&spacing, to, right - left, p->input_zero_point);
        }
    }
}

/* A tile of two outputs side by side, of four channels. */
COINCELL_INLINE coincell_strip_tile
coincell_strip_whole_tile(const coincell_strip_convolution_parameters *p)
{
    const int32_t channels = p->output_channels;
    const int32_t distance = 2 * p->strip_stride * p->column_values;
    const coincell_strip_tile tile = {
        .pairs = (p->filter_width * p->column_values + 1) / 2,
        .distance = distance,
        .advance = 2 * distance,
        .outputs = 4,
        .stored = channels < 4 ? channels : 4,
        .output_distance = channels,
        .output_advance = 2 * channels,
        .unrolled = p->unrolled,
        .steps_back = channels > 4 && channels % 4 == 3 ? 1 : 0,
        .left_shift = p->left_shift,
        .right_shift = p->right_shift,
        .form = p->form,
        .low = p->clamp_min,
        .high = p->clamp_max,
    };
    return tile;
}

/* All blocks over so many tiles of `positions`; arrays as in coincell_strip_tiles.
 *
 * Blocks of four outputs; the last one makes one output once more where three are left over, which
 * costs less than code for them would. One or two left over are a block of two. */
COINCELL_INLINE void
coincell_strip_blocks(const coincell_strip_convolution_parameters *p, coincell_strip_tile tile,
                      int32_t positions, int32_t tiles, const int16_t *patches,
                      const int8_t *weights, const int32_t *scales, int8_t *output)
{
    const int32_t channels = p->output_channels;
    const int32_t rest = channels % 4 == 3 ? 0 : channels % 4;
    const int32_t fours = (channels - rest + 3) / 4;
    const int32_t offset = *scales++;
    if (fours) {
        coincell_strip_tiles(&tile, positions, tiles, fours, patches, weights, offset, scales,
                             output);
    }
    if (rest) {
        weights += fours * 8 * tile.pairs;
        scales += fours * 4 * p->form;
        tile.outputs = 2;
        tile.stored = channels < 2 ? channels : 2;
        tile.steps_back = 0;
        tile.unrolled = p->unrolled_rest;
        coincell_strip_tiles(&tile, positions, tiles, 1, patches, weights, offset, scales,
                             output + (channels < 2 ? 0 : channels - 2));
    }
}

/* So many positions one by one.
 *
 * patches: from the first position's on
 * weights, scales: as in coincell_strip_tiles, the layer's offset before the scales
 * output:  [count, output_channels] */
COINCELL_INLINE void
coincell_strip_singles(const coincell_strip_convolution_parameters *p, int32_t count,
                       const int16_t *patches, const int8_t *weights, const int32_t *scales,
                       int8_t *output)
{
    coincell_strip_tile tile = coincell_strip_whole_tile(p);
    tile.unrolled = p->unrolled_rest;
    tile.advance /= 2;
    tile.output_advance /= 2;
    coincell_strip_blocks(p, tile, 1, count, patches, weights, scales, output);
}

/* One output row. What a strip reads is read before its outputs are written.
 *
 * rows:   [filter_height] input rows, null in the padding
 * strip:  working memory for tile_columns
 * output: [output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_row(const coincell_strip_convolution_parameters *p,
                               const int8_t *const *rows, const int8_t *weights,
                               const int32_t *scales, int16_t *strip, int8_t *output)
{
    for (int32_t x = 0; x < p->output_width; x += p->tile_columns) {
        const int32_t left = p->output_width - x;
        const int32_t columns = left < p->tile_columns ? left : p->tile_columns;
        const int32_t even = columns & ~1;
        int8_t *made = output + x * p->output_channels;
        coincell_strip_prepare(p, rows, x, columns, strip);
        if (even) {
            coincell_strip_blocks(p, coincell_strip_whole_tile(p), 2, even / 2, strip, weights,
                                  scales, made);
        }
        if (p->output_width % 2 && columns % 2) {
            coincell_strip_singles(p, 1, strip + even * p->strip_stride * p->column_values,
                                   weights, scales, made + even * p->output_channels);
        }
    }
}

/* Two output rows in tiles of one above the other.
 *
 * rows:   [2, filter_height] input rows, of the first output row and of the second
 * strip:  working memory for both rows
 * output: [2, output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_two_rows(const coincell_strip_convolution_parameters *p,
                                    const int8_t *const *rows, const int8_t *weights,
                                    const int32_t *scales, int16_t *strip, int8_t *output)
{
    const int32_t expanded = (p->output_width - 1) * p->strip_stride + p->filter_width;
    const int32_t values = (expanded * p->column_values + 1) & ~1;
    coincell_strip_tile tile = coincell_strip_whole_tile(p);
    tile.advance = tile.distance;
    tile.distance = 2 * values;
    tile.output_advance = p->output_channels;
    tile.output_distance = p->output_width * p->output_channels;
    for (int32_t row = 0; row < 2; ++row) {
        coincell_strip_prepare(p, rows + row * p->filter_height, 0, p->output_width,
                               strip + row * values);
    }
    coincell_strip_blocks(p, tile, 2, p->output_width, strip, weights, scales, output);
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
        const int inside = top + row >= 0 && top + row < p->input_height;
        rows[row] = inside ? input + (top + row) * p->input_width * p->input_channels : 0;
    }
}

/* input:   [input_height, input_width, input_channels], at or behind the output as the compiler has
 *          found to be safe
 * weights, scales: packed by compiler/dsp/strip_packing.py
 * strip:   working memory, aligned to 8 bytes
 * output:  [output_height, output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution(const coincell_strip_convolution_parameters *p, const int8_t *input,
                           const int8_t *weights, const int32_t *scales, int16_t *strip,
                           int8_t *output)
{
    const int8_t *rows[2 * COINCELL_STRIP_MOST_ROWS];
    const int32_t row_bytes = p->output_width * p->output_channels;
    int32_t y = 0;
    for (; p->two_rows && y + 1 < p->output_height; y += 2) {
        coincell_strip_rows(p, input, y, rows);
        coincell_strip_rows(p, input, y + 1, rows + p->filter_height);
        coincell_strip_convolution_two_rows(p, rows, weights, scales, strip, output);
        output += 2 * row_bytes;
    }
    if (p->two_rows && p->output_height % 2) {
        coincell_strip_rows(p, input, y, rows);
        coincell_strip_prepare(p, rows, 0, p->output_width, strip);
        coincell_strip_singles(p, p->output_width, strip, weights, scales, output);
    }
    for (; !p->two_rows && y < p->output_height; ++y) {
        coincell_strip_rows(p, input, y, rows);
        coincell_strip_convolution_row(p, rows, weights, scales, strip, output);
        output += row_bytes;
    }
}

#endif
