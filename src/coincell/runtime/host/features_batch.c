/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "features/features.h"

/* samples[windows][window_samples] -> values[windows][frames][columns], fixed point. */
void coincell_features_compute_batch(const coincell_features_config *config,
                                     const coincell_features_scratch *scratch, int32_t windows,
                                     const int16_t *samples, int16_t *values)
{
    for (int32_t w = 0; w < windows; w++, samples += config->window_samples) {
        const coincell_features_level level = coincell_features_find_level(config, samples);
        int16_t *const rows = values;
        for (int32_t frame = 0; frame < config->frames; frame++, values += config->columns)
            coincell_features_row(config, scratch, &level, samples + frame * config->hop, values);
        coincell_features_finish(config, rows);
    }
}

/* samples[windows][window_samples] -> features[windows][frames][columns]. */
void coincell_features_run_batch(const coincell_features_config *config,
                                 const coincell_features_quantization *quantization,
                                 const coincell_features_scratch *scratch, int32_t windows,
                                 const int16_t *samples, int8_t *features)
{
    for (int32_t w = 0; w < windows; w++, samples += config->window_samples) {
        coincell_features_window(config, quantization, scratch, samples, features);
        features += config->frames * config->columns;
    }
}
