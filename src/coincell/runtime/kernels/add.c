#include "kernels/add.h"

#include "kernels/fixed_point.h"

static int32_t sum_of(const coincell_add_parameters *p, int32_t first, int32_t second)
{
    const int32_t scale = (int32_t)1 << p->left_shift;
    const int32_t a = coincell_rescale((first - p->first_zero_point) * scale,
                                       p->first_multiplier, p->first_shift);
    const int32_t b = coincell_rescale((second - p->second_zero_point) * scale,
                                       p->second_multiplier, p->second_shift);
    const int32_t sum = coincell_rescale(a + b, p->output_multiplier, p->output_shift);
    return coincell_clamp(sum + p->output_zero_point, p->clamp_min, p->clamp_max);
}

void coincell_add(const coincell_add_parameters *p, const int8_t *first, const int8_t *second,
                  int8_t *output)
{
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                const int8_t *a = first + i * p->first_step_0 + j * p->first_step_1 +
                                  k * p->first_step_2;
                const int8_t *b = second + i * p->second_step_0 + j * p->second_step_1 +
                                  k * p->second_step_2;
                for (int32_t l = 0; l < p->size_3; ++l) {
                    *output++ = (int8_t)sum_of(p, *a, *b);
                    a += p->first_step_3;
                    b += p->second_step_3;
                }
            }
        }
    }
}
