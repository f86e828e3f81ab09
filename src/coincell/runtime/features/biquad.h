/* A filter of second-order sections in integers. */
#ifndef COINCELL_FEATURES_BIQUAD_H
#define COINCELL_FEATURES_BIQUAD_H

#include <stdint.h>

/* One section, coefficients in Q29:
   y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]. */
typedef struct {
    int32_t b0, b1, b2, a1, a2;
} coincell_biquad;

/* What a section remembers; all zero at first. */
typedef struct {
    int32_t x1, x2, y1, y2;
    int32_t rest; /* what rounding cut off, added to the next output: no error stays at 0 Hz */
} coincell_biquad_state;

/* sections[count], states[count], one more input -> the cascade's output. Inputs and outputs of
   every section stay below 2^30 in size: who designs the filter sees to it. */
int32_t coincell_biquad_step(const coincell_biquad *sections, coincell_biquad_state *states,
                             int32_t count, int32_t x);

#endif
