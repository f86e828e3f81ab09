/* SPDX-License-Identifier: Apache-2.0
 *
 * The always-on application: what a sensor gives through the chain, decisions onto the line.
 */
#ifndef COINCELL_LIVE_H
#define COINCELL_LIVE_H

#include <stdint.h>

enum live_mode {
    LIVE_OFF = 0,     /* the sensor is off */
    LIVE_CHANGES = 1, /* a decision is told when its label is another than the last */
    LIVE_ALL = 2,     /* every decision is told */
};

/* Added to what source.h says of a sensor that failed: an event's status. */
#define LIVE_SENSOR_FAILED 0x100u

/* Begins to listen, or ends it. Begun again, the stream is new. Returns 0, -1 when this image does
 * not listen: no sensor for it on the board, or another rate of samples; or what source.h says is
 * wrong with the sensor. */
int live_listen(enum live_mode mode);

/* 1 when samples wait. */
int live_ready(void);

/* Processes waiting samples, up to one decision, and tells it. */
void live_work(void);

#endif
