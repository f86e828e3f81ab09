#ifndef COINCELL_KERNELS_REDUCE_MAX_H
#define COINCELL_KERNELS_REDUCE_MAX_H

#include "kernels/reduction.h"

typedef struct {
    coincell_reduction_dimensions dimensions;
} coincell_reduce_max_parameters;

/* input:  addressed by the dimensions' steps
 * output: the kept dimensions */
void coincell_reduce_max(const coincell_reduce_max_parameters *parameters, const int8_t *input,
                         int8_t *output);

#endif
