#ifndef COINCELL_KERNELS_PAD_H
#define COINCELL_KERNELS_PAD_H

#include <stdint.h>

/* Four dimensions of the input, outermost first, and how much comes before and after along each. */
typedef struct {
    int32_t size_0;
    int32_t size_1;
    int32_t size_2;
    int32_t size_3;
    int32_t before_0;
    int32_t before_1;
    int32_t before_2;
    int32_t before_3;
    int32_t after_0;
    int32_t after_1;
    int32_t after_2;
    int32_t after_3;
    int32_t value;
} coincell_pad_parameters;

/* input:  [size_0, size_1, size_2, size_3]
 * output: [before_0 + size_0 + after_0, ...] */
void coincell_pad(const coincell_pad_parameters *parameters, const int8_t *input, int8_t *output);

#endif
