#include "kernels/leaky_relu_int16.h"

#include "kernels/fixed_point.h"

void coincell_leaky_relu_int16(const coincell_leaky_relu_int16_parameters *p,
                               const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t scaled =
            input[i] < 0 ? coincell_rescale(input[i], p->negative_multiplier, p->negative_shift)
                         : coincell_rescale(input[i], p->positive_multiplier, p->positive_shift);
        output[i] = (int16_t)coincell_clamp(scaled, INT16_MIN, INT16_MAX);
    }
}
