/* SPDX-License-Identifier: Apache-2.0
 *
 * transport.h over UARTE0 of the nRF52840 at 1 Mbaud, 8 data bits, no parity, no flow control, on
 * the pins that the Nano 33 BLE labels TX (P1.03) and RX (P1.10).
 */
#include "firmware/nrf52840.h"
#include "firmware/transport.h"

#define TX_PIN 3u
#define RX_PIN 10u

void transport_init(void)
{
    /* The crystal: the internal oscillator is too far off for a fast serial line. */
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1;
    while (CLOCK_EVENTS_HFCLKSTARTED == 0) {
    }
    P1_OUTSET = 1u << TX_PIN;
    P1_PIN_CNF(TX_PIN) = PIN_CNF_OUTPUT;
    P1_PIN_CNF(RX_PIN) = PIN_CNF_INPUT_PULLUP;
    UARTE0_PSEL_TXD = PSEL_PORT1(TX_PIN);
    UARTE0_PSEL_RXD = PSEL_PORT1(RX_PIN);
    UARTE0_BAUDRATE = UARTE0_BAUDRATE_1M;
    UARTE0_CONFIG = 0;
    UARTE0_INTENSET = UARTE0_INT_ENDRX | UARTE0_INT_ENDTX;
    UARTE0_ENABLE = UARTE0_ENABLE_ENABLED;
    NVIC_ISER0 = 1u << UARTE0_INTERRUPT;
}

/* Interrupts are masked: an event makes one pending, and that wakes the core without being taken.
 * One that came before the wait is pending already, so no wake-up is lost. */
static void wait_for(volatile uint32_t *event)
{
    while (*event == 0) {
        wait_for_interrupt();
    }
    *event = 0;
    (void)*event; /* the write must have arrived before the pending bit is cleared */
    NVIC_ICPR0 = 1u << UARTE0_INTERRUPT;
}

void transport_receive(uint8_t *bytes, uint32_t count)
{
    UARTE0_RXD_PTR = (uint32_t)(uintptr_t)bytes;
    UARTE0_RXD_MAXCNT = count;
    barrier(); /* memory before the transfer, for the compiler as for the bus */
    UARTE0_TASKS_STARTRX = 1;
    wait_for(&UARTE0_EVENTS_ENDRX);
    barrier();
}

void transport_send(const uint8_t *bytes, uint32_t count)
{
    UARTE0_TXD_PTR = (uint32_t)(uintptr_t)bytes;
    UARTE0_TXD_MAXCNT = count;
    barrier();
    UARTE0_TASKS_STARTTX = 1;
    wait_for(&UARTE0_EVENTS_ENDTX);
    UARTE0_TASKS_STOPTX = 1; /* an idle transmitter draws current */
}
