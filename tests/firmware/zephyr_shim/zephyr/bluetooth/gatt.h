/* SPDX-License-Identifier: Apache-2.0
 *
 * One service; a notification that does not fit into a packet is refused, as Zephyr's does.
 */
#ifndef SHIM_ZEPHYR_GATT_H
#define SHIM_ZEPHYR_GATT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <zephyr/bluetooth/conn.h>
#include <zephyr/bluetooth/uuid.h>

#define BT_GATT_PERM_READ 0x01
#define BT_GATT_PERM_WRITE 0x02
#define BT_GATT_CHRC_READ 0x02
#define BT_GATT_CHRC_WRITE 0x08
#define BT_GATT_CHRC_NOTIFY 0x10
#define BT_ATT_ERR_INVALID_OFFSET 0x07
#define BT_ATT_ERR_INVALID_ATTRIBUTE_LEN 0x0d
#define BT_GATT_ERR(error) (-(error))

struct bt_gatt_attr {
    const struct bt_uuid *uuid;
    ssize_t (*read)(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buffer,
                    uint16_t length, uint16_t offset);
    ssize_t (*write)(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *buffer,
                     uint16_t length, uint16_t offset, uint8_t flags);
    void *user_data;
    uint16_t handle, perm;
};

struct bt_gatt_service_static {
    const struct bt_gatt_attr *attrs;
    size_t attr_count;
};

extern const struct bt_gatt_service_static *const shim_service;

#define BT_GATT_PRIMARY_SERVICE(service) {.uuid = &(service)->uuid}
#define BT_GATT_CHARACTERISTIC(name, properties, permission, reads, writes, data) \
    {.perm = (properties)}, \
        {.uuid = (name), .read = (reads), .write = (writes), .user_data = (data), \
         .perm = (permission)}
#define BT_GATT_CCC(changed, permission) {.perm = (permission)}
#define BT_GATT_SERVICE_DEFINE(name, ...) \
    static const struct bt_gatt_attr attr_##name[] = {__VA_ARGS__}; \
    static const struct bt_gatt_service_static name = { \
        attr_##name, sizeof attr_##name / sizeof attr_##name[0]}; \
    const struct bt_gatt_service_static *const shim_service = &name

ssize_t bt_gatt_attr_read(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buffer,
                          uint16_t room, uint16_t offset, const void *value, uint16_t length);
int bt_gatt_notify(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *data,
                   uint16_t length);

#endif
