#define COINCELL_VALUE int16_t
#include "kernels/reduce_sum_int16.h"

#include "kernels/fixed_point.h"

static int32_t add_one(int32_t sum, int32_t value)
{
    return sum + value;
}

static int32_t result_of(const void *parameters, int32_t sum)
{
    const coincell_reduce_sum_int16_parameters *p = parameters;
    return coincell_clamp(coincell_rescale(sum, p->multiplier, p->shift), INT16_MIN, INT16_MAX);
}

void coincell_reduce_sum_int16(const coincell_reduce_sum_int16_parameters *p,
                               const int16_t *input, int16_t *output)
{
    coincell_reduce(&p->dimensions, 0, add_one, result_of, p, input, output);
}
