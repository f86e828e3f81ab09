#include "kernels/mul.h"

#include "kernels/fixed_point.h"

static int32_t product_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_mul_parameters *p = parameters;
    const int32_t product = (first - p->first_zero_point) * (second - p->second_zero_point);
    const int32_t scaled = coincell_rescale(product, p->multiplier, p->shift);
    return coincell_clamp(scaled + p->output_zero_point, p->clamp_min, p->clamp_max);
}

void coincell_mul(const coincell_mul_parameters *p, const int8_t *first, const int8_t *second,
                  int8_t *output)
{
    coincell_broadcast(&p->dimensions, product_of, p, first, second, output);
}
