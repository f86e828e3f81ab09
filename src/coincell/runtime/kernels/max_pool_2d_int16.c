#define COINCELL_VALUE int16_t
#include "kernels/max_pool_2d_int16.h"

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

void coincell_max_pool_2d_int16(const coincell_max_pool_2d_int16_parameters *p,
                                const int16_t *input, int16_t *output)
{
    coincell_pool_windows(p, INT16_MIN, larger_of, result_of, input, output);
}
