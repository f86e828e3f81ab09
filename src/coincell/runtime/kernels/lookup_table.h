#ifndef COINCELL_KERNELS_LOOKUP_TABLE_H
#define COINCELL_KERNELS_LOOKUP_TABLE_H

#include <stdint.h>

typedef struct {
    int32_t count;
} coincell_lookup_table_parameters;

/* input:  [count], 8-bit values, signed or not
 * table:  [256], by the input's bit pattern: entries 0 .. 127, then -128 .. -1
 * output: [count] */
void coincell_lookup_table(const coincell_lookup_table_parameters *parameters,
                           const int8_t *input, const int8_t *table, int8_t *output);

#endif
