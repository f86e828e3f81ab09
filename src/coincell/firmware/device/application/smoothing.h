/* SPDX-License-Identifier: Apache-2.0
 *
 * What a decision remembers of the last windows, by the application's goal: the scores of classes,
 * or one number a window.
 */
#ifndef COINCELL_SMOOTHING_H
#define COINCELL_SMOOTHING_H

#include <stdint.h>

#include "application/chain.h"

#if APPLICATION_GOAL == GOAL_CLASSES

#include "decision/decision.h"
typedef coincell_decision_state application_smoothing;
typedef int8_t application_smoothed;
#define APPLICATION_SMOOTHED \
    COINCELL_DECISION_RING_BYTES(APPLICATION_CLASSES, APPLICATION_WINDOWS)
#define application_smoothing_reset coincell_decision_reset
#define application_smoothing_pass coincell_decision_pass

#else

#include "decision/level.h"
typedef coincell_level_state application_smoothing;
typedef int32_t application_smoothed;
#define APPLICATION_SMOOTHED APPLICATION_WINDOWS
#define application_smoothing_reset coincell_level_reset
#define application_smoothing_pass coincell_level_pass

#endif

#endif
