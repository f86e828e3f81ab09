/* Sums of eight outputs of packed weights, and of two, over any number of inputs. */
#ifndef COINCELL_KERNELS_DSP_DENSE_SUMS_H
#define COINCELL_KERNELS_DSP_DENSE_SUMS_H

#include <stdint.h>

#include "kernels/dsp/dense_block.h"
#include "kernels/dsp/instructions.h"

/* The last inputs of a row, which do not fill a word; the others are 0.
 *
 * input: [inputs] */
COINCELL_INLINE uint32_t coincell_dense_last_inputs(const int8_t *input, int32_t inputs)
{
    uint32_t word = 0;
    for (int32_t i = 0; i < inputs % 4; ++i) {
        word |= (uint32_t)(uint8_t)input[inputs / 4 * 4 + i] << 8 * i;
    }
    return word;
}

/* Of eight outputs; returns the weights behind theirs.
 *
 * input:   [inputs]; last: as from coincell_dense_last_inputs
 * weights: [steps, 2, 4], a step for four inputs; see dense_block.h
 * sums:    [4, 2]: 256 * A + B and B of each pair */
COINCELL_INLINE const uint32_t *coincell_dense_eight(const int8_t *input, uint32_t last,
                                                     const uint32_t *weights, int32_t inputs,
                                                     int32_t *sums)
{
    const int32_t steps = inputs / 4;
    coincell_dense_block(input, weights, steps, sums);
    weights += 8 * steps;
    if (inputs % 4) {
        coincell_dense_step(last, weights, 4, sums);
        weights += 8;
    }
    return weights;
}

/* Of two outputs, likewise.
 *
 * weights: [steps, 2]; sums: [2] */
COINCELL_INLINE const uint32_t *coincell_dense_two(const int8_t *input, uint32_t last,
                                                   const uint32_t *weights, int32_t inputs,
                                                   int32_t *sums)
{
    sums[0] = sums[1] = 0;
    for (int32_t step = 0; step < inputs / 4; ++step, weights += 2) {
        coincell_dense_step(coincell_load_word(input + 4 * step), weights, 1, sums);
    }
    if (inputs % 4) {
        coincell_dense_step(last, weights, 1, sums);
        weights += 2;
    }
    return weights;
}

#endif
