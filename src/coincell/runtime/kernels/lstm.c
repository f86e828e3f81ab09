#include "kernels/lstm.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"
#include "kernels/memory.h"
#include "kernels/sigmoid_interpolation.h"

enum { INPUT_GATE, FORGET_GATE, CELL_GATE, OUTPUT_GATE, GATES };

static int32_t saturated(int32_t value)
{
    return coincell_clamp(value, INT16_MIN, INT16_MAX);
}

/* All values of one gate.
 *
 * input: [inputs]; hidden: [units]; weights: [units, inputs]; recurrent: [units, units];
 * bias: [units]; multiplier, shift: [2]; gate: [units] */
static void compute_gate(const coincell_lstm_parameters *p, const int8_t *input,
                         const int8_t *hidden, const int8_t *weights, const int8_t *recurrent,
                         const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                         const uint16_t *table, int32_t is_cell_gate, int16_t *gate)
{
    for (int32_t unit = 0; unit < p->units; ++unit) {
        const int32_t fresh =
            coincell_dot_product(bias[unit], input, weights, p->inputs, p->input_zero_point);
        const int32_t past =
            coincell_dot_product(0, hidden, recurrent, p->units, p->hidden_zero_point);
        const int32_t sum = saturated(coincell_rescale(fresh, multiplier[0], shift[0])) +
                            saturated(coincell_rescale(past, multiplier[1], shift[1]));
        const int32_t x = coincell_table_input(saturated(sum), 3, 0);
        gate[unit] =
            is_cell_gate ? coincell_tanh_int16(table, x) : coincell_logistic_int16(table, x);
        weights += p->inputs;
        recurrent += p->units;
    }
}

/* New cell and hidden values from the gates.
 *
 * gates: [4, units]; cell, hidden: [units] */
static void update(const coincell_lstm_parameters *p, const int16_t *gates,
                   const uint16_t *table, int16_t *cell, int8_t *hidden)
{
    const int32_t units = p->units;
    for (int32_t unit = 0; unit < units; ++unit) {
        const int32_t kept = coincell_rescale(gates[FORGET_GATE * units + unit] * cell[unit],
                                              p->forget_multiplier, p->forget_shift);
        const int32_t added = coincell_rescale(
            gates[INPUT_GATE * units + unit] * gates[CELL_GATE * units + unit],
            p->update_multiplier, p->update_shift);
        int32_t value = saturated(saturated(kept) + saturated(added));
        if (p->cell_clip > 0) {
            value = coincell_clamp(value, -p->cell_clip, p->cell_clip);
        }
        cell[unit] = (int16_t)value;
        const int32_t squashed = coincell_tanh_int16(
            table, coincell_table_input(value, p->tanh_multiplier, p->tanh_shift));
        const int32_t result = coincell_rescale(squashed * gates[OUTPUT_GATE * units + unit],
                                                p->hidden_multiplier, p->hidden_shift);
        hidden[unit] =
            (int8_t)coincell_clamp(result + p->hidden_zero_point, INT8_MIN, INT8_MAX);
    }
}

void coincell_lstm(const coincell_lstm_parameters *p, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *multiplier,
                   const int8_t *shift, const uint16_t *table, const int8_t *hidden,
                   const int16_t *cell, int16_t *gates, int8_t *output, int8_t *new_hidden,
                   int16_t *new_cell)
{
    const int32_t units = p->units;

    if (new_hidden != hidden) {
        memcpy(new_hidden, hidden, (size_t)(p->batches * units));
    }
    if (new_cell != cell) {
        memcpy(new_cell, cell, (size_t)(p->batches * units) * sizeof(*cell));
    }
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t step = 0; step < p->steps; ++step) {
            const int32_t vector = batch * p->batch_distance + step * p->step_distance;
            for (int32_t gate = 0; gate < GATES; ++gate) {
                compute_gate(p, input + vector * p->inputs, new_hidden,
                             weights + gate * units * p->inputs, recurrent + gate * units * units,
                             bias + gate * units, multiplier + 2 * gate, shift + 2 * gate, table,
                             gate == CELL_GATE, gates + gate * units);
            }
            update(p, gates, table, new_cell, new_hidden);
            memcpy(output + vector * units, new_hidden, (size_t)units);
        }
        new_hidden += units;
        new_cell += units;
    }
}
