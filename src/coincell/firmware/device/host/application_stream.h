/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_APPLICATION_STREAM_H
#define COINCELL_APPLICATION_STREAM_H

#include <stdint.h>

#include "application/chain.h"

/* Bytes of what application_stream_open takes, aligned to 8. */
uint32_t application_stream_bytes(void);

/* memory: uint8[application_stream_bytes()]; settling: of the first samples, that no window holds.
 * Returns 0, or the code of the network's init. */
int application_stream_open(void *memory, uint32_t settling);

/* samples[count] -> positions: uint64[room], labels: int16[room], scores: int32[room] of the
 * decisions, and outputs: int8[room][APPLICATION_SCORES] as application_scores() has them; room is
 * at least count / APPLICATION_HOP_VALUES + 1. *decided: how many there are.
 * Returns 0, or the code of the step that failed. */
int application_stream_feed(void *memory, const application_sample *samples, uint32_t count,
                            uint64_t *positions, int16_t *labels, int32_t *scores,
                            int8_t *outputs, uint32_t *decided);

/* As if `count` values had been lost. */
void application_stream_lose(void *memory, uint32_t count);

#if APPLICATION_TELEMETRY
/* report[count] */
typedef void (*application_stream_told)(const uint8_t *report, uint32_t count);

/* The opened stream is counted from now on, as by a device[8] after its power came; each interval's
 * report is given to `told`. */
void application_stream_watch(void *memory, const uint8_t *device, application_stream_told told);

/* Writes report[256], of the interval so far. Returns its bytes. */
uint32_t application_stream_tell(void *memory, uint8_t *report);
#endif

#endif
