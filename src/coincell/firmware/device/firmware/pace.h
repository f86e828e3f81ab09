/* SPDX-License-Identifier: Apache-2.0
 *
 * A pace that wakes the core: RTC0 over the low-frequency clock, which draws almost nothing.
 */
#ifndef COINCELL_PACE_H
#define COINCELL_PACE_H

#include <stdint.h>

#define PACE_HZ 32768u

/* Due after `first` ticks of PACE_HZ, then every `ticks`; 3 to 2^23 each. */
void pace_start(uint32_t first, uint32_t ticks);

void pace_stop(void);

/* 1 when it is due. */
int pace_due(void);

/* It is no longer due. */
void pace_taken(void);

/* Ticks since the start, modulo 2^24. */
uint32_t pace_ticks(void);

#endif
