/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/protocol.h"

#include <string.h>

#include "application/application.h"
#if APPLICATION_TELEMETRY
#include "digest/hmac.h"
#endif
#include "firmware/bytes.h"
#include "firmware/crc32.h"
#include "firmware/cycle_counter.h"
#include "firmware/live.h"
#include "firmware/reporting.h"
#include "firmware/startup.h"
#include "firmware/transport.h"

#define MAGIC_0 0xC0u
#define MAGIC_1 0x1Cu
#define HEADER_BYTES 6u
#define CRC_BYTES 4u

/* Set by the linker script; only the addresses mean something. */
extern uint8_t image_flash_bytes[], image_ram_bytes[], image_stack_bytes[];

/* One frame, in or out: an answer is written over the question. */
static uint8_t frame[HEADER_BYTES + PROTOCOL_MAX_PAYLOAD + CRC_BYTES];
static uint8_t *const payload = frame + HEADER_BYTES;

/* How much of the frame has come; changed by the line's interrupt until it is there. */
static volatile enum { IN_HEADER, IN_PAYLOAD, WHOLE, TOO_LONG } state;

/* What processing the last window took, for CYCLES. */
static uint32_t process_cycles;

/* Completes target, uint8[HEADER_BYTES + count + CRC_BYTES] with a payload and a sequence, and
 * sends it. */
static void send(uint8_t *target, uint32_t type, uint32_t count)
{
    target[0] = MAGIC_0;
    target[1] = MAGIC_1;
    target[2] = (uint8_t)type;
    put_u16(target + 4, count);
    put_u32(target + HEADER_BYTES + count, crc32(target + 2, HEADER_BYTES - 2 + count));
    transport_send(target, HEADER_BYTES + count + CRC_BYTES);
}

/* Its sequence stays that of the question. */
static void answer(uint32_t count)
{
    send(frame, frame[2] | MESSAGE_ANSWER, count);
}

static void answer_error(enum protocol_error error)
{
    payload[0] = (uint8_t)error;
    send(frame, MESSAGE_ERROR, 1);
}

void protocol_send_event(const uint8_t *bytes, uint32_t count)
{
    static uint8_t event[HEADER_BYTES + PROTOCOL_EVENT_BYTES + CRC_BYTES];
    memcpy(event + HEADER_BYTES, bytes, count);
    send(event, MESSAGE_EVENT, count);
    event[3]++;
}

#if APPLICATION_TELEMETRY

void protocol_send_report(const uint8_t *bytes, uint32_t count)
{
    static uint8_t report[HEADER_BYTES + COINCELL_REPORT_MOST_BYTES + CRC_BYTES];
    memcpy(report + HEADER_BYTES, bytes, count);
    send(report, MESSAGE_REPORT, count);
    report[3]++;
}

#endif

static void answer_info(int status)
{
    const uint32_t fields[] = {
        PROTOCOL_VERSION,
        (uint32_t)status,
        APPLICATION_WINDOW_VALUES,
        APPLICATION_FEATURES,
        APPLICATION_SCORES,
        (uint32_t)(uintptr_t)image_flash_bytes,
        (uint32_t)(uintptr_t)image_ram_bytes,
        (uint32_t)(uintptr_t)image_stack_bytes,
        stack_peak_bytes(),
        application_description_bytes,
        sizeof(application_sample),
    };
    for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        put_u32(payload + 4 * i, fields[i]);
    }
    answer(sizeof fields);
}

/* payload: region uint8, offset uint32, count uint16. */
static void answer_read(uint32_t length)
{
    if (length != 7) {
        answer_error(ERROR_LENGTH);
        return;
    }
    const uint32_t offset = get_u32(payload + 1);
    const uint32_t count = get_u16(payload + 5);
    const void *region = 0;
    uint32_t size = 0;
    if (payload[0] == REGION_DESCRIPTION) {
        region = application_description;
        size = application_description_bytes;
    } else if (payload[0] == REGION_FEATURES) {
        region = application_features();
        size = APPLICATION_FEATURES;
    } else if (payload[0] == REGION_SCORES) {
        region = application_scores();
        size = APPLICATION_SCORES;
    }
    if (count > PROTOCOL_MAX_PAYLOAD || offset > size || count > size - offset) {
        answer_error(ERROR_RANGE);
        return;
    }
    memcpy(payload, (const uint8_t *)region + offset, count);
    answer(count);
}

/* payload: offset uint32 (in values), application_sample[n]. */
static void answer_samples(uint32_t length)
{
    if (length < 4 || (length - 4) % sizeof(application_sample) != 0) {
        answer_error(ERROR_LENGTH);
        return;
    }
    const uint32_t offset = get_u32(payload);
    const uint32_t count = (length - 4) / sizeof(application_sample);
    if (offset > APPLICATION_WINDOW_VALUES || count > APPLICATION_WINDOW_VALUES - offset) {
        answer_error(ERROR_RANGE);
        return;
    }
    live_listen(LIVE_OFF); /* the computer is the microphone now */
    memcpy(application_samples() + offset, payload + 4, sizeof(application_sample) * count);
    answer(0);
}

/* Not inlined: its return address is where processing ends for who measures it. */
__attribute__((noinline)) static void answer_process(int status)
{
    if (status != 0) {
        answer_error(ERROR_STATUS);
        return;
    }
    live_listen(LIVE_OFF);
    application_decision decision = {-1, 0};
    cycle_counter_start();
    const uint32_t begin = cycle_counter();
    const int failure = application_process(&decision);
    process_cycles = cycle_counter() - begin;
    put_u32(payload, (uint32_t)failure);
    put_u32(payload + 4, (uint32_t)(int32_t)decision.label);
    put_u32(payload + 8, (uint32_t)decision.score);
    answer(12);
}

/* payload: mode uint8. */
static void answer_listen(uint32_t length, int status)
{
    if (length != 1) {
        answer_error(ERROR_LENGTH);
    } else if (payload[0] > LIVE_ALL) {
        answer_error(ERROR_RANGE);
    } else if (status != 0) {
        answer_error(ERROR_STATUS);
    } else {
        const int failure = live_listen((enum live_mode)payload[0]);
        if (failure == 0) answer(0);
        if (failure < 0) answer_error(ERROR_DEAF);
        if (failure > 0) answer_error((enum protocol_error)failure);
    }
}

#if APPLICATION_TELEMETRY

/* payload: key uint8[COINCELL_HMAC_KEY_BYTES]. */
static void answer_key(uint32_t length)
{
    if (length != COINCELL_HMAC_KEY_BYTES) {
        answer_error(ERROR_LENGTH);
    } else if (!reporting_keep_key(payload)) {
        answer_error(ERROR_KEPT);
    } else {
        memset(payload, 0, length);
        answer(0);
    }
}

#endif

/* The frame is whole and its checksum right; length: of the payload. */
static void answer_message(uint32_t length, int status)
{
    switch (frame[2]) {
    case MESSAGE_INFO:
        answer_info(status);
        break;
    case MESSAGE_READ:
        answer_read(length);
        break;
    case MESSAGE_SAMPLES:
        answer_samples(length);
        break;
    case MESSAGE_PROCESS:
        answer_process(status);
        break;
    case MESSAGE_RESET:
        application_reset();
        answer(0);
        break;
    case MESSAGE_LISTEN:
        answer_listen(length, status);
        break;
    case MESSAGE_CYCLES:
        put_u32(payload, process_cycles);
        answer(4);
        break;
#if APPLICATION_TELEMETRY
    case MESSAGE_TELL:
        answer(reporting_tell(payload));
        break;
    case MESSAGE_KEY:
        answer_key(length);
        break;
#endif
    default:
        answer_error(ERROR_TYPE);
    }
}

/* How many of the header's bytes are not the begin of a frame. */
static uint32_t foreign_bytes(void)
{
    uint32_t begin = 0;
    while (begin < HEADER_BYTES &&
           (frame[begin] != MAGIC_0 ||
            (begin + 1 < HEADER_BYTES && frame[begin + 1] != MAGIC_1))) {
        begin++;
    }
    return begin;
}

void protocol_begin(void)
{
    state = IN_HEADER;
    transport_expect(frame, HEADER_BYTES);
}

/* A header has come: what follows it is expected. */
static void take_header(void)
{
    const uint32_t foreign = foreign_bytes();
    const uint32_t length = get_u16(frame + 4);
    if (foreign > 0) {
        memmove(frame, frame + foreign, HEADER_BYTES - foreign);
        transport_expect(frame + HEADER_BYTES - foreign, foreign);
    } else if (length > PROTOCOL_MAX_PAYLOAD) {
        state = TOO_LONG;
    } else {
        state = IN_PAYLOAD;
        transport_expect(payload, length + CRC_BYTES);
    }
}

void transport_arrived(void)
{
    if (state == IN_HEADER) {
        take_header();
    } else {
        state = WHOLE;
    }
}

int protocol_ready(void)
{
    return state == WHOLE || state == TOO_LONG;
}

void protocol_serve(int status)
{
    if (!protocol_ready()) return;
    const uint32_t length = get_u16(frame + 4);
    if (state == TOO_LONG) {
        answer_error(ERROR_LENGTH);
    } else if (crc32(frame + 2, HEADER_BYTES - 2 + length) != get_u32(payload + length)) {
        answer_error(ERROR_CRC);
    } else {
        answer_message(length, status);
    }
    protocol_begin();
}
