/* Integer helpers of the detectors. */
#ifndef COINCELL_ANOMALY_INTEGERS_H
#define COINCELL_ANOMALY_INTEGERS_H

#include <stdint.h>

/* v m / 2^32, rounded down, without a product of more than 64 bits; for v < 2^63. */
static inline uint64_t coincell_anomaly_scale(uint64_t v, uint32_t m)
{
    const uint32_t high = (uint32_t)(v >> 32), low = (uint32_t)v;
    return (uint64_t)high * m + (((uint64_t)low * m) >> 32);
}

/* v / 2^shift rounded to nearest, shift 0 to 62, for v < 2^63. */
static inline uint64_t coincell_anomaly_round(uint64_t v, int32_t shift)
{
    return shift == 0 ? v : (v + (UINT64_C(1) << (shift - 1))) >> shift;
}

/* The square root of v, rounded down: a bit a step. */
static inline uint32_t coincell_anomaly_square_root(uint64_t v)
{
    uint64_t rest = v, root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

#endif
