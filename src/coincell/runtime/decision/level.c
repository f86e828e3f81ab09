#include "decision/level.h"

void coincell_level_reset(coincell_level_state *state)
{
    state->filled = 0;
    state->next = 0;
    state->above = 0;
    state->rests = 0;
}

void coincell_level_pass(const coincell_level_config *config, coincell_level_state *state)
{
    if (config->refractory > 0 && state->rests > 0) state->rests--;
    state->filled = 0;
    state->next = 0;
    state->above = 0;
}

coincell_level_result coincell_level_step(const coincell_level_config *config,
                                          coincell_level_state *state, int32_t value)
{
    state->ring[state->next] = value;
    state->next = state->next + 1 == config->windows ? 0 : state->next + 1;
    if (state->filled < config->windows) state->filled++;

    int64_t sum = 0;
    for (int32_t i = 0; i < state->filled; i++) sum += state->ring[i];
    sum *= INT64_C(1) << config->fraction_bits;
    const int64_t mean = sum / state->filled - (sum % state->filled < 0);
    if (state->above) {
        state->above = mean >= config->release;
    } else {
        state->above = mean >= config->threshold && state->rests == 0;
    }
    if (state->above) {
        state->rests = config->refractory;
    } else if (state->rests > 0) {
        state->rests--;
    }
    return (coincell_level_result){.score = (int32_t)mean, .label = (int16_t)state->above};
}
