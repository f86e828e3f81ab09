#ifndef COINCELL_KERNELS_STRIDED_COPY_H
#define COINCELL_KERNELS_STRIDED_COPY_H

#include <stdint.h>

/* Six loops, the outermost first. Steps are in bytes; they may be negative, and those of the input
 * 0, which repeats. */
typedef struct {
    int32_t run; /* bytes that lie side by side in both, copied in the innermost loop */
    int32_t input_start;
    int32_t output_start;
    int32_t size_0;
    int32_t size_1;
    int32_t size_2;
    int32_t size_3;
    int32_t size_4;
    int32_t size_5;
    int32_t input_step_0;
    int32_t input_step_1;
    int32_t input_step_2;
    int32_t input_step_3;
    int32_t input_step_4;
    int32_t input_step_5;
    int32_t output_step_0;
    int32_t output_step_1;
    int32_t output_step_2;
    int32_t output_step_3;
    int32_t output_step_4;
    int32_t output_step_5;
} coincell_strided_copy_parameters;

/* Moves values without looking at them: slices, transpositions, repetitions and the like.
 *
 * input, output: any tensors. For every i_0 < size_0, ..., i_5 < size_5, run bytes from
 * input_start + i_0 * input_step_0 + ... to output_start + i_0 * output_step_0 + ...; what is read
 * and what is written must not overlap. */
void coincell_strided_copy(const coincell_strided_copy_parameters *parameters, const void *input,
                           void *output);

#endif
