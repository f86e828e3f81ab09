#ifndef COINCELL_KERNELS_SIGMOID_INT16_H
#define COINCELL_KERNELS_SIGMOID_INT16_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t multiplier; /* to the table's steps; see coincell_table_input */
    int32_t shift;
    int32_t tanh; /* 1: tanh; 0: the sigmoid */
} coincell_sigmoid_int16_parameters;

/* input:  [count]
 * table:  [256], see sigmoid_interpolation.h
 * output: [count], in 1/32768; may be the input */
void coincell_sigmoid_int16(const coincell_sigmoid_int16_parameters *parameters,
                            const int16_t *input, const uint16_t *table, int16_t *output);

#endif
