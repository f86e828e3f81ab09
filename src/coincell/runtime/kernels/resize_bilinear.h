#ifndef COINCELL_KERNELS_RESIZE_BILINEAR_H
#define COINCELL_KERNELS_RESIZE_BILINEAR_H

#include <stdint.h>

/* Row y of the output lies at (y * row_scale + row_offset) / 1024 rows of the input; columns
 * likewise. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t row_scale;
    int32_t row_offset;
    int32_t column_scale;
    int32_t column_offset;
} coincell_resize_bilinear_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels], rounded half away from zero */
void coincell_resize_bilinear(const coincell_resize_bilinear_parameters *parameters,
                              const int8_t *input, int8_t *output);

#endif
