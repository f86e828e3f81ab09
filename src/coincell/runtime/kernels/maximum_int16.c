#define COINCELL_VALUE int16_t
#include "kernels/maximum_int16.h"

static int32_t larger_of(const void *parameters, int32_t first, int32_t second)
{
    (void)parameters;
    return first > second ? first : second;
}

void coincell_maximum_int16(const coincell_maximum_int16_parameters *p, const int16_t *first,
                            const int16_t *second, int16_t *output)
{
    coincell_broadcast(&p->dimensions, larger_of, p, first, second, output);
}
