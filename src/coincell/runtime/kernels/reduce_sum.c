#include "kernels/reduce_sum.h"

#include "kernels/fixed_point.h"

static int32_t add_one(int32_t sum, int32_t value)
{
    return sum + value;
}

static int32_t result_of(const void *parameters, int32_t sum)
{
    const coincell_reduce_sum_parameters *p = parameters;
    const int32_t scaled = coincell_rescale(sum, p->multiplier, p->shift);
    return coincell_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

void coincell_reduce_sum(const coincell_reduce_sum_parameters *p, const int8_t *input,
                         int8_t *output)
{
    coincell_reduce(&p->dimensions, p->start, add_one, result_of, p, input, output);
}
