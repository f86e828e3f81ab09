/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_BLUETOOTH_H
#define SHIM_ZEPHYR_BLUETOOTH_H

#include <stddef.h>
#include <stdint.h>

#define BT_LE_AD_GENERAL 0x02
#define BT_LE_AD_NO_BREDR 0x04
#define BT_DATA_FLAGS 0x01
#define BT_DATA_UUID128_ALL 0x07
#define BT_DATA_NAME_COMPLETE 0x09
#define BT_DATA(kind, bytes, length) \
    {.type = (kind), .data_len = (length), .data = (const uint8_t *)(bytes)}

struct bt_data {
    uint8_t type, data_len;
    const uint8_t *data;
};

struct bt_le_adv_param {
    int is_connectable;
};

extern const struct bt_le_adv_param shim_connectable;

#define BT_LE_ADV_CONN_FAST_1 (&shim_connectable)

int bt_enable(void (*ready)(int));
int bt_le_adv_start(const struct bt_le_adv_param *param, const struct bt_data *advertised,
                    size_t advertised_count, const struct bt_data *answered, size_t answered_count);

#endif
