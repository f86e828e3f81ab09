/* SPDX-License-Identifier: Apache-2.0 */
#include "application/application.h"

#include <string.h>

static int16_t samples[APPLICATION_WINDOW_SAMPLES];

/* The network may overwrite its input while it runs, so what it was given is kept here; the scores
 * are kept for who asks after the next window has begun. */
static int8_t features[APPLICATION_FEATURES];
static int8_t scores[APPLICATION_CLASSES];

static int8_t ring[COINCELL_DECISION_RING_BYTES(APPLICATION_CLASSES, APPLICATION_WINDOWS)];
static coincell_decision_state smoothing = {.ring = ring};

static const coincell_decision_config decision_config = {
    .classes = APPLICATION_CLASSES,
    .windows = APPLICATION_WINDOWS,
    .threshold = APPLICATION_THRESHOLD,
};

int application_init(void)
{
    application_reset();
    return CHAIN(init)();
}

void application_reset(void)
{
    coincell_decision_reset(&smoothing);
}

int16_t *application_samples(void)
{
    return samples;
}

/* From `features` to a decision. Inlined, so that the chain's parts keep their costs. */
__attribute__((always_inline)) static inline int decide(coincell_decision_state *state,
                                                        application_decision *decision)
{
    memcpy(CHAIN(input)(0), features, sizeof features);
    const int status = CHAIN(invoke)();
    if (status != 0) return status;
    memcpy(scores, CHAIN(output)(0), sizeof scores);
    const coincell_decision_result result =
        coincell_decision_step(&decision_config, state, scores);
    decision->label = result.label;
    decision->score = result.score;
    return 0;
}

int application_process(application_decision *decision)
{
    const int status = CHAIN(features_run)(samples, features);
    return status != 0 ? status : decide(&smoothing, decision);
}

int application_process_window(const int16_t *window, coincell_decision_state *state,
                               application_decision *decision)
{
    const int status = CHAIN(features_run)(window, features);
    return status != 0 ? status : decide(state, decision);
}

#if APPLICATION_BY_ROW
int application_process_rows(const int16_t *rows, int32_t first, coincell_decision_state *state,
                             application_decision *decision)
{
    CHAIN(features_gather)(rows, first, features);
    return decide(state, decision);
}
#endif

const int8_t *application_features(void)
{
    return features;
}

const int8_t *application_scores(void)
{
    return scores;
}
