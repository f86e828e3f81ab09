/* SPDX-License-Identifier: Apache-2.0
 *
 * GPIO of the nRF52840 (product specification, section 6.9) by one number for each pin: 0 to 31 are
 * P0.00 to P0.31, 32 to 47 are P1.00 to P1.15. And time that passes while the core counts.
 */
#ifndef COINCELL_SENSORS_PINS_H
#define COINCELL_SENSORS_PINS_H

#include <stdint.h>

#include "firmware/nrf52840.h"

#define PIN_PORT(pin) (0x50000000u + 0x300u * ((pin) >> 5))
#define PIN_BIT(pin) (1u << ((pin) & 31u))
#define PIN_OUTSET(pin) REGISTER(PIN_PORT(pin) + 0x508u)
#define PIN_OUTCLR(pin) REGISTER(PIN_PORT(pin) + 0x50Cu)
#define PIN_IN(pin) REGISTER(PIN_PORT(pin) + 0x510u)
#define PIN_CONFIGURATION(pin) REGISTER(PIN_PORT(pin) + 0x700u + 4u * ((pin) & 31u))

#define PIN_OUTPUT 3u                     /* output, input buffer disconnected */
#define PIN_DISCONNECTED 2u               /* after reset: input, buffer disconnected */
#define PIN_INPUT 0u                      /* input, no pull */
#define PIN_INPUT_PULLDOWN 4u             /* input, pulled low */
#define PIN_INPUT_OPEN_DRAIN (6u << 8)    /* input, drive S0D1: what TWIM asks for */
#define PIN_SENSE_HIGH (2u << 16)

#define GPIOTE_EVENTS_PORT REGISTER(0x4000617Cu)
#define GPIOTE_INTENSET REGISTER(0x40006304u)
#define GPIOTE_INTENCLR REGISTER(0x40006308u)
#define GPIOTE_INT_PORT (1u << 31)
#define GPIOTE_INTERRUPT 6u

#define CYCLES_A_MICROSECOND 64u

static inline uint32_t pin_level(uint32_t pin)
{
    /* pin: 0 to 47; returns 0 or 1 */
    return (PIN_IN(pin) >> (pin & 31u)) & 1u;
}

static inline void pin_set(uint32_t pin, uint32_t level)
{
    /* pin: 0 to 47, becomes an output; level: 0 or 1 */
    if (level != 0) {
        PIN_OUTSET(pin) = PIN_BIT(pin);
    } else {
        PIN_OUTCLR(pin) = PIN_BIT(pin);
    }
    PIN_CONFIGURATION(pin) = PIN_OUTPUT;
}

static inline void wait_at_least(uint32_t microseconds)
{
    /* microseconds: to pass; the loop takes 3 cycles a round, 4 with wait states */
    uint32_t rounds = microseconds * (CYCLES_A_MICROSECOND / 3u) + microseconds + 1u;
    __asm volatile("1: subs %0, %0, #1\n\tbne 1b" : "+r"(rounds) : : "cc");
}

static inline uint32_t interrupts_masked(void)
{
    /* returns PRIMASK before; interrupts are masked afterwards */
    uint32_t before;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(before) : : "memory");
    return before;
}

static inline void interrupts_restored(uint32_t before)
{
    /* before: what interrupts_masked() returned */
    __asm volatile("msr primask, %0\n\tisb" : : "r"(before) : "memory");
}

#endif
