#include "kernels/softmax.h"

void coincell_softmax(const coincell_softmax_parameters *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->rows; ++i, input += p->depth) {
        const coincell_softmax_row row = coincell_softmax_row_of(p, input);
        for (int32_t j = 0; j < p->depth; ++j) {
            const int32_t share = coincell_softmax_share(p, &row, input[j], 8);
            *output++ = (int8_t)coincell_clamp(share + INT8_MIN, INT8_MIN, INT8_MAX);
        }
    }
}
