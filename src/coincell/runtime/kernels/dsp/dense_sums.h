/* Sums of eight outputs, and of two, over any number of inputs. Their weights are packed, see
 * dense_block.h, or where that cannot be, words of four int8. */
#ifndef COINCELL_KERNELS_DSP_DENSE_SUMS_H
#define COINCELL_KERNELS_DSP_DENSE_SUMS_H

#include <stdint.h>

#include "kernels/dsp/dense_block.h"
#include "kernels/dsp/instructions.h"

/* A row of inputs, as the sums read it. What follows from `count` is found once for
 * all outputs. */
typedef struct {
    const int8_t *values; /* [count] */
    int32_t count;
    int32_t steps; /* of four inputs */
    int32_t rest;  /* inputs behind those */
    uint32_t last; /* the rest, as a word; the others in it are 0 */
} coincell_dense_inputs;

/* values: [count] */
COINCELL_INLINE coincell_dense_inputs coincell_dense_inputs_of(const int8_t *values, int32_t count)
{
    coincell_dense_inputs made = {values, count, count >> 2, count & 3, 0};
    for (int32_t i = 0; i < made.rest; ++i) {
        made.last |= (uint32_t)(uint8_t)values[4 * made.steps + i] << 8 * i;
    }
    return made;
}

/* sum plus four products of weights that are not packed, both as words of int8. */
COINCELL_INLINE int32_t coincell_dense_products(uint32_t even, uint32_t odd, uint32_t weights,
                                                int32_t sum)
{
    sum = coincell_smlad(coincell_sxtb16(weights), even, sum);
    return coincell_smlad(coincell_sxtb16_ror8(weights), odd, sum);
}

/* Of four outputs whose weights are not packed; returns the weights behind theirs.
 *
 * weights: [steps, 4], a word each, of steps of four inputs, the last of which may not be whole
 * sums:    [4] */
COINCELL_INLINE const uint32_t *coincell_dense_four(coincell_dense_inputs inputs,
                                                    const uint32_t *weights, int32_t *sums)
{
    const int8_t *input = inputs.values;
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
    for (int32_t left = inputs.count; left > 0; left -= 4, input += 4, weights += 4) {
        const uint32_t values = left >= 4 ? coincell_load_word(input) : inputs.last;
        const uint32_t even = coincell_sxtb16(values);
        const uint32_t odd = coincell_sxtb16_ror8(values);
        a = coincell_dense_products(even, odd, weights[0], a);
        b = coincell_dense_products(even, odd, weights[1], b);
        c = coincell_dense_products(even, odd, weights[2], c);
        d = coincell_dense_products(even, odd, weights[3], d);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return weights;
}

/* Of eight outputs; returns the weights behind theirs. `packed` is a constant of the caller.
 *
 * weights: packed [steps, 2, 4], a step for four inputs, see dense_block.h; else [2, steps, 4]
 * sums:    [8], to be read by coincell_dense_sum */
COINCELL_INLINE const uint32_t *coincell_dense_eight(int packed, coincell_dense_inputs inputs,
                                                     const uint32_t *weights, int32_t *sums)
{
    if (!packed) {
        weights = coincell_dense_four(inputs, weights, sums);
        return coincell_dense_four(inputs, weights, sums + 4);
    }
    coincell_dense_block(inputs.values, weights, inputs.steps, sums);
    weights += 8 * inputs.steps;
    if (inputs.rest) {
        coincell_dense_step(inputs.last, weights, 4, sums);
        weights += 8;
    }
    return weights;
}

/* Of two outputs, likewise.
 *
 * weights: [steps, 2], packed or not; sums: [2] */
COINCELL_INLINE const uint32_t *coincell_dense_two(int packed, coincell_dense_inputs inputs,
                                                   const uint32_t *weights, int32_t *sums)
{
    const int8_t *input = inputs.values;
    sums[0] = sums[1] = 0;
    for (int32_t left = inputs.count; left > 0; left -= 4, input += 4, weights += 2) {
        const uint32_t values = left >= 4 ? coincell_load_word(input) : inputs.last;
        if (packed) {
            coincell_dense_step(values, weights, 1, sums);
            continue;
        }
        for (int i = 0; i < 2; ++i) {
            sums[i] = coincell_dense_products(coincell_sxtb16(values),
                                              coincell_sxtb16_ror8(values), weights[i], sums[i]);
        }
    }
    return weights;
}

/* Sum number `output` of those; where packed, the even ones must have 24 bits. */
COINCELL_INLINE int32_t coincell_dense_sum(int packed, const int32_t *sums, int32_t output)
{
    const int32_t sum = sums[output];
    return packed && output % 2 == 0 ? (sum - sums[output + 1]) >> 8 : sum;
}

#endif
