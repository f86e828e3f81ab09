#ifndef COINCELL_KERNELS_PLAIN_INT32_H
#define COINCELL_KERNELS_PLAIN_INT32_H

#include <stdint.h>

#include "kernels/broadcast.h"

enum {
    COINCELL_PLAIN_ADD,
    COINCELL_PLAIN_SUB,
    COINCELL_PLAIN_MUL,
    COINCELL_PLAIN_SQUARED_DIFFERENCE,
    COINCELL_PLAIN_MAXIMUM,
    COINCELL_PLAIN_MINIMUM
};

typedef struct {
    coincell_broadcast_dimensions dimensions;
    int32_t function; /* which of those above */
} coincell_plain_int32_parameters;

/* Integers that stand for themselves; results are taken modulo 2^32.
 *
 * first, second: int32, addressed by their steps
 * output: int32, the dimensions' sizes */
void coincell_plain_int32(const coincell_plain_int32_parameters *parameters, const void *first,
                          const void *second, void *output);

#endif
