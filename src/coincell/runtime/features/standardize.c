#include "features/standardize.h"

void coincell_standardize(const coincell_standard *columns, int32_t count, const int32_t *values,
                          int16_t *standard)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t shift = columns[i].shift;
        const int64_t half = INT64_C(1) << (shift - 1);
        const int32_t from_mean = values[i] - columns[i].offset;
        int64_t v = ((int64_t)from_mean * columns[i].multiplier + half) >> shift;
        v = v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v;
        standard[i] = (int16_t)v;
    }
}
