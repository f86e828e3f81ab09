/* Natural logarithm and square root of integers, by table. */
#ifndef COINCELL_FEATURES_LOGARITHM_H
#define COINCELL_FEATURES_LOGARITHM_H

#include <stdint.h>

#define COINCELL_LN2_Q24 INT32_C(11629080)

/* ln(v 2^-exponent) in Q24, for v >= 1 and a result within +-127.
   A table of 64 steps with straight lines between: the error is below 3.8e-5. */
int32_t coincell_logarithm(uint64_t v, int32_t exponent);

/* sqrt(v) in Q16, for v < 2^62; relative error below 2^-24.
   Two Newton steps on the reciprocal square root from an eight-bit start. */
uint64_t coincell_square_root(uint64_t v);

#endif
