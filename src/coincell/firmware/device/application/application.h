/* SPDX-License-Identifier: Apache-2.0
 *
 * From samples to a decision: features, network, smoothing and threshold. The same source runs on
 * the board and on the host.
 */
#ifndef COINCELL_APPLICATION_H
#define COINCELL_APPLICATION_H

#include <stdint.h>

#include "application/chain.h"
#include "application/smoothing.h"

typedef struct {
    int16_t label; /* index of the class, -1 for none; of what is strange 1, else 0 */
    int32_t score; /* its smoothed score, in the fixed point of decision.h or level.h */
} application_decision;

/* 1 for a label that stands for something: a keyword, or what is strange. */
extern const uint8_t application_keywords[APPLICATION_CLASSES];

/* JSON in UTF-8, not terminated: name, labels, versions, hashes. */
extern const uint8_t application_description[];
extern const uint32_t application_description_bytes;

/* Readies the network and empties the smoothing. Returns 0, or what the network's init returned. */
int application_init(void);

/* Empties the smoothing: the next window is the first. */
void application_reset(void);

/* [APPLICATION_WINDOW_VALUES]: filled by the caller, unchanged by processing. */
application_sample *application_samples(void);

/* Samples to decision. Returns 0, or the code of the step that failed; then *decision is unset. */
int application_process(application_decision *decision);

/* The same for a stream (application/stream.h), which has a smoothing of its own:
 * window[APPLICATION_WINDOW_VALUES]. */
int application_process_window(const application_sample *window, application_smoothing *state,
                               application_decision *decision);

#if APPLICATION_BY_ROW
/* rows: int16[APPLICATION_FRAMES][columns] as features_row makes them, the oldest is `first`. */
int application_process_rows(const int16_t *rows, int32_t first, application_smoothing *state,
                             application_decision *decision);
#endif

/* A window of a stream that is not looked at: the smoothing is empty behind it. */
void application_pass(application_smoothing *state);

/* int8[APPLICATION_FEATURES] and int8[APPLICATION_SCORES] of the window processed last: the
 * network's output, or the four bytes of how strange it is, low byte first. */
const int8_t *application_features(void);
const int8_t *application_scores(void);

#endif
