#ifndef COINCELL_KERNELS_PRELU_H
#define COINCELL_KERNELS_PRELU_H

#include <stdint.h>

#include "kernels/broadcast.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t output_zero_point;
    int32_t positive_multiplier; /* where the input is at least its zero; see coincell_rescale */
    int32_t positive_shift;
    int32_t product_multiplier; /* of input times slope, elsewhere */
    int32_t product_shift;
} coincell_prelu_parameters;

/* first:  the input, addressed by its steps
 * second: slopes for negative values, addressed by their steps
 * output: the dimensions' sizes */
void coincell_prelu(const coincell_prelu_parameters *parameters, const int8_t *first,
                    const int8_t *second, int8_t *output);

#endif
