#include "kernels/sigmoid_int16.h"

#include "kernels/sigmoid_interpolation.h"

void coincell_sigmoid_int16(const coincell_sigmoid_int16_parameters *p, const int16_t *input,
                            const uint16_t *table, int16_t *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t x = coincell_table_input(input[i], p->multiplier, p->shift);
        output[i] = p->tanh ? coincell_tanh_int16(table, x) : coincell_logistic_int16(table, x);
    }
}
