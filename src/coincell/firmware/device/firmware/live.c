/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/live.h"

#include "application/stream.h"
#include "firmware/bytes.h"
#include "firmware/leds.h"
#include "firmware/microphone.h"
#include "firmware/protocol.h"

#if MICROPHONE

static application_stream stream;
static enum live_mode mode;
static uint32_t used;      /* samples of the microphone's oldest block */
static uint32_t lost;      /* samples since listening began */
static int32_t last_label; /* as told; no label before the first decision */

int live_listen(enum live_mode wanted)
{
    if (mode != LIVE_OFF) microphone_stop();
    led_set(0);
    mode = wanted;
    if (mode == LIVE_OFF) return 0;
    application_stream_begin(&stream, application_samples(), MICROPHONE_SETTLING_SAMPLES);
    used = lost = 0;
    last_label = INT32_MIN;
    microphone_start();
    return 0;
}

int live_ready(void)
{
    return mode != LIVE_OFF && microphone_ready();
}

/* Tells a decision, or with status != 0 that the chain failed. */
static void tell(const application_event *event, uint32_t status)
{
    uint8_t payload[PROTOCOL_EVENT_BYTES];
    put_u32(payload, (uint32_t)event->position);
    put_u32(payload + 4, (uint32_t)(event->position >> 32));
    put_u32(payload + 8, (uint32_t)(int32_t)event->decision.label);
    put_u32(payload + 12, (uint32_t)event->decision.score);
    put_u32(payload + 16, lost);
    put_u32(payload + 20, status);
    protocol_send_event(payload, sizeof payload);
}

static void decided(const application_event *event)
{
    const int32_t label = event->decision.label;
    led_set(label >= 0 && application_keywords[label]);
    if (mode == LIVE_ALL || label != last_label) tell(event, 0);
    last_label = label;
}

void live_work(void)
{
    uint32_t missed = 0;
    const int16_t *block = mode != LIVE_OFF ? microphone_block(&missed) : 0;
    if (block == 0) return;
    if (used == 0 && missed > 0) {
        lost += missed;
        last_label = INT32_MIN; /* so that the next decision is told, and the loss with it */
        application_stream_skip(&stream, missed);
    }
    uint32_t taken = 0;
    application_event event = {0, {-1, 0}};
    const int status = application_stream_take(&stream, block + used,
                                               MICROPHONE_BLOCK_SAMPLES - used, &taken, &event);
    used += taken;
    if (used == MICROPHONE_BLOCK_SAMPLES) {
        used = 0;
        microphone_release();
    }
    if (status < 0) {
        event.position = stream.position;
        (void)live_listen(LIVE_OFF);
        tell(&event, (uint32_t)-status);
    } else if (status == 1) {
        decided(&event);
    }
}

#else

int live_listen(enum live_mode wanted)
{
    return wanted == LIVE_OFF ? 0 : -1;
}

int live_ready(void)
{
    return 0;
}

void live_work(void)
{
}

#endif
