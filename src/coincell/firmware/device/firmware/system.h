/* SPDX-License-Identifier: Apache-2.0
 *
 * What the drivers share of the chip: its regulator, its crystal, its sleep.
 */
#ifndef COINCELL_SYSTEM_H
#define COINCELL_SYSTEM_H

#include <stdint.h>

/* Who needs the 32 MHz crystal. It runs while anyone does. */
enum clock_user { CLOCK_LINE = 1, CLOCK_MICROPHONE = 2 };

/* The DC/DC converter on: half the current of the linear regulator; the board needs its coil. */
void system_init(void);

/* Returns when the crystal runs. */
void clock_need(enum clock_user user);

/* The crystal stops when nobody else needs it. */
void clock_release(enum clock_user user);

/* Sleeps until an interrupt has made *flag other than 0. Interrupts are open before and after. */
void sleep_until(const volatile uint32_t *flag);

#endif
