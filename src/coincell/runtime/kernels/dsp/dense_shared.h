#ifndef COINCELL_KERNELS_DSP_DENSE_SHARED_H
#define COINCELL_KERNELS_DSP_DENSE_SHARED_H

#include <stdint.h>

#include "kernels/dsp/dense.h"

typedef coincell_dense_parameters coincell_dense_shared_parameters;

/* coincell_dense of packed weights, as one function for the layers of a model that has many.
 *
 * input, weights, constants, output: as there */
void coincell_dense_shared(const coincell_dense_parameters *parameters, const void *input,
                           const void *weights, const void *constants, void *output);

#endif
