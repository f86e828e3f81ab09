#include "kernels/fully_connected.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"

void coincell_fully_connected(const coincell_fully_connected_parameters *p, const int8_t *input,
                              const int8_t *filter, const int32_t *bias,
                              const int32_t *multiplier, const int8_t *shift, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row, input += p->inputs) {
        const int8_t *weights = filter;
        for (int32_t i = 0; i < p->outputs; ++i, weights += p->inputs) {
            const int32_t scale = p->per_channel ? i : 0;
            int32_t sum = coincell_dot_product(bias ? bias[i] : 0, input, weights, p->inputs,
                                               p->input_zero_point);
            sum = coincell_rescale(sum, multiplier[scale], shift[scale]);
            *output++ = (int8_t)coincell_clamp(sum + p->output_zero_point, p->clamp_min,
                                               p->clamp_max);
        }
    }
}
