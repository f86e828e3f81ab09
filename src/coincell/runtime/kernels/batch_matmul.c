#include "kernels/batch_matmul.h"

#include "kernels/fixed_point.h"
#include "kernels/matmul_loops.h"

/* One value: a row of the first matrix with a column of the second. Sums wrap modulo 2^32. */
static int8_t product_of(const void *parameters, const int8_t *first, const int8_t *second)
{
    const coincell_batch_matmul_parameters *p = parameters;
    const coincell_matmul_dimensions *d = &p->dimensions;
    uint32_t sum = 0;
    for (int32_t i = 0; i < d->depth; ++i) {
        sum += (uint32_t)((*first - p->first_zero_point) * (*second - p->second_zero_point));
        first += d->first_depth_step;
        second += d->second_depth_step;
    }
    const int32_t scaled = coincell_rescale((int32_t)sum, p->multiplier, p->shift);
    return (int8_t)coincell_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

void coincell_batch_matmul(const coincell_batch_matmul_parameters *p, const int8_t *first,
                           const int8_t *second, int8_t *output)
{
    coincell_matmul_all(&p->dimensions, product_of, p, first, second, output);
}
