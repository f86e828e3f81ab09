#define COINCELL_VALUE int16_t
#include "kernels/minimum_int16.h"

static int32_t smaller_of(const void *parameters, int32_t first, int32_t second)
{
    (void)parameters;
    return first < second ? first : second;
}

void coincell_minimum_int16(const coincell_minimum_int16_parameters *p, const int16_t *first,
                            const int16_t *second, int16_t *output)
{
    coincell_broadcast(&p->dimensions, smaller_of, p, first, second, output);
}
