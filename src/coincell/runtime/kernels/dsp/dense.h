/* Dense layers: sums of eight outputs at a time, then of two, brought to int8. */
#ifndef COINCELL_KERNELS_DSP_DENSE_H
#define COINCELL_KERNELS_DSP_DENSE_H

#include <stdint.h>

#include "kernels/dsp/dense_sums.h"
#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"
#include "kernels/fixed_point.h"

/* What differs from output to output, one word each, or in EACH all four: bias, multiplier, offset
 * and step; see requantization.h. The others are those of the parameters. */
enum { COINCELL_DENSE_OFFSETS, COINCELL_DENSE_BIASES, COINCELL_DENSE_EACH };

typedef struct {
    int32_t rows;
    int32_t inputs;
    int32_t outputs;
    int32_t varying;
    int32_t packed;     /* whether the weights are */
    int32_t left_shift; /* at least 8 if so */
    int32_t right_shift;
    int32_t multiplier;
    int32_t offset;
    int32_t step;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_dense_parameters;

/* Outputs of some pairs, for one way in which constants vary; it is a constant of the caller.
 *
 * sums:      [pairs, 2], see dense_block.h
 * constants: of these outputs on
 * output:    [2 * pairs] */
COINCELL_INLINE void coincell_dense_finish_alike(const coincell_dense_parameters *p,
                                                 int32_t varying, int packed,
                                                 const int32_t *sums, const int32_t *constants,
                                                 int32_t pairs, int8_t *output)
{
    const int32_t left_shift = p->left_shift;
    const int32_t right_shift = p->right_shift;
    int32_t multiplier = p->multiplier;
    int32_t offset = p->offset;
    int32_t step = p->step;
    for (const int8_t *end = output + 2 * pairs; output != end; sums += 2) {
        const uint32_t first = (uint32_t)sums[0];
        const uint32_t second = (uint32_t)sums[1];
        const uint32_t raised[2] = {
            packed ? (first - second) << (left_shift - 8) : first << left_shift,
            second << left_shift};
        for (int i = 0; i < 2; ++i) {
            uint32_t x = raised[i]; /* modulo 2^32 until the bias is in */
            if (varying == COINCELL_DENSE_OFFSETS) {
                offset = *constants++;
            } else {
                x += (uint32_t)*constants++;
            }
            if (varying == COINCELL_DENSE_EACH) {
                multiplier = *constants++;
                offset = *constants++;
                step = *constants++;
            }
            const int32_t used = varying == COINCELL_DENSE_OFFSETS ? 0 : step;
            const int32_t made =
                coincell_output_of((int32_t)x, multiplier, offset, used, right_shift);
            coincell_store_byte(output++, made);
        }
    }
}

/* The same. */
COINCELL_INLINE void coincell_dense_finish(const coincell_dense_parameters *p, int packed,
                                           const int32_t *sums, const int32_t *constants,
                                           int32_t pairs, int8_t *output)
{
    if (p->varying == COINCELL_DENSE_OFFSETS) {
        coincell_dense_finish_alike(p, COINCELL_DENSE_OFFSETS, packed, sums, constants, pairs,
                                    output);
    } else if (p->varying == COINCELL_DENSE_BIASES) {
        coincell_dense_finish_alike(p, COINCELL_DENSE_BIASES, packed, sums, constants, pairs,
                                    output);
    } else {
        coincell_dense_finish_alike(p, COINCELL_DENSE_EACH, packed, sums, constants, pairs,
                                    output);
    }
}

/* One row.
 *
 * input:  [inputs]
 * others: as in coincell_dense */
COINCELL_INLINE void coincell_dense_row(const coincell_dense_parameters *p, int packed,
                                        const int8_t *input, const uint32_t *weights,
                                        const int32_t *constants, int8_t *output)
{
    const int32_t words = p->varying == COINCELL_DENSE_EACH ? 4 : 1;
    const coincell_dense_inputs inputs = coincell_dense_inputs_of(input, p->inputs);
    int32_t sums[8];
    int32_t left = p->outputs;
    for (; left >= 8; left -= 8) {
        weights = coincell_dense_eight(packed, inputs, weights, sums);
        const int32_t *of_these = constants; /* moving on first spares registers */
        int8_t *made = output;
        constants += 8 * words;
        output += 8;
        coincell_dense_finish(p, packed, sums, of_these, 4, made);
    }
    for (; left > 0; left -= 2) {
        int8_t pair[2];
        weights = coincell_dense_two(packed, inputs, weights, sums);
        coincell_dense_finish(p, packed, sums, constants, 1, pair);
        constants += 2 * words;
        *output++ = pair[0];
        if (left > 1) {
            *output++ = pair[1];
        }
    }
}

/* output: [count] */
COINCELL_INLINE void coincell_dense_clamp(const coincell_dense_parameters *p, int8_t *output,
                                          int32_t count)
{
    if (p->clamp_min > INT8_MIN || p->clamp_max < INT8_MAX) {
        for (int32_t i = 0; i < count; ++i) {
            output[i] = (int8_t)coincell_clamp(output[i], p->clamp_min, p->clamp_max);
        }
    }
}

/* As coincell_dense, with `packed` as a constant of the caller. */
COINCELL_INLINE void coincell_dense_rows(const coincell_dense_parameters *p, int packed,
                                         const void *input, const void *weights,
                                         const void *constants, void *output)
{
    const int8_t *row = input;
    int8_t *made = output;
    for (int32_t i = 0; i < p->rows; ++i, row += p->inputs, made += p->outputs) {
        coincell_dense_row(p, packed, row, weights, constants, made);
        coincell_dense_clamp(p, made, p->outputs);
    }
}

/* A dense layer, exact where compiler/dsp/fully_connected.py has proved its constants.
 *
 * input:     [rows, inputs] int8
 * weights:   words: of blocks of eight outputs, then of a pair at a time; see dense_sums.h
 * constants: [outputs] or [outputs, 4] int32
 * output:    [rows, outputs] int8 */
COINCELL_INLINE void coincell_dense(const coincell_dense_parameters *p, const void *input,
                                    const void *weights, const void *constants,
                                    void *output)
{
    coincell_dense_rows(p, p->packed, input, weights, constants, output);
}

#endif
