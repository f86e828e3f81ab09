/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h over the board's inertial sensor. It samples by itself into its queue; RTC0 wakes the
 * core before that is full.
 */
#include "firmware/source.h"

#if SOURCE_MOTION

#include "firmware/pace.h"
#include "firmware/readings.h"
#include "sensors/imu.h"

#define CHANNELS APPLICATION_CHANNELS
#define ROW 9u  /* acceleration, rotation, field */
#define MOST 32u /* samples at a time: the smallest queue of the sensors */

/* Ticks in which 16 samples come at most: half of the smallest queue. */
#define PACE_OF(millihertz) (16000u * PACE_HZ / (millihertz))
#define SLOWEST_PACE (PACE_HZ / 4u)

/* Ticks without a sample, of 10 a second at least: a sensor that started anew by itself, as after a
 * sag of its supply, answers still and measures nothing. */
#define SILENCE (2u * PACE_HZ)

static const uint8_t columns[CHANNELS] = MOTION_COLUMNS;
static const int32_t factors[CHANNELS] = MOTION_FACTORS;

static imu_device device;
static readings_rate rate;
static int64_t sums[CHANNELS];
static int16_t field[3];
static int16_t block[MOST * CHANNELS];
static uint32_t held;  /* steps of the block */
static uint32_t lost;  /* before it */
static uint32_t since; /* ticks when samples were last in the queue */
static uint32_t given; /* steps since the start, for who looks from outside */

static void begin_readings(void)
{
    readings_begin(&rate, device.rate_millihertz, 1000u * APPLICATION_SAMPLE_RATE_HZ);
    for (uint32_t i = 0; i < CHANNELS; i++) sums[i] = 0;
}

int source_start(void)
{
    const imu_status status = imu_begin(&device, MOTION_PARTS, APPLICATION_SAMPLE_RATE_HZ);
    if (status == IMU_OK && device.rate_millihertz < 1000u * APPLICATION_SAMPLE_RATE_HZ) {
        imu_end(&device);
        return SOURCE_MOTION_FAILED + IMU_REFUSED; /* no sensor of a described board is so slow */
    }
    if (status != IMU_OK) {
        imu_end(&device);
        return SOURCE_MOTION_FAILED + (int)status;
    }
    begin_readings();
    held = lost = since = given = 0;
    uint32_t pace = PACE_OF(device.rate_millihertz);
    if (pace > SLOWEST_PACE) pace = SLOWEST_PACE;
    pace_start(pace, pace);
    return 0;
}

void source_stop(void)
{
    pace_stop();
    imu_end(&device);
    held = lost = 0;
}

int source_ready(void)
{
    return held > 0 || pace_due();
}

/* samples: int16[count][6] of the driver -> the block. */
static void convert(const int16_t *samples, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int16_t row[ROW], chosen[CHANNELS];
        for (uint32_t c = 0; c < ROW; c++) row[c] = c < 6 ? samples[6 * i + c] : field[c - 6];
        for (uint32_t c = 0; c < CHANNELS; c++)
            chosen[c] = readings_scaled(row[columns[c]], factors[c]);
        held += (uint32_t)readings_take(&rate, chosen, sums, block + held * CHANNELS, CHANNELS);
    }
    given += held;
}

/* Steps that the project wanted in `ticks`; at least one, so that the gap is told. */
static uint32_t steps_missed(uint32_t ticks)
{
    const uint64_t steps = (uint64_t)ticks * APPLICATION_SAMPLE_RATE_HZ / PACE_HZ;
    return steps > 0 ? (uint32_t)steps : 1u;
}

/* The sensor's queue -> the block. Returns 0, or what failed. */
static int look(void)
{
    static int16_t samples[6 * MOST];
    const uint32_t now = pace_ticks();
    const uint32_t ticks = (now - since) & 0xFFFFFFu;
    pace_taken();
    if ((MOTION_PARTS & IMU_FIELD) != 0 && imu_field(&device, field) != IMU_OK)
        return SOURCE_MOTION_FAILED + IMU_LOST;
    const int32_t count = imu_read(&device, samples, MOST);
    if (count == -(int32_t)IMU_OVERRUN) {
        lost += steps_missed(ticks);
        begin_readings();
    } else if (count < 0) {
        return SOURCE_MOTION_FAILED - (int)count;
    } else if (count == 0) {
        return ticks > SILENCE ? SOURCE_MOTION_FAILED + IMU_LOST : 0;
    } else {
        convert(samples, (uint32_t)count);
    }
    since = now;
    return 0;
}

int source_take(source_block *taken)
{
    taken->status = held == 0 && pace_due() ? look() : 0;
    if (held == 0 && taken->status == 0) return 0;
    taken->values = block;
    taken->count = held * CHANNELS;
    taken->lost = lost;
    return 1;
}

void source_release(void)
{
    held = lost = 0;
}

#endif
