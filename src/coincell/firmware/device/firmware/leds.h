/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_LEDS_H
#define COINCELL_LEDS_H

/* The board's light; on: 0 or 1. Nothing where the board has none. */
void led_set(int on);

#endif
