#include "anomaly/reconstruction.h"

#include "anomaly/integers.h"

int32_t coincell_anomaly_reconstruction_score(const coincell_anomaly_reconstruction *settings,
                                              const int8_t *input, const int8_t *output)
{
    uint64_t sum = 0;
    for (int32_t j = 0; j < settings->columns; j++) {
        const int32_t d = (input[j] - settings->input_zero) * settings->input_weight -
                          (output[j] - settings->output_zero) * settings->output_weight;
        sum += (uint64_t)((int64_t)d * d);
    }
    const uint64_t scaled = coincell_anomaly_scale(sum, settings->multiplier);
    return (int32_t)coincell_anomaly_round(scaled, settings->shift);
}
