#ifndef COINCELL_KERNELS_QUANTIZE_H
#define COINCELL_KERNELS_QUANTIZE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t zero_point;
    int32_t low; /* smallest and largest value of the output's type */
    int32_t high;
    int32_t output_bytes; /* of an element: 1 or 2 */
} coincell_quantize_parameters;

/* input:  float [count]
 * scale:  float [1]
 * output: [count], int8, uint8 or int16: input / scale to nearest, ties away from zero, plus
 *         zero_point, saturated; the lowest value where the input is not a number */
void coincell_quantize(const coincell_quantize_parameters *parameters, const void *input,
                       const float *scale, void *output);

#endif
