// SPDX-License-Identifier: Apache-2.0
//
// Prints a reading a line: milliseconds, acceleration in g, rotation in degrees a second. Any
// sketch that prints like this can be collected from; `coincell data collect` finds rate and axes.
//
// Library: Arduino_LSM9DS1 for the Nano 33 BLE Sense, Arduino_BMI270_BMM150 for its Rev2.
#ifndef IMU_OF_REV2
#define IMU_OF_REV2 0  // 1 for the Nano 33 BLE Sense Rev2
#endif

#if IMU_OF_REV2
#include <Arduino_BMI270_BMM150.h>
#else
#include <Arduino_LSM9DS1.h>
#endif

static const long kLinesBetweenHeadings = 100;
static long lines = 0;

// value: to be printed with four decimals, and what follows it.
static void show(float value, char after) {
  const long units = static_cast<long>(value * 10000.0f + (value < 0 ? -0.5f : 0.5f));
  const long size = units < 0 ? -units : units;
  if (units < 0) Serial.print('-');
  Serial.print(size / 10000);
  Serial.print('.');
  for (long digit = 1000; digit > 0; digit /= 10) {
    Serial.print(static_cast<char>('0' + size / digit % 10));
  }
  Serial.print(after);
}

void setup() {
  Serial.begin(115200);
  if (!IMU.begin()) {
    for (;;) {
      Serial.println("# The motion sensor does not answer; see IMU_OF_REV2 above.");
      delay(1000);
    }
  }
}

void loop() {
  if (!IMU.accelerationAvailable() || !IMU.gyroscopeAvailable()) return;
  float x, y, z, a, b, c;
  if (!IMU.readAcceleration(x, y, z) || !IMU.readGyroscope(a, b, c)) return;
  if (lines++ % kLinesBetweenHeadings == 0) {
    Serial.println("time [ms],aX [g],aY [g],aZ [g],gX [deg/s],gY [deg/s],gZ [deg/s]");
  }
  Serial.print(static_cast<long>(millis()));
  Serial.print(',');
  show(x, ',');
  show(y, ',');
  show(z, ',');
  show(a, ',');
  show(b, ',');
  show(c, '\n');
}
