/* What addition, subtraction and squared difference have in common: both inputs are brought to one
 * scale, with some bits of headroom, and the result to the output's. */
#ifndef COINCELL_KERNELS_ARITHMETIC_H
#define COINCELL_KERNELS_ARITHMETIC_H

#include <stdint.h>

#include "kernels/broadcast.h"
#include "kernels/fixed_point.h"

typedef struct {
    coincell_broadcast_dimensions dimensions;
    int32_t first_zero_point;
    int32_t first_multiplier; /* see coincell_rescale */
    int32_t first_shift;
    int32_t second_zero_point;
    int32_t second_multiplier;
    int32_t second_shift;
    int32_t left_shift; /* both inputs are raised by it before they are rescaled */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_arithmetic_parameters;

/* one value of the first input, on the common scale */
static inline int32_t coincell_first_term(const coincell_arithmetic_parameters *p, int32_t value)
{
    const int32_t raised = (value - p->first_zero_point) * ((int32_t)1 << p->left_shift);
    return coincell_rescale(raised, p->first_multiplier, p->first_shift);
}

/* one value of the second input, on the common scale */
static inline int32_t coincell_second_term(const coincell_arithmetic_parameters *p, int32_t value)
{
    const int32_t raised = (value - p->second_zero_point) * ((int32_t)1 << p->left_shift);
    return coincell_rescale(raised, p->second_multiplier, p->second_shift);
}

/* one value of the output, of a result on the common scale */
static inline int32_t coincell_arithmetic_result(const coincell_arithmetic_parameters *p,
                                                 int32_t result)
{
    const int32_t scaled = coincell_rescale(result, p->output_multiplier, p->output_shift);
    return coincell_clamp(scaled + p->output_zero_point, p->clamp_min, p->clamp_max);
}

#endif
