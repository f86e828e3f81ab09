#ifndef COINCELL_KERNELS_ADD_INT16_H
#define COINCELL_KERNELS_ADD_INT16_H

#include <stdint.h>

#include "kernels/arithmetic.h"

typedef coincell_arithmetic_parameters coincell_add_int16_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_add_int16(const coincell_add_int16_parameters *parameters, const int16_t *first,
                        const int16_t *second, int16_t *output);

#endif
