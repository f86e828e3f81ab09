#ifndef COINCELL_KERNELS_SUB_INT16_H
#define COINCELL_KERNELS_SUB_INT16_H

#include <stdint.h>

#include "kernels/arithmetic.h"

typedef coincell_arithmetic_parameters coincell_sub_int16_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_sub_int16(const coincell_sub_int16_parameters *parameters, const int16_t *first,
                        const int16_t *second, int16_t *output);

#endif
