/* As broadcast.h, for 16-bit values. */
#ifndef COINCELL_KERNELS_BROADCAST_INT16_H
#define COINCELL_KERNELS_BROADCAST_INT16_H

#include <stdint.h>

#include "kernels/broadcast.h"

/* first, second: addressed by their steps
 * output: [size_0, size_1, size_2, size_3] */
static inline void coincell_broadcast_int16(const coincell_broadcast_dimensions *d,
                                            coincell_binary_function *function,
                                            const void *parameters, const int16_t *first,
                                            const int16_t *second, int16_t *output)
{
    for (int32_t i = 0; i < d->size_0; ++i) {
        for (int32_t j = 0; j < d->size_1; ++j) {
            for (int32_t k = 0; k < d->size_2; ++k) {
                const int16_t *a = first + i * d->first_step_0 + j * d->first_step_1 +
                                   k * d->first_step_2;
                const int16_t *b = second + i * d->second_step_0 + j * d->second_step_1 +
                                   k * d->second_step_2;
                for (int32_t l = 0; l < d->size_3; ++l) {
                    *output++ = (int16_t)function(parameters, *a, *b);
                    a += d->first_step_3;
                    b += d->second_step_3;
                }
            }
        }
    }
}

#endif
