/* SPDX-License-Identifier: Apache-2.0
 *
 * The core's own count of its cycles (DWT), which real boards and the virtual one have alike.
 * Addresses and bits: Armv7-M Architecture Reference Manual, sections C1.6.5 and C1.8.
 */
#ifndef COINCELL_CYCLE_COUNTER_H
#define COINCELL_CYCLE_COUNTER_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__)
#define CYCLE_COUNTER 0 /* Cortex-M0 and M0+ have none: every difference is 0, "not counted" */
#else
#define CYCLE_COUNTER 1
#endif

#define CYCLE_REGISTER(address) (*(volatile uint32_t *)(address))
#define DEMCR CYCLE_REGISTER(0xE000EDFCu)
#define DEMCR_TRCENA (1u << 24)
#define DWT_CTRL CYCLE_REGISTER(0xE0001000u)
#define DWT_CTRL_CYCCNTENA 1u
#define DWT_CYCCNT CYCLE_REGISTER(0xE0001004u)

/* Lets the counter run; it may run already, and is not set back. */
static inline void cycle_counter_start(void)
{
    if (CYCLE_COUNTER) {
        DEMCR |= DEMCR_TRCENA;
        DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    }
}

/* Cycles, modulo 2^32. It stands still while the core sleeps. */
static inline uint32_t cycle_counter(void)
{
    return CYCLE_COUNTER ? DWT_CYCCNT : 0u;
}

#endif
