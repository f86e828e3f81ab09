#ifndef COINCELL_KERNELS_MEAN_H
#define COINCELL_KERNELS_MEAN_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t count; /* values that one mean is taken over */
    int32_t inner;
    int32_t multiplier; /* of the sum, 1 / count included; see coincell_rescale */
    int32_t shift;
    int32_t input_zero_point;
    int32_t output_zero_point;
} coincell_mean_parameters;

/* input:  [outer, count, inner]
 * output: [outer, inner] */
void coincell_mean(const coincell_mean_parameters *parameters, const int8_t *input,
                   int8_t *output);

#endif
