/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_CONN_H
#define SHIM_ZEPHYR_CONN_H

struct bt_conn;

struct bt_conn_cb {
    void (*recycled)(void);
};

extern const struct bt_conn_cb shim_connection;

#define BT_CONN_CB_DEFINE(name) const struct bt_conn_cb shim_connection

#endif
