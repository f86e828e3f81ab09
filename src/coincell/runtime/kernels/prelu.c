#include "kernels/prelu.h"

#include "kernels/fixed_point.h"

static int32_t prelu_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_prelu_parameters *p = parameters;
    const int32_t value = first - p->first_zero_point;
    const int32_t scaled =
        value >= 0 ? coincell_rescale(value, p->positive_multiplier, p->positive_shift)
                   : coincell_rescale(value * (second - p->second_zero_point),
                                      p->product_multiplier, p->product_shift);
    return coincell_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

void coincell_prelu(const coincell_prelu_parameters *p, const int8_t *first, const int8_t *second,
                    int8_t *output)
{
    coincell_broadcast(&p->dimensions, prelu_of, p, first, second, output);
}
