/* The loops of an operator that makes one value of many. */
#ifndef COINCELL_KERNELS_REDUCTION_H
#define COINCELL_KERNELS_REDUCTION_H

#include <stdint.h>

#include "kernels/inline.h"
#include "kernels/value.h"

/* Three dimensions of the output and three over which one value is made, outermost first, and how
 * far one step along each goes in the input. */
typedef struct {
    int32_t kept_0;
    int32_t kept_step_0;
    int32_t kept_1;
    int32_t kept_step_1;
    int32_t kept_2;
    int32_t kept_step_2;
    int32_t reduced_0;
    int32_t reduced_step_0;
    int32_t reduced_1;
    int32_t reduced_step_1;
    int32_t reduced_2;
    int32_t reduced_step_2;
} coincell_reduction_dimensions;

/* What is known after one more value. */
typedef int32_t coincell_reduction_step(int32_t known, int32_t value);

/* One value of the output, of what is known after the last value. */
typedef int32_t coincell_reduction_end(const void *parameters, int32_t known);

/* input: addressed by the steps of the reduced dimensions */
COINCELL_INLINE int32_t coincell_reduce_one(const coincell_reduction_dimensions *d, int32_t known,
                                            coincell_reduction_step *step,
                                            const coincell_value *input)
{
    for (int32_t i = 0; i < d->reduced_0; ++i) {
        for (int32_t j = 0; j < d->reduced_1; ++j) {
            const coincell_value *in = input + i * d->reduced_step_0 + j * d->reduced_step_1;
            for (int32_t k = 0; k < d->reduced_2; ++k, in += d->reduced_step_2) {
                known = step(known, *in);
            }
        }
    }
    return known;
}

/* input:  addressed by the steps
 * output: [kept_0, kept_1, kept_2] */
COINCELL_INLINE void coincell_reduce(const coincell_reduction_dimensions *d, int32_t start,
                                     coincell_reduction_step *step, coincell_reduction_end *end,
                                     const void *parameters, const coincell_value *input,
                                     coincell_value *output)
{
    for (int32_t i = 0; i < d->kept_0; ++i) {
        for (int32_t j = 0; j < d->kept_1; ++j) {
            const coincell_value *in = input + i * d->kept_step_0 + j * d->kept_step_1;
            for (int32_t k = 0; k < d->kept_2; ++k, in += d->kept_step_2) {
                const int32_t known = coincell_reduce_one(d, start, step, in);
                *output++ = (coincell_value)end(parameters, known);
            }
        }
    }
}

#endif
