/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_PRINTK_H
#define SHIM_ZEPHYR_PRINTK_H

#include <stdio.h>

#define printk printf

#endif
