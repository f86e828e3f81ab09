/* Rows over their Euclidean norm, as
 * tensorflow/lite/kernels/internal/reference/integer_ops/l2normalization.h does it. */
#include "kernels/l2_normalization.h"

#include "kernels/fixed_point.h"

enum { OUTPUT_BITS = 7 };

static int32_t times(int32_t a, int32_t b)
{
    return coincell_doubling_high_multiply(a, b);
}

/* 1 / sqrt(value) as (multiplier, shift) for coincell_rescale, for value >= 2: five steps of
 * Newton's method from 1, on the value scaled to [1/4, 1) by a power of four. */
static int32_t inverse_square_root(int32_t value, int32_t *shift)
{
    int32_t right = 11;
    while (value >= 1 << 29) {
        value >>= 2;
        ++right;
    }
    const int32_t pairs = (coincell_leading_zeros((uint32_t)value) - 1) / 2 - 1;
    const int32_t source = (value << (2 * pairs)) >> 1; /* Q3.28, as x */
    const int32_t half = coincell_rounding_shift_right(source, 1);
    int32_t x = 1 << 28;
    right -= pairs;
    for (int32_t i = 0; i < 5; ++i) {
        const int32_t cube = coincell_saturating_shift_left(times(times(x, x), x), 6);
        x = coincell_saturating_shift_left(times((1 << 28) + (1 << 27), x) - times(half, cube), 3);
    }
    x = times(x, 1518500250); /* sqrt(2) / 2 */
    if (right < 0) {
        x = (int32_t)((uint32_t)x << -right);
        right = 0;
    }
    *shift = -right;
    return x;
}

/* input, output: [depth] */
static void normalize_row(const coincell_l2_normalization_parameters *p, const int8_t *input,
                          int8_t *output)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t value = input[i] - p->input_zero_point;
        sum += value * value;
    }
    int32_t shift = 0;
    const int32_t multiplier = sum <= 1 ? INT32_MAX : inverse_square_root(sum, &shift);
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t value = input[i] - p->input_zero_point;
        const int32_t result = coincell_rescale(value, multiplier, shift + OUTPUT_BITS);
        output[i] = (int8_t)coincell_clamp(result, INT8_MIN, INT8_MAX);
    }
}

void coincell_l2_normalization(const coincell_l2_normalization_parameters *p, const int8_t *input,
                               int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        normalize_row(p, input + row * p->depth, output + row * p->depth);
    }
}
