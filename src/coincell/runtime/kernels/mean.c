#include "kernels/mean.h"

#include "kernels/fixed_point.h"

void coincell_mean(const coincell_mean_parameters *p, const int8_t *input, int8_t *output)
{
    for (int32_t outer = 0; outer < p->outer; ++outer, input += p->count * p->inner) {
        for (int32_t inner = 0; inner < p->inner; ++inner) {
            const int8_t *in = input + inner;
            int32_t sum = -p->input_zero_point * p->count;
            for (int32_t i = 0; i < p->count; ++i, in += p->inner) {
                sum += *in;
            }
            sum = coincell_rescale(sum, p->multiplier, p->shift);
            *output++ = (int8_t)coincell_clamp(sum + p->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
}
