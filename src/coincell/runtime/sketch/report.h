/* SPDX-License-Identifier: Apache-2.0
 *
 * A sketch as a report of at most 256 bytes: CBOR (RFC 8949), as docs/telemetry.md describes it.
 */
#ifndef COINCELL_SKETCH_REPORT_H
#define COINCELL_SKETCH_REPORT_H

#include <stdint.h>

#include "sketch/sketch.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COINCELL_REPORT_MOST_BYTES 256
#define COINCELL_REPORT_TAG_BYTES 16
#define COINCELL_REPORT_NO_TIME UINT32_MAX

/* What a report tells beside the counters. */
typedef struct {
    uint8_t device[COINCELL_SKETCH_IDENTITY_BYTES];
    uint32_t boot;     /* starts so far; 0 where nothing counts them */
    uint32_t sequence; /* reports since that start, from 0 */
    uint32_t uptime;   /* seconds of stream since that start */
    uint32_t seconds;  /* of stream since the report before */
    uint32_t reset;    /* why it started, 0 to 5 */
    uint32_t time;     /* seconds since 1970, or COINCELL_REPORT_NO_TIME */
} coincell_report_facts;

/* body[count] -> tag[COINCELL_REPORT_TAG_BYTES]. */
typedef void (*coincell_report_sign)(const uint8_t *body, uint32_t count, uint8_t *tag);

/* Writes report[COINCELL_REPORT_MOST_BYTES] and forgets what it tells: as many sections as fit,
 * from where the report before ended. sign: null leaves the tag empty. Returns its bytes. */
uint32_t coincell_report_write(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                               const coincell_report_facts *facts, coincell_report_sign sign,
                               uint8_t *report);

#ifdef __cplusplus
}
#endif

#endif
