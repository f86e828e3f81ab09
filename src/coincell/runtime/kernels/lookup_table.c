#include "kernels/lookup_table.h"

void coincell_lookup_table(const coincell_lookup_table_parameters *p, const int8_t *input,
                           const int8_t *table, int8_t *output)
{
    /* Four at a time: loads side by side wait less. */
    for (const int8_t *end = input + (p->count & ~3); input != end; input += 4, output += 4) {
        const uint8_t first = (uint8_t)input[0];
        const uint8_t second = (uint8_t)input[1];
        const uint8_t third = (uint8_t)input[2];
        const uint8_t fourth = (uint8_t)input[3];
        const int8_t values[4] = {table[first], table[second], table[third], table[fourth]};
        output[0] = values[0];
        output[1] = values[1];
        output[2] = values[2];
        output[3] = values[3];
    }
    for (int32_t i = 0; i < (p->count & 3); ++i) {
        output[i] = table[(uint8_t)input[i]];
    }
}
