#ifndef COINCELL_KERNELS_DSP_SVDF_SHARED_H
#define COINCELL_KERNELS_DSP_SVDF_SHARED_H

#include <stdint.h>

#include "kernels/dsp/svdf_blocks.h"

typedef coincell_svdf_blocks_parameters coincell_svdf_shared_parameters;

/* coincell_svdf_blocks, as one function for the layers of a model that has many.
 *
 * input, feature, time, bias, state, output, new_state: as there */
void coincell_svdf_shared(const coincell_svdf_blocks_parameters *parameters, const void *input,
                          const void *feature, const void *time, const void *bias,
                          const void *state, void *output, void *new_state);

#endif
