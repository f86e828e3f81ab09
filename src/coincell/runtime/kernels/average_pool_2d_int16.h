#ifndef COINCELL_KERNELS_AVERAGE_POOL_2D_INT16_H
#define COINCELL_KERNELS_AVERAGE_POOL_2D_INT16_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t window_height;
    int32_t window_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_average_pool_2d_int16_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels]
 * The mean of the part of each window that lies inside the input, rounded to nearest with ties
 * away from zero. Input and output share one quantization. */
void coincell_average_pool_2d_int16(const coincell_average_pool_2d_int16_parameters *parameters,
                                    const int16_t *input, int16_t *output);

#endif
