/* SPDX-License-Identifier: Apache-2.0
 *
 * What the exported sample uses of Zephyr's kernel, for this computer: a sleep ends the program,
 * and a mutex that is locked twice does.
 */
#ifndef SHIM_ZEPHYR_KERNEL_H
#define SHIM_ZEPHYR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARG_UNUSED(name) (void)(name)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* 1 for a switch that is defined as 1, else 0. */
#define IS_ENABLED(name) SHIM_ENABLED(name)
#define SHIM_ENABLED(value) SHIM_SECOND(SHIM_IS_##value 1, 0, 0)
#define SHIM_IS_1 0,
#define SHIM_SECOND(...) SHIM_TAKE_SECOND(__VA_ARGS__)
#define SHIM_TAKE_SECOND(ignored, value, ...) value

struct k_mutex {
    int is_locked;
};

#define K_FOREVER 0
#define K_MUTEX_DEFINE(name) struct k_mutex name

static inline int k_mutex_lock(struct k_mutex *mutex, int patience)
{
    if (mutex->is_locked++ || patience != K_FOREVER) exit(8);
    return 0;
}

static inline int k_mutex_unlock(struct k_mutex *mutex)
{
    if (mutex->is_locked-- != 1) exit(9);
    return 0;
}

struct k_work {
    void (*handler)(struct k_work *work);
};

#define K_WORK_DEFINE(name, does) struct k_work name = {.handler = (does)}

extern struct k_work *shim_work; /* that was handed over, or null */

static inline int k_work_submit(struct k_work *work)
{
    shim_work = work;
    return 1;
}

static inline int32_t k_msleep(int32_t ms)
{
    exit(ms == 1000 ? 0 : 3);
}

#endif
