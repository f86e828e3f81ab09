/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_UART_H
#define SHIM_ZEPHYR_UART_H

#include <stdio.h>

#include <zephyr/device.h>

static inline void uart_poll_out(const struct device *device, unsigned char letter)
{
    (void)device;
    putchar(letter);
}

#endif
