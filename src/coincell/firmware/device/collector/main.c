/* SPDX-License-Identifier: Apache-2.0
 *
 * Firmware that only collects: what the board's sensor gives goes onto the line, as an application
 * of the project would get it. It begins by itself, and asks for nothing.
 */
#include "application/application.h"
#include "collector/frames.h"
#include "collector/heading.h"
#include "firmware/bytes.h"
#include "firmware/leds.h"
#include "firmware/nrf52840.h"
#include "firmware/pace.h"
#include "firmware/source.h"
#include "firmware/system.h"
#include "firmware/transport.h"

/* A whole number of steps a frame, so that one that is lost on the line leaves whole steps. */
#define STEP_BYTES (APPLICATION_STEP_VALUES * (uint32_t)sizeof(application_sample))
#define ROOM (FRAME_MOST - FRAME_VALUES_HEAD)
#if APPLICATION_SENSE == SENSE_PICTURE
#define PART ROOM
#else
#define PART (ROOM / STEP_BYTES * STEP_BYTES)
#endif

static uint64_t position; /* steps since the start, those lost included; of pictures their number */
static uint32_t lost;
static uint32_t until_heading; /* steps */

#if APPLICATION_SENSE == SENSE_PICTURE
application_sample *application_samples(void)
{
    static application_sample picture[APPLICATION_WINDOW_VALUES];
    return picture;
}
#endif

/* The computer sends nothing that is meant for this image. */
void transport_arrived(void)
{
}

/* Every second, so that a program that opens the port later learns what comes. */
static void tell_heading(uint32_t steps)
{
    if (steps < until_heading) {
        until_heading -= steps;
        return;
    }
    until_heading = HEADING_EVERY_STEPS;
    frame_send(FRAME_HEADING, application_description, application_description_bytes);
}

static void pass_on(const source_block *block)
{
    const uint8_t *const values = (const uint8_t *)block->values;
    const uint32_t bytes = block->count * (uint32_t)sizeof(application_sample);
    const uint32_t steps = bytes / STEP_BYTES;
    position += block->lost;
    lost += block->lost;
    tell_heading(steps);
    for (uint32_t at = 0; at < bytes; at += PART) {
        const uint32_t some = bytes - at < PART ? bytes - at : PART;
#if APPLICATION_SENSE == SENSE_PICTURE
        frame_send_values(position, lost, at, values + at, some);
#else
        frame_send_values(position + at / STEP_BYTES, lost, 0, values + at, some);
#endif
    }
    position += steps;
}

/* It tries again after half a second, for ever: a sensor may be plugged in. So long a stretch, at
 * least, is missing in a stream that had begun. */
static void tell_failure(int status)
{
    const uint32_t missing = position > 0 ? (HEADING_EVERY_STEPS + 1u) / 2u : 0;
    uint8_t payload[4];
    put_u32(payload, (uint32_t)status);
    led_set(1);
    frame_send(FRAME_FAILED, payload, sizeof payload);
    pace_start(PACE_HZ / 2u, PACE_HZ / 2u);
    while (!pace_due()) {
        mask_interrupts();
        if (!pace_due()) wait_for_interrupt();
        unmask_interrupts();
    }
    pace_stop();
    position += missing;
    lost += missing;
}

/* Masked, an interrupt wakes the core and is not taken: one that comes between the look and the
 * sleep is not missed. */
static void sleep_until_work(void)
{
    mask_interrupts();
    if (!source_ready()) wait_for_interrupt();
    unmask_interrupts();
}

static void collect(void)
{
    int status = source_start();
    if (status == 0) led_set(0);
    while (status == 0) {
        source_block block = {0, 0, 0, 0};
        sleep_until_work();
        if (!source_take(&block)) continue;
        status = block.status;
        if (status == 0) {
            pass_on(&block);
            source_release();
        } else {
            source_stop();
        }
    }
    tell_failure(status);
}

int main(void)
{
    system_init();
    transport_init();
    unmask_interrupts();
    for (;;) {
        collect();
    }
}
