/* The loops of a copy from some places of one tensor to some of another. */
#ifndef COINCELL_KERNELS_COPY_LOOPS_H
#define COINCELL_KERNELS_COPY_LOOPS_H

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
} coincell_copy_loops;

#endif
