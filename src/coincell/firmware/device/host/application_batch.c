/* SPDX-License-Identifier: Apache-2.0 */
#include "host/application_batch.h"

#include <string.h>

#include "application/application.h"

int application_process_batch(int32_t count, const application_sample *windows, int8_t *features,
                              int8_t *scores, int16_t *labels, int32_t *decision_scores)
{
    int status = application_init();
    for (int32_t i = 0; i < count && status == 0; i++) {
        const size_t window = (size_t)i;
        memcpy(application_samples(), windows + window * APPLICATION_WINDOW_VALUES,
               APPLICATION_WINDOW_VALUES * sizeof *windows);
        application_reset();
        application_decision decision = {-1, 0};
        status = application_process(&decision);
        memcpy(features + window * APPLICATION_FEATURES, application_features(),
               APPLICATION_FEATURES);
        memcpy(scores + window * APPLICATION_SCORES, application_scores(), APPLICATION_SCORES);
        labels[i] = decision.label;
        decision_scores[i] = decision.score;
    }
    return status;
}
