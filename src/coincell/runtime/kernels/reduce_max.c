#include "kernels/reduce_max.h"

static int32_t larger_of(int32_t known, int32_t value)
{
    return value > known ? value : known;
}

static int32_t result_of(const void *parameters, int32_t known)
{
    (void)parameters;
    return known;
}

void coincell_reduce_max(const coincell_reduce_max_parameters *p, const int8_t *input,
                         int8_t *output)
{
    coincell_reduce(&p->dimensions, INT8_MIN, larger_of, result_of, p, input, output);
}
