/* All outputs of one row of 16-bit values with 8-bit weights: what dense layers and convolutions of
 * 16-bit activations have in common.
 *
 * Weights stand in steps of four inputs, of which each has one word an output: bytes 0 and 2 belong
 * to the first two inputs, bytes 1 and 3 to the others, so that SXTB16 leaves them in the order in
 * which the inputs lie in memory. */
#ifndef COINCELL_KERNELS_DSP_ROW_INT16_H
#define COINCELL_KERNELS_DSP_ROW_INT16_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/rounding.h"
#include "kernels/fixed_point_int16.h"

/* How sums become outputs, and the constants that an output has. In the first two, sums fit 32
 * bits.
 * FACTOR: bias and factor; the high word of one product.
 * ROUNDED: bias, multiplier, left and right shift, as in rounding.h.
 * ANY: a bias of two words, multiplier and shift; as the plain kernels do it. */
enum { COINCELL_INT16_FACTOR, COINCELL_INT16_ROUNDED, COINCELL_INT16_ANY };

typedef struct {
    int32_t outputs;
    int32_t rescaling;
    int32_t wide; /* of ANY: whether sums are rescaled as 64 bits */
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_outputs_int16;

/* Steps whose products surely fit 32 bits. */
#define COINCELL_STEPS_INT16 64

/* The words of constants that an output has. */
COINCELL_INLINE int32_t coincell_constants_int16(const coincell_outputs_int16 *p)
{
    return p->rescaling == COINCELL_INT16_FACTOR ? 2 : 4;
}

/* An output within its clamp. */
COINCELL_INLINE int16_t coincell_clamped_int16(const coincell_outputs_int16 *p, int32_t value)
{
    int32_t output = coincell_ssat(value, 16, 0);
    if (p->clamp_min > INT16_MIN && output < p->clamp_min) {
        output = p->clamp_min;
    }
    if (p->clamp_max < INT16_MAX && output > p->clamp_max) {
        output = p->clamp_max;
    }
    return (int16_t)output;
}

/* The output of a sum of 32 bits with its bias.
 *
 * constants: those of the output */
COINCELL_INLINE int16_t coincell_narrow_int16(const coincell_outputs_int16 *p, int32_t total,
                                              const int32_t *constants)
{
    if (p->rescaling == COINCELL_INT16_FACTOR) {
        return coincell_clamped_int16(p, coincell_smmulr(total, constants[1]));
    }
    const coincell_rounding factor = {constants[1], constants[2], constants[3]};
    return coincell_clamped_int16(p, coincell_rounded(total, factor));
}

/* The output of a sum without its bias. constants: those of the output */
COINCELL_INLINE int16_t coincell_output_int16(const coincell_outputs_int16 *p, int64_t sum,
                                              const int32_t *constants)
{
    if (p->rescaling != COINCELL_INT16_ANY) {
        return coincell_narrow_int16(p, (int32_t)sum + constants[0], constants);
    }
    const uint64_t bias = (uint64_t)(uint32_t)constants[1] << 32 | (uint32_t)constants[0];
    return coincell_clamped_int16(p, coincell_rescale_sum(sum + (int64_t)bias, p->wide,
                                                          constants[2], constants[3]));
}

/* sum plus four products.
 *
 * first, second: the inputs, as two pairs */
COINCELL_INLINE int32_t coincell_step_int16(uint32_t weights, uint32_t first, uint32_t second,
                                            int32_t sum)
{
    sum = coincell_smlad(coincell_sxtb16(weights), first, sum);
    return coincell_smlad(coincell_sxtb16_ror8(weights), second, sum);
}

/* Adds to the sums of four outputs.
 *
 * input: [4 * steps]; weights: [steps, 4]; sums: [4] */
COINCELL_INLINE void coincell_four_int16(const int16_t *input, const uint32_t *weights,
                                         int32_t steps, int32_t *sums)
{
    int32_t a = sums[0];
    int32_t b = sums[1];
    int32_t c = sums[2];
    int32_t d = sums[3];
    for (const uint32_t *end = weights + 4 * steps; weights != end; weights += 4, input += 4) {
        const uint32_t first = coincell_load_word(input);
        const uint32_t second = coincell_load_word(input + 2);
        a = coincell_step_int16(weights[0], first, second, a);
        b = coincell_step_int16(weights[1], first, second, b);
        c = coincell_step_int16(weights[2], first, second, c);
        d = coincell_step_int16(weights[3], first, second, d);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/* Adds to the sums of `count` outputs, 4 or 1.
 *
 * input: [4 * steps]; weights: [steps, count]; sums: [count] */
COINCELL_INLINE void coincell_steps_int16(const int16_t *input, const uint32_t *weights,
                                          int32_t steps, int32_t count, int32_t *sums)
{
    if (count == 4) {
        coincell_four_int16(input, weights, steps, sums);
        return;
    }
    for (int32_t step = 0; step < steps; ++step, input += 4) {
        sums[0] = coincell_step_int16(weights[step], coincell_load_word(input),
                                      coincell_load_word(input + 2), sums[0]);
    }
}

/* `count` outputs, 4 or 1; returns the weights behind theirs.
 *
 * input: [inputs]; last: the inputs that fill no step, as two pairs; weights: [steps, count];
 * constants: of these outputs on; output: [count] */
COINCELL_INLINE const uint32_t *coincell_some_int16(const coincell_outputs_int16 *p,
                                                    const int16_t *input, const uint32_t *last,
                                                    int32_t inputs, int32_t count,
                                                    const uint32_t *weights,
                                                    const int32_t *constants, int16_t *output)
{
    const int narrow = p->rescaling != COINCELL_INT16_ANY;
    const int32_t block = narrow ? inputs / 4 : COINCELL_STEPS_INT16;
    int64_t totals[4] = {0, 0, 0, 0};
    int32_t sums[4] = {0, 0, 0, 0};
    for (int32_t left = inputs / 4; left > 0; left -= block) {
        const int32_t steps = left < block ? left : block;
        coincell_steps_int16(input, weights, steps, count, sums);
        input += 4 * steps;
        weights += count * steps;
        for (int32_t i = 0; i < count && !narrow; ++i) {
            totals[i] += sums[i];
            sums[i] = 0;
        }
    }
    if (inputs % 4) {
        for (int32_t i = 0; i < count; ++i) {
            sums[i] = coincell_step_int16(*weights++, last[0], last[1], sums[i]);
        }
    }
    for (int32_t i = 0; i < count; ++i, constants += coincell_constants_int16(p)) {
        const int64_t sum = narrow ? sums[i] : totals[i] + sums[i];
        output[i] = coincell_output_int16(p, sum, constants);
    }
    return weights;
}

/* input:     [inputs]
 * weights:   [outputs / 4, steps, 4], then [outputs % 4, steps]; missing inputs have the weight 0
 * constants: [outputs, words]
 * output:    [outputs] */
COINCELL_INLINE void coincell_row_int16(const coincell_outputs_int16 *p, const int16_t *input,
                                        int32_t inputs, const uint32_t *weights,
                                        const int32_t *constants, int16_t *output)
{
    uint32_t last[2] = {0, 0};
    for (int32_t i = 0; i < inputs % 4; ++i) {
        last[i / 2] |= (uint32_t)(uint16_t)input[inputs / 4 * 4 + i] << 16 * (i % 2);
    }
    int32_t left = p->outputs;
    for (; left >= 4; left -= 4, output += 4) {
        weights = coincell_some_int16(p, input, last, inputs, 4, weights, constants, output);
        constants += 4 * coincell_constants_int16(p);
    }
    for (; left > 0; --left, ++output) {
        weights = coincell_some_int16(p, input, last, inputs, 1, weights, constants, output);
        constants += coincell_constants_int16(p);
    }
}

#endif
