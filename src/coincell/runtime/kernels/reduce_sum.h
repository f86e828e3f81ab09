#ifndef COINCELL_KERNELS_REDUCE_SUM_H
#define COINCELL_KERNELS_REDUCE_SUM_H

#include <stdint.h>

#include "kernels/reduction.h"

typedef struct {
    coincell_reduction_dimensions dimensions;
    int32_t start;      /* all zero points of one sum, negative */
    int32_t multiplier; /* of the sum, 1 / count included for a mean; see coincell_rescale */
    int32_t shift;
    int32_t output_zero_point;
} coincell_reduce_sum_parameters;

/* Sums and means.
 *
 * input:  addressed by the dimensions' steps
 * output: the kept dimensions */
void coincell_reduce_sum(const coincell_reduce_sum_parameters *parameters, const int8_t *input,
                         int8_t *output);

#endif
