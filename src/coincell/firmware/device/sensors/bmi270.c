/* SPDX-License-Identifier: Apache-2.0
 *
 * BMI270 (Bosch, data sheet BST-BMI270-DS000): +-4 g, +-2000 degrees a second, samples by its FIFO
 * without headers. Without its configuration of 8192 bytes it answers and measures nothing: the
 * data sheet knows no mode that does without.
 */
#include "sensors/chips.h"
#include "sensors/pins.h"

#define SENSOR 0x68u
#define INT_STATUS_0 0x1Cu
#define INTERNAL_STATUS 0x21u
#define FIFO_LENGTH_0 0x24u
#define FIFO_DATA 0x26u
#define FEAT_PAGE 0x2Fu
#define ANYMO_1 0x3Cu /* page 1 */
#define ACC_CONF 0x40u
#define ACC_RANGE 0x41u
#define GYR_CONF 0x42u
#define GYR_RANGE 0x43u
#define FIFO_CONFIG_0 0x48u
#define FIFO_CONFIG_1 0x49u
#define INT1_IO_CTRL 0x53u
#define INT_LATCH 0x55u
#define INT1_MAP_FEAT 0x56u
#define INIT_CTRL 0x59u
#define INIT_ADDR_0 0x5Bu
#define INIT_DATA 0x5Eu
#define PWR_CONF 0x7Cu
#define PWR_CTRL 0x7Du
#define CMD 0x7Eu

#define SOFT_RESET 0xB6u
#define FIFO_FLUSH 0xB0u
#define CONFIGURATION_BYTES 8192u
#define CHUNK 32u
#define INITIALISED 1u
#define ENABLE_ROTATION 2u
#define ENABLE_ACCELERATION 4u
#define ANY_MOTION (1u << 6)
#define FIFO_BYTES 2048u

typedef struct {
    uint8_t which;
    uint8_t value;
} setting;

static twim_status put_all(const setting *settings, uint32_t count)
{
    /* settings: count, in this order; half a millisecond between, for a sensor that saves power */
    for (uint32_t i = 0; i < count; i++) {
        const twim_status status =
            twim_put(&imu_bus, SENSOR, settings[i].which, settings[i].value);
        if (status != TWIM_OK) {
            return status;
        }
        wait_at_least(450);
    }
    return TWIM_OK;
}

static imu_status load_configuration(void)
{
    /* bmi270_configuration: (bmi270_configuration_bytes), 8192 or none */
    if (bmi270_configuration_bytes != CONFIGURATION_BYTES) {
        return IMU_NO_CONFIGURATION;
    }
    const setting reset[] = {{CMD, SOFT_RESET}};
    const setting before[] = {{PWR_CONF, 0}, {INIT_CTRL, 0}};
    const setting after[] = {{INIT_CTRL, 1}};
    if (put_all(reset, 1) != TWIM_OK) {
        return IMU_LOST;
    }
    wait_at_least(2000);
    if (put_all(before, 2) != TWIM_OK) {
        return IMU_LOST;
    }
    for (uint32_t done = 0; done < CONFIGURATION_BYTES; done += CHUNK) {
        const uint32_t word = done / 2u;
        const uint8_t place[2] = {(uint8_t)(word & 15u), (uint8_t)(word >> 4)};
        if (twim_write(&imu_bus, SENSOR, INIT_ADDR_0, place, 2) != TWIM_OK ||
            twim_write(&imu_bus, SENSOR, INIT_DATA, bmi270_configuration + done, CHUNK) !=
                TWIM_OK) {
            return IMU_LOST;
        }
    }
    uint8_t status = 0;
    if (put_all(after, 1) != TWIM_OK) {
        return IMU_LOST;
    }
    wait_at_least(20000);
    if (twim_read(&imu_bus, SENSOR, INTERNAL_STATUS, &status, 1) != TWIM_OK) {
        return IMU_LOST;
    }
    return (status & 15u) == INITIALISED ? IMU_OK : IMU_REFUSED;
}

imu_status bmi270_begin(imu_device *device, uint32_t rate_hz)
{
    /* device: parts are set; rate_hz: the first of 25, 50, 100, 200, 400 that is not slower */
    const imu_status loaded = load_configuration();
    if (loaded != IMU_OK) {
        return loaded;
    }
    const int rotation = (device->parts & IMU_ROTATION) != 0;
    uint32_t code = 6;
    uint32_t rate = 25;
    while (rate < rate_hz && code < 10) {
        rate *= 2;
        code++;
    }
    device->rate_millihertz = 1000u * rate;
    /* normal filters; power-saving ones where the gyroscope, which needs more, is off */
    const setting settings[] = {
        {ACC_CONF, (uint8_t)((rotation ? 0xA0u : 0x10u) | code)},
        {ACC_RANGE, 1},
        {GYR_CONF, (uint8_t)(0x20u | code)},
        {GYR_RANGE, 0},
        {PWR_CTRL, (uint8_t)(ENABLE_ACCELERATION | (rotation ? ENABLE_ROTATION : 0u))},
        {FIFO_CONFIG_0, 0},
        {FIFO_CONFIG_1, rotation ? 0xC0 : 0x40},
        {CMD, FIFO_FLUSH},
    };
    const uint32_t count = sizeof settings / sizeof settings[0];
    return put_all(settings, count) == TWIM_OK ? IMU_OK : IMU_LOST;
}

/* The sensor is turned on the board: see emulator_worker/peripherals/bmi270.py. */
static void put_turned(int16_t *to, const uint8_t *from, int32_t gyroscope)
{
    /* to: 3, the board's axes; from: 6 bytes, the sensor's; gyroscope: 1 or 0 */
    const int32_t x = little_endian(from);
    const int32_t y = little_endian(from + 2);
    const int32_t z = little_endian(from + 4);
    const int32_t turned[3] = {-y, -x, z};
    for (uint32_t axis = 0; axis < 3; axis++) {
        /* 2000 / 32768 degrees a second in sixteenths: 125 / 128; 4 / 32768 g is the unit itself */
        to[axis] = saturated(gyroscope ? (turned[axis] * 125 + 64) >> 7 : turned[axis]);
    }
}

int32_t bmi270_read(imu_device *device, int16_t *samples, uint32_t room)
{
    /* samples: (room, 6) acceleration and rotation; returns how many, or -imu_status */
    const uint32_t rotation = (device->parts & IMU_ROTATION) != 0;
    const uint32_t frame = rotation ? 12u : 6u;
    uint8_t length[2];
    if (twim_read(&imu_bus, SENSOR, FIFO_LENGTH_0, length, 2) != TWIM_OK) {
        return -(int32_t)IMU_LOST;
    }
    const uint32_t waiting = (uint32_t)(length[0] | (length[1] & 0x3Fu) << 8);
    if (waiting + frame > FIFO_BYTES) {
        const setting flush[] = {{CMD, FIFO_FLUSH}};
        return put_all(flush, 1) == TWIM_OK ? -(int32_t)IMU_OVERRUN : -(int32_t)IMU_LOST;
    }
    uint32_t count = waiting / frame;
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[12] = {0};
        if (twim_read(&imu_bus, SENSOR, FIFO_DATA, bytes, frame) != TWIM_OK) {
            return -(int32_t)IMU_LOST;
        }
        int16_t *sample = samples + 6 * i;
        sample[3] = sample[4] = sample[5] = 0;
        if (rotation) {
            put_turned(sample + 3, bytes, 1);
        }
        put_turned(sample, bytes + (rotation ? 6 : 0), 0);
    }
    return (int32_t)count;
}

imu_status bmi270_watch(imu_device *device, uint32_t threshold_milli_g)
{
    /* threshold_milli_g: the slope on any axis, kept for 5 samples of 20 ms, that raises INT1 */
    device->parts = IMU_ACCELERATION;
    const imu_status begun = bmi270_begin(device, 50);
    if (begun != IMU_OK) {
        return begun;
    }
    uint32_t threshold = threshold_milli_g * 2048u / 1000u;
    threshold = threshold > 0x7FFu ? 0x7FFu : threshold;
    const uint32_t first = 7u << 13 | 5u;
    const uint32_t second = 1u << 15 | 7u << 11 | threshold; /* enabled, in bit 6 of the status */
    const uint8_t features[4] = {(uint8_t)first, (uint8_t)(first >> 8), (uint8_t)second,
                                 (uint8_t)(second >> 8)};
    const setting settings[] = {
        {FIFO_CONFIG_1, 0},
        {INT1_IO_CTRL, 0x0A}, /* an output, active high, push-pull */
        {INT_LATCH, 1},
        {INT1_MAP_FEAT, ANY_MOTION},
        {FEAT_PAGE, 1},
    };
    if (put_all(settings, sizeof settings / sizeof settings[0]) != TWIM_OK ||
        twim_write(&imu_bus, SENSOR, ANYMO_1, features, 4) != TWIM_OK) {
        return IMU_LOST;
    }
    wait_at_least(450);
    const setting saving[] = {{PWR_CONF, 1}};
    return put_all(saving, 1) == TWIM_OK ? IMU_OK : IMU_LOST;
}

int32_t bmi270_moved(void)
{
    /* returns 1 if the sensor saw motion since the last call, 0 if not, or -imu_status */
    uint8_t status = 0;
    if (twim_read(&imu_bus, SENSOR, INT_STATUS_0, &status, 1) != TWIM_OK) {
        return -(int32_t)IMU_LOST;
    }
    return (status & ANY_MOTION) != 0;
}
