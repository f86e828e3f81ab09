#ifndef COINCELL_KERNELS_CAST_H
#define COINCELL_KERNELS_CAST_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t from_float;  /* 1: the input is float */
    int32_t to_float;    /* 1: the output is float */
    int32_t input_bytes; /* of an element: 1, 2 or 4, and 8 where the output is integers */
    int32_t input_signed;
    int32_t output_bytes;
} coincell_cast_parameters;

/* input:  [count], integers of input_bytes, or floats
 * output: [count], integers of output_bytes or floats: of an integer the same value or its low
 *         bytes; of a float, to an integer, what stands before the point, saturated, and the
 *         lowest value for what is no number */
void coincell_cast(const coincell_cast_parameters *parameters, const void *input, void *output);

#endif
