/* SPDX-License-Identifier: Apache-2.0
 *
 * What imu.c asks of each sensor's own file. All need the bus, which imu_begin() has opened.
 */
#ifndef COINCELL_SENSORS_CHIPS_H
#define COINCELL_SENSORS_CHIPS_H

#include "sensors/imu.h"

extern const twim_bus imu_bus;

imu_status lsm9ds1_begin(imu_device *device, uint32_t rate_hz);
int32_t lsm9ds1_read(imu_device *device, int16_t *samples, uint32_t room);
imu_status lsm9ds1_field_begin(imu_device *device);
imu_status lsm9ds1_field(int16_t *field);
imu_status lsm9ds1_watch(imu_device *device);

imu_status lsm6ds3tr_c_begin(imu_device *device, uint32_t rate_hz);
int32_t lsm6ds3tr_c_read(imu_device *device, int16_t *samples, uint32_t room);
imu_status lsm6ds3tr_c_watch(imu_device *device);

imu_status bmi270_begin(imu_device *device, uint32_t rate_hz);
int32_t bmi270_read(imu_device *device, int16_t *samples, uint32_t room);
imu_status bmi270_watch(imu_device *device, uint32_t threshold_milli_g);
int32_t bmi270_moved(void);

imu_status bmm150_begin(imu_device *device);
imu_status bmm150_field(const imu_device *device, int16_t *field);

static inline int32_t little_endian(const uint8_t *bytes)
{
    /* bytes: 2; returns -32768 to 32767 */
    return (int16_t)(uint16_t)(bytes[0] | (uint32_t)bytes[1] << 8);
}

static inline int16_t saturated(int32_t value)
{
    /* value: any */
    return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value);
}

static inline int16_t scaled(const uint8_t *bytes, int32_t step_q15)
{
    /* bytes: 2, little-endian; step_q15: units a step */
    return saturated((little_endian(bytes) * step_q15 + (1 << 14)) >> 15);
}

#endif
