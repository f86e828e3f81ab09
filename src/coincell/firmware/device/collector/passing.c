/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/passing.h"

#include "collector/frames.h"
#include "collector/heading.h"

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

/* Now and then, so that a program that opens the port later learns what comes. */
static void tell_heading(uint32_t steps)
{
    if (steps < until_heading) {
        until_heading -= steps;
        return;
    }
    until_heading = HEADING_EVERY_STEPS;
    frame_send(FRAME_HEADING, application_description, application_description_bytes);
}

void pass_on(const application_sample *values, uint32_t count, uint32_t lost_before)
{
    const uint8_t *const bytes = (const uint8_t *)values;
    const uint32_t size = count * (uint32_t)sizeof(application_sample);
    const uint32_t steps = size / STEP_BYTES;
    position += lost_before;
    lost += lost_before;
    tell_heading(steps);
    for (uint32_t at = 0; at < size; at += PART) {
        const uint32_t some = size - at < PART ? size - at : PART;
#if APPLICATION_SENSE == SENSE_PICTURE
        frame_send_values(position, lost, at, bytes + at, some);
#else
        frame_send_values(position + at / STEP_BYTES, lost, 0, bytes + at, some);
#endif
    }
    position += steps;
}

void pass_gap(uint32_t steps)
{
    if (position == 0) return;
    position += steps;
    lost += steps;
}
