/* SPDX-License-Identifier: Apache-2.0 */
#include "host/application_stream.h"

#include <string.h>

#include "application/stream.h"
#if APPLICATION_TELEMETRY
#include "telemetry/telemetry.h"
#endif

typedef struct {
    application_stream stream;
#if APPLICATION_TELEMETRY
    telemetry counts;
    application_stream_told told; /* null: nothing is counted */
#endif
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
#if APPLICATION_TELEMETRY
    state->told = 0;
#endif
    return application_init();
}

#if APPLICATION_TELEMETRY

void application_stream_watch(void *memory, const uint8_t *device, application_stream_told told)
{
    opened *state = memory;
    telemetry_begin(&state->counts, device, 0, 0);
    telemetry_watch(&state->counts, &state->stream);
    state->told = told;
}

uint32_t application_stream_tell(void *memory, uint8_t *report)
{
    opened *state = memory;
    return telemetry_report(&state->counts, 0, report);
}

static void pass_time(opened *state, uint32_t values)
{
    if (state->told) telemetry_advance(&state->counts, values / APPLICATION_STEP_VALUES);
}

static void tell(opened *state)
{
    uint8_t report[COINCELL_REPORT_MOST_BYTES];
    if (state->told && telemetry_due(&state->counts))
        state->told(report, telemetry_report(&state->counts, 0, report));
}

#else

static void pass_time(opened *state, uint32_t values)
{
    (void)state;
    (void)values;
}

static void tell(opened *state)
{
    (void)state;
}

#endif

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
        pass_time(state, taken);
        if (status == 1) {
            positions[*decided] = event.position;
            labels[*decided] = event.decision.label;
            scores[*decided] = event.decision.score;
            memcpy(outputs + (size_t)*decided * APPLICATION_SCORES, application_scores(),
                   APPLICATION_SCORES);
            (*decided)++;
            tell(state);
        }
    }
    return 0;
}

void application_stream_lose(void *memory, uint32_t count)
{
    opened *state = memory;
    pass_time(state, count);
    application_stream_skip(&state->stream, count);
}
