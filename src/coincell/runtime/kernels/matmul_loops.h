/* The loops of a product of matrices. */
#ifndef COINCELL_KERNELS_MATMUL_LOOPS_H
#define COINCELL_KERNELS_MATMUL_LOOPS_H

#include <stdint.h>

#include "kernels/inline.h"
#include "kernels/matmul.h"
#include "kernels/value.h"

/* One value: a row of the first matrix, [depth], with a column of the second, [depth], by their
 * steps; parameters: the kernel's own. */
typedef coincell_value coincell_matmul_product(const void *parameters, const coincell_value *first,
                                               const coincell_value *second);

/* One matrix; returns where the next one goes.
 *
 * output: [rows, columns] */
COINCELL_INLINE coincell_value *
coincell_matmul_one(const coincell_matmul_dimensions *d, coincell_matmul_product *product,
                    const void *parameters, const coincell_value *first,
                    const coincell_value *second, coincell_value *output)
{
    for (int32_t row = 0; row < d->rows; ++row) {
        for (int32_t column = 0; column < d->columns; ++column) {
            *output++ = product(parameters, first + row * d->first_row_step,
                                second + column * d->second_column_step);
        }
    }
    return output;
}

/* first, second: addressed by their steps
 * output: [batch_0, batch_1, batch_2, rows, columns] */
COINCELL_INLINE void coincell_matmul_all(const coincell_matmul_dimensions *d,
                                         coincell_matmul_product *product, const void *parameters,
                                         const coincell_value *first,
                                         const coincell_value *second, coincell_value *output)
{
    for (int32_t i = 0; i < d->batch_0; ++i) {
        for (int32_t j = 0; j < d->batch_1; ++j) {
            const coincell_value *a =
                first + i * d->first_batch_step_0 + j * d->first_batch_step_1;
            const coincell_value *b =
                second + i * d->second_batch_step_0 + j * d->second_batch_step_1;
            for (int32_t k = 0; k < d->batch_2; ++k) {
                output = coincell_matmul_one(d, product, parameters, a, b, output);
                a += d->first_batch_step_2;
                b += d->second_batch_step_2;
            }
        }
    }
}

#endif
