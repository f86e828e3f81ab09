/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "decision/decision.h"
#include "decision/level.h"

/* scores[windows][classes] -> labels[windows], means[windows].
   forget = 1: the smoothing is emptied before each window. */
void coincell_decision_run_batch(const coincell_decision_config *config,
                                 coincell_decision_state *state, int32_t windows, int32_t forget,
                                 const int8_t *scores, int16_t *labels, int32_t *means)
{
    for (int32_t w = 0; w < windows; w++) {
        if (forget) coincell_decision_reset(state);
        const coincell_decision_result result =
            coincell_decision_step(config, state, scores + (int64_t)w * config->classes);
        labels[w] = result.label;
        means[w] = result.score;
    }
}

/* values[windows] -> labels[windows], means[windows]; begins[windows]: 1 where all is forgotten
   before the window. */
void coincell_level_run_batch(const coincell_level_config *config, coincell_level_state *state,
                              int32_t windows, const uint8_t *begins, const int32_t *values,
                              int16_t *labels, int32_t *means)
{
    for (int32_t w = 0; w < windows; w++) {
        if (begins[w]) coincell_level_reset(state);
        const coincell_level_result result = coincell_level_step(config, state, values[w]);
        labels[w] = result.label;
        means[w] = result.score;
    }
}
