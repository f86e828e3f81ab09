/* The last step of every feature block: from its fixed point to the network's int8. */
#ifndef COINCELL_FEATURES_QUANTIZE_H
#define COINCELL_FEATURES_QUANTIZE_H

#include <stdint.h>

/* From fixed point to int8: round(value multiplier / 2^shift) + zero_point, clamped. */
typedef struct {
    int32_t multiplier; /* 2^30 to 2^31 - 1 */
    int32_t shift;      /* 1 to 62 */
    int32_t zero_point; /* -128 to 127 */
} coincell_features_quantization;

/* values[count] -> quantized[count]. */
void coincell_features_quantize(const coincell_features_quantization *quantization,
                                const int16_t *values, int32_t count, int8_t *quantized);

/* ring[rows][columns] of fixed-point rows, whose oldest is `first`
   -> quantized[rows][columns], oldest first. */
void coincell_features_quantize_ring(const coincell_features_quantization *quantization,
                                     const int16_t *ring, int32_t rows, int32_t columns,
                                     int32_t first, int8_t *quantized);

#endif
