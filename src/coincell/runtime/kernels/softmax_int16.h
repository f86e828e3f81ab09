#ifndef COINCELL_KERNELS_SOFTMAX_INT16_H
#define COINCELL_KERNELS_SOFTMAX_INT16_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* of differences, beta included, to 10/65535; see coincell_rescale */
    int32_t shift;
} coincell_softmax_int16_parameters;

/* input:  [rows, depth]
 * exponentials: [513], exp of -10 .. 0 in 1/32768
 * reciprocals:  [513], 1 / (1 + x) of x in 0 .. 1, in 1/32768
 * output: [rows, depth], in 1/32768 */
void coincell_softmax_int16(const coincell_softmax_int16_parameters *parameters,
                            const int16_t *input, const int16_t *exponentials,
                            const int16_t *reciprocals, int16_t *output);

#endif
