#ifndef COINCELL_KERNELS_MAX_POOL_2D_H
#define COINCELL_KERNELS_MAX_POOL_2D_H

#include <stdint.h>

#include "kernels/pool_2d.h"

typedef coincell_pool_2d_parameters coincell_max_pool_2d_parameters;

/* input:  [batches, input_height, input_width, channels]
 * output: [batches, output_height, output_width, channels]
 * The largest value of the part of each window that lies inside the input. Input and output
 * share one quantization. */
void coincell_max_pool_2d(const coincell_max_pool_2d_parameters *parameters,
                              const int8_t *input, int8_t *output);

#endif
