#ifndef COINCELL_KERNELS_AVERAGE_POOL_2D_H
#define COINCELL_KERNELS_AVERAGE_POOL_2D_H

#include <stdint.h>

#include "kernels/pool_2d.h"

typedef coincell_pool_2d_parameters coincell_average_pool_2d_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels]
 * The mean of the part of each window that lies inside the input, rounded to nearest with ties
 * away from zero. Input and output share one quantization. */
void coincell_average_pool_2d(const coincell_average_pool_2d_parameters *parameters,
                              const int8_t *input, int8_t *output);

#endif
