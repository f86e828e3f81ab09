/* exp and 1 / (1 + x) in fixed point, exact to gemmlowp's fixedpoint.h. */
#ifndef COINCELL_KERNELS_EXPONENTIAL_H
#define COINCELL_KERNELS_EXPONENTIAL_H

#include <stdint.h>

#include "kernels/fixed_point.h"

/* exp of a Q5.26 value <= 0, as Q0.31 */
int32_t coincell_exp_on_negative(int32_t value);

/* 1 / (1 + x) for a Q0.31 value in [0, 1), as Q0.31 */
int32_t coincell_one_over_one_plus(int32_t value);

#endif
