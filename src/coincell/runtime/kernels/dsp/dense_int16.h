/* Dense layers of 16-bit activations. */
#ifndef COINCELL_KERNELS_DSP_DENSE_INT16_H
#define COINCELL_KERNELS_DSP_DENSE_INT16_H

#include <stdint.h>

#include "kernels/dsp/row_int16.h"

typedef struct {
    int32_t rows;
    int32_t inputs;
    coincell_outputs_int16 made;
} coincell_dense_int16_parameters;

/* input:     [rows, inputs] int16
 * weights, constants: see row_int16.h
 * output:    [rows, outputs] int16 */
COINCELL_INLINE void coincell_dense_int16(const coincell_dense_int16_parameters *p,
                                          const void *input, const void *weights,
                                          const void *constants, void *output)
{
    const int16_t *row = input;
    int16_t *made = output;
    for (int32_t i = 0; i < p->rows; ++i, row += p->inputs, made += p->made.outputs) {
        coincell_row_int16(&p->made, row, p->inputs, weights, constants, made);
    }
}

#endif
