#ifndef COINCELL_KERNELS_CONCATENATION_H
#define COINCELL_KERNELS_CONCATENATION_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t input_row;     /* bytes of one row of this input */
    int32_t output_row;    /* bytes of one row of the output */
    int32_t output_offset; /* where in the output's rows this input goes */
} coincell_concatenation_parameters;

/* One input of a concatenation; call once for each.
 *
 * input:  [rows, input_row]
 * output: [rows, output_row], written at output_offset of each row */
void coincell_concatenation(const coincell_concatenation_parameters *parameters,
                            const int8_t *input, int8_t *output);

#endif
