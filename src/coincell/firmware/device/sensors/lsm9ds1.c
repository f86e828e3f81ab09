/* SPDX-License-Identifier: Apache-2.0
 *
 * LSM9DS1 (ST, data sheet DocID025715): +-4 g, +-2000 degrees a second, +-4 gauss, samples by its
 * FIFO of 32. Registers and steps are facts of the data sheet.
 */
#include "sensors/chips.h"
#include "sensors/pins.h"

#define SENSOR 0x6Bu
#define MAGNETOMETER 0x1Eu
#define MAGNETOMETER_WHO_AM_I 0x3Du
#define WHO_AM_I 0x0Fu
#define CTRL_REG1_G 0x10u
#define CTRL_REG3_G 0x12u
#define OUT_X_G 0x18u
#define CTRL_REG6_XL 0x20u
#define CTRL_REG8 0x22u
#define CTRL_REG9 0x23u
#define OUT_X_XL 0x28u
#define FIFO_CTRL 0x2Eu
#define FIFO_SRC 0x2Fu

#define FULL_SCALE_G (2u << 3)        /* +-4 g, 0.122 mg a step */
#define FULL_SCALE_DEGREES (3u << 3)  /* +-2000 degrees a second, 0.07 a step */
#define GYROSCOPE_LOW_POWER 0x80u
#define FIFO_ENABLED 2u
#define FIFO_CONTINUOUS (6u << 5)
#define FIFO_COUNT 0x3Fu
#define FIFO_OVERRUN 0x40u

#define CTRL_REG1_M 0x20u
#define GROWING 0x80u /* of a magnetometer's register: the address grows */
#define OUT_X_M 0x28u

/* Steps of the sensor in units of imu.h, as Q15: 0.122e-3 * 8192, 0.07 * 16, 0.014 * 16. */
#define G_Q15 32749
#define DEGREES_Q15 36700
#define MICROTESLA_Q15 7340

static const uint16_t rates_both[6] = {149, 595, 1190, 2380, 4760, 9520};  /* tenths of a hertz */
static const uint16_t rates_alone[6] = {100, 500, 1190, 2380, 4760, 9520};

static uint32_t code_of(const uint16_t *rates, uint32_t rate_hz)
{
    /* rates: 6, tenths of a hertz, rising; returns 1 to 6: the first that is not slower */
    uint32_t code = 1;
    while (code < 6 && rates[code - 1] < 10u * rate_hz) {
        code++;
    }
    return code;
}

static imu_status start(const imu_device *device, uint32_t code)
{
    /* device: its parts; code: of the rate; the FIFO begins empty */
    const uint32_t gyroscope = (device->parts & IMU_ROTATION) != 0 ? code : 0;
    const uint8_t settings[][2] = {
        {CTRL_REG9, 0},
        {FIFO_CTRL, 0},
        {CTRL_REG3_G, GYROSCOPE_LOW_POWER},
        {CTRL_REG6_XL, (uint8_t)(code << 5 | FULL_SCALE_G)},
        {CTRL_REG1_G, (uint8_t)(gyroscope << 5 | FULL_SCALE_DEGREES)},
        {CTRL_REG9, FIFO_ENABLED},
        {FIFO_CTRL, FIFO_CONTINUOUS},
    };
    for (uint32_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (twim_put(&imu_bus, SENSOR, settings[i][0], settings[i][1]) != TWIM_OK) {
            return IMU_LOST;
        }
    }
    return IMU_OK;
}

imu_status lsm9ds1_begin(imu_device *device, uint32_t rate_hz)
{
    /* device: parts are set; rate_hz: the first rate that is not slower is chosen */
    const uint16_t *rates = (device->parts & IMU_ROTATION) != 0 ? rates_both : rates_alone;
    const uint32_t code = code_of(rates, rate_hz);
    device->rate_millihertz = 100u * rates[code - 1];
    return start(device, code);
}

int32_t lsm9ds1_read(imu_device *device, int16_t *samples, uint32_t room)
{
    /* samples: (room, 6) acceleration and rotation; returns how many, or -imu_status */
    uint8_t source = 0;
    if (twim_read(&imu_bus, SENSOR, FIFO_SRC, &source, 1) != TWIM_OK) {
        return -(int32_t)IMU_LOST;
    }
    if ((source & FIFO_OVERRUN) != 0) {
        const imu_status again = lsm9ds1_begin(device, device->rate_millihertz / 1000u);
        return -(int32_t)(again == IMU_OK ? IMU_OVERRUN : again);
    }
    uint32_t count = source & FIFO_COUNT;
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[12] = {0};
        twim_status status = TWIM_OK;
        if ((device->parts & IMU_ROTATION) != 0) {
            status = twim_read(&imu_bus, SENSOR, OUT_X_G, bytes + 6, 6);
        }
        if (status == TWIM_OK) { /* the last byte of acceleration takes the sample from the FIFO */
            status = twim_read(&imu_bus, SENSOR, OUT_X_XL, bytes, 6);
        }
        if (status != TWIM_OK) {
            return -(int32_t)IMU_LOST;
        }
        for (uint32_t axis = 0; axis < 3; axis++) {
            samples[6 * i + axis] = scaled(bytes + 2 * axis, G_Q15);
            samples[6 * i + 3 + axis] = scaled(bytes + 6 + 2 * axis, DEGREES_Q15);
        }
    }
    return (int32_t)count;
}

imu_status lsm9ds1_field_begin(imu_device *device)
{
    /* device: its identity becomes the magnetometer's if that is wrong */
    uint8_t identity = 0;
    if (twim_read(&imu_bus, MAGNETOMETER, WHO_AM_I, &identity, 1) != TWIM_OK) {
        return IMU_NO_MAGNETOMETER;
    }
    if (identity != MAGNETOMETER_WHO_AM_I) {
        device->identity = identity;
        return IMU_NO_MAGNETOMETER;
    }
    /* 10 Hz in ultra-high performance, +-4 gauss, continuous */
    const uint8_t settings[5] = {0x70, 0x00, 0x00, 0x0C, 0x00};
    const uint8_t first = GROWING | CTRL_REG1_M;
    return twim_write(&imu_bus, MAGNETOMETER, first, settings, 5) == TWIM_OK ? IMU_OK : IMU_LOST;
}

imu_status lsm9ds1_field(int16_t *field)
{
    /* field: 3 */
    uint8_t bytes[6];
    if (twim_read(&imu_bus, MAGNETOMETER, GROWING | OUT_X_M, bytes, 6) != TWIM_OK) {
        return IMU_LOST;
    }
    for (uint32_t axis = 0; axis < 3; axis++) {
        field[axis] = scaled(bytes + 2 * axis, MICROTESLA_Q15);
    }
    return IMU_OK;
}

/* No interrupt of this sensor is wired on the Nano. The accelerometer samples 10 times a second by
 * itself; whoever watches looks at what has gathered, every 3 seconds at most. */
imu_status lsm9ds1_watch(imu_device *device)
{
    /* device: acceleration alone from now on */
    device->parts = IMU_ACCELERATION;
    return lsm9ds1_begin(device, 10);
}
