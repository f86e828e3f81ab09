#include "features/logarithm.h"

#include "features/fixed_point.h"

/* ln(1 + i / 64) in Q16 */
static const uint16_t ln_table[65] = {
        0,  1016,  2017,  3002,  3973,  4930,  5873,  6802,  7719,  8623,
     9515, 10394, 11262, 12119, 12965, 13800, 14624, 15438, 16242, 17037,
    17821, 18597, 19364, 20121, 20870, 21611, 22343, 23067, 23783, 24492,
    25193, 25886, 26573, 27252, 27924, 28589, 29248, 29900, 30546, 31185,
    31818, 32445, 33067, 33682, 34292, 34896, 35494, 36087, 36675, 37258,
    37835, 38407, 38975, 39537, 40095, 40648, 41196, 41740, 42280, 42815,
    43345, 43872, 44394, 44912, 45426,
};

int32_t coincell_logarithm(uint64_t v, int32_t exponent)
{
    const int32_t length = coincell_bit_length_64(v);
    const uint32_t mantissa = (uint32_t)((v << (64 - length)) >> 32); /* 1.f, in 1 + 31 bits */
    const uint32_t fraction = mantissa << 1;
    const uint32_t index = fraction >> 26;
    const uint32_t between = (fraction >> 10) & 0xFFFF;
    const uint32_t base = ln_table[index], slope = ln_table[index + 1] - base;
    return (length - 1 - exponent) * COINCELL_LN2_Q24 +
           (int32_t)((base << 8) + (slope * between >> 8));
}

/* 1 / sqrt((i + 1/2) / 128) in Q15, for i = 32 ... 127 */
static const uint16_t reciprocal_root_table[96] = {
    65030, 64052, 63117, 62222, 61363, 60540, 59748, 58987, 58254, 57548,
    56867, 56210, 55574, 54960, 54366, 53791, 53233, 52693, 52169, 51660,
    51165, 50685, 50218, 49763, 49321, 48890, 48470, 48061, 47663, 47273,
    46894, 46523, 46161, 45807, 45462, 45124, 44793, 44470, 44153, 43843,
    43540, 43243, 42951, 42666, 42386, 42112, 41843, 41579, 41320, 41065,
    40816, 40571, 40330, 40093, 39861, 39632, 39408, 39187, 38970, 38756,
    38546, 38340, 38136, 37936, 37739, 37545, 37354, 37166, 36980, 36798,
    36618, 36441, 36266, 36093, 35924, 35756, 35591, 35428, 35267, 35109,
    34953, 34798, 34646, 34496, 34347, 34201, 34056, 33913, 33772, 33633,
    33496, 33360, 33225, 33093, 32962, 32832,
};

/* y, near 1 / sqrt(x): one Newton step closer, y (3 - x y^2) / 2. x in Q32, y in Q30. */
static inline uint32_t newton_step(uint32_t x, uint32_t y)
{
    const uint32_t y_squared = (uint32_t)(((uint64_t)y * y) >> 32);        /* Q28 */
    const uint32_t product = (uint32_t)(((uint64_t)x * y_squared) >> 32);  /* Q28, near 1 */
    return (uint32_t)(((uint64_t)y * ((UINT32_C(3) << 28) - product)) >> 29);
}

uint64_t coincell_square_root(uint64_t v)
{
    if (v == 0) return 0;
    const int32_t shift = (64 - coincell_bit_length_64(v)) & ~1;
    const uint32_t x = (uint32_t)((v << shift) >> 32); /* Q32, 1/4 <= x < 1 */
    uint32_t y = (uint32_t)reciprocal_root_table[(x >> 25) - 32] << 15;
    y = newton_step(x, y);
    y = newton_step(x, y);
    const uint32_t root = (uint32_t)(((uint64_t)x * y) >> 31); /* Q31 */
    return coincell_shift(root, 17 - shift / 2);
}
