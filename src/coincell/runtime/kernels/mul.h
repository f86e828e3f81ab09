#ifndef COINCELL_KERNELS_MUL_H
#define COINCELL_KERNELS_MUL_H

#include <stdint.h>

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t output_zero_point;
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_mul_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_mul(const coincell_mul_parameters *parameters, const int8_t *first,
                  const int8_t *second, int8_t *output);

#endif
