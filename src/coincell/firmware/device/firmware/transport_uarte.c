/* SPDX-License-Identifier: Apache-2.0
 *
 * transport.h over UARTE0 of the nRF52840 at 1 Mbaud, 8 data bits, no parity, no flow control, on
 * the pins that the board labels TX and RX.
 */
#include "firmware/board.h"
#include "firmware/nrf52840.h"
#include "firmware/system.h"
#include "firmware/transport.h"

static volatile uint32_t sent;

void interrupt_uarte0(void);
void interrupt_uarte0(void)
{
    if (UARTE0_EVENTS_ENDRX != 0) {
        UARTE0_EVENTS_ENDRX = 0;
        (void)UARTE0_EVENTS_ENDRX; /* cleared before the next reception begins */
        transport_arrived();
    }
    if (UARTE0_EVENTS_ENDTX != 0) {
        UARTE0_EVENTS_ENDTX = 0;
        sent = 1;
    }
    (void)UARTE0_EVENTS_ENDTX; /* the writes must have arrived before the handler returns */
}

void transport_init(void)
{
    /* The crystal: the internal oscillator is too far off for a fast serial line. */
    clock_need(CLOCK_LINE);
    GPIO_OUTSET(BOARD_UART_TX) = GPIO_BIT(BOARD_UART_TX);
    GPIO_PIN_CNF(BOARD_UART_TX) = PIN_CNF_OUTPUT;
    GPIO_PIN_CNF(BOARD_UART_RX) = PIN_CNF_INPUT_PULLUP;
    UARTE0_PSEL_TXD = BOARD_UART_TX;
    UARTE0_PSEL_RXD = BOARD_UART_RX;
    UARTE0_BAUDRATE = UARTE0_BAUDRATE_1M;
    UARTE0_CONFIG = 0;
    UARTE0_INTENSET = UARTE0_INT_ENDRX | UARTE0_INT_ENDTX;
    UARTE0_ENABLE = UARTE0_ENABLE_ENABLED;
    NVIC_ISER0 = 1u << UARTE0_INTERRUPT;
}

void transport_expect(uint8_t *bytes, uint32_t count)
{
    UARTE0_RXD_PTR = (uint32_t)(uintptr_t)bytes;
    UARTE0_RXD_MAXCNT = count;
    barrier(); /* memory before the transfer, for the compiler as for the bus */
    UARTE0_TASKS_STARTRX = 1;
}

void transport_send(const uint8_t *bytes, uint32_t count)
{
    sent = 0;
    UARTE0_TXD_PTR = (uint32_t)(uintptr_t)bytes;
    UARTE0_TXD_MAXCNT = count;
    barrier();
    UARTE0_TASKS_STARTTX = 1;
    sleep_until(&sent);
    UARTE0_TASKS_STOPTX = 1; /* an idle transmitter draws current */
}
