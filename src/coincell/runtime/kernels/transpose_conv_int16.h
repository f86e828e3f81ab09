#ifndef COINCELL_KERNELS_TRANSPOSE_CONV_INT16_H
#define COINCELL_KERNELS_TRANSPOSE_CONV_INT16_H

#include <stdint.h>

#include "kernels/spread_sizes.h"

typedef struct {
    coincell_spread_sizes sizes;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_transpose_conv_int16_parameters;

/* input:  [batches, input_height, input_width, input_channels]
 * filter: [output_channels, filter_height, filter_width, input_channels]
 * bias:   [output_channels], or a null pointer
 * multiplier, shift: [output_channels], see coincell_rescale_wide
 * output: [batches, output_height, output_width, output_channels] */
void coincell_transpose_conv_int16(const coincell_transpose_conv_int16_parameters *parameters,
                                   const int16_t *input, const int8_t *filter,
                                   const int64_t *bias, const int32_t *multiplier,
                                   const int8_t *shift, int16_t *output);

#endif
