// SPDX-License-Identifier: Apache-2.0
//
// ArduinoBLE's stand-in: one service, whose characteristics keep what is written to them. As there
// (readOrReadBlobReq of its ATT.cpp), it is an error to read at a value's very end.
#include "ArduinoBLE.h"

#include <stdio.h>
#include <string.h>

#include "../bluetooth_shim/central.h"

ShimBle BLE;

static BLECharacteristic *known[2];  // that is read, that is written
static bool isBegun, isAdvertised, isServed;

BLECharacteristic::BLECharacteristic(const char *name, uint16_t may, int valueSize)
    : uuid(name), permissions(may), most_(valueSize < 512 ? valueSize : 512) {}

int BLECharacteristic::writeValue(const uint8_t value[], int length) {
  length_ = length < most_ ? length : most_;
  memcpy(value_, value, static_cast<size_t>(length_));
  return 1;
}

bool BLECharacteristic::written() {
  const bool was = written_;
  written_ = false;
  return was;
}

BLEService::BLEService(const char *name) : uuid(name) {}

void BLEService::addCharacteristic(BLECharacteristic &characteristic) {
  known[characteristic.permissions & BLEWrite ? 1 : 0] = &characteristic;
}

int ShimBle::begin() {
  isBegun = !getenv("SHIM_NO_RADIO");
  return isBegun;
}
bool ShimBle::setLocalName(const char *name) { return strlen(name) <= 29; }
bool ShimBle::setAdvertisedService(const BLEService &) { return true; }
void ShimBle::addService(BLEService &service) {
  isServed = true;
  if (getenv("SHIM_SHOWS_UUIDS"))
    printf("# %s %s %s\n", service.uuid, known[0]->uuid, known[1]->uuid);
}
int ShimBle::advertise() {
  isAdvertised = isBegun && isServed;
  return isAdvertised;
}

int ShimBle::read(int offset, uint8_t *buffer, int room) {
  const BLECharacteristic *from = known[0];
  if (!(from->permissions & BLERead) || offset >= from->length_) return -1;
  const int left = from->length_ - offset, count = left < room ? left : room;
  memcpy(buffer, from->value_ + offset, static_cast<size_t>(count));
  return count;
}

void ShimBle::write(const uint8_t *bytes, int count) {
  known[1]->writeValue(bytes, count);
  known[1]->written_ = true;
}

static void ignoreConnection(int) {}

void ShimBle::poll() {
  static const shim_peripheral self = {read, write, ignoreConnection};
  if (isAdvertised) shim_central_turn(&self);
}
