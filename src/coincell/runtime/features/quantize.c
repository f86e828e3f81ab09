#include "features/quantize.h"

void coincell_features_quantize(const coincell_features_quantization *quantization,
                                const int16_t *values, int32_t count, int8_t *quantized)
{
    const int32_t shift = quantization->shift;
    const int64_t half = INT64_C(1) << (shift - 1);
    const int64_t low = -128 - quantization->zero_point, high = 127 - quantization->zero_point;
    for (int32_t i = 0; i < count; i++) {
        int64_t q = ((int64_t)values[i] * quantization->multiplier + half) >> shift;
        q = q < low ? low : q > high ? high : q;
        quantized[i] = (int8_t)(q + quantization->zero_point);
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
