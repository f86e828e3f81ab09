// SPDX-License-Identifier: Apache-2.0
//
// What our sketches use of ArduinoBLE, for this computer: each poll is one connection event of the
// central in ../bluetooth_shim.
#ifndef SHIM_ARDUINO_BLE_H
#define SHIM_ARDUINO_BLE_H

#include <stdint.h>

enum { BLERead = 0x02, BLEWrite = 0x08, BLENotify = 0x10 };

class BLECharacteristic {
 public:
  BLECharacteristic(const char *uuid, uint16_t permissions, int valueSize);
  int writeValue(const uint8_t value[], int length);
  bool written();
  const uint8_t *value() const { return value_; }
  int valueLength() const { return length_; }

  const char *uuid;
  uint16_t permissions;

 private:
  friend class ShimBle;
  uint8_t value_[512];
  int most_, length_ = 0;
  bool written_ = false;
};

class BLEService {
 public:
  explicit BLEService(const char *uuid);
  void addCharacteristic(BLECharacteristic &characteristic);

  const char *uuid;
};

class ShimBle {
 public:
  int begin();
  bool setLocalName(const char *name);
  bool setAdvertisedService(const BLEService &service);
  void addService(BLEService &service);
  int advertise();
  void poll();

  static int read(int offset, uint8_t *buffer, int room);
  static void write(const uint8_t *bytes, int count);
};

extern ShimBle BLE;

#endif
