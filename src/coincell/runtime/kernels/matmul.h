/* The sizes of a product of matrices, whatever its values are. */
#ifndef COINCELL_KERNELS_MATMUL_H
#define COINCELL_KERNELS_MATMUL_H

#include <stdint.h>

/* Three dimensions of matrices, outermost first, and how far one step along each goes in either
 * input: 0 where that input is repeated; then the matrices' own sizes and steps. */
typedef struct {
    int32_t batch_0;
    int32_t batch_1;
    int32_t batch_2;
    int32_t first_batch_step_0;
    int32_t first_batch_step_1;
    int32_t first_batch_step_2;
    int32_t second_batch_step_0;
    int32_t second_batch_step_1;
    int32_t second_batch_step_2;
    int32_t rows;
    int32_t columns;
    int32_t depth;
    int32_t first_row_step;
    int32_t first_depth_step;
    int32_t second_depth_step;
    int32_t second_column_step;
} coincell_matmul_dimensions;

#endif
