#ifndef COINCELL_KERNELS_ADD_H
#define COINCELL_KERNELS_ADD_H

#include "kernels/arithmetic.h"

typedef coincell_arithmetic_parameters coincell_add_parameters;

/* first, second: addressed by their steps
 * output: the dimensions' sizes */
void coincell_add(const coincell_add_parameters *parameters, const int8_t *first,
                  const int8_t *second, int8_t *output);

#endif
