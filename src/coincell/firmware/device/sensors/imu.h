/* SPDX-License-Identifier: Apache-2.0
 *
 * The inertial sensor of a board, whichever it has: one image for the Nano 33 BLE Sense and its
 * Rev2. They are told apart by what they say they are.
 *
 *     the first board   LSM9DS1  accelerometer and gyroscope at 0x6B, magnetometer at 0x1E
 *     Rev2              BMI270   accelerometer and gyroscope at 0x68; BMM150, magnetometer, at 0x10
 *     XIAO nRF52840 Sense  LSM6DS3TR-C  accelerometer and gyroscope at 0x6A; no magnetometer
 *
 * Units, the same for all: acceleration 1/8192 g (+-4 g), rotation 1/16 degree a second (+-2000),
 * magnetic field 1/16 microtesla. Axes are those that Arduino's libraries report for the board.
 */
#ifndef COINCELL_SENSORS_IMU_H
#define COINCELL_SENSORS_IMU_H

#include <stdint.h>

#include "sensors/twim.h"
#include "sensors/wiring.h"

typedef enum {
    IMU_OK = 0,
    IMU_HELD_LOW,         /* the bus is low: IMU_PULL_UPS, which feeds them, is not high */
    IMU_NO_SENSOR,        /* no address answers: is IMU_POWER, the sensors' supply, high? */
    IMU_WRONG_SENSOR,     /* something else answers there: device->identity says what it says */
    IMU_NO_MAGNETOMETER,  /* nothing, or something else, at the magnetometer's address */
    IMU_NO_CONFIGURATION, /* a BMI270, and the image holds none of Bosch's configuration for it */
    IMU_REFUSED,          /* a BMI270 that does not start with the configuration it was given */
    IMU_LOST,             /* a transfer failed: the sensor was there before */
    IMU_OVERRUN           /* samples were lost: read more often */
} imu_status;

typedef enum { IMU_NONE, IMU_LSM9DS1, IMU_BMI270, IMU_LSM6DS3TR_C } imu_kind;

/* What to switch on. */
#define IMU_ACCELERATION 1u
#define IMU_ROTATION 2u
#define IMU_FIELD 4u

typedef struct {
    imu_kind kind;
    uint32_t parts;           /* IMU_ACCELERATION and so on */
    uint32_t rate_millihertz; /* what the sensor really gives */
    uint8_t identity;         /* what it said, wrong or right */
    int32_t trim[10];         /* of the BMM150 */
} imu_device;

/* Bosch's configuration of the BMI270, 8192 bytes, or none: bytes is 0. Its licence is Bosch's; it
 * comes from the user's Arduino library Arduino_BMI270_BMM150 when the image is built. */
extern const uint8_t bmi270_configuration[];
extern const uint32_t bmi270_configuration_bytes;

imu_status imu_begin(imu_device *device, uint32_t parts, uint32_t rate_hz);
int32_t imu_read(imu_device *device, int16_t *samples, uint32_t room);
imu_status imu_field(imu_device *device, int16_t *field);
imu_status imu_watch(imu_device *device, uint32_t threshold_milli_g);
int32_t imu_moved(imu_device *device, uint32_t threshold_milli_g);
void imu_end(imu_device *device);
const char *imu_message(imu_status status);

#endif
