#define COINCELL_VALUE int16_t
#include "kernels/add_int16.h"

static int32_t sum_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_add_int16_parameters *p = parameters;
    const int32_t result = coincell_first_term(p, first) + coincell_second_term(p, second);
    return coincell_arithmetic_result(p, result);
}

void coincell_add_int16(const coincell_add_int16_parameters *p, const int16_t *first,
                        const int16_t *second, int16_t *output)
{
    coincell_broadcast(&p->dimensions, sum_of, p, first, second, output);
}
