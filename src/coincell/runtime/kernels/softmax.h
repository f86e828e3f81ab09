#ifndef COINCELL_KERNELS_SOFTMAX_H
#define COINCELL_KERNELS_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* of a difference of inputs, to Q5.26; see coincell_rescale */
    int32_t shift;
    int32_t smallest_difference; /* below it, exp counts as 0 */
} coincell_softmax_parameters;

/* input:  [rows, depth]
 * output: [rows, depth], scale 1/256, zero point -128 */
void coincell_softmax(const coincell_softmax_parameters *parameters, const int8_t *input,
                      int8_t *output);

#endif
