#include "kernels/svdf.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"

/* One filter's memory a step older, with its newest value; returns sum and its weighted values.
 *
 * input: [inputs]; feature: [inputs]; time, state, new_state: [memory] */
static int32_t remember(const coincell_svdf_parameters *p, const int8_t *input,
                        const int8_t *feature, const int8_t *time, const int8_t *state,
                        int8_t *new_state, int32_t sum)
{
    const int32_t last = p->memory - 1;
    for (int32_t i = 0; i < last; ++i) {
        new_state[i] = state[i + 1];
    }
    const int32_t product =
        coincell_dot_product(0, input, feature, p->inputs, p->input_zero_point);
    const int32_t newest = coincell_clamp(
        coincell_rescale(product, p->feature_multiplier, p->feature_shift), INT8_MIN, INT8_MAX);
    new_state[last] = (int8_t)(uint8_t)(newest + p->state_zero_point); /* wraps, as in TFLM */
    return coincell_dot_product(sum, new_state, time, p->memory, p->state_zero_point);
}

void coincell_svdf(const coincell_svdf_parameters *p, const int8_t *input, const int8_t *feature,
                   const int8_t *time, const int32_t *bias, const int8_t *state, int8_t *output,
                   int8_t *new_state)
{
    for (int32_t batch = 0; batch < p->batches; ++batch, input += p->inputs) {
        const int8_t *by_input = feature;
        const int8_t *by_age = time;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            int32_t sum = bias ? bias[unit] : 0;
            for (int32_t i = 0; i < p->rank; ++i) {
                sum = remember(p, input, by_input, by_age, state, new_state, sum);
                by_input += p->inputs;
                by_age += p->memory;
                state += p->memory;
                new_state += p->memory;
            }
            const int32_t scaled = coincell_rescale(sum, p->time_multiplier, p->time_shift);
            *output++ =
                (int8_t)coincell_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
}
