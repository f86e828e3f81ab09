/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports by Bluetooth Low Energy. A phone or a gateway connects, reads the report that waits (in
 * several parts, where it is longer than its packets), keeps it, and writes its CRC-32: then the
 * next may come. `coincell monitor bluetooth` does so; docs/telemetry.md of Coincell describes the
 * service.
 *
 * Whoever is near may read: a report holds counts, no recordings. {{ name }}_sign signs them. To
 * let in who is paired alone, use the permissions BT_GATT_PERM_READ_ENCRYPT and
 * BT_GATT_PERM_WRITE_ENCRYPT, and CONFIG_BT_SMP=y.
 */
#include <stdbool.h>
#include <string.h>

#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/conn.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/bluetooth/uuid.h>
#include <zephyr/kernel.h>

#include <{{ name }}.h>

#include "bluetooth.h"

/* Of a notification: what fits into the smallest packets. */
#define FIRST_BYTES 20

#define SERVICE_UUID BT_UUID_128_ENCODE({{ bluetooth.service | uuid_parts }})
#define REPORT_UUID BT_UUID_128_ENCODE({{ bluetooth.report | uuid_parts }})
#define TAKEN_UUID BT_UUID_128_ENCODE({{ bluetooth.taken | uuid_parts }})

static const struct bt_uuid_128 service_uuid = BT_UUID_INIT_128(SERVICE_UUID);
static const struct bt_uuid_128 report_uuid = BT_UUID_INIT_128(REPORT_UUID);
static const struct bt_uuid_128 taken_uuid = BT_UUID_INIT_128(TAKEN_UUID);

/* Bluetooth's thread reads and writes while the main thread decides. */
static K_MUTEX_DEFINE(lock);
static uint8_t offered[{{ upper }}_VALUE_BYTES]; /* zeros: none waits */
static bool is_offered;

static ssize_t read_report(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buffer,
			   uint16_t length, uint16_t offset)
{
	k_mutex_lock(&lock, K_FOREVER);
	const ssize_t count =
		bt_gatt_attr_read(conn, attr, buffer, length, offset, offered, sizeof(offered));

	k_mutex_unlock(&lock);
	return count;
}

static ssize_t write_taken(struct bt_conn *conn, const struct bt_gatt_attr *attr,
			   const void *buffer, uint16_t length, uint16_t offset, uint8_t flags)
{
	ARG_UNUSED(conn);
	ARG_UNUSED(attr);
	ARG_UNUSED(flags);
	if (offset != 0) {
		return BT_GATT_ERR(BT_ATT_ERR_INVALID_OFFSET);
	}
	if (length != 4) {
		return BT_GATT_ERR(BT_ATT_ERR_INVALID_ATTRIBUTE_LEN);
	}
	k_mutex_lock(&lock, K_FOREVER);
	if ({{ name }}_report_taken(buffer, length)) {
		memset(offered, 0, sizeof(offered));
		is_offered = false;
	}
	k_mutex_unlock(&lock);
	return length;
}

BT_GATT_SERVICE_DEFINE(report_service,
	BT_GATT_PRIMARY_SERVICE(&service_uuid),
	BT_GATT_CHARACTERISTIC(&report_uuid.uuid, BT_GATT_CHRC_READ | BT_GATT_CHRC_NOTIFY,
			       BT_GATT_PERM_READ, read_report, NULL, NULL),
	BT_GATT_CCC(NULL, BT_GATT_PERM_READ | BT_GATT_PERM_WRITE),
	BT_GATT_CHARACTERISTIC(&taken_uuid.uuid, BT_GATT_CHRC_WRITE, BT_GATT_PERM_WRITE,
			       NULL, write_taken, NULL),
);

/* Since Zephyr 4.0 advertising does not go on by itself behind a connection. */
#ifdef BT_LE_ADV_CONN_FAST_1
#define ADVERTISING BT_LE_ADV_CONN_FAST_1
#else
#define ADVERTISING BT_LE_ADV_CONN
#endif

static int advertise(void)
{
	static const uint8_t flags[] = {BT_LE_AD_GENERAL | BT_LE_AD_NO_BREDR};
	static const uint8_t service[] = {SERVICE_UUID};
	static const struct bt_data advertised[] = {
		BT_DATA(BT_DATA_FLAGS, flags, sizeof(flags)),
		BT_DATA(BT_DATA_UUID128_ALL, service, sizeof(service)),
	};
	static const struct bt_data answered[] = {
		BT_DATA(BT_DATA_NAME_COMPLETE, CONFIG_BT_DEVICE_NAME,
			sizeof(CONFIG_BT_DEVICE_NAME) - 1),
	};

	return bt_le_adv_start(ADVERTISING, advertised, ARRAY_SIZE(advertised), answered,
			       ARRAY_SIZE(answered));
}

#ifdef BT_LE_ADV_CONN_FAST_1
static void advertise_again(struct k_work *work)
{
	ARG_UNUSED(work);
	(void)advertise();
}

static K_WORK_DEFINE(advertising, advertise_again);

/* Called as an interrupt is: Bluetooth's own functions may not be called from here. */
static void after_connection(void)
{
	(void)k_work_submit(&advertising);
}

BT_CONN_CB_DEFINE(connection_callbacks) = {
	.recycled = after_connection,
};
#endif

int bluetooth_begin(void)
{
	const int status = bt_enable(NULL);

	return status != 0 ? status : advertise();
}

void bluetooth_offer(void)
{
	uint8_t first[FIRST_BYTES];

	k_mutex_lock(&lock, K_FOREVER);
	const bool is_new = !is_offered && {{ name }}_report_value(offered) > 0;

	is_offered = is_offered || is_new;
	memcpy(first, offered, sizeof(first));
	k_mutex_unlock(&lock);
	if (is_new) {
		/* Who subscribed reads it whole; nobody may have. */
		(void)bt_gatt_notify(NULL, &report_service.attrs[1], first, sizeof(first));
	}
}
