#include "kernels/batch_matmul.h"

#include "kernels/fixed_point.h"

/* One value: a row of the first matrix with a column of the second. Sums wrap modulo 2^32. */
static int8_t product_of(const coincell_batch_matmul_parameters *p, const int8_t *first,
                         const int8_t *second)
{
    const coincell_matmul_dimensions *d = &p->dimensions;
    uint32_t sum = 0;
    for (int32_t i = 0; i < d->depth; ++i) {
        sum += (uint32_t)((*first - p->first_zero_point) * (*second - p->second_zero_point));
        first += d->first_depth_step;
        second += d->second_depth_step;
    }
    const int32_t scaled = coincell_rescale((int32_t)sum, p->multiplier, p->shift);
    return (int8_t)coincell_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

/* One matrix; returns where the next one goes.
 *
 * output: [rows, columns] */
static int8_t *multiply(const coincell_batch_matmul_parameters *p, const int8_t *first,
                        const int8_t *second, int8_t *output)
{
    const coincell_matmul_dimensions *d = &p->dimensions;
    for (int32_t row = 0; row < d->rows; ++row) {
        for (int32_t column = 0; column < d->columns; ++column) {
            *output++ = product_of(p, first + row * d->first_row_step,
                                   second + column * d->second_column_step);
        }
    }
    return output;
}

void coincell_batch_matmul(const coincell_batch_matmul_parameters *p, const int8_t *first,
                           const int8_t *second, int8_t *output)
{
    const coincell_matmul_dimensions *d = &p->dimensions;
    for (int32_t i = 0; i < d->batch_0; ++i) {
        for (int32_t j = 0; j < d->batch_1; ++j) {
            const int8_t *a = first + i * d->first_batch_step_0 + j * d->first_batch_step_1;
            const int8_t *b = second + i * d->second_batch_step_0 + j * d->second_batch_step_1;
            for (int32_t k = 0; k < d->batch_2; ++k) {
                output = multiply(p, a, b, output);
                a += d->first_batch_step_2;
                b += d->second_batch_step_2;
            }
        }
    }
}
