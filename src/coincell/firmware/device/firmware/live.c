/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/live.h"

#include "application/stream.h"
#include "firmware/bytes.h"
#include "firmware/leds.h"
#include "firmware/protocol.h"
#include "firmware/reporting.h"
#include "firmware/source.h"

#if SOURCE

static application_stream stream;
static enum live_mode mode;
static uint32_t used;      /* values of the source's oldest block */
static uint32_t lost;      /* steps in time since listening began */
static int32_t last_label; /* as told; no label before the first decision */

int live_listen(enum live_mode wanted)
{
    if (mode != LIVE_OFF) source_stop();
    led_set(0);
    mode = LIVE_OFF;
    if (wanted == LIVE_OFF) return 0;
    application_stream_begin(&stream, application_samples(), SOURCE_SETTLING_VALUES);
    reporting_watch(&stream);
    used = lost = 0;
    last_label = INT32_MIN;
    const int status = source_start();
    if (status == 0) mode = wanted;
    return status;
}

int live_ready(void)
{
    return mode != LIVE_OFF && source_ready();
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

/* Listens no more, and says why. */
static void fail(uint32_t status)
{
    const application_event event = {stream.position / APPLICATION_STEP_VALUES, {-1, 0}};
    (void)live_listen(LIVE_OFF);
    tell(&event, status);
}

void live_work(void)
{
    source_block block = {0, 0, 0, 0};
    if (mode == LIVE_OFF || !source_take(&block)) return;
    if (block.status != 0) {
        fail(LIVE_SENSOR_FAILED + (uint32_t)block.status);
        return;
    }
    const uint32_t begin = reporting_clock();
    if (used == 0 && block.lost > 0) {
        lost += block.lost;
        reporting_advance(block.lost);
        last_label = INT32_MIN; /* so that the next decision is told, and the loss with it */
        application_stream_skip(&stream, block.lost * APPLICATION_STEP_VALUES);
    }
    uint32_t taken = 0;
    application_event event = {0, {-1, 0}};
    const int status = application_stream_take(&stream, block.values + used, block.count - used,
                                               &taken, &event);
    used += taken;
    reporting_advance(taken / APPLICATION_STEP_VALUES);
    if (used == block.count) {
        used = 0;
        source_release();
    }
    if (status < 0) {
        fail((uint32_t)-status);
    } else if (status == 1) {
        reporting_decided(begin);
        decided(&event);
        reporting_work();
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
