#include "kernels/exponential.h"

enum { INTEGER_BITS = 5, FRACTION_BITS = 31 - INTEGER_BITS };

/* exp of a Q0.31 value in [-1/4, 0): a Taylor polynomial about -1/8 */
static int32_t exp_near_zero(int32_t value)
{
    const int32_t exp_minus_eighth = 1895147668;
    const int32_t one_third = 715827883;
    const int32_t x = value + (1 << 28);
    const int32_t x2 = coincell_doubling_high_multiply(x, x);
    const int32_t x3 = coincell_doubling_high_multiply(x2, x);
    const int32_t x4 = coincell_doubling_high_multiply(x2, x2);
    const int32_t higher = coincell_rounding_shift_right(x4, 2) + x3;
    const int32_t cubic = coincell_doubling_high_multiply(higher, one_third) + x2;
    const int32_t series = x + coincell_rounding_shift_right(cubic, 1);
    return exp_minus_eighth + coincell_doubling_high_multiply(series, exp_minus_eighth);
}

int32_t coincell_exp_on_negative(int32_t value)
{
    /* exp(-2^k) in Q0.31 for k = -2 .. 4 */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << (FRACTION_BITS - 2);
    if (value == 0) {
        return INT32_MAX;
    }
    const int32_t below_quarter = (value & (quarter - 1)) - quarter;
    const int32_t remainder = below_quarter - value;
    int32_t result = exp_near_zero(coincell_saturating_shift_left(below_quarter, INTEGER_BITS));
    for (int32_t i = 0; i < 7; ++i) {
        if (remainder & (quarter << i)) {
            result = coincell_doubling_high_multiply(result, factors[i]);
        }
    }
    return result;
}

int32_t coincell_one_over_one_plus(int32_t value)
{
    /* Newton-Raphson division of 1 by d = (1 + value) / 2, from 48/17 - 32/17 d, in Q2.29. */
    const int32_t denominator = (int32_t)(((int64_t)value + INT32_MAX + 1) >> 1);
    int32_t x = 1515870810 + coincell_doubling_high_multiply(denominator, -1010580540);
    for (int32_t i = 0; i < 3; ++i) {
        const int32_t error = (1 << 29) - coincell_doubling_high_multiply(denominator, x);
        x += coincell_saturating_shift_left(coincell_doubling_high_multiply(x, error), 2);
    }
    return coincell_saturating_shift_left(x, 1);
}
