#ifndef COINCELL_KERNELS_SOFTMAX_TO_INT16_H
#define COINCELL_KERNELS_SOFTMAX_TO_INT16_H

#include <stdint.h>

#include "kernels/softmax_row.h"

typedef coincell_softmax_parameters coincell_softmax_to_int16_parameters;

/* input:  [rows, depth]
 * output: [rows, depth], scale 1/65536, zero point -32768 */
void coincell_softmax_to_int16(const coincell_softmax_to_int16_parameters *parameters,
                               const int8_t *input, int16_t *output);

#endif
