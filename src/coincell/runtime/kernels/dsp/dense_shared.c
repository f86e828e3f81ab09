#include "kernels/dsp/dense_shared.h"

void coincell_dense_shared(const coincell_dense_parameters *p, const void *input,
                           const void *weights, const void *constants, void *output)
{
    coincell_dense_rows(p, 1, input, weights, constants, output);
}
