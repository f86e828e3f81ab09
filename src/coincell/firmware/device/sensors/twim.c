/* SPDX-License-Identifier: Apache-2.0
 *
 * twim.h: nRF52840 product specification, section 6.31.
 */
#include "sensors/twim.h"

#include "sensors/pins.h"

#define TASKS_STARTRX 0x000u
#define TASKS_STARTTX 0x008u
#define TASKS_STOP 0x014u
#define EVENTS_STOPPED 0x104u
#define EVENTS_ERROR 0x124u
#define SHORTS 0x200u
#define SHORTS_LASTTX_STARTRX (1u << 7)
#define SHORTS_LASTTX_STOP (1u << 9)
#define SHORTS_LASTRX_STOP (1u << 12)
#define INTENSET 0x304u
#define INTENCLR 0x308u
#define INT_STOPPED (1u << 1)
#define INT_ERROR (1u << 9)
#define ERRORSRC 0x4C4u
#define ERRORSRC_ADDRESS (1u << 1)
#define ERRORSRC_ALL 7u
#define ENABLE 0x500u
#define ENABLE_TWIM 6u
#define PSEL_SCL 0x508u
#define PSEL_SDA 0x50Cu
#define FREQUENCY 0x524u
#define RXD_PTR 0x534u
#define RXD_MAXCNT 0x538u
#define TXD_PTR 0x544u
#define TXD_MAXCNT 0x548u
#define TXD_AMOUNT 0x54Cu
#define ADDRESS 0x588u

#define AT(bus, offset) REGISTER((bus)->base + (offset))

void interrupt_twim0(void);
void interrupt_twim1(void);

void twim_begin(const twim_bus *bus, uint32_t frequency)
{
    /* bus: 1, its pins and instance; frequency: FREQUENCY's value, TWIM_100_KHZ or TWIM_390_KHZ */
    PIN_CONFIGURATION(bus->scl) = PIN_INPUT_OPEN_DRAIN;
    PIN_CONFIGURATION(bus->sda) = PIN_INPUT_OPEN_DRAIN;
    AT(bus, PSEL_SCL) = bus->scl;
    AT(bus, PSEL_SDA) = bus->sda;
    AT(bus, FREQUENCY) = frequency;
    AT(bus, ENABLE) = ENABLE_TWIM;
    NVIC_ISER0 = 1u << ((bus->base >> 12) & 0x1Fu);
}

void twim_end(const twim_bus *bus)
{
    /* bus: 1; an enabled TWIM draws current */
    AT(bus, INTENCLR) = INT_STOPPED | INT_ERROR;
    AT(bus, ENABLE) = 0;
    PIN_CONFIGURATION(bus->scl) = PIN_DISCONNECTED;
    PIN_CONFIGURATION(bus->sda) = PIN_DISCONNECTED;
}

/* The handlers only take the interrupt's line down; who waits sees the event. */
void interrupt_twim0(void)
{
    /* no arguments */
    REGISTER(TWIM0_BASE + INTENCLR) = INT_STOPPED | INT_ERROR;
}

void interrupt_twim1(void)
{
    /* no arguments */
    REGISTER(TWIM1_BASE + INTENCLR) = INT_STOPPED | INT_ERROR;
}

/* Sleep until STOPPED or ERROR. An event that comes between the look and the sleep leaves the
 * interrupt pending, and that ends the sleep at once. So does any other interrupt that is enabled,
 * pending and masked: whoever masks interrupts clears what woke the core before talking here. */
static void wait_for_end(const twim_bus *bus)
{
    /* bus: 1 */
    for (;;) {
        const uint32_t before = interrupts_masked();
        if ((AT(bus, EVENTS_STOPPED) | AT(bus, EVENTS_ERROR)) != 0) {
            interrupts_restored(before);
            return;
        }
        AT(bus, INTENSET) = INT_STOPPED | INT_ERROR;
        wait_for_interrupt();
        interrupts_restored(before);
    }
}

static void forget_events(const twim_bus *bus)
{
    /* bus: 1 */
    AT(bus, INTENCLR) = INT_STOPPED | INT_ERROR;
    AT(bus, EVENTS_STOPPED) = 0;
    AT(bus, EVENTS_ERROR) = 0;
    (void)AT(bus, EVENTS_ERROR); /* the writes must have arrived before the bit is cleared */
    NVIC_ICPR0 = 1u << ((bus->base >> 12) & 0x1Fu);
}

static twim_status transfer(const twim_bus *bus, uint8_t address, uint32_t task, uint32_t shorts)
{
    /* bus: 1; address: 7 bits; the pointers and counts are set */
    if (pin_level(bus->scl) == 0 || pin_level(bus->sda) == 0) {
        return TWIM_HELD_LOW; /* it would never end */
    }
    AT(bus, ADDRESS) = address;
    AT(bus, SHORTS) = shorts;
    AT(bus, ERRORSRC) = ERRORSRC_ALL;
    forget_events(bus);
    barrier();
    AT(bus, task) = 1;
    wait_for_end(bus);
    twim_status status = TWIM_OK;
    if (AT(bus, EVENTS_ERROR) != 0) {
        status = (AT(bus, ERRORSRC) & ERRORSRC_ADDRESS) != 0 ? TWIM_NO_ANSWER : TWIM_REFUSED;
        AT(bus, EVENTS_ERROR) = 0;
        AT(bus, TASKS_STOP) = 1;
        wait_for_end(bus);
    }
    forget_events(bus);
    barrier();
    return status;
}

twim_status twim_write(const twim_bus *bus, uint8_t address, uint8_t first, const uint8_t *bytes,
                       uint32_t count)
{
    /* bus: 1; address: 7 bits; first: the register; bytes: count, anywhere in memory */
    uint8_t buffer[TWIM_LONGEST];
    if (count >= TWIM_LONGEST) {
        return TWIM_TOO_LONG;
    }
    buffer[0] = first;
    for (uint32_t i = 0; i < count; i++) {
        buffer[i + 1] = bytes[i];
    }
    AT(bus, TXD_PTR) = (uint32_t)(uintptr_t)buffer;
    AT(bus, TXD_MAXCNT) = count + 1;
    return transfer(bus, address, TASKS_STARTTX, SHORTS_LASTTX_STOP);
}

twim_status twim_put(const twim_bus *bus, uint8_t address, uint8_t which, uint8_t value)
{
    /* bus: 1; address: 7 bits; value goes to the register `which` */
    return twim_write(bus, address, which, &value, 1);
}

twim_status twim_read(const twim_bus *bus, uint8_t address, uint8_t first, uint8_t *bytes,
                      uint32_t count)
{
    /* bus: 1; address: 7 bits; first: the register; bytes: count, in RAM, count > 0 */
    uint8_t buffer[4] = {first};
    AT(bus, TXD_PTR) = (uint32_t)(uintptr_t)buffer;
    AT(bus, TXD_MAXCNT) = 1;
    AT(bus, RXD_PTR) = (uint32_t)(uintptr_t)bytes;
    AT(bus, RXD_MAXCNT) = count;
    return transfer(bus, address, TASKS_STARTTX, SHORTS_LASTTX_STARTRX | SHORTS_LASTRX_STOP);
}

twim_status twim_read_apart(const twim_bus *bus, uint8_t address, uint8_t first, uint8_t *bytes,
                            uint32_t count)
{
    /* As twim_read, with a stop between the register and its value, as SCCB asks. */
    const twim_status status = twim_write(bus, address, first, bytes, 0);
    if (status != TWIM_OK) {
        return status;
    }
    AT(bus, RXD_PTR) = (uint32_t)(uintptr_t)bytes;
    AT(bus, RXD_MAXCNT) = count;
    return transfer(bus, address, TASKS_STARTRX, SHORTS_LASTRX_STOP);
}
