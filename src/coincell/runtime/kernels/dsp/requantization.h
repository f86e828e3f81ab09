/* From sums to int8, in the forms that compiler/dsp/requantization.py proves for a layer.
 *
 * A channel's constants stand one after the other: multiplier and offset (AFFINE), the bias before
 * them (BIASED), and the step behind them (SIGNED). The form is the number of constants. */
#ifndef COINCELL_KERNELS_DSP_REQUANTIZATION_H
#define COINCELL_KERNELS_DSP_REQUANTIZATION_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

enum { COINCELL_AFFINE = 2, COINCELL_BIASED = 3, COINCELL_SIGNED = 4 };

/* What all channels of a layer share. */
typedef struct {
    int32_t form;
    int32_t left_shift;
    int32_t right_shift;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_requantization_parameters;

/* One channel's constants, for registers. */
typedef struct {
    int32_t bias; /* raised by left_shift */
    int32_t multiplier;
    int32_t offset;
    int32_t step;
} coincell_channel_constants;

/* constants: [form], of one channel */
COINCELL_INSTRUCTION coincell_channel_constants
coincell_load_constants(const coincell_requantization_parameters *p, const int32_t *constants)
{
    coincell_channel_constants channel = {0, 0, 0, 0};
    if (p->form != COINCELL_AFFINE) {
        channel.bias = *constants++;
    }
    channel.multiplier = constants[0];
    channel.offset = constants[1];
    if (p->form == COINCELL_SIGNED) {
        channel.step = constants[2];
    }
    return channel;
}

/* The output of a sum that is raised by `raised` bits already (0 .. left_shift). */
COINCELL_INSTRUCTION int32_t coincell_requantize_raised(
    const coincell_requantization_parameters *p, coincell_channel_constants channel, int32_t sum,
    int32_t raised)
{
    int32_t x = (int32_t)((uint32_t)sum << (p->left_shift - raised));
    if (p->form != COINCELL_AFFINE) {
        x += channel.bias;
    }
    int32_t high = coincell_smmla(x, channel.multiplier, channel.offset);
    if (p->form == COINCELL_SIGNED) {
        high -= (x >> 31) & channel.step;
    }
    int32_t output = coincell_ssat(high, 8, p->right_shift);
    if (p->clamp_min > INT8_MIN && output < p->clamp_min) {
        output = p->clamp_min;
    }
    if (p->clamp_max < INT8_MAX && output > p->clamp_max) {
        output = p->clamp_max;
    }
    return output;
}

/* The output of a sum. */
COINCELL_INSTRUCTION int32_t coincell_requantize(const coincell_requantization_parameters *p,
                                                 coincell_channel_constants channel, int32_t sum)
{
    return coincell_requantize_raised(p, channel, sum, 0);
}

#endif
