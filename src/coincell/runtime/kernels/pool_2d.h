/* The sizes of a pooling, whatever its values are and whatever it makes of a window. */
#ifndef COINCELL_KERNELS_POOL_2D_H
#define COINCELL_KERNELS_POOL_2D_H

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
} coincell_pool_2d_parameters;

#endif
