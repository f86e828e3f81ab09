/* SPDX-License-Identifier: Apache-2.0
 *
 * What the board tells of the stream that it listens to: counts, once an interval, where the image
 * has telemetry; else these functions are nothing.
 */
#ifndef COINCELL_REPORTING_H
#define COINCELL_REPORTING_H

#include <stdint.h>

#include "application/chain.h"

#if APPLICATION_TELEMETRY

#include "application/stream.h"
#include "sketch/report.h"

/* After a reset: who this is, and why it started. */
void reporting_begin(void);

/* The stream is counted from now on. */
void reporting_watch(application_stream *stream);

/* So many steps in time (or pictures) are over. */
void reporting_advance(uint32_t steps);

/* The core's cycles now, for reporting_decided. */
uint32_t reporting_clock(void);

/* A decision was made; begin: reporting_clock() when its last sample was taken. */
void reporting_decided(uint32_t begin);

/* Sends a report if it is time. */
void reporting_work(void);

/* key[32]: signs all reports from now on, for the life of the chip. Returns 0 when there is one. */
int reporting_keep_key(const uint8_t *key);

/* Writes report[COINCELL_REPORT_MOST_BYTES], of the interval so far. Returns its bytes. */
uint32_t reporting_tell(uint8_t *report);

#else

#define reporting_begin() ((void)0)
#define reporting_watch(stream) ((void)(stream))
#define reporting_advance(steps) ((void)(steps))
#define reporting_clock() 0u
#define reporting_decided(begin) ((void)(begin))
#define reporting_work() ((void)0)

#endif

#endif
