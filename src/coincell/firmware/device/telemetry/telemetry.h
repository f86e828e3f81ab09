/* SPDX-License-Identifier: Apache-2.0
 *
 * The sketch of a stream and its reports: what was counted, for how long, and when it is told. The
 * same source runs on the board and on the host. docs/telemetry.md describes what is counted.
 */
#ifndef COINCELL_TELEMETRY_H
#define COINCELL_TELEMETRY_H

#include <stdint.h>

#include "application/stream.h"
#include "sketch/plan.h"
#include "sketch/report.h"

/* All of it survives a cut of the power where it is kept in flash: it holds no pointers. */
typedef struct {
    coincell_report_facts facts;
    uint32_t steps; /* that are no whole second yet, times APPLICATION_RATE_SECONDS */
    uint32_t begun; /* uptime at the begin of the interval */
    union {
        coincell_sketch sketch;
        uint32_t words[COINCELL_PLAN_WORDS];
    } counted;
} telemetry;

/* Nothing was counted. device: uint8[COINCELL_SKETCH_IDENTITY_BYTES]; reset: why it started, 0 to 5
 * as docs/telemetry.md has it. */
void telemetry_begin(telemetry *state, const uint8_t *device, uint32_t boot, uint32_t reset);

/* The same with the counters that *state holds, from before a start: device and boot are this
 * start's. */
void telemetry_resume(telemetry *state, const uint8_t *device, uint32_t boot, uint32_t reset);

/* `stream` is counted from now on. */
void telemetry_watch(telemetry *state, application_stream *stream);

/* So many steps in time (or pictures) of the stream are over, those lost included. */
void telemetry_advance(telemetry *state, uint32_t steps);

/* 1 when APPLICATION_REPORT_SECONDS of stream are over since the report before. */
int telemetry_due(const telemetry *state);

/* Writes report[COINCELL_REPORT_MOST_BYTES] and begins the next interval; sign may be null. Returns
 * its bytes. */
uint32_t telemetry_report(telemetry *state, coincell_report_sign sign, uint8_t *report);

#endif
