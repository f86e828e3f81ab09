#ifndef COINCELL_KERNELS_ADD_H
#define COINCELL_KERNELS_ADD_H

#include <stdint.h>

/* Four dimensions of the output, outermost first, and how far one step along each goes in either
 * input: 0 where that input is broadcast. */
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
    int32_t first_zero_point;
    int32_t first_multiplier;
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
} coincell_add_parameters;

/* first, second: addressed by their steps
 * output: [size_0, size_1, size_2, size_3] */
void coincell_add(const coincell_add_parameters *parameters, const int8_t *first,
                  const int8_t *second, int8_t *output);

#endif
