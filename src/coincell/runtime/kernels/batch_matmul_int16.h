#ifndef COINCELL_KERNELS_BATCH_MATMUL_INT16_H
#define COINCELL_KERNELS_BATCH_MATMUL_INT16_H

#include <stdint.h>

#include "kernels/matmul.h"

typedef struct {
    coincell_matmul_dimensions dimensions;
    int32_t multiplier; /* of 15 bits; see coincell_rescale_wide */
    int32_t shift;
} coincell_batch_matmul_int16_parameters;

/* first, second: addressed by their steps
 * output: [batch_0, batch_1, batch_2, rows, columns] */
void coincell_batch_matmul_int16(const coincell_batch_matmul_int16_parameters *parameters,
                                 const int16_t *first, const int16_t *second, int16_t *output);

#endif
