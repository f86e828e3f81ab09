/* SPDX-License-Identifier: Apache-2.0
 *
 * Firmware that only collects: what the board's sensor gives goes onto the line, as an application
 * of the project would get it. It begins by itself, and asks for nothing.
 */
#include "application/application.h"
#include "collector/frames.h"
#include "collector/heading.h"
#include "collector/passing.h"
#include "firmware/bytes.h"
#include "firmware/leds.h"
#include "firmware/nrf52840.h"
#include "firmware/pace.h"
#include "firmware/source.h"
#include "firmware/system.h"
#include "firmware/transport.h"

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

/* It tries again after half a second, for ever: a sensor may be plugged in. So long a stretch, at
 * least, is missing in a stream that had begun. */
static void tell_failure(int status)
{
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
    pass_gap((HEADING_EVERY_STEPS + 1u) / 2u);
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
            pass_on(block.values, block.count, block.lost);
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
