#include "features/quantize.h"

/* q within int8 around zero_point, and moved there. */
static inline int8_t clamp(int32_t q, int32_t zero_point)
{
    const int32_t low = -128 - zero_point, high = 127 - zero_point;
    q = q < low ? low : q > high ? high : q;
    return (int8_t)(q + zero_point);
}

void coincell_features_quantize(const coincell_features_quantization *quantization,
                                const int16_t *values, int32_t count, int8_t *quantized)
{
    const int32_t shift = quantization->shift, zero_point = quantization->zero_point;
    const int32_t multiplier = quantization->multiplier;
    if (shift > 32) {
        /* The usual case: half of 2^shift has no low word, so the high word of the product is all
           that counts. */
        const int32_t rest = shift - 32, half = INT32_C(1) << (rest - 1);
        for (int32_t i = 0; i < count; i++) {
            const int32_t high = (int32_t)(((int64_t)values[i] * multiplier) >> 32);
            quantized[i] = clamp((high + half) >> rest, zero_point);
        }
        return;
    }
    const int64_t half = INT64_C(1) << (shift - 1);
    for (int32_t i = 0; i < count; i++) {
        const int64_t q = ((int64_t)values[i] * multiplier + half) >> shift;
        const int32_t near = q < -256 ? -256 : q > 256 ? 256 : (int32_t)q;
        quantized[i] = clamp(near, zero_point);
    }
}

void coincell_features_quantize_ring(const coincell_features_quantization *quantization,
                                     const int16_t *ring, int32_t rows, int32_t columns,
                                     int32_t first, int8_t *quantized)
{
    const int32_t newer = first * columns, older = rows * columns - newer;
    coincell_features_quantize(quantization, ring + newer, older, quantized);
    coincell_features_quantize(quantization, ring, newer, quantized + older);
}
