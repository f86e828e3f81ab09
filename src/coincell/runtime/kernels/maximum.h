#ifndef COINCELL_KERNELS_MAXIMUM_H
#define COINCELL_KERNELS_MAXIMUM_H

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
} coincell_maximum_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_maximum(const coincell_maximum_parameters *parameters, const int8_t *first,
                      const int8_t *second, int8_t *output);

#endif
