#ifndef COINCELL_KERNELS_MINIMUM_INT16_H
#define COINCELL_KERNELS_MINIMUM_INT16_H

#include <stdint.h>

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
} coincell_minimum_int16_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_minimum_int16(const coincell_minimum_int16_parameters *parameters,
                            const int16_t *first, const int16_t *second, int16_t *output);

#endif
