/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/frames.h"

#include <string.h>

#include "firmware/bytes.h"
#include "firmware/crc32.h"
#include "firmware/transport.h"

#define HEADER_BYTES 6u
#define CRC_BYTES 4u

static uint8_t frame[HEADER_BYTES + FRAME_MOST + CRC_BYTES];

static void send(enum frame_type type, uint32_t count)
{
    /* count: bytes of payload that lie in the frame */
    static uint8_t sequence;
    frame[0] = 0xC0u;
    frame[1] = 0x1Cu;
    frame[2] = (uint8_t)type;
    frame[3] = sequence++;
    put_u16(frame + 4, count);
    put_u32(frame + HEADER_BYTES + count, crc32(frame + 2, HEADER_BYTES - 2 + count));
    transport_send(frame, HEADER_BYTES + count + CRC_BYTES);
}

void frame_send(enum frame_type type, const uint8_t *payload, uint32_t count)
{
    memcpy(frame + HEADER_BYTES, payload, count);
    send(type, count);
}

void frame_send_values(uint64_t step, uint32_t lost, uint32_t offset, const uint8_t *values,
                       uint32_t bytes)
{
    uint8_t *const head = frame + HEADER_BYTES;
    put_u32(head, (uint32_t)step);
    put_u32(head + 4, (uint32_t)(step >> 32));
    put_u32(head + 8, lost);
    put_u32(head + 12, offset);
    memcpy(head + FRAME_VALUES_HEAD, values, bytes);
    send(FRAME_VALUES, FRAME_VALUES_HEAD + bytes);
}
