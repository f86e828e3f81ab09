/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames between computer and device; docs/protocol.md describes every message. All numbers are
 * little-endian. A frame:
 *
 *     offset  bytes  what
 *     0       2      0xC0 0x1C
 *     2       1      type of the message
 *     3       1      sequence, echoed in the answer
 *     4       2      n, bytes of payload, at most 1024
 *     6       n      payload
 *     6 + n   4      CRC-32 of all bytes from offset 2 on
 *
 * Every frame that the device recognises is answered by exactly one. Frames of the types EVENT and
 * REPORT come unasked, between answers; the sequence of each type counts them.
 */
#ifndef COINCELL_PROTOCOL_H
#define COINCELL_PROTOCOL_H

#include <stdint.h>

#include "application/chain.h"

#define PROTOCOL_VERSION 2u
#define PROTOCOL_MAX_PAYLOAD 1024u

enum protocol_message {
    MESSAGE_INFO = 0x01,    /* -> sizes and versions */
    MESSAGE_READ = 0x02,    /* region, offset, bytes -> those bytes */
    MESSAGE_SAMPLES = 0x03, /* offset, values[n]: part of a window -> nothing */
    MESSAGE_PROCESS = 0x04, /* -> status, label, decision score */
    MESSAGE_RESET = 0x05,   /* empties the smoothing -> nothing */
    MESSAGE_CYCLES = 0x06,  /* -> cycles that the last PROCESS took */
    MESSAGE_LISTEN = 0x07,  /* mode uint8 -> nothing */
    MESSAGE_TELL = 0x08,    /* -> a report of what was counted, as docs/telemetry.md has it */
    MESSAGE_KEY = 0x09,     /* key uint8[32], which signs reports from now on -> nothing */
    MESSAGE_EVENT = 0x20,   /* from the device, unasked: a decision while it listens */
    MESSAGE_REPORT = 0x24,  /* from the device, unasked: such a report, once an interval */
    MESSAGE_ANSWER = 0x80,  /* added to the type in an answer */
    MESSAGE_ERROR = 0xFF,   /* -> one of protocol_error */
};

enum protocol_error {
    ERROR_CRC = 1,
    ERROR_LENGTH = 2,  /* the frame's, or one that the message cannot have */
    ERROR_TYPE = 3,    /* no such message */
    ERROR_RANGE = 4,   /* samples or bytes that are not there */
    ERROR_STATUS = 5,  /* application_init failed; no window can be processed */
    ERROR_DEAF = 6,    /* this image, or its board, does not listen */
    ERROR_KEPT = 7,    /* the chip has a key already */
    /* 0x20 to 0x5F: the sensor does not work, as firmware/source.h has it */
    ERROR_LAST = 0xFF,
};

enum protocol_region {
    REGION_DESCRIPTION = 0, /* JSON: name, labels, versions, hashes */
    REGION_FEATURES = 1,    /* int8, of the window processed last */
    REGION_SCORES = 2,      /* int8, of the window processed last */
};

/* Begins to receive frames. */
void protocol_begin(void);

/* 1 when a whole frame has come. */
int protocol_ready(void);

/* Answers it, if it has come. status: what application_init returned. */
void protocol_serve(int status);

/* payload: uint8[count], count at most PROTOCOL_EVENT_BYTES. Sends it as an EVENT. */
#define PROTOCOL_EVENT_BYTES 24u
void protocol_send_event(const uint8_t *payload, uint32_t count);

#if APPLICATION_TELEMETRY
/* payload: uint8[count], count at most COINCELL_REPORT_MOST_BYTES. Sends it as a REPORT. */
void protocol_send_report(const uint8_t *payload, uint32_t count);
#endif

#endif
