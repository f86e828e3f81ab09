/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/telemetry.h"

#include <string.h>

/* A start's own facts; uptime goes on to count the interval that was begun. */
static void start(telemetry *state, const uint8_t *device, uint32_t boot, uint32_t reset)
{
    const uint32_t begun = 0u - (state->facts.uptime - state->begun);
    memset(&state->facts, 0, sizeof state->facts);
    memcpy(state->facts.device, device, sizeof state->facts.device);
    state->facts.boot = boot;
    state->facts.reset = reset;
    state->facts.time = COINCELL_REPORT_NO_TIME;
    state->begun = begun;
    state->steps = 0;
}

void telemetry_begin(telemetry *state, const uint8_t *device, uint32_t boot, uint32_t reset)
{
    memset(state, 0, sizeof *state);
    start(state, device, boot, reset);
    coincell_sketch_reset(&coincell_plan, &state->counted.sketch);
}

void telemetry_resume(telemetry *state, const uint8_t *device, uint32_t boot, uint32_t reset)
{
    start(state, device, boot, reset);
    state->counted.sketch.last_label = -1;
}

void telemetry_watch(telemetry *state, application_stream *stream)
{
    stream->sketch = &state->counted.sketch;
}

void telemetry_advance(telemetry *state, uint32_t steps)
{
    /* Apart, so that a long gap does not overflow. */
    const uint32_t whole = steps / APPLICATION_RATE_STEPS;
    state->steps += (steps - whole * APPLICATION_RATE_STEPS) * APPLICATION_RATE_SECONDS;
    const uint32_t seconds = state->steps / APPLICATION_RATE_STEPS;
    state->steps -= seconds * APPLICATION_RATE_STEPS;
    state->facts.uptime += whole * APPLICATION_RATE_SECONDS + seconds;
}

int telemetry_due(const telemetry *state)
{
    return state->facts.uptime - state->begun >= APPLICATION_REPORT_SECONDS;
}

uint32_t telemetry_report(telemetry *state, coincell_report_sign sign, uint8_t *report)
{
    state->facts.seconds = state->facts.uptime - state->begun;
    state->begun = state->facts.uptime;
    const uint32_t count = coincell_report_write(&coincell_plan, &state->counted.sketch,
                                                 &state->facts, sign, report);
    state->facts.sequence++;
    return count;
}
