#ifndef COINCELL_KERNELS_MINIMUM_H
#define COINCELL_KERNELS_MINIMUM_H

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
} coincell_minimum_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_minimum(const coincell_minimum_parameters *parameters, const int8_t *first,
                      const int8_t *second, int8_t *output);

#endif
