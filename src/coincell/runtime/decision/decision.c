#include "decision/decision.h"

void coincell_decision_reset(coincell_decision_state *state)
{
    state->filled = 0;
    state->next = 0;
}

/* state's ring[windows][classes] -> sum of one class over the rows that are filled. */
static int32_t sum_of_class(const coincell_decision_config *config,
                            const coincell_decision_state *state, int32_t label)
{
    int32_t sum = 0;
    for (int32_t row = 0; row < state->filled; row++)
        sum += state->ring[row * config->classes + label];
    return sum;
}

/* a / b rounded towards minus infinity, b > 0. */
static int32_t divide_down(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

coincell_decision_result coincell_decision_step(const coincell_decision_config *config,
                                                coincell_decision_state *state,
                                                const int8_t *scores)
{
    int8_t *const row = state->ring + state->next * config->classes;
    for (int32_t label = 0; label < config->classes; label++) row[label] = scores[label];
    state->next = state->next + 1 == config->windows ? 0 : state->next + 1;
    if (state->filled < config->windows) state->filled++;

    int32_t best = 0, best_sum = sum_of_class(config, state, 0);
    for (int32_t label = 1; label < config->classes; label++) {
        const int32_t sum = sum_of_class(config, state, label);
        if (sum > best_sum) {
            best = label;
            best_sum = sum;
        }
    }
    const int32_t unit = INT32_C(1) << COINCELL_DECISION_FRACTION_BITS;
    const int32_t mean = divide_down(best_sum * unit, state->filled);
    return (coincell_decision_result){
        .score = mean,
        .label = (int16_t)(mean >= config->threshold ? best : COINCELL_DECISION_NONE),
    };
}
