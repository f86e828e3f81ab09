/* Average and max pooling, and reductions over neighbours, eight channels at a time. */
#ifndef COINCELL_KERNELS_DSP_POOL_H
#define COINCELL_KERNELS_DSP_POOL_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"
#include "kernels/fixed_point.h"
#include "kernels/window.h"

/* What becomes of a window: its mean, rounded with ties away from zero; its largest value; or its
 * sum, brought to another scale as in requantization.h. */
enum { COINCELL_POOL_MEAN, COINCELL_POOL_LARGEST, COINCELL_POOL_SUM };

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels; /* a multiple of eight */
    int32_t output_height;
    int32_t output_width;
    int32_t window_height;
    int32_t window_width; /* windows hold at most 256 values, whose sum an int16 holds */
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t clipped; /* 0: no window reaches into the padding */
    int32_t result;
    int32_t left_shift; /* this and the following: of a sum */
    int32_t right_shift;
    int32_t bias;
    int32_t multiplier;
    int32_t offset;
    int32_t step;
} coincell_pool_parameters;

/* Eight channels over some taps: the largest values as bytes in [0] and [1]; or sums of channels
 * 0 and 2, 1 and 3, 4 and 6, 5 and 7 as pairs. */
typedef struct {
    uint32_t words[4];
} coincell_pool_state;

/* Takes in `taps` pixels, one after the other.
 *
 * pixels: [taps, channels], from the channels read on */
COINCELL_INLINE coincell_pool_state coincell_pool_taps(const coincell_pool_parameters *p,
                                                       coincell_pool_state state,
                                                       const int8_t *pixels, int32_t taps)
{
    for (int32_t tap = 0; tap < taps; ++tap) {
        const uint32_t low = coincell_load_word(pixels + tap * p->channels);
        const uint32_t high = coincell_load_word(pixels + tap * p->channels + 4);
        if (p->result == COINCELL_POOL_LARGEST) {
            state.words[0] = coincell_max8(state.words[0], low);
            state.words[1] = coincell_max8(state.words[1], high);
        } else {
            state.words[0] = coincell_sxtab16(state.words[0], low);
            state.words[1] = coincell_sxtab16_ror8(state.words[1], low);
            state.words[2] = coincell_sxtab16(state.words[2], high);
            state.words[3] = coincell_sxtab16_ror8(state.words[3], high);
        }
    }
    return state;
}

/* The output of a sum of `count` values. */
COINCELL_INLINE int32_t coincell_pool_result(const coincell_pool_parameters *p, int32_t sum,
                                             int32_t count)
{
    if (p->result == COINCELL_POOL_SUM) {
        const int32_t x = (int32_t)((uint32_t)p->bias + ((uint32_t)sum << p->left_shift));
        return coincell_output_of(x, p->multiplier, p->offset, p->step, p->right_shift);
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* output: [8] */
COINCELL_INLINE void coincell_pool_end(const coincell_pool_parameters *p,
                                       coincell_pool_state state, int32_t count,
                                       int8_t *output)
{
    for (int32_t i = 0; i < 8; ++i) {
        int32_t made;
        if (p->result == COINCELL_POOL_LARGEST) {
            made = (int8_t)(state.words[i / 4] >> 8 * (i % 4) & 0xFFu);
        } else {
            const uint32_t pair = state.words[i / 4 * 2 + i % 2];
            const uint32_t half = i % 4 < 2 ? pair & 0xFFFFu : pair >> 16;
            made = coincell_pool_result(p, (int16_t)half, count);
        }
        output[i] = (int8_t)coincell_clamp(made, p->clamp_min, p->clamp_max);
    }
}

/* One output pixel.
 *
 * image:  [input_height, input_width, channels]
 * output: [channels] */
COINCELL_INLINE void coincell_pool_pixel(const coincell_pool_parameters *p,
                                         const coincell_window *rows,
                                         const coincell_window *columns,
                                         const int8_t *image, int8_t *output)
{
    const int32_t height = p->clipped ? rows->last - rows->first : p->window_height;
    const int32_t width = p->clipped ? columns->last - columns->first : p->window_width;
    const int32_t row_size = p->input_width * p->channels;
    const int32_t first_row = rows->origin + rows->first;
    const int8_t *window =
        image + first_row * row_size + (columns->origin + columns->first) * p->channels;
    for (int32_t channel = 0; channel < p->channels; channel += 8) {
        const int8_t *from = window + channel;
        coincell_pool_state state = {{0, 0, 0, 0}};
        if (p->result == COINCELL_POOL_LARGEST) {
            state.words[0] = state.words[1] = 0x80808080u;
        }
        if (width == p->input_width) {
            state = coincell_pool_taps(p, state, from, height * width);
        } else {
            for (int32_t row = 0; row < height; ++row) {
                state = coincell_pool_taps(p, state, from + row * row_size, width);
            }
        }
        coincell_pool_end(p, state, height * width, output + channel);
    }
}

/* input:  [batches, input_height, input_width, channels] int8
 * output: [batches, output_height, output_width, channels] int8 */
COINCELL_INLINE void coincell_pool(const coincell_pool_parameters *p, const void *input,
                                   void *output)
{
    const int8_t *image = input;
    int8_t *out = output;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_window rows = coincell_clip_window(
                y * p->stride_height - p->padding_top, p->window_height, 1, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x, out += p->channels) {
                const coincell_window columns = coincell_clip_window(
                    x * p->stride_width - p->padding_left, p->window_width, 1, p->input_width);
                coincell_pool_pixel(p, &rows, &columns, image, out);
            }
        }
        image += p->input_height * p->input_width * p->channels;
    }
}

#endif
