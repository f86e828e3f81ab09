/* SPDX-License-Identifier: Apache-2.0
 *
 * From what the inertial sensor's driver gives (sensors/imu.h) to what the project was trained on:
 * its channels in its units, 32768 for its full scale, at its rate. Integers, the same on host and
 * board.
 */
#ifndef COINCELL_READINGS_H
#define COINCELL_READINGS_H

#include <stdint.h>

#define READINGS_FRACTION_BITS 24

/* A value of the driver times a factor of 2^24ths, rounded half to even, saturated to 16 bits. */
static inline int16_t readings_scaled(int32_t value, int32_t factor)
{
    const int64_t product = (int64_t)value * factor;
    const int64_t unit = INT64_C(1) << READINGS_FRACTION_BITS;
    int64_t whole = product >> READINGS_FRACTION_BITS;
    const int64_t rest = product - whole * unit;
    if (rest > unit / 2 || (rest == unit / 2 && (whole & 1) != 0)) whole++;
    return (int16_t)(whole > 32767 ? 32767 : whole < -32768 ? -32768 : whole);
}

/* Between the sensor's rate and the project's, which is not higher: a reading is the mean of the
 * sensor's samples over its stretch of time, each by the share of it that it takes. At equal rates
 * it is the sample. */
typedef struct {
    uint32_t from;   /* the sensor's rate in thousandths of a hertz, at least `to` */
    uint32_t to;     /* the project's */
    uint32_t wanted; /* of the reading begun, in shares of which a sample has `to`, it `from` */
} readings_rate;

/* to_millihertz: at most from_millihertz. */
static inline void readings_begin(readings_rate *rate, uint32_t from_millihertz,
                                  uint32_t to_millihertz)
{
    rate->from = from_millihertz;
    rate->to = to_millihertz;
    rate->wanted = from_millihertz;
}

/* sum / count, rounded half to even; count > 0. */
static inline int16_t readings_mean(int64_t sum, int64_t count)
{
    int64_t whole = sum / count - (sum % count < 0);
    const int64_t rest = 2 * (sum - whole * count);
    if (rest > count || (rest == count && (whole & 1) != 0)) whole++;
    return (int16_t)whole;
}

/* sample: int16[channels], one of the sensor's; sums: int64[channels], zero at the begin.
 * Returns 1 with reading: int16[channels], or 0 while it is not complete. */
static inline int readings_take(readings_rate *rate, const int16_t *sample, int64_t *sums,
                                int16_t *reading, uint32_t channels)
{
    const uint32_t used = rate->to < rate->wanted ? rate->to : rate->wanted;
    const uint32_t left = rate->to - used;
    const int complete = used == rate->wanted;
    for (uint32_t i = 0; i < channels; i++) {
        sums[i] += (int64_t)sample[i] * used;
        if (complete) {
            reading[i] = readings_mean(sums[i], rate->from);
            sums[i] = (int64_t)sample[i] * left;
        }
    }
    rate->wanted = complete ? rate->from - left : rate->wanted - used;
    return complete;
}

#endif
