#ifndef COINCELL_KERNELS_SOFTMAX_H
#define COINCELL_KERNELS_SOFTMAX_H

#include <stdint.h>

#include "kernels/softmax_row.h"

/* input:  [rows, depth]
 * output: [rows, depth], scale 1/256, zero point -128 */
void coincell_softmax(const coincell_softmax_parameters *parameters, const int8_t *input,
                      int8_t *output);

#endif
