#ifndef COINCELL_KERNELS_ROW_SUMS_H
#define COINCELL_KERNELS_ROW_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t width;
    int32_t channels;
    int32_t start;      /* of every sum: all its zero points, negative; 0 for a pooling */
    int32_t divisor;    /* values of a pooling's sum; 0: multiply instead */
    int32_t multiplier; /* see coincell_rescale */
    int32_t shift;
    int32_t output_zero_point;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_row_sums_parameters;

/* The mean of each channel of an image that comes some rows at a time: adds `rows` rows, the first
 * of which is number `row`; after the last one makes the output.
 *
 * input:  [rows, width, channels]
 * sums:   [channels], kept from row to row
 * output: [channels] */
void coincell_row_sums(const coincell_row_sums_parameters *parameters, const int8_t *input,
                       int32_t row, int32_t rows, int32_t *sums, int8_t *output);

#endif
