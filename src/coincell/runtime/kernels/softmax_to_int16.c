#include "kernels/softmax_to_int16.h"

void coincell_softmax_to_int16(const coincell_softmax_to_int16_parameters *p,
                               const int8_t *input, int16_t *output)
{
    for (int32_t i = 0; i < p->rows; ++i, input += p->depth) {
        const coincell_softmax_row row = coincell_softmax_row_of(p, input);
        for (int32_t j = 0; j < p->depth; ++j) {
            const int32_t share = coincell_softmax_share(p, &row, input[j], 16);
            *output++ = (int16_t)coincell_clamp(share + INT16_MIN, INT16_MIN, INT16_MAX);
        }
    }
}
