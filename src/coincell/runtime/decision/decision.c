#include "decision/decision.h"

void coincell_decision_reset(coincell_decision_state *state)
{
    state->filled = 0;
    state->next = 0;
    state->told = 0;
    state->begun = 0;
}

/* For how many windows each class is not told as a new event: uint8[classes], behind the scores. */
static uint8_t *rests_of(const coincell_decision_config *config,
                         const coincell_decision_state *state)
{
    return (uint8_t *)state->ring + (int64_t)config->windows * config->classes;
}

/* One window has passed. */
static void let_rest(const coincell_decision_config *config, coincell_decision_state *state)
{
    uint8_t *const rests = rests_of(config, state);
    for (int32_t label = 0; label < config->classes; label++) {
        if (state->begun == 0) rests[label] = 0;
        if (rests[label] > 0) rests[label]--;
    }
    state->begun = 1;
}

/* The label that smoothing, threshold and release give -> the one that is told. */
static int32_t after_rest(const coincell_decision_config *config, coincell_decision_state *state,
                          int32_t label)
{
    uint8_t *const rests = rests_of(config, state);
    const int event = label >= 0 && (!config->is_event || config->is_event[label]);
    const int rested = state->begun == 0 || !event || rests[label] == 0;
    const int told = rested || label + 1 == state->told;
    let_rest(config, state);
    if (!told) return COINCELL_DECISION_NONE;
    for (int32_t other = 0; event && other < config->classes; other++)
        if (other == label || config->refractory_any) rests[other] = (uint8_t)config->refractory;
    return label;
}

void coincell_decision_pass(const coincell_decision_config *config, coincell_decision_state *state)
{
    if (config->refractory > 0) let_rest(config, state);
    state->filled = 0;
    state->next = 0;
    state->told = 0;
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

/* The mean of `count` scores in 1/256, rounded towards minus infinity; count > 0. */
static int32_t mean_of(int32_t sum, int32_t count)
{
    const int32_t scaled = sum * (INT32_C(1) << COINCELL_DECISION_FRACTION_BITS);
    return scaled / count - (scaled % count < 0);
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
    const int32_t mean = mean_of(best_sum, state->filled);
    int32_t label = mean >= config->threshold ? best : COINCELL_DECISION_NONE, score = mean;
    if (label < 0 && state->told > 0 && config->release < config->threshold) {
        const int32_t held = mean_of(sum_of_class(config, state, state->told - 1), state->filled);
        if (held >= config->release) {
            label = state->told - 1;
            score = held;
        }
    }
    if (config->refractory > 0) {
        const int32_t told = after_rest(config, state, label);
        if (told != label) score = mean;
        label = told;
    }
    state->told = label + 1;
    return (coincell_decision_result){.score = score, .label = (int16_t)label};
}
