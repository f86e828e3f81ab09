/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_PRINTK_H
#define SHIM_ZEPHYR_PRINTK_H

#include <stdio.h>

#ifdef CONFIG_BT
void shim_turn(void);
#define printk(...) (shim_turn(), printf(__VA_ARGS__))
#else
#define printk printf
#endif

#endif
