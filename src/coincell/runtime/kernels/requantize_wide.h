#ifndef COINCELL_KERNELS_REQUANTIZE_WIDE_H
#define COINCELL_KERNELS_REQUANTIZE_WIDE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
    int32_t output_zero_point;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t input_bytes; /* of an element: 1, 2 or 4 */
    int32_t input_signed;
    int32_t output_bytes;
} coincell_requantize_wide_parameters;

/* input:  [count], integers of input_bytes
 * output: [count], integers of output_bytes */
void coincell_requantize_wide(const coincell_requantize_wide_parameters *parameters,
                              const void *input, void *output);

#endif
