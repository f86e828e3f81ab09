#ifndef COINCELL_KERNELS_ARG_EXTREMUM_H
#define COINCELL_KERNELS_ARG_EXTREMUM_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t count; /* values of which one is found */
    int32_t inner;
    int32_t sign; /* 1: the largest value, -1: the smallest */
    int32_t wide; /* 1: the output is int64 */
} coincell_arg_extremum_parameters;

/* input:  [outer, count, inner]
 * output: int32 or int64 [outer, inner], the first index of the extreme value */
void coincell_arg_extremum(const coincell_arg_extremum_parameters *parameters,
                           const int8_t *input, void *output);

#endif
