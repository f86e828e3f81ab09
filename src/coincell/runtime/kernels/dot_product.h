/* The inner loop of convolutions and dense layers. */
#ifndef COINCELL_KERNELS_DOT_PRODUCT_H
#define COINCELL_KERNELS_DOT_PRODUCT_H

#include <stdint.h>

/* accumulator + sum over n of filter[n] * (input[n] - input_zero_point)
 *
 * input, filter: [count]. Sums wrap modulo 2^32 (unsigned, hence defined) as in TFLM. */
static inline int32_t coincell_dot_product(int32_t accumulator, const int8_t *input,
                                           const int8_t *filter, int32_t count,
                                           int32_t input_zero_point)
{
    uint32_t sum = (uint32_t)accumulator;
    const int8_t *end = filter + count;
    while (filter != end) {
        sum += (uint32_t)(*filter++ * (*input++ - input_zero_point));
    }
    return (int32_t)sum;
}

#endif
