/* SPDX-License-Identifier: Apache-2.0
 *
 * The motion sensors' libraries have one interface: readings of the file that $SHIM_MOTION names,
 * three float32 each.
 */
#ifndef SHIM_IMU_H
#define SHIM_IMU_H

#include <Arduino.h>

class ShimImu {
 public:
  int begin();
  int accelerationAvailable();
  int readAcceleration(float &x, float &y, float &z);
  int gyroscopeAvailable();
  int readGyroscope(float &x, float &y, float &z); // what lies in the file after an acceleration
  int magneticFieldAvailable();
  int readMagneticField(float &x, float &y, float &z); // what comes next
};

extern ShimImu IMU;

#endif
