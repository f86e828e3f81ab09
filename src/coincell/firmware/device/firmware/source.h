/* SPDX-License-Identifier: Apache-2.0
 *
 * What the board senses by itself, whatever it is: the microphone, the inertial sensor or the
 * camera, by the application's sense. One of microphone.c, motion.c and pictures.c is linked.
 */
#ifndef COINCELL_SOURCE_H
#define COINCELL_SOURCE_H

#include <stdint.h>

#include "application/chain.h"
#include "firmware/live_source.h"
#include "firmware/microphone.h"

#define SOURCE (MICROPHONE || SOURCE_MOTION || SOURCE_CAMERA)

/* Values at the begin of a stream that no decision is made on: the sensor settles. */
#if MICROPHONE
#define SOURCE_SETTLING_VALUES MICROPHONE_SETTLING_SAMPLES
#elif SOURCE_MOTION
#define SOURCE_SETTLING_VALUES (MOTION_SETTLING_STEPS * APPLICATION_STEP_VALUES)
#else
#define SOURCE_SETTLING_VALUES 0u
#endif

typedef struct {
    const application_sample *values; /* [count] */
    uint32_t count;
    uint32_t lost; /* steps in time that were lost right before them */
    int status;    /* other than 0: the sensor failed, and the stream has ended */
} source_block;

/* What goes wrong with a sensor: these, plus imu_status or camera_status. */
#define SOURCE_MOTION_FAILED 0x20
#define SOURCE_CAMERA_FAILED 0x40

/* Power, clocks, and the first sample. Returns 0, or what failed; then nothing is on. */
int source_start(void);

/* Everything off; forgets what was not taken. */
void source_stop(void);

/* 1 when there may be something to take. */
int source_ready(void);

/* The oldest block, the same one until source_release. Returns 0 when nothing waits. */
int source_take(source_block *block);

/* The block that source_take gave is no longer needed. */
void source_release(void);

#endif
