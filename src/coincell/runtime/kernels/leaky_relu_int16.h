#ifndef COINCELL_KERNELS_LEAKY_RELU_INT16_H
#define COINCELL_KERNELS_LEAKY_RELU_INT16_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t positive_multiplier; /* see coincell_rescale */
    int32_t positive_shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
} coincell_leaky_relu_int16_parameters;

/* input:  [count]
 * output: [count]; may be the input */
void coincell_leaky_relu_int16(const coincell_leaky_relu_int16_parameters *parameters,
                               const int16_t *input, int16_t *output);

#endif
