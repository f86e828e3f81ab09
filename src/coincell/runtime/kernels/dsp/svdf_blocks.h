/* SVDF: eight filters over the input at a time, four values of a filter's memory at a time. */
#ifndef COINCELL_KERNELS_DSP_SVDF_BLOCKS_H
#define COINCELL_KERNELS_DSP_SVDF_BLOCKS_H

#include <stdint.h>

#include "kernels/dsp/dense_sums.h"
#include "kernels/dsp/instructions.h"
#include "kernels/dsp/rounding.h"
#include "kernels/fixed_point.h"

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank; /* filters of each unit */
    int32_t memory;
    int32_t packed; /* whether the weights over the input are */
    int32_t state_zero_point;
    int32_t output_zero_point;
    coincell_rounding feature; /* of sums over the input, to the state */
    coincell_rounding time;    /* of sums over the state, to the output */
} coincell_svdf_blocks_parameters;

/* One filter's memory a step older, with its newest value; returns sum and its weighted values.
 *
 * time, state, new_state: [memory] */
COINCELL_INLINE int32_t coincell_svdf_remember(const coincell_svdf_blocks_parameters *p,
                                               int32_t newest, const int8_t *time,
                                               const int8_t *state, int8_t *new_state,
                                               int32_t sum)
{
    const int32_t last = p->memory - 1;
    for (const int8_t *end = time + last / 4 * 4; time != end; time += 4, new_state += 4) {
        const uint32_t values = coincell_load_word(state + 1);
        const uint32_t weights = coincell_load_word(time);
        coincell_store_word(new_state, values);
        state += 4;
        sum = coincell_smlad(coincell_sxtb16(values), coincell_sxtb16(weights), sum);
        sum = coincell_smlad(coincell_sxtb16_ror8(values), coincell_sxtb16_ror8(weights), sum);
    }
    for (int32_t i = 0; i < last % 4; ++i) {
        const int8_t value = state[1 + i];
        new_state[i] = value;
        sum = coincell_wrapping_add(sum, value * time[i]);
    }
    new_state[last % 4] = (int8_t)(uint8_t)newest; /* wraps, as in TFLM */
    return coincell_wrapping_add(sum, new_state[last % 4] * time[last % 4]);
}

/* One batch; as in coincell_svdf_blocks. */
COINCELL_INLINE void coincell_svdf_batch(const coincell_svdf_blocks_parameters *p,
                                         const int8_t *input, const uint32_t *feature,
                                         const int8_t *time, const int32_t *bias,
                                         const int8_t *state, int8_t *output,
                                         int8_t *new_state)
{
    const coincell_dense_inputs inputs = coincell_dense_inputs_of(input, p->inputs);
    const int32_t filters = p->units * p->rank;
    const int32_t *feature_bias = bias + p->units;
    int32_t left_of_unit = p->rank;
    int32_t total = *bias++;
    int32_t sums[8];
    for (int32_t done = 0; done < filters;) {
        int32_t count = 8;
        if (filters - done >= 8) {
            feature = coincell_dense_eight(p->packed, inputs, feature, sums);
        } else {
            feature = coincell_dense_two(p->packed, inputs, feature, sums);
            count = filters - done > 1 ? 2 : 1;
        }
        done += count;
        for (int32_t i = 0; i < count; ++i) {
            const int32_t sum = coincell_wrapping_add(coincell_dense_sum(p->packed, sums, i),
                                                      *feature_bias++);
            const int32_t scaled = coincell_rounded(sum, p->feature);
            const int32_t newest = coincell_ssat(scaled, 8, 0) + p->state_zero_point;
            total = coincell_svdf_remember(p, newest, time, state, new_state, total);
            time += p->memory;
            state += p->memory;
            new_state += p->memory;
            if (--left_of_unit == 0) {
                const int32_t result = coincell_rounded(total, p->time);
                *output++ = (int8_t)coincell_ssat(result + p->output_zero_point, 8, 0);
                left_of_unit = p->rank;
                total = *bias++;
            }
        }
    }
}

/* A dense layer whose products are remembered for a while, and weighted by their age; exact where
 * compiler/dsp/svdf.py has proved its sums.
 *
 * input:   [batches, inputs]
 * feature: of [units * rank, inputs]: blocks of eight rows, then of two; see dense_sums.h
 * time:    [units * rank, memory]
 * bias:    [units] for sums over time, then [units * rank] for sums over the input, zero points
 *          within
 * state:   [batches, units * rank, memory], the oldest first
 * output:  [batches, units]
 * new_state: as state, and may be it */
COINCELL_INLINE void coincell_svdf_blocks(const coincell_svdf_blocks_parameters *p,
                                          const void *input, const void *feature,
                                          const void *time, const void *bias,
                                          const void *state, void *output, void *new_state)
{
    const int32_t remembered = p->units * p->rank * p->memory;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        coincell_svdf_batch(p, (const int8_t *)input + batch * p->inputs, feature, time, bias,
                            (const int8_t *)state + batch * remembered,
                            (int8_t *)output + batch * p->units,
                            (int8_t *)new_state + batch * remembered);
    }
}

#endif
