/* SPDX-License-Identifier: Apache-2.0 */
#include "host/application_stream.h"

#include <string.h>

#include "application/stream.h"

typedef struct {
    application_stream stream;
    application_sample samples[APPLICATION_STREAM_BUFFER];
} opened;

uint32_t application_stream_bytes(void)
{
    return sizeof(opened);
}

int application_stream_open(void *memory, uint32_t settling)
{
    opened *state = memory;
    application_stream_begin(&state->stream, state->samples, settling);
    return application_init();
}

int application_stream_feed(void *memory, const application_sample *samples, uint32_t count,
                            uint64_t *positions, int16_t *labels, int32_t *scores,
                            int8_t *outputs, uint32_t *decided)
{
    opened *state = memory;
    *decided = 0;
    for (uint32_t done = 0; done < count;) {
        uint32_t taken = 0;
        application_event event = {0, {-1, 0}};
        const int status =
            application_stream_take(&state->stream, samples + done, count - done, &taken, &event);
        if (status < 0) return -status;
        done += taken;
        if (status == 1) {
            positions[*decided] = event.position;
            labels[*decided] = event.decision.label;
            scores[*decided] = event.decision.score;
            memcpy(outputs + (size_t)*decided * APPLICATION_SCORES, application_scores(),
                   APPLICATION_SCORES);
            (*decided)++;
        }
    }
    return 0;
}

void application_stream_lose(void *memory, uint32_t count)
{
    opened *state = memory;
    application_stream_skip(&state->stream, count);
}
