#define COINCELL_VALUE int16_t
#include "kernels/mul_int16.h"

#include "kernels/fixed_point.h"

static int32_t product_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_mul_int16_parameters *p = parameters;
    const int32_t scaled = coincell_rescale(first * second, p->multiplier, p->shift);
    return coincell_clamp(scaled, p->clamp_min, p->clamp_max);
}

void coincell_mul_int16(const coincell_mul_int16_parameters *p, const int16_t *first,
                        const int16_t *second, int16_t *output)
{
    coincell_broadcast(&p->dimensions, product_of, p, first, second, output);
}
