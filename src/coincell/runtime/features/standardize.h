/* Columns of unlike units brought to mean 0 and deviation 1, as a training split had them. */
#ifndef COINCELL_FEATURES_STANDARDIZE_H
#define COINCELL_FEATURES_STANDARDIZE_H

#include <stdint.h>

/* One column: round((value - offset) multiplier / 2^shift), clamped to int16. */
typedef struct {
    int32_t offset;     /* the training split's mean; less than 2^30 in size, as every value is */
    int32_t multiplier; /* 2^30 to 2^31 - 1 */
    int32_t shift;      /* 1 to 62 */
} coincell_standard;

/* What a column's value may reach: so differences stay within int32. */
#define COINCELL_STANDARD_LIMIT ((INT32_C(1) << 30) - 1)

/* columns[count], values[count] -> standard[count]. */
void coincell_standardize(const coincell_standard *columns, int32_t count, const int32_t *values,
                          int16_t *standard);

#endif
