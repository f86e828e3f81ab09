/* SPDX-License-Identifier: Apache-2.0
 *
 * From samples to a decision: features, network, smoothing and threshold. The same source runs on
 * the board and on the host.
 */
#ifndef COINCELL_APPLICATION_H
#define COINCELL_APPLICATION_H

#include <stdint.h>

#include "application/chain.h"
#include "decision/decision.h"

typedef struct {
    int16_t label; /* index of the class, -1 for none */
    int32_t score; /* its smoothed score, in the fixed point of decision/decision.h */
} application_decision;

/* JSON in UTF-8, not terminated: name, labels, versions, hashes. */
extern const uint8_t application_description[];
extern const uint32_t application_description_bytes;

/* Readies the network and empties the smoothing. Returns 0, or what the network's init returned. */
int application_init(void);

/* Empties the smoothing: the next window is the first. */
void application_reset(void);

/* int16[APPLICATION_WINDOW_SAMPLES]: filled by the caller, unchanged by processing. */
int16_t *application_samples(void);

/* Samples to decision. Returns 0, or the code of the step that failed; then *decision is unset. */
int application_process(application_decision *decision);

/* The same for a stream (application/stream.h), which has a smoothing of its own:
 * window: int16[APPLICATION_WINDOW_SAMPLES]. */
int application_process_window(const int16_t *window, coincell_decision_state *state,
                               application_decision *decision);

#if APPLICATION_BY_ROW
/* rows: int16[APPLICATION_FRAMES][columns] as features_row makes them, the oldest is `first`. */
int application_process_rows(const int16_t *rows, int32_t first, coincell_decision_state *state,
                             application_decision *decision);
#endif

/* int8[APPLICATION_FEATURES] and int8[APPLICATION_CLASSES] of the window processed last. */
const int8_t *application_features(void);
const int8_t *application_scores(void);

#endif
