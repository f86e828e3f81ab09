/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/system.h"

#include "firmware/nrf52840.h"

static uint32_t clock_users;

void system_init(void)
{
    POWER_DCDCEN = 1;
}

/* Drivers call the two below from interrupts too. */
static uint32_t mask_and_tell(void)
{
    uint32_t masked;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(masked)::"memory");
    return masked;
}

void clock_need(enum clock_user user)
{
    const uint32_t masked = mask_and_tell();
    if (clock_users == 0) {
        CLOCK_EVENTS_HFCLKSTARTED = 0;
        CLOCK_TASKS_HFCLKSTART = 1;
        while (CLOCK_EVENTS_HFCLKSTARTED == 0) {
        }
    }
    clock_users |= (uint32_t)user;
    if (!masked) unmask_interrupts();
}

void clock_release(enum clock_user user)
{
    const uint32_t masked = mask_and_tell();
    clock_users &= ~(uint32_t)user;
    if (clock_users == 0) CLOCK_TASKS_HFCLKSTOP = 1;
    if (!masked) unmask_interrupts();
}

/* Masked, an interrupt wakes the core and is not taken: one that comes between the look at the flag
 * and the sleep is not missed. */
void sleep_until(const volatile uint32_t *flag)
{
    while (*flag == 0) {
        mask_interrupts();
        if (*flag == 0) wait_for_interrupt();
        unmask_interrupts();
    }
}
