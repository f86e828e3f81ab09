/* SPDX-License-Identifier: Apache-2.0 */
#include "application/application.h"

#include <string.h>

static application_sample samples[APPLICATION_WINDOW_VALUES];

/* The network may overwrite its input while it runs, so what it was given is kept here; the scores
 * are kept for who asks after the next window has begun. */
static int8_t features[APPLICATION_FEATURES];
static int8_t scores[APPLICATION_SCORES];

static application_smoothed ring[APPLICATION_SMOOTHED];
static application_smoothing smoothing = {.ring = ring};

const uint8_t application_keywords[APPLICATION_CLASSES] = APPLICATION_KEYWORDS;

#if APPLICATION_GOAL == GOAL_CLASSES
static const coincell_decision_config decision_config = {
    .classes = APPLICATION_CLASSES,
    .windows = APPLICATION_WINDOWS,
    .threshold = APPLICATION_THRESHOLD,
    .release = APPLICATION_RELEASE,
    .refractory = APPLICATION_REFRACTORY,
    .refractory_any = APPLICATION_REFRACTORY_ANY,
    .is_event = application_keywords,
};
#else
static const coincell_level_config decision_config = {
    .windows = APPLICATION_WINDOWS,
    .fraction_bits = APPLICATION_LEVEL_BITS,
    .threshold = APPLICATION_THRESHOLD,
    .release = APPLICATION_RELEASE,
    .refractory = APPLICATION_REFRACTORY,
};
#endif

int application_init(void)
{
    application_reset();
#if APPLICATION_NETWORK
    return CHAIN(init)();
#else
    return 0;
#endif
}

void application_reset(void)
{
    application_smoothing_reset(&smoothing);
}

application_sample *application_samples(void)
{
    return samples;
}

/* From `features` to a decision. Inlined, so that the chain's parts keep their costs. */
__attribute__((always_inline)) static inline int decide(application_smoothing *state,
                                                        application_decision *decision)
{
#if APPLICATION_GOAL == GOAL_NORMALITY
    int32_t strangeness = 0;
    const int status = CHAIN(score)(features, &strangeness);
    if (status != 0) return status;
    for (int i = 0; i < APPLICATION_SCORES; i++)
        scores[i] = (int8_t)(uint8_t)((uint32_t)strangeness >> (8 * i));
    const coincell_level_result result =
        coincell_level_step(&decision_config, state, strangeness);
#else
    memcpy(CHAIN(input)(0), features, sizeof features);
    const int status = CHAIN(invoke)();
    if (status != 0) return status;
    memcpy(scores, CHAIN(output)(0), sizeof scores);
#if APPLICATION_GOAL == GOAL_CLASSES
    const coincell_decision_result result =
        coincell_decision_step(&decision_config, state, scores);
#else
    const coincell_level_result result =
        coincell_level_step(&decision_config, state, scores[0]);
#endif
#endif
    decision->label = result.label;
    decision->score = result.score;
    return 0;
}

int application_process(application_decision *decision)
{
    const int status = CHAIN(features_run)(samples, features);
    return status != 0 ? status : decide(&smoothing, decision);
}

int application_process_window(const application_sample *window, application_smoothing *state,
                               application_decision *decision)
{
    const int status = CHAIN(features_run)(window, features);
    return status != 0 ? status : decide(state, decision);
}

#if APPLICATION_BY_ROW
int application_process_rows(const int16_t *rows, int32_t first, application_smoothing *state,
                             application_decision *decision)
{
    CHAIN(features_gather)(rows, first, features);
    return decide(state, decision);
}
#endif

void application_pass(application_smoothing *state)
{
    application_smoothing_pass(&decision_config, state);
}

const int8_t *application_features(void)
{
    return features;
}

const int8_t *application_scores(void)
{
    return scores;
}
