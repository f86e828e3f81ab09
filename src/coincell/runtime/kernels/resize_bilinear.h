#ifndef COINCELL_KERNELS_RESIZE_BILINEAR_H
#define COINCELL_KERNELS_RESIZE_BILINEAR_H

#include "kernels/bilinear_grid.h"

typedef coincell_bilinear_grid coincell_resize_bilinear_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels], rounded half away from zero */
void coincell_resize_bilinear(const coincell_resize_bilinear_parameters *parameters,
                              const int8_t *input, int8_t *output);

#endif
