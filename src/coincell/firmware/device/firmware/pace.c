/* SPDX-License-Identifier: Apache-2.0
 *
 * pace.h: nRF52840 product specification, sections 5.4 (clock) and 6.22 (RTC). The clock is the
 * chip's RC oscillator: sensors keep a time of their own, and less exactly.
 */
#include "firmware/pace.h"

#include "firmware/nrf52840.h"

#define CLOCK_TASKS_LFCLKSTART REGISTER(0x40000008u)
#define CLOCK_TASKS_LFCLKSTOP REGISTER(0x4000000Cu)
#define CLOCK_EVENTS_LFCLKSTARTED REGISTER(0x40000104u)
#define CLOCK_LFCLKSRC REGISTER(0x40000518u)
#define CLOCK_LFCLKSRC_RC 0u

#define RTC0_TASKS_START REGISTER(0x4000B000u)
#define RTC0_TASKS_STOP REGISTER(0x4000B004u)
#define RTC0_TASKS_CLEAR REGISTER(0x4000B008u)
#define RTC0_EVENTS_COMPARE0 REGISTER(0x4000B140u)
#define RTC0_INTENSET REGISTER(0x4000B304u)
#define RTC0_INTENCLR REGISTER(0x4000B308u)
#define RTC0_INT_COMPARE0 (1u << 16)
#define RTC0_COUNTER REGISTER(0x4000B504u)
#define RTC0_PRESCALER REGISTER(0x4000B508u)
#define RTC0_CC0 REGISTER(0x4000B540u)
#define RTC0_INTERRUPT 11u
#define RTC_MASK 0xFFFFFFu

static volatile uint32_t due;
static uint32_t every, next;

void interrupt_rtc0(void);
void interrupt_rtc0(void)
{
    RTC0_EVENTS_COMPARE0 = 0;
    due = 1;
    next = (next + every) & RTC_MASK;
    /* Who came too late for the next one, by a long sleep of interrupts, takes the one after. A
     * comparison must be 2 ahead when it is written, and a tick may pass until then: so 3. */
    while (((next - RTC0_COUNTER) & RTC_MASK) - 3u > RTC_MASK >> 1)
        next = (next + every) & RTC_MASK;
    RTC0_CC0 = next;
    (void)RTC0_EVENTS_COMPARE0; /* the writes must have arrived before the handler returns */
}

void pace_start(uint32_t first, uint32_t ticks)
{
    CLOCK_LFCLKSRC = CLOCK_LFCLKSRC_RC;
    CLOCK_EVENTS_LFCLKSTARTED = 0;
    CLOCK_TASKS_LFCLKSTART = 1;
    while (CLOCK_EVENTS_LFCLKSTARTED == 0) {
    }
    due = 0;
    every = ticks;
    next = first;
    RTC0_PRESCALER = 0;
    RTC0_TASKS_CLEAR = 1;
    RTC0_CC0 = next;
    RTC0_EVENTS_COMPARE0 = 0;
    RTC0_INTENSET = RTC0_INT_COMPARE0;
    NVIC_ISER0 = 1u << RTC0_INTERRUPT;
    RTC0_TASKS_START = 1;
}

void pace_stop(void)
{
    RTC0_INTENCLR = RTC0_INT_COMPARE0;
    RTC0_TASKS_STOP = 1;
    RTC0_EVENTS_COMPARE0 = 0;
    (void)RTC0_EVENTS_COMPARE0;
    NVIC_ICPR0 = 1u << RTC0_INTERRUPT;
    CLOCK_TASKS_LFCLKSTOP = 1;
    due = 0;
}

int pace_due(void)
{
    return due != 0;
}

void pace_taken(void)
{
    due = 0;
}

uint32_t pace_ticks(void)
{
    return RTC0_COUNTER;
}
