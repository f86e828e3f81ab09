/* SPDX-License-Identifier: Apache-2.0
 *
 * What the exported sample uses of Zephyr's kernel, for this computer: a sleep ends the program.
 */
#ifndef SHIM_ZEPHYR_KERNEL_H
#define SHIM_ZEPHYR_KERNEL_H

#include <stdint.h>
#include <stdlib.h>

static inline int32_t k_msleep(int32_t ms)
{
    exit(ms == 1000 ? 0 : 3);
}

#endif
