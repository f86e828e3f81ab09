/* How strange a window is to an autoencoder: the mean squared difference of its int8 output and
   its int8 input, which have scales and zero points of their own.

   input_weight / output_weight is the ratio of the two scales, so that
     d_j = (input_j - input_zero) input_weight - (output_j - output_zero) output_weight
   is the difference in one unit; both weights stay so small that the sum of squares is below
   2^62 (coincell.anomaly, in Python, sees to it). */
#ifndef COINCELL_ANOMALY_RECONSTRUCTION_H
#define COINCELL_ANOMALY_RECONSTRUCTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t columns;       /* values of a window, 1 to 65536 */
    int32_t input_zero;    /* zero points, -128 to 127 */
    int32_t output_zero;
    int32_t input_weight;  /* 0 to 2^21 */
    int32_t output_weight;
    uint32_t multiplier;   /* of the sum: sum multiplier / 2^(32 + shift) is the score */
    int32_t shift;         /* 0 to 62 */
} coincell_anomaly_reconstruction;

/* input[columns], output[columns] -> the score: the higher, the stranger. */
int32_t coincell_anomaly_reconstruction_score(const coincell_anomaly_reconstruction *settings,
                                              const int8_t *input, const int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
