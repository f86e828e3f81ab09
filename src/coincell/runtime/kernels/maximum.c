#include "kernels/maximum.h"

static int32_t larger_of(const void *parameters, int32_t first, int32_t second)
{
    (void)parameters;
    return first > second ? first : second;
}

void coincell_maximum(const coincell_maximum_parameters *p, const int8_t *first,
                      const int8_t *second, int8_t *output)
{
    coincell_broadcast(&p->dimensions, larger_of, p, first, second, output);
}
