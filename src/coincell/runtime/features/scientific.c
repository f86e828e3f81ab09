#include "features/scientific.h"

#include "features/fixed_point.h"
#include "features/logarithm.h"

coincell_scientific coincell_scientific_make(uint64_t v, int32_t exponent)
{
    if (v == 0) return (coincell_scientific){0, 0};
    const int32_t excess = coincell_bit_length_64(v) - 32;
    const uint64_t mantissa = excess > 0 ? v >> excess : v << -excess;
    return (coincell_scientific){(uint32_t)mantissa, exponent + excess};
}

coincell_scientific coincell_scientific_multiply(coincell_scientific a, coincell_scientific b)
{
    return coincell_scientific_make((uint64_t)a.mantissa * b.mantissa, a.exponent + b.exponent);
}

coincell_scientific coincell_scientific_divide(coincell_scientific a, coincell_scientific b)
{
    if (a.mantissa == 0 || b.mantissa == 0) return (coincell_scientific){0, 0};
    /* Bit by bit: a 64-bit division would be a library's. 1/2 < a / b < 2, to 32 bits. */
    uint64_t rest = a.mantissa, quotient = 0;
    for (int32_t bit = 0; bit <= 32; bit++) {
        quotient <<= 1;
        if (rest >= b.mantissa) {
            rest -= b.mantissa;
            quotient |= 1;
        }
        rest <<= 1;
    }
    return coincell_scientific_make(quotient, a.exponent - b.exponent - 32);
}

coincell_scientific coincell_scientific_root(coincell_scientific a)
{
    const int32_t odd = a.exponent & 1;
    const uint64_t even = (uint64_t)a.mantissa << (28 + odd); /* below 2^61, its exponent even */
    return coincell_scientific_make(coincell_square_root(even),
                                    (a.exponent - odd - 28) / 2 - 16);
}

int32_t coincell_scientific_fixed(coincell_scientific a, int32_t fraction_bits, int32_t limit)
{
    const int32_t shift = a.exponent + fraction_bits;
    if (a.mantissa == 0 || shift < -32) return 0;
    if (shift >= 0) return limit;
    const uint64_t rounded =
        ((uint64_t)a.mantissa + (UINT64_C(1) << (-shift - 1))) >> -shift;
    return rounded < (uint64_t)limit ? (int32_t)rounded : limit;
}
