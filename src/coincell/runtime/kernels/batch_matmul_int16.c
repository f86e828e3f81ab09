#define COINCELL_VALUE int16_t
#include "kernels/batch_matmul_int16.h"

#include "kernels/fixed_point_int16.h"
#include "kernels/matmul_loops.h"

/* One value: a row of the first matrix with a column of the second. */
static int16_t product_of(const void *parameters, const int16_t *first, const int16_t *second)
{
    const coincell_batch_matmul_int16_parameters *p = parameters;
    const coincell_matmul_dimensions *d = &p->dimensions;
    int64_t sum = 0;
    for (int32_t i = 0; i < d->depth; ++i) {
        sum += *first * *second;
        first += d->first_depth_step;
        second += d->second_depth_step;
    }
    const int32_t scaled = coincell_rescale_wide(sum, p->multiplier, p->shift);
    return (int16_t)coincell_clamp(scaled, INT16_MIN, INT16_MAX);
}

void coincell_batch_matmul_int16(const coincell_batch_matmul_int16_parameters *p,
                                 const int16_t *first, const int16_t *second, int16_t *output)
{
    coincell_matmul_all(&p->dimensions, product_of, p, first, second, output);
}
