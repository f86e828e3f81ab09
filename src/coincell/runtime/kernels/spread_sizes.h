/* The sizes of a convolution that spreads an image, whatever its values are. */
#ifndef COINCELL_KERNELS_SPREAD_SIZES_H
#define COINCELL_KERNELS_SPREAD_SIZES_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
} coincell_spread_sizes;

#endif
