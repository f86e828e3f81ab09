/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "features/features.h"
#include "features/picture.h"
#include "features/raw.h"
#include "features/spectral.h"
#include "features/spectrogram.h"
#include "features/statistics.h"

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

/* samples[windows][frames][decimation][channels] -> sums[windows][frames][channels]; steps behind
   the last whole frame, `values` - frames decimation channels of each window, are left out. */
void coincell_raw_columns_batch(const coincell_raw_config *config,
                                const coincell_raw_scratch *scratch, int32_t windows,
                                int32_t values, const int16_t *samples, int32_t *sums)
{
    const int32_t channels = config->channels, step = config->decimation * channels;
    for (int32_t w = 0; w < windows; w++, samples += values) {
        for (int32_t frame = 0; frame < config->frames; frame++, sums += channels) {
            const coincell_raw_scratch row = {sums};
            coincell_raw_sums(config, &row, samples + frame * step);
        }
    }
    (void)scratch;
}

/* The same, standardised: -> rows[windows][frames][channels], fixed point. */
void coincell_raw_batch(const coincell_raw_config *config, const coincell_raw_scratch *scratch,
                        int32_t windows, int32_t values, const int16_t *samples, int16_t *rows)
{
    const int32_t channels = config->channels, step = config->decimation * channels;
    for (int32_t w = 0; w < windows; w++, samples += values)
        for (int32_t frame = 0; frame < config->frames; frame++, rows += channels)
            coincell_raw_row(config, scratch, samples + frame * step, rows);
}

/* samples[windows][values] -> columns[windows][columns], not yet standardised. */
void coincell_statistics_columns_batch(const coincell_statistics_config *config,
                                       const coincell_statistics_scratch *scratch,
                                       int32_t windows, int32_t values, const int16_t *samples,
                                       int32_t *columns)
{
    for (int32_t w = 0; w < windows; w++, samples += values, columns += config->columns) {
        const coincell_statistics_scratch window = {columns};
        coincell_statistics_columns(config, &window, samples);
    }
    (void)scratch;
}

/* samples[windows][values] -> features[windows][columns], fixed point. */
void coincell_statistics_batch(const coincell_statistics_config *config,
                               const coincell_statistics_scratch *scratch, int32_t windows,
                               int32_t values, const int16_t *samples, int16_t *features)
{
    for (int32_t w = 0; w < windows; w++, samples += values, features += config->columns)
        coincell_statistics_window(config, scratch, samples, features);
}

/* pixels[windows][values] -> features[windows][height][width][channels], fixed point. */
void coincell_picture_batch(const coincell_picture_config *config, const void *scratch,
                            int32_t windows, int32_t values, const uint8_t *pixels,
                            int16_t *features)
{
    for (int32_t w = 0; w < windows; w++, pixels += values)
        for (int32_t y = 0; y < config->height; y++, features += config->width * config->channels)
            coincell_picture_row(config, pixels, y, features);
    (void)scratch;
}

/* samples[windows][values] -> columns[windows][columns], not yet standardised. */
void coincell_spectral_columns_batch(const coincell_spectral_config *config,
                                     const coincell_spectral_scratch *scratch, int32_t windows,
                                     int32_t values, const int16_t *samples, int32_t *columns)
{
    coincell_spectral_scratch window = *scratch;
    for (int32_t w = 0; w < windows; w++, samples += values, columns += config->columns) {
        window.columns = columns;
        coincell_spectral_columns(config, &window, samples);
    }
}

/* samples[windows][values] -> features[windows][columns], fixed point. */
void coincell_spectral_batch(const coincell_spectral_config *config,
                             const coincell_spectral_scratch *scratch, int32_t windows,
                             int32_t values, const int16_t *samples, int16_t *features)
{
    for (int32_t w = 0; w < windows; w++, samples += values, features += config->columns)
        coincell_spectral_window(config, scratch, samples, features);
}

/* samples[windows][values] -> rows[windows][frames][channels][bands], fixed point. */
void coincell_spectrogram_batch(const coincell_spectrogram_config *config,
                                const coincell_spectrogram_scratch *scratch, int32_t windows,
                                int32_t values, const int16_t *samples, int16_t *rows)
{
    const int32_t columns = config->channels * config->spectrum.bands;
    const int32_t step = config->hop * config->channels;
    for (int32_t w = 0; w < windows; w++, samples += values)
        for (int32_t frame = 0; frame < config->frames; frame++, rows += columns)
            coincell_spectrogram_row(config, scratch, samples + frame * step, rows);
}
