/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of bytes to the computer. One file implements it for each kind of line.
 */
#ifndef COINCELL_TRANSPORT_H
#define COINCELL_TRANSPORT_H

#include <stdint.h>

/* Called once, before any byte. */
void transport_init(void);

/* bytes: uint8[count], in RAM. Returns when all have come; sleeps meanwhile. */
void transport_receive(uint8_t *bytes, uint32_t count);

/* bytes: uint8[count], in RAM. Returns when all have left. */
void transport_send(const uint8_t *bytes, uint32_t count);

#endif
