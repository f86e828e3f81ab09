/* Softmax over int8 in fixed point, as tensorflow/lite/kernels/internal/reference/softmax.h does
 * it: exp of differences to the row's maximum in Q0.31, their sum in Q12.19, one reciprocal. */
#ifndef COINCELL_KERNELS_SOFTMAX_ROW_H
#define COINCELL_KERNELS_SOFTMAX_ROW_H

#include <stdint.h>

#include "kernels/exponential.h"
#include "kernels/fixed_point.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* of differences, beta included, to Q5.26; see coincell_rescale */
    int32_t shift;
    int32_t smallest_difference; /* below it, exp counts as 0 */
} coincell_softmax_parameters;

/* What is known of a row: its sum is (1 + fraction) * 2^(12 - headroom), and the reciprocal that of
 * 1 + fraction. */
typedef struct {
    int32_t largest;
    int32_t reciprocal;
    int32_t headroom;
} coincell_softmax_row;

/* input: [depth] */
static inline coincell_softmax_row coincell_softmax_row_of(const coincell_softmax_parameters *p,
                                                           const int8_t *input)
{
    coincell_softmax_row row = {INT8_MIN, 0, 0};
    for (int32_t i = 0; i < p->depth; ++i) {
        row.largest = input[i] > row.largest ? input[i] : row.largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - row.largest;
        if (difference >= p->smallest_difference) {
            const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
            sum += coincell_rounding_shift_right(coincell_exp_on_negative(scaled), 12);
        }
    }
    row.headroom = coincell_leading_zeros((uint32_t)sum);
    row.reciprocal = coincell_one_over_one_plus(
        (int32_t)(((uint32_t)sum << row.headroom) - 0x80000000u));
    return row;
}

/* The share that `value` has in its row, in 1 / 2^bits. */
static inline int32_t coincell_softmax_share(const coincell_softmax_parameters *p,
                                             const coincell_softmax_row *row, int32_t value,
                                             int32_t bits)
{
    const int32_t difference = value - row->largest;
    if (difference < p->smallest_difference) {
        return 0;
    }
    const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
    const int32_t share =
        coincell_doubling_high_multiply(row->reciprocal, coincell_exp_on_negative(scaled));
    return coincell_rounding_shift_right(share, 12 - row->headroom + 31 - bits);
}

#endif
