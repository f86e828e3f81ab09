/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of bytes to the computer. One file implements it for each kind of line. Nothing here waits
 * for the computer: receiving goes on by itself, and an interrupt wakes the core when it is done.
 */
#ifndef COINCELL_TRANSPORT_H
#define COINCELL_TRANSPORT_H

#include <stdint.h>

/* Called once, before any byte, with interrupts masked. */
void transport_init(void);

/* Begins to receive bytes: uint8[count], in RAM, count > 0; one reception at a time. When all have
 * come, transport_arrived is called. */
void transport_expect(uint8_t *bytes, uint32_t count);

/* Whoever reads the line defines it. It is called from an interrupt, or with interrupts masked, and
 * may expect more bytes: on a line without flow control the next ones are on their way. */
void transport_arrived(void);

/* bytes: uint8[count], in RAM. Returns when all have left, or when nobody is there to take them;
 * sleeps meanwhile. */
void transport_send(const uint8_t *bytes, uint32_t count);

#endif
