#ifndef COINCELL_KERNELS_REQUANTIZE_H
#define COINCELL_KERNELS_REQUANTIZE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
    int32_t output_zero_point;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_requantize_parameters;

/* input:  [count]
 * output: [count] */
void coincell_requantize(const coincell_requantize_parameters *parameters, const int8_t *input,
                         int8_t *output);

#endif
