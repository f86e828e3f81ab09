/* CONV_2D and an ADD of its result on Armv7E-M: strip convolution whose tiles add before they
 * write. */
#ifndef COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_ADD_H
#define COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_ADD_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/strip_convolution.h"

/* With a sum_shift, one group, and output channels in blocks of four. */
typedef coincell_strip_convolution_parameters coincell_strip_convolution_add_parameters;

/* input:  [input_height, input_width, input_channels], as in coincell_strip_convolution
 * addend: [output_height, output_width, output_channels], aligned to 4 bytes; the output itself, or
 *         apart from it
 * weights, scales: packed, F, G and H behind the layer's offset
 * strip:  working memory, aligned to 8 bytes
 * output: [output_height, output_width, output_channels] */
COINCELL_INLINE void
coincell_strip_convolution_add(const coincell_strip_convolution_add_parameters *p,
                               const int8_t *input, const int8_t *addend, const int8_t *weights,
                               const int32_t *scales, int16_t *strip, int8_t *output)
{
    coincell_strip_convolution_of(p, input, weights, scales,
                                  (uintptr_t)addend - (uintptr_t)output, strip, output);
}

#endif
