#ifndef COINCELL_KERNELS_FULLY_CONNECTED_INT16_H
#define COINCELL_KERNELS_FULLY_CONNECTED_INT16_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t inputs;
    int32_t outputs;
    int32_t per_channel; /* 1: a multiplier and a shift for each output; 0: one for all */
    int32_t wide;        /* 1: sums have 64 bits; 0: 32 */
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_fully_connected_int16_parameters;

/* input:  [rows, inputs]
 * filter: [outputs, inputs]
 * bias:   [outputs], or a null pointer
 * multiplier, shift: [outputs] or [1], see coincell_rescale_sum
 * output: [rows, outputs] */
void coincell_fully_connected_int16(const coincell_fully_connected_int16_parameters *parameters,
                                    const int16_t *input, const int8_t *filter,
                                    const int64_t *bias, const int32_t *multiplier,
                                    const int8_t *shift, int16_t *output);

#endif
