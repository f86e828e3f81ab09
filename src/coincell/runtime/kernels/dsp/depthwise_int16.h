/* Depthwise convolution of 16-bit activations: four channels at a time. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_INT16_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_INT16_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/row_int16.h"
#include "kernels/window.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
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
    coincell_outputs_int16 made; /* of all channels, not of sums of 64 bits */
} coincell_depthwise_int16_parameters;

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)

/* Adds one tap of four channels. In assembly, since compilers load what is far ahead and run out of
 * registers. input: [4]; filter: [4]; sums: [4] */
COINCELL_INLINE void coincell_tap_int16(const int16_t *input, const int8_t *filter,
                                        int32_t *sums)
{
    uint32_t first, second, even, odd;
    __asm volatile("ldr %4, %8\n\t"
                   "ldr %5, %9\n\t"
                   "ldr %7, %10\n\t"
                   "sxtb16 %6, %7\n\t"
                   "sxtb16 %7, %7, ror #8\n\t"
                   "smlabb %0, %4, %6, %0\n\t"
                   "smlatb %1, %4, %7, %1\n\t"
                   "smlabt %2, %5, %6, %2\n\t"
                   "smlatt %3, %5, %7, %3"
                   : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3]), "=&r"(first),
                     "=&r"(second), "=&r"(even), "=&r"(odd)
                   : "m"(*(const int16_t(*)[2])(const void *)input),
                     "m"(*(const int16_t(*)[2])(const void *)(input + 2)),
                     "m"(*(const int8_t(*)[4])(const void *)filter));
}

#else

/* As above. */
COINCELL_INLINE void coincell_tap_int16(const int16_t *input, const int8_t *filter,
                                        int32_t *sums)
{
    const uint32_t first = coincell_load_word(input);
    const uint32_t second = coincell_load_word(input + 2);
    const uint32_t taps = coincell_load_word(filter);
    const uint32_t even = coincell_sxtb16(taps);
    const uint32_t odd = coincell_sxtb16_ror8(taps);
    sums[0] = coincell_smlabb(first, even, sums[0]);
    sums[1] = coincell_smlatb(first, odd, sums[1]);
    sums[2] = coincell_smlabt(second, even, sums[2]);
    sums[3] = coincell_smlatt(second, odd, sums[3]);
}

#endif

/* Adds some rows of taps of four channels.
 *
 * image:  from the first tap inside the image on, and the first of the channels
 * filter: likewise
 * columns: taps of each row */
COINCELL_INLINE void coincell_taps_int16(const coincell_depthwise_int16_parameters *p,
                                         const int16_t *image, const int8_t *filter,
                                         int32_t rows, int32_t columns, int32_t *sums)
{
    const int32_t channels = p->made.outputs;
    const int32_t step = p->dilation_width * channels;
    const int32_t input_row = p->dilation_height * p->input_width * channels;
    for (; rows > 0; --rows) {
        const int16_t *in = image;
        const int8_t *taps = filter;
        int32_t count = columns;
        for (; count >= 3; count -= 3) {
            coincell_tap_int16(in, taps, sums);
            coincell_tap_int16(in + step, taps + channels, sums);
            coincell_tap_int16(in + 2 * step, taps + 2 * channels, sums);
            in += 3 * step;
            taps += 3 * channels;
        }
        for (; count > 0; --count) {
            coincell_tap_int16(in, taps, sums);
            in += step;
            taps += channels;
        }
        image += input_row;
        filter += p->filter_width * channels;
    }
}

/* All channels at one position, for one number of columns of taps.
 *
 * rows, columns: which taps lie inside the image
 * image:     [input_height, input_width, channels]
 * filter:    [filter_height, filter_width, channels]
 * constants: [channels, words]
 * output:    [channels] */
COINCELL_INLINE void coincell_depthwise_at_int16(const coincell_depthwise_int16_parameters *p,
                                                 const coincell_window *rows,
                                                 const coincell_window *columns, int32_t count,
                                                 const int16_t *image, const int8_t *filter,
                                                 const int32_t *constants, int16_t *output)
{
    const int32_t channels = p->made.outputs;
    const int32_t words = coincell_constants_int16(&p->made);
    const int32_t y = rows->origin + rows->first * p->dilation_height;
    const int32_t x = columns->origin + columns->first * p->dilation_width;
    const int32_t height = rows->last - rows->first;
    image += (y * p->input_width + x) * channels;
    filter += (rows->first * p->filter_width + columns->first) * channels;
    for (int32_t left = channels; left > 0;) {
        int32_t sums[4] = {constants[0], constants[words], constants[2 * words],
                           constants[3 * words]};
        coincell_taps_int16(p, image, filter, height, count, sums);
        output[0] = coincell_narrow_int16(&p->made, sums[0], constants);
        output[1] = coincell_narrow_int16(&p->made, sums[1], constants + words);
        output[2] = coincell_narrow_int16(&p->made, sums[2], constants + 2 * words);
        output[3] = coincell_narrow_int16(&p->made, sums[3], constants + 3 * words);
        left -= 4;
        /* The last four may be done in part before. */
        const int32_t next = channels % 4 == 0 || left >= 4 ? 4 : left;
        image += next;
        filter += next;
        constants += next * words;
        output += next;
    }
}

/* input:     [batches, input_height, input_width, channels] int16, at least 4 channels
 * filter:    [filter_height, filter_width, channels] int8
 * constants: [channels, words]; see row_int16.h
 * output:    [batches, output_height, output_width, channels] int16 */
COINCELL_INLINE void coincell_depthwise_int16(const coincell_depthwise_int16_parameters *p,
                                              const void *input, const void *filter,
                                              const void *constants, void *output)
{
    const int32_t channels = p->made.outputs;
    const int32_t image_size = p->input_height * p->input_width * channels;
    const int8_t *taps = filter;
    const int32_t *of_channel = constants;
    int16_t *made = output;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int16_t *image = (const int16_t *)input + batch * image_size;
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_window rows =
                coincell_clip_window(y * p->stride_height - p->padding_top, p->filter_height,
                                     p->dilation_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x, made += channels) {
                const coincell_window columns =
                    coincell_clip_window(x * p->stride_width - p->padding_left,
                                         p->filter_width, p->dilation_width, p->input_width);
                const int32_t count = columns.last - columns.first;
                if (count == p->filter_width) {
                    coincell_depthwise_at_int16(p, &rows, &columns, p->filter_width, image, taps,
                                                of_channel, made);
                } else {
                    coincell_depthwise_at_int16(p, &rows, &columns, count, image, taps,
                                                of_channel, made);
                }
            }
        }
    }
}

#endif
