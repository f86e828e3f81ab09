#ifndef COINCELL_KERNELS_RESIZE_NEAREST_NEIGHBOR_H
#define COINCELL_KERNELS_RESIZE_NEAREST_NEIGHBOR_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t pixel; /* bytes */
} coincell_resize_nearest_neighbor_parameters;

/* input:   [batches, input_height, input_width, pixel]
 * rows:    [output_height], the row of the input that each of the output's comes from
 * columns: [output_width], likewise
 * output:  [batches, output_height, output_width, pixel] */
void coincell_resize_nearest_neighbor(
    const coincell_resize_nearest_neighbor_parameters *parameters, const void *input,
    const int16_t *rows, const int16_t *columns, void *output);

#endif
