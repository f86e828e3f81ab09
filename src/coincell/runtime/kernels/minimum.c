#include "kernels/minimum.h"

static int32_t smaller_of(const void *parameters, int32_t first, int32_t second)
{
    (void)parameters;
    return first < second ? first : second;
}

void coincell_minimum(const coincell_minimum_parameters *p, const int8_t *first,
                      const int8_t *second, int8_t *output)
{
    coincell_broadcast(&p->dimensions, smaller_of, p, first, second, output);
}
