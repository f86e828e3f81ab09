#include "kernels/dsp/svdf_shared.h"

void coincell_svdf_shared(const coincell_svdf_blocks_parameters *p, const void *input,
                          const void *feature, const void *time, const void *bias,
                          const void *state, void *output, void *new_state)
{
    coincell_svdf_blocks(p, input, feature, time, bias, state, output, new_state);
}
