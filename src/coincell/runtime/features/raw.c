#include "features/raw.h"

void coincell_raw_sums(const coincell_raw_config *config, const coincell_raw_scratch *scratch,
                       const int16_t *samples)
{
    const int32_t channels = config->channels;
    for (int32_t channel = 0; channel < channels; channel++) scratch->sums[channel] = 0;
    for (int32_t step = 0; step < config->decimation; step++)
        for (int32_t channel = 0; channel < channels; channel++)
            scratch->sums[channel] += *samples++ * (1 << COINCELL_RAW_BITS);
}

void coincell_raw_row(const coincell_raw_config *config, const coincell_raw_scratch *scratch,
                      const int16_t *samples, int16_t *row)
{
    coincell_raw_sums(config, scratch, samples);
    coincell_standardize(config->scaling, config->channels, scratch->sums, row);
}
