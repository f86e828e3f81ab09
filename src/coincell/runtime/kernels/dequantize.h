#ifndef COINCELL_KERNELS_DEQUANTIZE_H
#define COINCELL_KERNELS_DEQUANTIZE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t zero_point;
    int32_t input_bytes; /* of an element: 1 or 2 */
    int32_t input_signed;
    int32_t output_bytes; /* 4 */
} coincell_dequantize_parameters;

/* input:  [count], integers of input_bytes
 * scale:  float [1]
 * output: float [count], scale * (input - zero_point) */
void coincell_dequantize(const coincell_dequantize_parameters *parameters, const void *input,
                         const float *scale, void *output);

#endif
