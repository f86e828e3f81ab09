#include "kernels/squared_difference.h"

static int32_t squared_difference_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_arithmetic_parameters *p = parameters;
    const int32_t difference = coincell_first_term(p, first) - coincell_second_term(p, second);
    return coincell_arithmetic_result(p, difference * difference);
}

void coincell_squared_difference(const coincell_arithmetic_parameters *p, const int8_t *first,
                                 const int8_t *second, int8_t *output)
{
    coincell_broadcast(&p->dimensions, squared_difference_of, p, first, second, output);
}
