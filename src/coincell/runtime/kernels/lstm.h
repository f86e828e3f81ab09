#ifndef COINCELL_KERNELS_LSTM_H
#define COINCELL_KERNELS_LSTM_H

#include <stdint.h>

/* Sizes; rescaling of each gate's sums to 1/4096, and of products of two values in 1/32768. The
 * gates come in the order input, forget, cell, output. */
typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t batch_distance; /* from one batch's vector to the next, counted in vectors */
    int32_t step_distance;  /* from one step's vector to the next */
    int32_t input_zero_point;
    int32_t hidden_zero_point;
    int32_t cell_clip; /* largest magnitude of the cell, or 0 */
    int32_t forget_multiplier;
    int32_t forget_shift;
    int32_t update_multiplier;
    int32_t update_shift;
    int32_t hidden_multiplier;
    int32_t hidden_shift;
    int32_t tanh_multiplier; /* from the cell's integers to the table's steps */
    int32_t tanh_shift;
} coincell_lstm_parameters;

/* A long short-term memory over all steps.
 *
 * input:      [batches, steps, inputs] or [steps, batches, inputs], by the distances
 * weights:    [4, units, inputs]
 * recurrent:  [4, units, units]
 * bias:       [4, units]
 * multiplier, shift: [4, 2], of the input's sums and of the recurrent sums
 * table:      [256], see sigmoid_interpolation.h
 * hidden, cell: [batches, units], before the first step
 * gates:      [4, units], working memory
 * output:     as the input, with units in place of inputs
 * new_hidden, new_cell: [batches, units], after the last step; may be hidden and cell */
void coincell_lstm(const coincell_lstm_parameters *parameters, const int8_t *input,
                   const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                   const int32_t *multiplier, const int8_t *shift, const uint16_t *table,
                   const int8_t *hidden, const int16_t *cell, int16_t *gates, int8_t *output,
                   int8_t *new_hidden, int16_t *new_cell);

#endif
