/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/protocol.h"

#include <string.h>

#include "application/application.h"
#include "firmware/crc32.h"
#include "firmware/cycle_counter.h"
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

/* What processing the last window took, for CYCLES. */
static uint32_t process_cycles;

static uint32_t get_u16(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t get_u32(const uint8_t *bytes)
{
    return get_u16(bytes) | get_u16(bytes + 2) << 16;
}

static void put_u16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    put_u16(bytes, value);
    put_u16(bytes + 2, value >> 16);
}

/* Sends the frame; its sequence stays that of the question. */
static void send(uint32_t type, uint32_t count)
{
    frame[0] = MAGIC_0;
    frame[1] = MAGIC_1;
    frame[2] = (uint8_t)type;
    put_u16(frame + 4, count);
    put_u32(payload + count, crc32(frame + 2, HEADER_BYTES - 2 + count));
    transport_send(frame, HEADER_BYTES + count + CRC_BYTES);
}

static void answer(uint32_t count)
{
    send(frame[2] | MESSAGE_ANSWER, count);
}

static void answer_error(enum protocol_error error)
{
    payload[0] = (uint8_t)error;
    send(MESSAGE_ERROR, 1);
}

/* Fills the header with the next six bytes on the line that begin as a frame does. */
static void receive_header(void)
{
    transport_receive(frame, HEADER_BYTES);
    while (frame[0] != MAGIC_0 || frame[1] != MAGIC_1) {
        memmove(frame, frame + 1, HEADER_BYTES - 1);
        transport_receive(frame + HEADER_BYTES - 1, 1);
    }
}

static void answer_info(int status)
{
    const uint32_t fields[] = {
        PROTOCOL_VERSION,
        (uint32_t)status,
        APPLICATION_WINDOW_SAMPLES,
        APPLICATION_FEATURES,
        APPLICATION_CLASSES,
        (uint32_t)(uintptr_t)image_flash_bytes,
        (uint32_t)(uintptr_t)image_ram_bytes,
        (uint32_t)(uintptr_t)image_stack_bytes,
        stack_peak_bytes(),
        application_description_bytes,
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
        size = APPLICATION_CLASSES;
    }
    if (count > PROTOCOL_MAX_PAYLOAD || offset > size || count > size - offset) {
        answer_error(ERROR_RANGE);
        return;
    }
    memcpy(payload, (const uint8_t *)region + offset, count);
    answer(count);
}

/* payload: offset uint32 (in samples), samples int16[n]. */
static void answer_samples(uint32_t length)
{
    if (length < 4 || (length & 1u) != 0) {
        answer_error(ERROR_LENGTH);
        return;
    }
    const uint32_t offset = get_u32(payload);
    const uint32_t count = (length - 4) / 2;
    if (offset > APPLICATION_WINDOW_SAMPLES || count > APPLICATION_WINDOW_SAMPLES - offset) {
        answer_error(ERROR_RANGE);
        return;
    }
    memcpy(application_samples() + offset, payload + 4, 2 * count);
    answer(0);
}

/* Not inlined: its return address is where processing ends for who measures it. */
__attribute__((noinline)) static void answer_process(int status)
{
    if (status != 0) {
        answer_error(ERROR_STATUS);
        return;
    }
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

void protocol_serve(int status)
{
    receive_header();
    const uint32_t length = get_u16(frame + 4);
    if (length > PROTOCOL_MAX_PAYLOAD) {
        answer_error(ERROR_LENGTH);
        return;
    }
    transport_receive(payload, length + CRC_BYTES);
    if (crc32(frame + 2, HEADER_BYTES - 2 + length) != get_u32(payload + length)) {
        answer_error(ERROR_CRC);
        return;
    }
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
    case MESSAGE_CYCLES:
        put_u32(payload, process_cycles);
        answer(4);
        break;
    default:
        answer_error(ERROR_TYPE);
    }
}
