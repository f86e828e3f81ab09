/* Positive numbers as a mantissa and an exponent: for the few divisions and products a window
   needs, whose sizes are too unlike for one fixed point. Each step is exact to 2^-30. */
#ifndef COINCELL_FEATURES_SCIENTIFIC_H
#define COINCELL_FEATURES_SCIENTIFIC_H

#include <stdint.h>

/* mantissa 2^exponent; the mantissa is 0, or 2^31 to 2^32 - 1. */
typedef struct {
    uint32_t mantissa;
    int32_t exponent;
} coincell_scientific;

/* v 2^exponent; bits beyond 32 are dropped. */
coincell_scientific coincell_scientific_make(uint64_t v, int32_t exponent);

coincell_scientific coincell_scientific_multiply(coincell_scientific a, coincell_scientific b);

/* a / b; 0 where b is 0. */
coincell_scientific coincell_scientific_divide(coincell_scientific a, coincell_scientific b);

coincell_scientific coincell_scientific_root(coincell_scientific a);

/* round(a 2^fraction_bits), at most `limit`, which is below 2^31. */
int32_t coincell_scientific_fixed(coincell_scientific a, int32_t fraction_bits, int32_t limit);

#endif
