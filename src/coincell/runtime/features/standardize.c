#include "features/standardize.h"

/* One column: value -> standard, by the definition. */
static int16_t standardized(const coincell_standard *column, int32_t value)
{
    const int32_t shift = column->shift;
    const int64_t product = (int64_t)(value - column->offset) * column->multiplier;
    int32_t v;
    if (shift > 32) {
        /* Half of 2^shift has no low word, so the high word of the product is all that counts;
           it is below 2^30 in size, as half of 2^(shift - 32) is. */
        const int32_t rest = shift - 32;
        v = ((int32_t)(product >> 32) + (INT32_C(1) << (rest - 1))) >> rest;
    } else {
        const int64_t wide = (product + (INT64_C(1) << (shift - 1))) >> shift;
        v = wide < INT16_MIN ? INT16_MIN : wide > INT16_MAX ? INT16_MAX : (int32_t)wide;
    }
    v = v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v;
    return (int16_t)v;
}

void coincell_standardize(const coincell_standard *columns, int32_t count, const int32_t *values,
                          int16_t *standard)
{
    for (int32_t i = 0; i < count; i++) standard[i] = standardized(columns + i, values[i]);
}
