#ifndef COINCELL_KERNELS_STRIDED_COPY_H
#define COINCELL_KERNELS_STRIDED_COPY_H

#include "kernels/copy_loops.h"

typedef coincell_copy_loops coincell_strided_copy_parameters;

/* Moves values without looking at them: slices, transpositions, repetitions and the like.
 *
 * input, output: any tensors. For every i_0 < size_0, ..., i_5 < size_5, run bytes from
 * input_start + i_0 * input_step_0 + ... to output_start + i_0 * output_step_0 + ...; what is read
 * and what is written must not overlap. */
void coincell_strided_copy(const coincell_strided_copy_parameters *parameters, const void *input,
                           void *output);

#endif
