#include "kernels/max_pool_2d.h"

#include "kernels/pool_windows.h"

static int32_t larger_of(int32_t known, int32_t value)
{
    return value > known ? value : known;
}

static int32_t result_of(int32_t known, int32_t count)
{
    (void)count;
    return known;
}

void coincell_max_pool_2d(const coincell_max_pool_2d_parameters *p, const int8_t *input,
                          int8_t *output)
{
    coincell_pool_windows(p, INT8_MIN, larger_of, result_of, input, output);
}
