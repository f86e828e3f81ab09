/* SPDX-License-Identifier: Apache-2.0
 *
 * BMM150 (Bosch, data sheet BST-BMM150-DS001): 10 Hz. What it gives is not yet a field: the trim
 * values of each sensor make one of it, by the formula that Bosch publishes with its driver.
 */
#include "sensors/chips.h"
#include "sensors/pins.h"

#define SENSOR 0x10u
#define CHIP_ID 0x40u
#define CHIP_ID_VALUE 0x32u
#define DATA_X_LSB 0x42u
#define POWER 0x4Bu
#define OPERATION 0x4Cu
#define REP_XY 0x51u
#define TRIM_XY 0x5Du
#define TRIM_Z4 0x62u
#define TRIM_Z2 0x68u

enum { X1, Y1, X2, Y2, Z1, Z2, Z3, Z4, XYZ1, XY12 };

imu_status bmm150_begin(imu_device *device)
{
    /* device: receives the trim values; its identity becomes the sensor's if that is wrong */
    uint8_t identity = 0;
    uint8_t first[2];
    uint8_t middle[4];
    uint8_t last[10];
    if (twim_put(&imu_bus, SENSOR, POWER, 1) != TWIM_OK) {
        return IMU_NO_MAGNETOMETER;
    }
    wait_at_least(3000);
    if (twim_read(&imu_bus, SENSOR, CHIP_ID, &identity, 1) != TWIM_OK) {
        return IMU_NO_MAGNETOMETER;
    }
    if (identity != CHIP_ID_VALUE) {
        device->identity = identity;
        return IMU_NO_MAGNETOMETER;
    }
    const uint8_t repetitions[2] = {4, 14}; /* 9 and 15: Bosch's "regular" */
    if (twim_read(&imu_bus, SENSOR, TRIM_XY, first, 2) != TWIM_OK ||
        twim_read(&imu_bus, SENSOR, TRIM_Z4, middle, 4) != TWIM_OK ||
        twim_read(&imu_bus, SENSOR, TRIM_Z2, last, 10) != TWIM_OK ||
        twim_write(&imu_bus, SENSOR, REP_XY, repetitions, 2) != TWIM_OK ||
        twim_put(&imu_bus, SENSOR, OPERATION, 0) != TWIM_OK) {
        return IMU_LOST;
    }
    int32_t *trim = device->trim;
    trim[X1] = (int8_t)first[0];
    trim[Y1] = (int8_t)first[1];
    trim[Z4] = little_endian(middle);
    trim[X2] = (int8_t)middle[2];
    trim[Y2] = (int8_t)middle[3];
    trim[Z2] = little_endian(last);
    trim[Z1] = little_endian(last + 2) & 0xFFFF;
    trim[XYZ1] = (little_endian(last + 4) & 0x7FFF);
    trim[Z3] = little_endian(last + 6);
    trim[XY12] = little_endian(last + 8); /* XY2, signed, and above it XY1, unsigned */
    return IMU_OK;
}

static int16_t flat(const int32_t *trim, int32_t raw, int32_t hall, uint32_t axis)
{
    /* trim: 10; raw: 13 bits, x or y; hall: the resistance, not 0; returns 1/16 microtesla */
    const int32_t xy2 = (int8_t)(trim[XY12] & 0xFF);
    const int32_t xy1 = (trim[XY12] >> 8) & 0xFF;
    const int32_t bend = (int16_t)(uint16_t)((uint32_t)(trim[XYZ1] * 16384 / hall) - 16384u);
    const int32_t gain = (xy2 * ((bend * bend) / 128) + bend * xy1 * 128) / 512 + 0x100000;
    const int32_t step = gain * (trim[X2 + axis] + 160) / 4096;
    return saturated(raw * step / 8192 + trim[X1 + axis] * 8);
}

static int16_t upright(const int32_t *trim, int32_t raw, int32_t hall)
{
    /* trim: 10; raw: 15 bits, z; hall: the resistance; returns 1/16 microtesla */
    const int32_t offset = trim[Z3] * (hall - trim[XYZ1]) / 4;
    const int32_t scale = trim[Z2] + (trim[Z1] * 2 * hall + 32768) / 65536;
    return scale == 0 ? 0 : saturated(((raw - trim[Z4]) * 32768 - offset) / scale);
}

imu_status bmm150_field(const imu_device *device, int16_t *field)
{
    /* device: with trim values; field: 3 */
    uint8_t bytes[8];
    if (twim_read(&imu_bus, SENSOR, DATA_X_LSB, bytes, 8) != TWIM_OK) {
        return IMU_LOST;
    }
    const int32_t hall = (little_endian(bytes + 6) & 0xFFFF) >> 2;
    if (hall == 0) { /* nothing measured yet */
        field[0] = field[1] = field[2] = 0;
        return IMU_OK;
    }
    field[0] = flat(device->trim, little_endian(bytes) >> 3, hall, 0);
    field[1] = flat(device->trim, little_endian(bytes + 2) >> 3, hall, 1);
    field[2] = upright(device->trim, little_endian(bytes + 4) >> 1, hall);
    return IMU_OK;
}
