/* SPDX-License-Identifier: Apache-2.0
 *
 * The always-on application: the microphone's samples through the chain, decisions onto the line.
 */
#ifndef COINCELL_LIVE_H
#define COINCELL_LIVE_H

#include <stdint.h>

enum live_mode {
    LIVE_OFF = 0,     /* the microphone is off */
    LIVE_CHANGES = 1, /* a decision is told when its label is another than the last */
    LIVE_ALL = 2,     /* every decision is told */
};

/* Begins to listen, or ends it. Begun again, the stream is new. Returns 0, or -1 when this image
 * does not listen: no microphone, or another rate of samples. */
int live_listen(enum live_mode mode);

/* 1 when samples wait. */
int live_ready(void);

/* Processes waiting samples, up to one decision, and tells it. */
void live_work(void);

#endif
