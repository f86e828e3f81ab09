/* SPDX-License-Identifier: Apache-2.0
 *
 * What a collecting board sends: frames as docs/protocol.md has them, nobody asking.
 */
#ifndef COINCELL_FRAMES_H
#define COINCELL_FRAMES_H

#include <stdint.h>

enum frame_type {
    FRAME_VALUES = 0x21,  /* uint64 step, uint32 lost, uint32 offset, then values as in windows */
    FRAME_HEADING = 0x22, /* what the values are, JSON in UTF-8 */
    FRAME_FAILED = 0x23,  /* uint32: what went wrong with the sensor, as in source.h */
};

#define FRAME_MOST 1024u      /* bytes of payload */
#define FRAME_VALUES_HEAD 16u /* bytes before the values */

/* payload: uint8[count], count <= FRAME_MOST. Returns when it has left. */
void frame_send(enum frame_type type, const uint8_t *payload, uint32_t count);

/* Values of a block: values uint8[bytes] as they lie in memory, the first of step `step`, `offset`
 * bytes behind its begin; lost: steps lost before them since the start. */
void frame_send_values(uint64_t step, uint32_t lost, uint32_t offset, const uint8_t *values,
                       uint32_t bytes);

#endif
