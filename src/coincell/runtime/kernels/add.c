#include "kernels/add.h"

static int32_t sum_of(const void *parameters, int32_t first, int32_t second)
{
    const coincell_add_parameters *p = parameters;
    const int32_t sum = coincell_first_term(p, first) + coincell_second_term(p, second);
    return coincell_arithmetic_result(p, sum);
}

void coincell_add(const coincell_add_parameters *p, const int8_t *first,
                  const int8_t *second, int8_t *output)
{
    coincell_broadcast(&p->dimensions, sum_of, p, first, second, output);
}
