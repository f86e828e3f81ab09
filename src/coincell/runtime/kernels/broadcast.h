/* The loops of an operator on two inputs, of which one or the other is repeated along dimensions of
 * size 1. */
#ifndef COINCELL_KERNELS_BROADCAST_H
#define COINCELL_KERNELS_BROADCAST_H

#include <stdint.h>

#include "kernels/inline.h"
#include "kernels/value.h"

/* Four dimensions of the output, outermost first, and how far one step along each goes in either
 * input: 0 where that input is repeated. */
typedef struct {
    int32_t size_0;
    int32_t size_1;
    int32_t size_2;
    int32_t size_3;
    int32_t first_step_0;
    int32_t first_step_1;
    int32_t first_step_2;
    int32_t first_step_3;
    int32_t second_step_0;
    int32_t second_step_1;
    int32_t second_step_2;
    int32_t second_step_3;
} coincell_broadcast_dimensions;

/* The output of one pair of inputs. */
typedef int32_t coincell_binary_function(const void *parameters, int32_t first, int32_t second);

/* first, second: addressed by their steps
 * output: [size_0, size_1, size_2, size_3] */
COINCELL_INLINE void coincell_broadcast(const coincell_broadcast_dimensions *d,
                                        coincell_binary_function *function,
                                        const void *parameters, const coincell_value *first,
                                        const coincell_value *second, coincell_value *output)
{
    for (int32_t i = 0; i < d->size_0; ++i) {
        for (int32_t j = 0; j < d->size_1; ++j) {
            for (int32_t k = 0; k < d->size_2; ++k) {
                const coincell_value *a = first + i * d->first_step_0 + j * d->first_step_1 +
                                          k * d->first_step_2;
                const coincell_value *b = second + i * d->second_step_0 + j * d->second_step_1 +
                                          k * d->second_step_2;
                for (int32_t l = 0; l < d->size_3; ++l) {
                    *output++ = (coincell_value)function(parameters, *a, *b);
                    a += d->first_step_3;
                    b += d->second_step_3;
                }
            }
        }
    }
}

#endif
