/* A value is written as a power of two, or that times sqrt(2), whichever is nearer, and a rest
 * close to 1, whose logarithm is a rational function. Constants are Q0.31. */
#include "kernels/logarithm.h"

#include "kernels/exponential.h"
#include "kernels/fixed_point.h"

enum {
    LOG_2 = 1488522236,
    SQRT_HALF = 1518500250,
    FOURTH_ROOT_HALF = 1805811301,
    ALPHA_N = 117049297,  /* 11/240 * 2^(1/4) */
    ALPHA_D = 127690142,  /* 1/20 * 2^(1/4) */
    ALPHA_I = 1057819769, /* 2 / 2^(1/4) - 2^(1/4) */
    ALPHA_F = 638450708,  /* 1/4 * 2^(1/4) */
    WIDE_BITS = 6,        /* integer bits of intermediate logarithms */
    QUARTER = 1 << (29 - WIDE_BITS)
};

static int32_t times(int32_t a, int32_t b)
{
    return coincell_doubling_high_multiply(a, b);
}

/* log of a Q0.31 value near 2^(-1/4), times 2^(1/4): as Q6.25 */
static int32_t log_of_rest(int32_t rest)
{
    const int32_t middle = (int32_t)(((int64_t)rest + FOURTH_ROOT_HALF + 1) >> 1);
    const int32_t twice = 2 * (rest - FOURTH_ROOT_HALF);
    const int32_t square = times(twice, twice);
    const int32_t numerator = times(twice, rest) + times(times(twice, square), ALPHA_N);
    const int32_t inner = ALPHA_I + twice + times(square, ALPHA_D);
    const int32_t denominator = times(middle, inner) + times(twice, ALPHA_F);
    return times(coincell_rounding_shift_right(numerator, WIDE_BITS),
                 coincell_one_over_one_plus(denominator));
}

int32_t coincell_logarithm(int32_t value)
{
    const int32_t zeros_a = coincell_leading_zeros((uint32_t)value);
    const int32_t whole = coincell_saturating_shift_left(value, zeros_a - 1);
    const int32_t rest_a = coincell_saturating_shift_left(times(whole, SQRT_HALF), 1);
    const int32_t power_a = (12 - zeros_a) * (1 << (31 - WIDE_BITS)) + QUARTER;

    const int32_t zeros_b = coincell_leading_zeros((uint32_t)times(value, SQRT_HALF)) - 1;
    const int32_t rest_b = coincell_saturating_shift_left(value, zeros_b);
    const int32_t power_b = (12 - zeros_b) * (1 << (31 - WIDE_BITS)) - QUARTER;

    const int32_t rest = rest_a < rest_b ? rest_a : rest_b;
    const int32_t power = power_a > power_b ? power_a : power_b;
    return coincell_saturating_shift_left(times(power, LOG_2) + log_of_rest(rest), 1);
}
