#ifndef COINCELL_KERNELS_MUL_INT16_H
#define COINCELL_KERNELS_MUL_INT16_H

#include <stdint.h>

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_mul_int16_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_mul_int16(const coincell_mul_int16_parameters *parameters, const int16_t *first,
                        const int16_t *second, int16_t *output);

#endif
