#ifndef COINCELL_KERNELS_MAXIMUM_INT16_H
#define COINCELL_KERNELS_MAXIMUM_INT16_H

#include <stdint.h>

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
} coincell_maximum_int16_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_maximum_int16(const coincell_maximum_int16_parameters *parameters,
                            const int16_t *first, const int16_t *second, int16_t *output);

#endif
