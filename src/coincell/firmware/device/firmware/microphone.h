/* SPDX-License-Identifier: Apache-2.0
 *
 * The board's microphone: 16-bit samples at 16 kHz in blocks, gathered by interrupts while the core
 * does other things.
 */
#ifndef COINCELL_MICROPHONE_H
#define COINCELL_MICROPHONE_H

#include <stdint.h>

#include "application/chain.h"
#include "firmware/board.h"

#define MICROPHONE_RATE_HZ 16000

/* Whether there is one, and it takes what the application was made for. */
#define MICROPHONE                                                  \
    (BOARD_MICROPHONE && APPLICATION_SENSE == SENSE_SOUND &&        \
     APPLICATION_SAMPLE_RATE_HZ == MICROPHONE_RATE_HZ)

#define MICROPHONE_BLOCK_SAMPLES 320u /* 20 ms */

/* The first samples after a start, which no decision is made on. */
#define MICROPHONE_SETTLING_SAMPLES (BOARD_MICROPHONE_SETTLING_MS * (MICROPHONE_RATE_HZ / 1000u))

/* How long the core may be busy: a hop, since more it cannot be for long, and some to spare. */
#define MICROPHONE_HOP_BLOCKS (APPLICATION_HOP_VALUES / MICROPHONE_BLOCK_SAMPLES)
#define MICROPHONE_BLOCKS (MICROPHONE_HOP_BLOCKS < 4u ? 8u : MICROPHONE_HOP_BLOCKS + 4u)

/* Power, clock, and the first sample. */
void microphone_start(void);

/* Forgets what was not taken. */
void microphone_stop(void);

/* 1 when a block waits. */
int microphone_ready(void);

/* The oldest block, int16[MICROPHONE_BLOCK_SAMPLES], or null. *lost: how many samples were lost
 * right before it, because the core was busy for too long. */
const int16_t *microphone_block(uint32_t *lost);

/* The block that microphone_block gave is no longer needed. */
void microphone_release(void);

#endif
