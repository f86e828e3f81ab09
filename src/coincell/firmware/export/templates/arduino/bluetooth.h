// SPDX-License-Identifier: Apache-2.0
//
// Reports by Bluetooth Low Energy, for boards whose radio the library ArduinoBLE knows. A phone or
// a gateway connects, reads the report that waits (in several parts, where it is longer than its
// packets), keeps it, and writes its CRC-32: then the next may come. `coincell monitor bluetooth`
// does so; docs/telemetry.md of Coincell describes the service.
//
// Whoever is near may read: a report holds counts, no recordings. {{ name }}_sign signs them.
#ifndef COINCELL_{{ upper }}_BLUETOOTH_H
#define COINCELL_{{ upper }}_BLUETOOTH_H

#include <ArduinoBLE.h>

#include "{{ name }}.h"

static BLEService {{ name }}_service("{{ bluetooth.service }}");
static BLECharacteristic {{ name }}_report_characteristic("{{ bluetooth.report }}",
                                                 BLERead | BLENotify, {{ upper }}_VALUE_BYTES);
static BLECharacteristic {{ name }}_taken_characteristic("{{ bluetooth.taken }}",
                                                BLEWrite, 4);
static bool {{ name }}_is_offered = false;

// None waits: the value is zeros. It never is empty, which ArduinoBLE lets nobody read.
static void {{ name }}_bluetooth_withdraw() {
  static const uint8_t nothing[{{ upper }}_VALUE_BYTES] = {0};
  {{ name }}_report_characteristic.writeValue(nothing, {{ upper }}_VALUE_BYTES);
  {{ name }}_is_offered = false;
}

// Advertises the service. Returns whether the radio works.
static bool {{ name }}_bluetooth_begin() {
  if (!BLE.begin()) return false;
  BLE.setLocalName("{{ name | truncate(26, True, '') }}");  // as much as an advertisement holds
  BLE.setAdvertisedService({{ name }}_service);
  {{ name }}_service.addCharacteristic({{ name }}_report_characteristic);
  {{ name }}_service.addCharacteristic({{ name }}_taken_characteristic);
  BLE.addService({{ name }}_service);
  {{ name }}_bluetooth_withdraw();
  return BLE.advertise() != 0;
}

// Answers what was asked meanwhile; call it in every loop().
static void {{ name }}_bluetooth_poll() {
  BLE.poll();
  if (!{{ name }}_taken_characteristic.written()) return;
  const uint8_t *crc = {{ name }}_taken_characteristic.value();
  if ({{ name }}_report_taken(crc, {{ name }}_taken_characteristic.valueLength())) {
    {{ name }}_bluetooth_withdraw();
  }
}

// Offers the report that waits, when there is one; call it after a decision.
static void {{ name }}_bluetooth_offer() {
  uint8_t value[{{ upper }}_VALUE_BYTES];
  if ({{ name }}_is_offered || {{ name }}_report_value(value) == 0) return;
  // Who subscribed is told its first bytes, and reads it whole.
  {{ name }}_report_characteristic.writeValue(value, {{ upper }}_VALUE_BYTES);
  {{ name }}_is_offered = true;
}

#endif
