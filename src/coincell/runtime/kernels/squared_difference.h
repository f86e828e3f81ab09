#ifndef COINCELL_KERNELS_SQUARED_DIFFERENCE_H
#define COINCELL_KERNELS_SQUARED_DIFFERENCE_H

#include "kernels/arithmetic.h"

typedef coincell_arithmetic_parameters coincell_squared_difference_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_squared_difference(const coincell_arithmetic_parameters *parameters,
                                 const int8_t *first, const int8_t *second, int8_t *output);

#endif
