#ifndef COINCELL_KERNELS_BATCH_MATMUL_H
#define COINCELL_KERNELS_BATCH_MATMUL_H

#include <stdint.h>

#include "kernels/matmul.h"

typedef struct {
    coincell_matmul_dimensions dimensions;
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t output_zero_point;
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
} coincell_batch_matmul_parameters;

/* first, second: addressed by their steps
 * output: [batch_0, batch_1, batch_2, rows, columns] */
void coincell_batch_matmul(const coincell_batch_matmul_parameters *parameters,
                           const int8_t *first, const int8_t *second, int8_t *output);

#endif
