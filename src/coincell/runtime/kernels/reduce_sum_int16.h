#ifndef COINCELL_KERNELS_REDUCE_SUM_INT16_H
#define COINCELL_KERNELS_REDUCE_SUM_INT16_H

#include <stdint.h>

#include "kernels/reduction.h"

typedef struct {
    coincell_reduction_dimensions dimensions;
    int32_t multiplier; /* of the sum, 1 / count included for a mean; see coincell_rescale */
    int32_t shift;
} coincell_reduce_sum_int16_parameters;

/* Sums and means of fewer than 65536 values each.
 *
 * input:  addressed by the dimensions' steps
 * output: the kept dimensions */
void coincell_reduce_sum_int16(const coincell_reduce_sum_int16_parameters *parameters,
                               const int16_t *input, int16_t *output);

#endif
