#ifndef COINCELL_KERNELS_RESIZE_BILINEAR_INT16_H
#define COINCELL_KERNELS_RESIZE_BILINEAR_INT16_H

#include "kernels/bilinear_grid.h"

typedef coincell_bilinear_grid coincell_resize_bilinear_int16_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels], rounded half away from zero */
void coincell_resize_bilinear_int16(const coincell_resize_bilinear_int16_parameters *parameters,
                                    const int16_t *input, int16_t *output);

#endif
