#ifndef COINCELL_KERNELS_LOG_SOFTMAX_H
#define COINCELL_KERNELS_LOG_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* of a difference of inputs, to Q5.26; see coincell_rescale */
    int32_t shift;
    int32_t smallest_difference; /* below it, exp counts as 0 */
    int32_t reverse_multiplier;  /* from Q5.26 to a difference of inputs */
    int32_t reverse_shift;
} coincell_log_softmax_parameters;

/* input:  [rows, depth]
 * output: [rows, depth], scale 1/16, zero point 127 */
void coincell_log_softmax(const coincell_log_softmax_parameters *parameters, const int8_t *input,
                          int8_t *output);

#endif
