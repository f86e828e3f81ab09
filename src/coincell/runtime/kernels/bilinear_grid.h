/* Where the pixels of an enlarged or reduced image lie in the image that it is made of. */
#ifndef COINCELL_KERNELS_BILINEAR_GRID_H
#define COINCELL_KERNELS_BILINEAR_GRID_H

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
} coincell_bilinear_grid;

#endif
