/* log in fixed point, exact to TFLM's log_x_for_x_greater_than_or_equal_to_1. */
#ifndef COINCELL_KERNELS_LOGARITHM_H
#define COINCELL_KERNELS_LOGARITHM_H

#include <stdint.h>

/* log of a Q12.19 value of at least 1, as Q5.26 */
int32_t coincell_logarithm(int32_t value);

#endif
