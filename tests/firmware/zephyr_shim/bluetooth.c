/* SPDX-License-Identifier: Apache-2.0
 *
 * Zephyr's Bluetooth host as the sample sees it, with the central of ../bluetooth_shim: while a
 * line goes over the console there are as many connection events as a report has parts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "../bluetooth_shim/central.h"

enum { REPORT = 2, TAKEN = 5, MOST_ADVERTISED = 31, EVENTS = 16 };

const struct bt_le_adv_param shim_connectable = {1};

static int is_enabled, is_advertised, is_interrupt;

struct k_work *shim_work;

int bt_enable(void (*ready)(int))
{
    is_enabled = ready == NULL && getenv("SHIM_NO_RADIO") == NULL;
    return is_enabled ? 0 : -EIO;
}

static size_t length_of(const struct bt_data *data, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) length += 2u + data[i].data_len;
    return length;
}

int bt_le_adv_start(const struct bt_le_adv_param *param, const struct bt_data *advertised,
                    size_t advertised_count, const struct bt_data *answered, size_t answered_count)
{
    if (is_interrupt) exit(10);
    if (!is_enabled || !param->is_connectable || is_advertised) return -EINVAL;
    if (length_of(advertised, advertised_count) > MOST_ADVERTISED ||
        length_of(answered, answered_count) > MOST_ADVERTISED)
        return -EINVAL;
    is_advertised = 1;
    return 0;
}

ssize_t bt_gatt_attr_read(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buffer,
                          uint16_t room, uint16_t offset, const void *value, uint16_t length)
{
    (void)conn, (void)attr;
    if (offset > length) return BT_GATT_ERR(BT_ATT_ERR_INVALID_OFFSET);
    const uint16_t left = (uint16_t)(length - offset), count = left < room ? left : room;
    memcpy(buffer, (const uint8_t *)value + offset, count);
    return count;
}

int bt_gatt_notify(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *data,
                   uint16_t length)
{
    (void)conn, (void)data;
    if (attr != &shim_service->attrs[REPORT - 1]) exit(7);
    return length > shim_fact("mtu=", 23) - 3 ? -ENOMEM : 0;
}

static int read_report(int offset, uint8_t *buffer, int room)
{
    const struct bt_gatt_attr *attr = &shim_service->attrs[REPORT];
    return (int)attr->read(NULL, attr, buffer, (uint16_t)room, (uint16_t)offset);
}

static void write_taken(const uint8_t *bytes, int count)
{
    const struct bt_gatt_attr *attr = &shim_service->attrs[TAKEN];
    (void)attr->write(NULL, attr, bytes, (uint16_t)count, 0, 0);
}

/* A connection ends the advertisement; when it is over, the sample begins it anew: not in the
 * callback, of which conn.h says "treat this callback as an ISR". */
static void connected(int is_there)
{
    if (is_there && !is_advertised) exit(11);
    is_advertised = 0;
    if (is_there) return;
    is_interrupt = 1;
    shim_connection.recycled();
    is_interrupt = 0;
    if (shim_work) shim_work->handler(shim_work);
    shim_work = NULL;
}

void shim_turn(void)
{
    static const shim_peripheral self = {read_report, write_taken, connected};
    static int was_advertised;
    was_advertised |= is_advertised;
    for (int i = 0; was_advertised && i < EVENTS; i++) shim_central_turn(&self);
}
