#ifndef COINCELL_KERNELS_SVDF_H
#define COINCELL_KERNELS_SVDF_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank; /* filters of each unit */
    int32_t memory;
    int32_t input_zero_point;
    int32_t state_zero_point;
    int32_t output_zero_point;
    int32_t feature_multiplier; /* from sums over the input to the state; see coincell_rescale */
    int32_t feature_shift;
    int32_t time_multiplier; /* from sums over the state to the output */
    int32_t time_shift;
} coincell_svdf_parameters;

/* A dense layer whose products are remembered for a while, and weighted by their age.
 *
 * input:   [batches, inputs]
 * feature: [units * rank, inputs]
 * time:    [units * rank, memory]
 * bias:    [units], or a null pointer
 * state:   [batches, units * rank, memory], the oldest first
 * output:  [batches, units]
 * new_state: as state, and may be it */
void coincell_svdf(const coincell_svdf_parameters *parameters, const int8_t *input,
                   const int8_t *feature, const int8_t *time, const int32_t *bias,
                   const int8_t *state, int8_t *output, int8_t *new_state);

#endif
