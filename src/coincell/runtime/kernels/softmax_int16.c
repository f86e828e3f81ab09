/* Softmax over int16 by two interpolated tables, as TFLM does it
 * (tensorflow/lite/kernels/internal/reference/softmax.h). */
#include "kernels/softmax_int16.h"

#include "kernels/fixed_point.h"

/* table: [513], the values at multiples of 128 from -32768 on */
static int32_t interpolated(const int16_t *table, int32_t x)
{
    const int32_t index = 256 + (x >> 7);
    const int32_t slope = table[index + 1] - table[index];
    return (int16_t)(table[index] + ((slope * (x & 127) + 64) >> 7));
}

/* exp(value - largest) in 1/32768 */
static int32_t exponential(const coincell_softmax_int16_parameters *p, const int16_t *table,
                           int32_t difference)
{
    const int32_t scaled = coincell_rescale(difference, p->multiplier, p->shift) + INT16_MAX;
    return interpolated(table, coincell_clamp(scaled, INT16_MIN, INT16_MAX));
}

/* input, output: [depth] */
static void softmax_row(const coincell_softmax_int16_parameters *p, const int16_t *input,
                        const int16_t *exponentials, const int16_t *reciprocals,
                        int16_t *output)
{
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
        output[i] = (int16_t)exponential(p, exponentials, input[i] - largest);
        sum += output[i];
    }
    /* sum = (1 + fraction) * 2^(31 - headroom); the fraction in 1/65536, from -32768 on. */
    const int32_t headroom = coincell_leading_zeros((uint32_t)sum);
    const uint32_t raised = ((uint32_t)sum << (headroom - 1)) + ((uint32_t)1 << 13);
    const int32_t shifted = (int32_t)(raised >> 14);
    const int32_t fraction =
        coincell_clamp(shifted - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
    const int32_t reciprocal = interpolated(reciprocals, fraction);
    const int32_t places = 31 - headroom;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t half = places > 0 ? (int32_t)1 << (places - 1) : 0;
        const int32_t share = (output[i] * reciprocal + half) >> places;
        output[i] = (int16_t)coincell_clamp(share, 0, INT16_MAX);
    }
}

void coincell_softmax_int16(const coincell_softmax_int16_parameters *p, const int16_t *input,
                            const int16_t *exponentials, const int16_t *reciprocals,
                            int16_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        softmax_row(p, input + row * p->depth, exponentials, reciprocals,
                    output + row * p->depth);
    }
}
