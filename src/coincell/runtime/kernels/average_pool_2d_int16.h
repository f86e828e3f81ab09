#ifndef COINCELL_KERNELS_AVERAGE_POOL_2D_INT16_H
#define COINCELL_KERNELS_AVERAGE_POOL_2D_INT16_H

#include <stdint.h>

#include "kernels/pool_2d.h"

typedef coincell_pool_2d_parameters coincell_average_pool_2d_int16_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels]
 * The mean of the part of each window that lies inside the input, rounded to nearest with ties
 * away from zero. Input and output share one quantization. */
void coincell_average_pool_2d_int16(const coincell_average_pool_2d_int16_parameters *parameters,
                                    const int16_t *input, int16_t *output);

#endif
