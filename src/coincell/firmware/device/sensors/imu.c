/* SPDX-License-Identifier: Apache-2.0
 *
 * imu.h: which sensor the board has, and its part of the work.
 */
#include "sensors/imu.h"

#include "sensors/chips.h"
#include "sensors/pins.h"

#define LSM9DS1_ADDRESS 0x6Bu
#define WHO_AM_I 0x0Fu
#define LSM9DS1_IDENTITY 0x68u
#define LSM6DS3TR_C_ADDRESS 0x6Au
#define LSM6DS3TR_C_IDENTITY 0x6Au
#define BMI270_ADDRESS 0x68u
#define BMI270_CHIP_ID 0x00u
#define BMI270_IDENTITY 0x24u

const twim_bus imu_bus = {TWIM0_BASE, IMU_CLOCK, IMU_DATA};

static imu_status find(imu_device *device)
{
    /* device: kind and identity are set */
    static const struct {
        uint8_t address, where, identity, kind;
    } known[] = {
        {LSM9DS1_ADDRESS, WHO_AM_I, LSM9DS1_IDENTITY, IMU_LSM9DS1},
        {LSM6DS3TR_C_ADDRESS, WHO_AM_I, LSM6DS3TR_C_IDENTITY, IMU_LSM6DS3TR_C},
        {BMI270_ADDRESS, BMI270_CHIP_ID, BMI270_IDENTITY, IMU_BMI270},
    };
    device->kind = IMU_NONE;
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const twim_status status =
            twim_read(&imu_bus, known[i].address, known[i].where, &device->identity, 1);
        if (status == TWIM_HELD_LOW) {
            return IMU_HELD_LOW;
        }
        if (status == TWIM_OK && device->identity != known[i].identity) {
            return IMU_WRONG_SENSOR;
        }
        if (status == TWIM_OK) {
            device->kind = (imu_kind)known[i].kind;
            return IMU_OK;
        }
    }
    return IMU_NO_SENSOR;
}

static void switch_on(void)
{
    /* no arguments; the supply first, so that the bus does not feed the sensors */
    pin_set(IMU_POWER, 1);
    pin_set(IMU_PULL_UPS, 1);
    wait_at_least(20000); /* the slowest of the sensors has started */
    twim_begin(&imu_bus, TWIM_390_KHZ);
}

imu_status imu_begin(imu_device *device, uint32_t parts, uint32_t rate_hz)
{
    /* device: filled; parts: IMU_*; rate_hz: the sensor's next rate that is not slower */
    device->parts = parts;
    device->identity = 0;
    switch_on();
    imu_status status = find(device);
    const int moves = (parts & (IMU_ACCELERATION | IMU_ROTATION)) != 0;
    if (status == IMU_OK && moves) {
        status = device->kind == IMU_LSM9DS1       ? lsm9ds1_begin(device, rate_hz)
                 : device->kind == IMU_LSM6DS3TR_C ? lsm6ds3tr_c_begin(device, rate_hz)
                                                   : bmi270_begin(device, rate_hz);
    }
    if (status == IMU_OK && (parts & IMU_FIELD) != 0) {
        status = device->kind == IMU_LSM9DS1       ? lsm9ds1_field_begin(device)
                 : device->kind == IMU_LSM6DS3TR_C ? IMU_NO_MAGNETOMETER
                                                   : bmm150_begin(device);
    }
    return status;
}

int32_t imu_read(imu_device *device, int16_t *samples, uint32_t room)
{
    /* samples: (room, 6) acceleration and rotation, oldest first; returns how many were there, or
     * -imu_status; rotation is 0 where it was not switched on */
    return device->kind == IMU_LSM9DS1       ? lsm9ds1_read(device, samples, room)
           : device->kind == IMU_LSM6DS3TR_C ? lsm6ds3tr_c_read(device, samples, room)
           : device->kind == IMU_BMI270      ? bmi270_read(device, samples, room)
                                             : -(int32_t)IMU_NO_SENSOR;
}

imu_status imu_field(imu_device *device, int16_t *field)
{
    /* field: 3, the newest */
    return device->kind == IMU_LSM9DS1   ? lsm9ds1_field(field)
           : device->kind == IMU_LSM6DS3TR_C ? IMU_NO_MAGNETOMETER
           : device->kind == IMU_BMI270 ? bmm150_field(device, field)
                                        : IMU_NO_SENSOR;
}

/* From here on the BMI270 watches by itself and raises IMU_INTERRUPT_PIN, which wakes the core
 * through GPIO's SENSE and GPIOTE's PORT event. With the LSM9DS1, whose interrupts are not wired,
 * imu_moved() is to be asked at least every 3 seconds; with the LSM6DS3TR-C, whose own watch this
 * driver does not use, every 50. */
imu_status imu_watch(imu_device *device, uint32_t threshold_milli_g)
{
    /* threshold_milli_g: how much the acceleration changes on an axis */
    if (device->kind == IMU_LSM9DS1) {
        return lsm9ds1_watch(device);
    }
    if (device->kind == IMU_LSM6DS3TR_C) {
        return lsm6ds3tr_c_watch(device);
    }
    if (device->kind != IMU_BMI270) {
        return IMU_NO_SENSOR;
    }
    const imu_status status = bmi270_watch(device, threshold_milli_g);
    if (status == IMU_OK) {
        GPIOTE_EVENTS_PORT = 0;
        GPIOTE_INTENSET = GPIOTE_INT_PORT;
        NVIC_ISER0 = 1u << GPIOTE_INTERRUPT;
        PIN_CONFIGURATION(IMU_INTERRUPT_PIN) = PIN_INPUT_PULLDOWN | PIN_SENSE_HIGH;
    }
    return status;
}

static int32_t gathered_moved(imu_device *device, uint32_t threshold_milli_g)
{
    /* returns 1 if two samples in a row differ by more on any axis, 0 if not, or -imu_status */
    static int16_t before[3];
    static uint32_t known;
    int16_t samples[32 * 6];
    const int32_t threshold = (int32_t)(threshold_milli_g * 8192u / 1000u);
    int32_t moved = 0;
    for (int32_t count = 32; count == 32;) {
        count = imu_read(device, samples, 32);
        for (int32_t i = 0; i < count; i++) {
            for (int32_t axis = 0; axis < 3; axis++) {
                const int32_t slope = samples[6 * i + axis] - before[axis];
                moved |= known != 0 && (slope > threshold || -slope > threshold);
                before[axis] = samples[6 * i + axis];
            }
            known = 1;
        }
        if (count < 0) return count;
    }
    return moved;
}

int32_t imu_moved(imu_device *device, uint32_t threshold_milli_g)
{
    /* returns 1 if the board moved since the last call, 0 if not, or -imu_status */
    if (device->kind == IMU_LSM9DS1 || device->kind == IMU_LSM6DS3TR_C) {
        return gathered_moved(device, threshold_milli_g);
    }
    if (device->kind != IMU_BMI270) {
        return -(int32_t)IMU_NO_SENSOR;
    }
    const int32_t moved = bmi270_moved();
    GPIOTE_EVENTS_PORT = 0;
    (void)GPIOTE_EVENTS_PORT;
    NVIC_ICPR0 = 1u << GPIOTE_INTERRUPT;
    return moved;
}

void imu_end(imu_device *device)
{
    /* device: without supply from here on */
    GPIOTE_INTENCLR = GPIOTE_INT_PORT;
    PIN_CONFIGURATION(IMU_INTERRUPT_PIN) = PIN_DISCONNECTED;
    twim_end(&imu_bus);
    pin_set(IMU_PULL_UPS, 0);
    pin_set(IMU_POWER, 0);
    device->kind = IMU_NONE;
}

const char *imu_message(imu_status status)
{
    /* status: any */
    static const char *const messages[] = {
        "fine",
        "the sensors' bus is held low: the pin that feeds its pull-ups must be high",
        "no inertial sensor answers at 0x6B (LSM9DS1), 0x6A (LSM6DS3TR-C) or 0x68 (BMI270)",
        "what answers at the inertial sensor's address is another device",
        "no magnetometer of this board answers at its address",
        "the image holds no configuration for the BMI270; install Arduino_BMI270_BMM150 and build",
        "the BMI270 refused its configuration",
        "the inertial sensor stopped answering",
        "samples of the inertial sensor were lost",
    };
    return (uint32_t)status < sizeof messages / sizeof messages[0] ? messages[status] : "?";
}
