#ifndef COINCELL_KERNELS_GATHER_H
#define COINCELL_KERNELS_GATHER_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t outer;
    int32_t size; /* of the dimension that is chosen from */
    int32_t inner; /* bytes */
    int32_t count; /* of indices */
} coincell_gather_parameters;

/* input:   [batches, outer, size, inner]
 * indices: int32_t [batches, count]; one outside 0 .. size - 1 counts as the nearest of these
 * output:  [batches, outer, count, inner] */
void coincell_gather(const coincell_gather_parameters *parameters, const void *input,
                     const void *indices, void *output);

#endif
