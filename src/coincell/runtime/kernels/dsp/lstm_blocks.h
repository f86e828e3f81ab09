/* A long short-term memory, two units at a time: their eight rows of weights are one block. */
#ifndef COINCELL_KERNELS_DSP_LSTM_BLOCKS_H
#define COINCELL_KERNELS_DSP_LSTM_BLOCKS_H

#include <stdint.h>

#include "kernels/dsp/dense_sums.h"
#include "kernels/dsp/instructions.h"
#include "kernels/dsp/rounding.h"
#include "kernels/fixed_point.h"
#include "kernels/memory.h"
#include "kernels/sigmoid_interpolation.h"

/* As in kernels/lstm.h. The gates come in the order input, forget, cell, output. */
typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t packed;         /* whether the weights are */
    int32_t batch_distance; /* from one batch's vector to the next, counted in vectors */
    int32_t step_distance;  /* from one step's vector to the next */
    int32_t hidden_zero_point;
    int32_t cell_clip;          /* largest magnitude of the cell, or 0 */
    coincell_rounding fresh[4]; /* of each gate's sums over the inputs, to 1/4096 */
    coincell_rounding past[4];  /* over the hidden values */
    coincell_rounding forget;   /* of products of two values in 1/32768 */
    coincell_rounding update;
    coincell_rounding hidden;
    int32_t tanh_multiplier; /* from the cell's integers to the table's steps */
    int32_t tanh_shift;
} coincell_lstm_blocks_parameters;

/* What goes through the sigmoid or tanh of one gate, as steps of its table.
 *
 * fresh, past: the sums of a unit, as coincell_dense_sum reads them; bias: [4, 2], of both */
COINCELL_INLINE int32_t coincell_lstm_gate(const coincell_lstm_blocks_parameters *p, int gate,
                                           const int32_t *fresh, const int32_t *past,
                                           const int32_t *bias)
{
    const int32_t at_input =
        coincell_wrapping_add(coincell_dense_sum(p->packed, fresh, gate), bias[2 * gate]);
    const int32_t at_hidden =
        coincell_wrapping_add(coincell_dense_sum(p->packed, past, gate), bias[2 * gate + 1]);
    const int32_t by_input = coincell_rounded(at_input, p->fresh[gate]);
    const int32_t by_hidden = coincell_rounded(at_hidden, p->past[gate]);
    const int32_t sum = coincell_ssat(by_input, 16, 0) + coincell_ssat(by_hidden, 16, 0);
    return coincell_table_input(coincell_ssat(sum, 16, 0), 3, 0);
}

/* One unit's step: changes its cell, and returns its hidden value.
 *
 * fresh, past: as above; bias: [4, 2]; table: [256]; cell: [1] */
COINCELL_INLINE int8_t coincell_lstm_unit(const coincell_lstm_blocks_parameters *p,
                                          const int32_t *fresh, const int32_t *past,
                                          const int32_t *bias, const uint16_t *table,
                                          int16_t *cell)
{
    const int32_t inward =
        coincell_logistic_int16(table, coincell_lstm_gate(p, 0, fresh, past, bias));
    const int32_t kept =
        coincell_logistic_int16(table, coincell_lstm_gate(p, 1, fresh, past, bias));
    const int32_t made =
        coincell_tanh_int16(table, coincell_lstm_gate(p, 2, fresh, past, bias));
    const int32_t outward =
        coincell_logistic_int16(table, coincell_lstm_gate(p, 3, fresh, past, bias));
    int32_t value = coincell_ssat(coincell_rounded(kept * *cell, p->forget), 16, 0) +
                    coincell_ssat(coincell_rounded(inward * made, p->update), 16, 0);
    value = coincell_ssat(value, 16, 0);
    if (p->cell_clip > 0) {
        value = value > p->cell_clip ? p->cell_clip : value;
        value = value < -p->cell_clip ? -p->cell_clip : value;
    }
    *cell = (int16_t)value;
    const int32_t squashed = coincell_tanh_int16(
        table, coincell_table_input(value, p->tanh_multiplier, p->tanh_shift));
    const int32_t hidden = coincell_rounded(squashed * outward, p->hidden);
    return (int8_t)coincell_ssat(hidden + p->hidden_zero_point, 8, 0);
}

/* One step of all units.
 *
 * input: [inputs]; hidden: [units], before the step; output: [units], after it; cell: [units]
 * others: as in coincell_lstm_blocks */
COINCELL_INLINE void coincell_lstm_step(const coincell_lstm_blocks_parameters *p,
                                        const int8_t *input, const int8_t *hidden,
                                        const uint32_t *weights, const uint32_t *recurrent,
                                        const int32_t *bias, const uint16_t *table,
                                        int16_t *cell, int8_t *output)
{
    const coincell_dense_inputs now = coincell_dense_inputs_of(input, p->inputs);
    const coincell_dense_inputs before = coincell_dense_inputs_of(hidden, p->units);
    int32_t fresh[8];
    int32_t past[8];
    for (int32_t unit = 0; unit < p->units; unit += 2) {
        if (p->units - unit > 1) {
            weights = coincell_dense_eight(p->packed, now, weights, fresh);
            recurrent = coincell_dense_eight(p->packed, before, recurrent, past);
        } else {
            for (int i = 0; i < 4; i += 2) {
                weights = coincell_dense_two(p->packed, now, weights, fresh + i);
                recurrent = coincell_dense_two(p->packed, before, recurrent, past + i);
            }
        }
        const int32_t count = p->units - unit > 1 ? 2 : 1;
        for (int32_t i = 0; i < count; ++i, bias += 8) {
            *output++ = coincell_lstm_unit(p, fresh + 4 * i, past + 4 * i, bias, table, cell++);
        }
    }
}

/* A long short-term memory over all steps, exact where compiler/dsp/lstm.py has proved its sums.
 * The hidden values of a step are its output, from which the next step reads them.
 *
 * input:      [batches, steps, inputs] or [steps, batches, inputs], by the distances
 * weights:    of [4 * units, inputs], the gates of a unit side by side: blocks of eight rows, then
 *             of two; see dense_sums.h
 * recurrent:  of [4 * units, units], likewise
 * bias:       [units, 4, 2], of the sums over inputs and over hidden values, zero points within
 * table:      [256], see sigmoid_interpolation.h
 * hidden, cell: [batches, units], before the first step
 * output:     as the input, with units in place of inputs
 * new_hidden, new_cell: [batches, units], after the last step; may be hidden and cell */
COINCELL_INLINE void coincell_lstm_blocks(const coincell_lstm_blocks_parameters *p,
                                          const void *input, const void *weights,
                                          const void *recurrent, const void *bias,
                                          const void *table, const void *hidden,
                                          const void *cell, void *output, void *new_hidden,
                                          void *new_cell)
{
    const int32_t units = p->units;
    if (new_cell != cell) {
        memcpy(new_cell, cell, (size_t)(p->batches * units) * sizeof(int16_t));
    }
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *before = (const int8_t *)hidden + batch * units;
        int16_t *cells = (int16_t *)new_cell + batch * units;
        int32_t vector = batch * p->batch_distance;
        for (int32_t step = 0; step < p->steps; ++step, vector += p->step_distance) {
            int8_t *made = (int8_t *)output + vector * units;
            coincell_lstm_step(p, (const int8_t *)input + vector * p->inputs, before, weights,
                               recurrent, bias, table, cells, made);
            before = made;
        }
        memcpy((int8_t *)new_hidden + batch * units, before, (size_t)units);
    }
}

#endif
