/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_APPLICATION_BATCH_H
#define COINCELL_APPLICATION_BATCH_H

#include <stdint.h>

#include "application/chain.h"

/* windows[count][window values] -> features: int8[count][features], scores: int8[count][scores],
 * labels: int16[count], decision_scores: int32[count].
 * Each window stands alone: the smoothing is emptied before it. Returns 0, or the code of the step
 * that failed; what follows that window is then unset. */
int application_process_batch(int32_t count, const application_sample *windows, int8_t *features,
                              int8_t *scores, int16_t *labels, int32_t *decision_scores);

#endif
