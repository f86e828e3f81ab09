#include "kernels/average_pool_2d.h"

#include "kernels/pool_windows.h"

static int32_t add_one(int32_t sum, int32_t value)
{
    return sum + value;
}

/* The mean, rounded; halves go away from zero. */
static int32_t mean_of(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void coincell_average_pool_2d(const coincell_average_pool_2d_parameters *p,
                              const int8_t *input, int8_t *output)
{
    coincell_pool_windows(p, 0, add_one, mean_of, input, output);
}
