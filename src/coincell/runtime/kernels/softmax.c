/* Softmax over int8 in fixed point, as tensorflow/lite/kernels/internal/reference/softmax.h does
 * it: exp of differences to the row's maximum in Q0.31, their sum in Q12.19, one reciprocal. */
#include "kernels/softmax.h"

#include "kernels/exponential.h"
#include "kernels/fixed_point.h"

static int32_t row_maximum(const int8_t *input, int32_t depth)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

/* input, output: [depth] */
static void softmax_row(const coincell_softmax_parameters *p, const int8_t *input, int8_t *output)
{
    const int32_t largest = row_maximum(input, p->depth);
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->smallest_difference) {
            const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
            sum += coincell_rounding_shift_right(coincell_exp_on_negative(scaled), 12);
        }
    }
    /* sum = (1 + fraction) * 2^(12 - headroom); its reciprocal is 1 / (1 + fraction), shifted. */
    const int32_t headroom = coincell_leading_zeros((uint32_t)sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
    const int32_t reciprocal = coincell_one_over_one_plus(fraction);
    const int32_t exponent = 12 - headroom + 31 - 8;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        int32_t result = INT8_MIN;
        if (difference >= p->smallest_difference) {
            const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
            const int32_t share =
                coincell_doubling_high_multiply(reciprocal, coincell_exp_on_negative(scaled));
            result += coincell_rounding_shift_right(share, exponent);
        }
        output[i] = (int8_t)coincell_clamp(result, INT8_MIN, INT8_MAX);
    }
}

void coincell_softmax(const coincell_softmax_parameters *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        softmax_row(p, input + row * p->depth, output + row * p->depth);
    }
}
