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

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/strip_convolution_tiles.h"
#include <stdint.h>

#define COINCELL_STRIP_MOST_ROWS 16

/* tile_columns: output columns of a strip, even.
 * column_values: int16 of one column, filter_height * input_channels rounded up to even.
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
    int32_t column_values;
    int32_t column_stride;
    int32_t strip_stride;
    int32_t unrolled;
    int32_t unrolled_rest;
    int32_t left_shift;
    int32_t right_shift;
    int32_t has_steps;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_strip_convolution_parameters;

/* Four channels: int8 at any address to int16. */
static inline COINCELL_ALWAYS_INLINE void coincell_strip_expand_four(const int8_t *from,
                                                                     int16_t *to)
{
    const uint32_t bytes = coincell_load_word(from);
    coincell_store_word(to, coincell_sxtb16(bytes));
    coincell_store_word(to + 2, coincell_sxtb16_ror8(bytes));
}

/* from: int8 [count], to: int16 [count]; four by four in the order 0 2 1 3, the rest as it is. */
static inline COINCELL_ALWAYS_INLINE void coincell_strip_expand(const int8_t *from, int16_t *to,
                                                                int32_t count)
{
    const int8_t *end = from + count;
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && defined(__thumb2__)
    for (const int8_t *sixteen = from + (count & ~15); from != sixteen;) {
        uint32_t a, b, c, d, t;
        __asm volatile("ldr %[a], [%[from]], #4\n"
                       "ldr %[b], [%[from]], #4\n"
                       "ldr %[c], [%[from]], #4\n"
                       "ldr %[d], [%[from]], #4\n"
                       "sxtb16 %[t], %[a]\n"
                       "sxtb16 %[a], %[a], ror #8\n"
                       "str %[t], [%[to]], #4\n"
                       "str %[a], [%[to]], #4\n"
                       "sxtb16 %[t], %[b]\n"
                       "sxtb16 %[b], %[b], ror #8\n"
                       "str %[t], [%[to]], #4\n"
                       "str %[b], [%[to]], #4\n"
                       "sxtb16 %[t], %[c]\n"
                       "sxtb16 %[c], %[c], ror #8\n"
                       "str %[t], [%[to]], #4\n"
                       "str %[c], [%[to]], #4\n"
                       "sxtb16 %[t], %[d]\n"
                       "sxtb16 %[d], %[d], ror #8\n"
                       "str %[t], [%[to]], #4\n"
                       "str %[d], [%[to]], #4\n"
                       : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t] "=&r"(t),
                         [from] "+r"(from), [to] "+r"(to)
                       :
                       : "memory");
    }
    count &= 15;
#endif
    for (; count >= 4; count -= 4) {
        coincell_strip_expand_four(from, to);
        from += 4;
        to += 4;
    }
    while (from != end) {
        *to++ = *from++;
    }
}

/* to: int16 [count] */
static inline COINCELL_ALWAYS_INLINE void coincell_strip_fill(int16_t *to, int32_t count,
                                                              int32_t value)
{
    for (int16_t *end = to + count; to != end;) {
        *to++ = (int16_t)value;
    }
}

/* Expands what the output columns x .. x + columns - 1 read.
 *
 * rows: [filter_height] pointers to input rows int8 [input_width, input_channels], null for rows in
 * the padding. strip: int16 [(columns - 1) * strip_stride + filter_width, column_values]. */
static inline COINCELL_ALWAYS_INLINE void
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
        const int8_t *from = rows[row] + (rows[row] ? offset : 0);
        if (p->filter_height == 1 && p->column_stride == 1 &&
            p->column_values == p->input_channels && p->input_channels % 4 == 0 && rows[row]) {
            coincell_strip_expand(from, to, (right - left) * p->input_channels);
            continue;
        }
        for (int32_t column = left; column < right; ++column) {
            if (rows[row]) {
                coincell_strip_expand(from, to, p->input_channels);
                from += p->column_stride * p->input_channels;
            } else {
                coincell_strip_fill(to, p->input_channels, p->input_zero_point);
            }
            to += p->column_values;
        }
    }
}

/* Tiles of two positions, and of one where the width is odd. */
static inline COINCELL_ALWAYS_INLINE void
coincell_strip_positions(const coincell_strip_convolution_parameters *p,
                         const coincell_strip_tile *tile, int32_t blocks, const int16_t *strip,
                         int32_t columns, const int8_t *weights, const int32_t *scales,
                         int32_t offset, int8_t *output)
{
    const int32_t even = columns & ~1;
    if (even) {
        coincell_strip_tiles(tile, 2, even, blocks, strip, weights, offset, scales, output);
    }
    if (p->output_width % 2 && columns % 2) {
        const int16_t *last = strip + even * (tile->distance / 2);
        coincell_strip_tile odd = *tile;
        odd.unrolled = p->unrolled_rest;
        coincell_strip_tiles(&odd, 1, 1, blocks, last, weights, offset, scales,
                             output + even * p->output_channels);
    }
}

/* All outputs of `columns` positions. strip: as above. output: int8 [columns, output_channels].
 *
 * Blocks of four outputs; the last one makes some outputs once more where three are left over,
 * which costs less than code for them would. One or two left over are a block of two. */
static inline COINCELL_ALWAYS_INLINE void
coincell_strip_outputs(const coincell_strip_convolution_parameters *p, const int16_t *strip,
                       int32_t columns, const int8_t *weights, const int32_t *scales,
                       int8_t *output)
{
    const int32_t channels = p->output_channels;
    const int32_t rest = channels % 4 == 3 ? 0 : channels % 4;
    const int32_t fours = (channels - rest + 3) / 4;
    const int32_t offset = *scales++;
    coincell_strip_tile tile = {
        .pairs = p->filter_width * p->column_values / 2,
        .distance = 2 * p->strip_stride * p->column_values,
        .outputs = 4,
        .stored = channels < 4 ? channels : 4,
        .output_distance = channels,
        .unrolled = p->unrolled,
        .steps_back = channels > 4 && channels % 4 == 3 ? 1 : 0,
        .left_shift = p->left_shift,
        .right_shift = p->right_shift,
        .has_steps = p->has_steps,
        .low = p->clamp_min,
        .high = p->clamp_max,
    };
    if (fours) {
        coincell_strip_positions(p, &tile, fours, strip, columns, weights, scales, offset, output);
    }
    if (rest) {
        weights += fours * 8 * tile.pairs;
        scales += fours * 4 * (p->has_steps ? 3 : 2);
        tile.outputs = 2;
        tile.stored = channels < 2 ? channels : 2;
        tile.steps_back = 0;
        tile.unrolled = p->unrolled_rest;
        coincell_strip_positions(p, &tile, 1, strip, columns, weights, scales, offset,
                                 output + (channels < 2 ? 0 : channels - 2));
    }
}

/* One output row. rows: [filter_height] input rows, null in the padding; strip: working memory;
 * output: int8 [output_width, output_channels]. What a strip reads is read before its outputs are
 * written. */
static inline COINCELL_ALWAYS_INLINE void
coincell_strip_convolution_row(const coincell_strip_convolution_parameters *p,
                               const int8_t *const *rows, const int8_t *weights,
                               const int32_t *scales, int16_t *strip, int8_t *output)
{
    for (int32_t x = 0; x < p->output_width; x += p->tile_columns) {
        const int32_t left = p->output_width - x;
        const int32_t columns = left < p->tile_columns ? left : p->tile_columns;
        coincell_strip_prepare(p, rows, x, columns, strip);
        coincell_strip_outputs(p, strip, columns, weights, scales,
                               output + x * p->output_channels);
    }
}

/* input: int8 [input_height, input_width, input_channels], at or behind the output as the compiler
 * has found to be safe; weights, scales: packed by it; strip: 8-aligned working memory; output:
 * int8 [output_height, output_width, output_channels]. */
static inline COINCELL_ALWAYS_INLINE void
coincell_strip_convolution(const coincell_strip_convolution_parameters *p, const int8_t *input,
                           const int8_t *weights, const int32_t *scales, int16_t *strip,
                           int8_t *output)
{
    const int8_t *rows[COINCELL_STRIP_MOST_ROWS];
    const int32_t row_bytes = p->input_width * p->input_channels;
    for (int32_t y = 0; y < p->output_height; ++y) {
        const int32_t top = y * p->stride_height - p->padding_top;
        for (int32_t row = 0; row < p->filter_height; ++row) {
            const int inside = top + row >= 0 && top + row < p->input_height;
            rows[row] = inside ? input + (top + row) * row_bytes : 0;
        }
        coincell_strip_convolution_row(p, rows, weights, scales, strip, output);
        output += p->output_width * p->output_channels;
    }
}

#endif
