/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_UUID_H
#define SHIM_ZEPHYR_UUID_H

#include <stdint.h>

struct bt_uuid {
    uint8_t type;
};

struct bt_uuid_128 {
    struct bt_uuid uuid;
    uint8_t val[16]; /* the last byte of the text first */
};

#define SHIM_BYTE(number, place) (uint8_t)((uint64_t)(number) >> (8 * (place)))
#define SHIM_BYTES_2(number) SHIM_BYTE(number, 0), SHIM_BYTE(number, 1)
#define SHIM_BYTES_4(number) SHIM_BYTES_2(number), SHIM_BYTES_2((uint64_t)(number) >> 16)
#define BT_UUID_128_ENCODE(a, b, c, d, e) \
    SHIM_BYTES_4(e), SHIM_BYTES_2((uint64_t)(e) >> 32), SHIM_BYTES_2(d), SHIM_BYTES_2(c), \
        SHIM_BYTES_2(b), SHIM_BYTES_4(a)
#define BT_UUID_INIT_128(...) {.uuid = {2}, .val = {__VA_ARGS__}}

#endif
