/* Logarithms of softmax over int8 in fixed point, as
 * tensorflow/lite/kernels/internal/reference/log_softmax.h does it. */
#include "kernels/log_softmax.h"

#include "kernels/exponential.h"
#include "kernels/fixed_point.h"
#include "kernels/logarithm.h"

enum { OUTPUT_SHIFT = 31 - 5 - 4 };

/* input, output: [depth] */
static void log_softmax_row(const coincell_log_softmax_parameters *p, const int8_t *input,
                            int8_t *output)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->smallest_difference) {
            const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
            sum += coincell_rounding_shift_right(coincell_exp_on_negative(scaled), 12);
        }
    }
    const int32_t log_sum = coincell_logarithm(sum); /* Q5.26 */
    const int32_t representable =
        coincell_rescale(log_sum + INT32_MIN, p->reverse_multiplier, p->reverse_shift);
    const int32_t least = representable > p->smallest_difference - 1 ? representable
                                                                     : p->smallest_difference - 1;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        int32_t result = INT8_MIN;
        if (difference > least) {
            const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift);
            result = coincell_rounding_shift_right(scaled - log_sum, OUTPUT_SHIFT) + INT8_MAX;
        }
        output[i] = (int8_t)coincell_clamp(result, INT8_MIN, INT8_MAX);
    }
}

void coincell_log_softmax(const coincell_log_softmax_parameters *p, const int8_t *input,
                          int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        log_softmax_row(p, input + row * p->depth, output + row * p->depth);
    }
}
