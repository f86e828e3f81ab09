#include "kernels/reduce_sum_int16.h"

#include "kernels/fixed_point.h"

/* input: addressed by the steps of the reduced dimensions */
static int32_t sum_of(const coincell_reduction_dimensions *d, const int16_t *input)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < d->reduced_0; ++i) {
        for (int32_t j = 0; j < d->reduced_1; ++j) {
            const int16_t *in = input + i * d->reduced_step_0 + j * d->reduced_step_1;
            for (int32_t k = 0; k < d->reduced_2; ++k, in += d->reduced_step_2) {
                sum += *in;
            }
        }
    }
    return sum;
}

void coincell_reduce_sum_int16(const coincell_reduce_sum_int16_parameters *p,
                               const int16_t *input, int16_t *output)
{
    const coincell_reduction_dimensions *d = &p->dimensions;
    for (int32_t i = 0; i < d->kept_0; ++i) {
        for (int32_t j = 0; j < d->kept_1; ++j) {
            const int16_t *in = input + i * d->kept_step_0 + j * d->kept_step_1;
            for (int32_t k = 0; k < d->kept_2; ++k, in += d->kept_step_2) {
                const int32_t scaled = coincell_rescale(sum_of(d, in), p->multiplier, p->shift);
                *output++ = (int16_t)coincell_clamp(scaled, INT16_MIN, INT16_MAX);
            }
        }
    }
}
