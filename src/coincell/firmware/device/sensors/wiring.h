/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the inertial sensor is on the Nano 33 BLE Sense. For another board this file is generated
 * from [imu] of its description. Pins by number, as in pins.h.
 */
#ifndef COINCELL_SENSORS_WIRING_H
#define COINCELL_SENSORS_WIRING_H

#define IMU_CLOCK 15u
#define IMU_DATA 14u
#define IMU_POWER 22u
#define IMU_PULL_UPS 32u
#define IMU_INTERRUPT_PIN 11u

#endif
