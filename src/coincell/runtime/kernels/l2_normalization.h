#ifndef COINCELL_KERNELS_L2_NORMALIZATION_H
#define COINCELL_KERNELS_L2_NORMALIZATION_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t input_zero_point;
} coincell_l2_normalization_parameters;

/* input:  [rows, depth]
 * output: [rows, depth], scale 1/128, zero point 0 */
void coincell_l2_normalization(const coincell_l2_normalization_parameters *parameters,
                               const int8_t *input, int8_t *output);

#endif
