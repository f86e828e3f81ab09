#include "kernels/sub.h"

static int32_t difference_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_sub_parameters *p = parameters;
    const int32_t difference = coincell_first_term(p, first) - coincell_second_term(p, second);
    return coincell_arithmetic_result(p, difference);
}

void coincell_sub(const coincell_sub_parameters *p, const int8_t *first,
                  const int8_t *second, int8_t *output)
{
    coincell_broadcast(&p->dimensions, difference_of, p, first, second, output);
}
