/* Dilated depthwise convolution 3x3 with stride 1, as convolutions of smaller images without.
 *
 * Outputs whose rows and columns are a dilation apart read pixels that are: they are a convolution
 * of that part of the image, which is copied, computed in place and copied back, four channels at
 * a time. Parts of an image that cannot be divided evenly end in real zeros. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_DILATED_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_DILATED_H

#include <stdint.h>

#include "kernels/dsp/depthwise_3x3.h"
#include "kernels/dsp/instructions.h"

/* part: the convolution of four channels of a part. The others are those of the layer. */
typedef struct {
    int32_t height;
    int32_t width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t dilation_height;
    int32_t dilation_width;
    coincell_depthwise_3x3_parameters part;
} coincell_depthwise_3x3_dilated_parameters;

/* How many of 0, step, 2 * step, ... lie below size. */
COINCELL_INLINE int32_t coincell_steps_below(int32_t size, int32_t step)
{
    return size > 0 ? (size + step - 1) / step : 0;
}

/* image: [height, width, channels], from the part's first pixel and channel on
 * rows, columns: of the part that lie in the image
 * part:  [part.image.height, part.image.width, 4] */
COINCELL_INLINE void
coincell_take_part(const coincell_depthwise_3x3_dilated_parameters *p, const int8_t *image,
                   int32_t rows, int32_t columns, int8_t *part)
{
    const int32_t step = p->dilation_width * p->channels;
    const uint32_t zeros = (uint32_t)(p->part.image.zero_point & 0xFF) * 0x01010101u;
    for (int32_t y = 0; y < p->part.image.height; ++y) {
        const int32_t inside = y < rows;
        const int32_t row = inside ? y * p->dilation_height : 0;
        const int8_t *from = image + row * p->width * p->channels;
        const int32_t count = inside ? columns : 0;
        for (int32_t x = 0; x < count; ++x, part += 4) {
            coincell_store_word(part, coincell_load_word(from + x * step));
        }
        for (int32_t x = count; x < p->part.image.width; ++x, part += 4) {
            coincell_store_word(part, zeros);
        }
    }
}

/* part:   [part.output_height, part.rows.output_width, 4]
 * rows, columns: of the part that lie in the output
 * output: [output_height, output_width, channels], from the part's first pixel and channel on */
COINCELL_INLINE void
coincell_put_part(const coincell_depthwise_3x3_dilated_parameters *p, const int8_t *part,
                  int32_t rows, int32_t columns, int8_t *output)
{
    const int32_t step = p->dilation_width * p->channels;
    for (int32_t y = 0; y < rows; ++y) {
        const int8_t *from = part + y * p->part.rows.output_width * 4;
        int8_t *to = output + y * p->dilation_height * p->output_width * p->channels;
        for (int32_t x = 0; x < columns; ++x) {
            coincell_store_word(to + x * step, coincell_load_word(from + 4 * x));
        }
    }
}

/* input:     [height, width, channels], a multiple of 4 channels
 * constants: [channels, its constants], see depthwise_taps.h
 * output:    [output_height, output_width, channels]; may be the input where it is as large
 * part:      [part.image.height, part.image.width, 4], of the image or of the output
 * scratch:   see coincell_depthwise_3x3 */
COINCELL_INLINE void
coincell_depthwise_3x3_dilated(const coincell_depthwise_3x3_dilated_parameters *p,
                               const int8_t *input, const int32_t *constants, int8_t *output,
                               int8_t *part, void *scratch)
{
    const int32_t down = p->dilation_height;
    const int32_t right = p->dilation_width;
    for (int32_t channel = 0; channel < p->channels; channel += 4) {
        const int32_t *chosen = constants + channel * p->part.rows.scaling.constants;
        for (int32_t y = 0; y < down && y < p->output_height; ++y) {
            for (int32_t x = 0; x < right && x < p->output_width; ++x) {
                coincell_take_part(p, input + (y * p->width + x) * p->channels + channel,
                                   coincell_steps_below(p->height - y, down),
                                   coincell_steps_below(p->width - x, right), part);
                coincell_depthwise_3x3(&p->part, part, chosen, part, scratch);
                coincell_put_part(p, part, coincell_steps_below(p->output_height - y, down),
                                  coincell_steps_below(p->output_width - x, right),
                                  output + (y * p->output_width + x) * p->channels + channel);
            }
        }
    }
}

#endif
