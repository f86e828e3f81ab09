#ifndef COINCELL_KERNELS_DSP_DENSE_H
#define COINCELL_KERNELS_DSP_DENSE_H

#include <stdint.h>

/* What differs from output to output, one word each, or in EACH all four: bias, multiplier, offset
 * and step; see requantization.h. The others are those of the parameters. */
enum { COINCELL_DENSE_OFFSETS, COINCELL_DENSE_BIASES, COINCELL_DENSE_EACH };

typedef struct {
    int32_t rows;
    int32_t inputs;
    int32_t outputs;
    int32_t varying;
    int32_t left_shift; /* at least 8 */
    int32_t right_shift;
    int32_t multiplier;
    int32_t offset;
    int32_t step;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_dense_parameters;

/* A dense layer, exact where compiler/dsp/fully_connected.py has proved its constants.
 *
 * input:     [rows, inputs] int8
 * weights:   words: [outputs / 8, steps, 2, 4], then a pair of outputs at a time [steps, 2]; steps
 *            are of four inputs, of which the last may have fewer
 * constants: [outputs] or [outputs, 4] int32
 * output:    [rows, outputs] int8 */
void coincell_dense(const coincell_dense_parameters *parameters, const void *input,
                    const void *weights, const void *constants, void *output);

#endif
