/* SPDX-License-Identifier: Apache-2.0
 *
 * LSM6DS3TR-C (ST, data sheet DocID030071): +-4 g, +-2000 degrees a second, samples by its FIFO of
 * 4 KiB. Registers and bits are facts of the data sheet, as ST's driver lsm6ds3tr-c-pid names them.
 */
#include "sensors/chips.h"
#include "sensors/pins.h"

#define SENSOR 0x6Au
#define FIFO_CTRL3 0x08u
#define FIFO_CTRL5 0x0Au
#define CTRL1_XL 0x10u
#define CTRL2_G 0x11u
#define CTRL3_C 0x12u
#define CTRL7_G 0x16u
#define FIFO_STATUS1 0x3Au
#define FIFO_DATA_OUT 0x3Eu

#define FULL_SCALE_G (2u << 2)       /* +-4 g, 0.122 mg a step */
#define FULL_SCALE_DEGREES (3u << 2) /* +-2000 degrees a second, 0.07 a step */
#define WHOLE_WORDS_GROWING 0x44u    /* BDU, IF_INC */
#define NORMAL_MODE 0x80u            /* not the high-performance one */
#define EVERY_ACCELERATION 1u
#define EVERY_ROTATION (1u << 3)
#define FIFO_CONTINUOUS 6u
#define FIFO_OVERRUN 0x40u
#define FIFO_WORDS 0x07FFu

/* Steps of the sensor in units of imu.h, as Q15: 0.122e-3 * 8192, 0.07 * 16. */
#define G_Q15 32749
#define DEGREES_Q15 36700

static const uint16_t rates[10] = {125, 260, 520, 1040, 2080, 4160, 8330, 16660, 33330, 65535};

static imu_status start(const imu_device *device, uint32_t code)
{
    /* device: its parts; code: of the rate; the FIFO begins empty */
    const uint32_t rotation = (device->parts & IMU_ROTATION) != 0;
    const uint8_t settings[][2] = {
        {FIFO_CTRL5, 0},
        {CTRL3_C, WHOLE_WORDS_GROWING},
        {CTRL7_G, NORMAL_MODE},
        {CTRL2_G, (uint8_t)(rotation ? code << 4 | FULL_SCALE_DEGREES : 0)},
        {CTRL1_XL, (uint8_t)(code << 4 | FULL_SCALE_G)},
        {FIFO_CTRL3, rotation ? EVERY_ACCELERATION | EVERY_ROTATION : EVERY_ACCELERATION},
        {FIFO_CTRL5, (uint8_t)(code << 3 | FIFO_CONTINUOUS)},
    };
    for (uint32_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (twim_put(&imu_bus, SENSOR, settings[i][0], settings[i][1]) != TWIM_OK) {
            return IMU_LOST;
        }
    }
    return IMU_OK;
}

imu_status lsm6ds3tr_c_begin(imu_device *device, uint32_t rate_hz)
{
    /* device: parts are set; rate_hz: the first rate that is not slower is chosen, up to 3333 */
    uint32_t code = 1;
    while (code < 9 && rates[code - 1] < 10u * rate_hz) {
        code++;
    }
    device->rate_millihertz = 100u * rates[code - 1];
    return start(device, code);
}

int32_t lsm6ds3tr_c_read(imu_device *device, int16_t *samples, uint32_t room)
{
    /* samples: (room, 6) acceleration and rotation; returns how many, or -imu_status */
    const uint32_t rotation = (device->parts & IMU_ROTATION) != 0;
    const uint32_t words = rotation ? 6 : 3;
    uint8_t status[2];
    if (twim_read(&imu_bus, SENSOR, FIFO_STATUS1, status, 2) != TWIM_OK) {
        return -(int32_t)IMU_LOST;
    }
    if ((status[1] & FIFO_OVERRUN) != 0) {
        const imu_status again = lsm6ds3tr_c_begin(device, device->rate_millihertz / 1000u);
        return -(int32_t)(again == IMU_OK ? IMU_OVERRUN : again);
    }
    uint32_t count = ((status[0] | (uint32_t)status[1] << 8) & FIFO_WORDS) / words;
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[12] = {0};
        if (twim_read(&imu_bus, SENSOR, FIFO_DATA_OUT, bytes, 2u * words) != TWIM_OK) {
            return -(int32_t)IMU_LOST;
        }
        const uint8_t *acceleration = bytes + (rotation ? 6 : 0);
        for (uint32_t axis = 0; axis < 3; axis++) {
            samples[6 * i + axis] = scaled(acceleration + 2 * axis, G_Q15);
            samples[6 * i + 3 + axis] = 0;
            if (rotation) samples[6 * i + 3 + axis] = scaled(bytes + 2 * axis, DEGREES_Q15);
        }
    }
    return (int32_t)count;
}

/* The accelerometer samples 12.5 times a second by itself; whoever watches looks at what has
 * gathered, every 50 seconds at most. */
imu_status lsm6ds3tr_c_watch(imu_device *device)
{
    /* device: acceleration alone from now on */
    device->parts = IMU_ACCELERATION;
    return lsm6ds3tr_c_begin(device, 12);
}
