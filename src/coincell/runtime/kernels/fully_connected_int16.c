#include "kernels/fully_connected_int16.h"

#include "kernels/fixed_point_int16.h"

void coincell_fully_connected_int16(const coincell_fully_connected_int16_parameters *p,
                                    const int16_t *input, const int8_t *filter,
                                    const int64_t *bias, const int32_t *multiplier,
                                    const int8_t *shift, int16_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row, input += p->inputs) {
        const int8_t *weights = filter;
        for (int32_t i = 0; i < p->outputs; ++i, weights += p->inputs) {
            const int32_t scale = p->per_channel ? i : 0;
            const int64_t sum =
                coincell_dot_product_int16(bias ? bias[i] : 0, input, weights, p->inputs);
            const int32_t scaled =
                coincell_rescale_sum(sum, p->wide, multiplier[scale], shift[scale]);
            *output++ = (int16_t)coincell_clamp(scaled, p->clamp_min, p->clamp_max);
        }
    }
}
