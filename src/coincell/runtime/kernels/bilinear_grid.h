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

/* Of the positions: 1/1024 of a pixel. */
#define COINCELL_BILINEAR_ONE 1024

/* Two neighbours along one dimension, and how far from the first, in 1/1024. */
typedef struct {
    int32_t lower;
    int32_t upper;
    int32_t far;
} coincell_neighbours;

/* place: in 1/1024, from the first pixel on; size: pixels */
static inline coincell_neighbours coincell_neighbours_at(int32_t place, int32_t size)
{
    const int32_t one = COINCELL_BILINEAR_ONE;
    const int32_t positive = place > 0 ? place : 0;
    const int32_t lower = positive / one;
    const int32_t upper = (positive + one - 1) / one;
    const coincell_neighbours found = {lower, upper < size ? upper : size - 1,
                                       place - lower * one};
    return found;
}

#endif
