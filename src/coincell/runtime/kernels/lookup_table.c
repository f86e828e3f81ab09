#include "kernels/lookup_table.h"

void coincell_lookup_table(const coincell_lookup_table_parameters *p, const int8_t *input,
                           const int8_t *table, int8_t *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = table[(uint8_t)input[i]];
    }
}
