/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/leds.h"

#include "firmware/board.h"
#include "firmware/nrf52840.h"

void led_set(int on)
{
#if BOARD_LIGHT
    if (on != BOARD_LIGHT_LOW) {
        GPIO_OUTSET(BOARD_LIGHT_PIN) = GPIO_BIT(BOARD_LIGHT_PIN);
    } else {
        GPIO_OUTCLR(BOARD_LIGHT_PIN) = GPIO_BIT(BOARD_LIGHT_PIN);
    }
    GPIO_PIN_CNF(BOARD_LIGHT_PIN) = PIN_CNF_OUTPUT;
#else
    (void)on;
#endif
}
