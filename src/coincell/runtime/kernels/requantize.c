#include "kernels/requantize.h"

#include "kernels/fixed_point.h"

void coincell_requantize(const coincell_requantize_parameters *p, const int8_t *input,
                         int8_t *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t value =
            coincell_rescale(input[i] - p->input_zero_point, p->multiplier, p->shift);
        output[i] =
            (int8_t)coincell_clamp(value + p->output_zero_point, p->clamp_min, p->clamp_max);
    }
}
