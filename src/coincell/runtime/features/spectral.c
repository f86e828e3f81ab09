#include "features/spectral.h"

#include "features/fixed_point.h"
#include "features/mean.h"
#include "features/scientific.h"

/* The filter at rest. */
static void begin(const coincell_spectral_config *config,
                  const coincell_spectral_scratch *scratch)
{
    for (int32_t i = 0; i < config->sections; i++)
        scratch->states[i] = (coincell_biquad_state){0, 0, 0, 0, 0};
}

/* One sample less its channel's mean, filtered, with the spectrum's fraction bits. */
static inline int32_t filtered(const coincell_spectral_config *config,
                               const coincell_spectral_scratch *scratch, int16_t sample,
                               int32_t mean)
{
    const int32_t x = sample * (1 << config->spectrum.fraction_bits) - mean;
    return coincell_biquad_step(config->filter, scratch->states, config->sections, x);
}

/* samples[samples] of one channel -> the largest size of what the filter gives. */
static int32_t find_largest(const coincell_spectral_config *config,
                            const coincell_spectral_scratch *scratch, const int16_t *samples,
                            int32_t mean)
{
    int32_t largest = 0;
    begin(config, scratch);
    for (int32_t n = 0; n < config->samples; n++) {
        const int32_t y = filtered(config, scratch, samples[n * config->channels], mean);
        const int32_t size = y < 0 ? -y : y;
        if (size > largest) largest = size;
    }
    return largest;
}

/* scratch->frame, full -> its powers are added to scratch->powers[fft_size / 2 + 1]; then its later
   part moves to the front. */
static void add_frame(const coincell_spectral_config *config,
                      const coincell_spectral_scratch *scratch, int32_t gain_bits)
{
    const coincell_power_spectrum_config *spectrum = &config->spectrum;
    const int32_t points = 1 << (spectrum->log2_fft - 1);
    coincell_power_spectrum_transform(spectrum, scratch->frame, gain_bits, scratch->spectrum);
    for (int32_t k = 0; k <= points; k++)
        scratch->powers[k] +=
            coincell_power_of_bin(spectrum, scratch->spectrum, k) >> config->mean_shift;
    for (int32_t n = config->hop; n < spectrum->frame_length; n++)
        scratch->frame[n - config->hop] = scratch->frame[n];
}

/* samples[samples] of one channel -> scratch->powers[fft_size / 2 + 1]; returns the sum of squares
   of the filtered samples, raised by gain_bits, in units of 2^18: at most 2^60. */
static uint64_t add_frames(const coincell_spectral_config *config,
                           const coincell_spectral_scratch *scratch, const int16_t *samples,
                           int32_t mean, int32_t gain_bits)
{
    const int32_t length = config->spectrum.frame_length;
    uint64_t squares = 0;
    int32_t filled = 0;
    for (int32_t k = 0; k <= 1 << (config->spectrum.log2_fft - 1); k++) scratch->powers[k] = 0;
    begin(config, scratch);
    for (int32_t n = 0; n < config->samples; n++) {
        const int32_t y = filtered(config, scratch, samples[n * config->channels], mean);
        const int32_t raised = (y * (1 << gain_bits)) >> 9;
        squares += (uint64_t)((int64_t)raised * raised);
        scratch->frame[filled++] = y;
        if (filled == length) {
            add_frame(config, scratch, gain_bits);
            filled = length - config->hop;
        }
    }
    return squares;
}

/* ln(power + floor) with COINCELL_SPECTRAL_BITS. */
static int32_t logarithm(const coincell_spectral_config *config, uint64_t power,
                         int32_t gain_bits)
{
    const int32_t shift = 24 - COINCELL_SPECTRAL_BITS;
    const int32_t value = coincell_power_logarithm(&config->spectrum, power, gain_bits);
    return (value + (1 << (shift - 1))) >> shift;
}

/* scratch->powers, bins first .. end - 1 -> scratch->highest[peaks], the highest first, 0 where
   there are no more; the outermost bins of a spectrum are no peaks. */
static void find_peaks(const coincell_spectral_config *config,
                       const coincell_spectral_scratch *scratch, int32_t first, int32_t end)
{
    const uint64_t *power = scratch->powers;
    const int32_t points = 1 << (config->spectrum.log2_fft - 1);
    int32_t found = 0;
    for (int32_t i = 0; i < config->peaks; i++) scratch->highest[i] = 0;
    for (int32_t k = first > 1 ? first : 1; k < (end < points ? end : points); k++) {
        if (power[k] <= power[k - 1] || power[k] < power[k + 1]) continue;
        int32_t place = found < config->peaks ? found++ : config->peaks;
        for (; place > 0 && power[scratch->highest[place - 1]] < power[k]; place--)
            if (place < config->peaks) scratch->highest[place] = scratch->highest[place - 1];
        if (place < config->peaks) scratch->highest[place] = k;
    }
}

/* The peak at bin k (0: none) -> column[2]: its frequency in bins, and its height. */
static void write_peak(const coincell_spectral_config *config,
                       const coincell_spectral_scratch *scratch, int32_t k, int32_t gain_bits,
                       int32_t *column)
{
    const int32_t one = 1 << COINCELL_SPECTRAL_BITS;
    column[0] = k * one;
    column[1] = logarithm(config, k ? scratch->powers[k] : 0, gain_bits);
    if (k == 0) return;
    const int32_t below = column[1] - logarithm(config, scratch->powers[k - 1], gain_bits);
    const int32_t above = column[1] - logarithm(config, scratch->powers[k + 1], gain_bits);
    /* Half the difference over the sum lies within half a bin; in 1/256 of one. */
    const int32_t sum = below + above;
    if (sum > 0) column[0] += (below - above) * 128 / sum * (one / 256);
}

/* scratch->powers, bins first .. end - 1 -> column[2]: centroid and spread in bins. */
static void write_moments(const coincell_spectral_scratch *scratch, int32_t first, int32_t end,
                          int32_t *column)
{
    const int32_t fine = 4; /* fraction bits of a distance from the centroid */
    uint64_t total = 0, first_moment = 0, second_moment = 0, weight = 0;
    for (int32_t k = first; k < end; k++) total += scratch->powers[k];
    const int32_t excess = coincell_bit_length_64(total) - 32;
    const int32_t shift = excess > 0 ? excess : 0;
    for (int32_t k = first; k < end; k++) {
        const uint64_t power = scratch->powers[k] >> shift;
        weight += power;
        first_moment += power * (uint32_t)k;
    }
    const coincell_scientific sum = coincell_scientific_make(weight, 0);
    const coincell_scientific centroid =
        coincell_scientific_divide(coincell_scientific_make(first_moment, 0), sum);
    column[0] = coincell_scientific_fixed(centroid, COINCELL_SPECTRAL_BITS,
                                          COINCELL_STANDARD_LIMIT);
    const int32_t drop = COINCELL_SPECTRAL_BITS - fine;
    const int32_t centre = (column[0] + (1 << (drop - 1))) >> drop;
    for (int32_t k = first; k < end; k++) {
        const int32_t distance = k * (1 << fine) - centre; /* below 2^15 */
        second_moment += (scratch->powers[k] >> shift) * (uint32_t)(distance * distance);
    }
    const coincell_scientific variance =
        coincell_scientific_divide(coincell_scientific_make(second_moment, -2 * fine), sum);
    column[1] = coincell_scientific_fixed(coincell_scientific_root(variance),
                                          COINCELL_SPECTRAL_BITS, COINCELL_STANDARD_LIMIT);
}

/* A sum of squares of add_frames -> the root of their mean in samples' units. */
static int32_t root_mean_square(const coincell_spectral_config *config, uint64_t squares,
                                int32_t gain_bits)
{
    const int32_t raised = gain_bits + config->spectrum.fraction_bits - 9;
    const coincell_scientific mean =
        coincell_scientific_divide(coincell_scientific_make(squares, -2 * raised),
                                   coincell_scientific_make((uint64_t)config->samples, 0));
    return coincell_scientific_fixed(coincell_scientific_root(mean), COINCELL_SPECTRAL_RMS_BITS,
                                     COINCELL_STANDARD_LIMIT);
}

/* samples[samples] of one channel -> column[...]; returns what lies behind its columns. */
static int32_t *write_channel(const coincell_spectral_config *config,
                              const coincell_spectral_scratch *scratch, const int16_t *samples,
                              int32_t *column)
{
    const coincell_power_spectrum_config *spectrum = &config->spectrum;
    const uint32_t sum = coincell_raised_sum(samples, config->samples, config->channels);
    const int32_t mean = coincell_rounded_mean(sum, config->samples, spectrum->fraction_bits);
    const int32_t largest = find_largest(config, scratch, samples, mean);
    const int32_t gain_bits = coincell_power_spectrum_gain(spectrum, largest);
    const uint64_t squares = add_frames(config, scratch, samples, mean, gain_bits);
    if (config->rms) *column++ = root_mean_square(config, squares, gain_bits);
    int32_t bin = spectrum->first_bin;
    for (int32_t band = 0; band < spectrum->bands; band++) {
        uint64_t power = 0;
        for (const int32_t end = bin + spectrum->band_bins[band]; bin < end; bin++)
            power += scratch->powers[bin];
        *column++ = logarithm(config, power, gain_bits);
    }
    find_peaks(config, scratch, spectrum->first_bin, bin);
    for (int32_t i = 0; i < config->peaks; i++, column += 2)
        write_peak(config, scratch, scratch->highest[i], gain_bits, column);
    if (config->moments) {
        write_moments(scratch, spectrum->first_bin, bin, column);
        column += 2;
    }
    return column;
}

void coincell_spectral_columns(const coincell_spectral_config *config,
                               const coincell_spectral_scratch *scratch, const int16_t *samples)
{
    int32_t *column = scratch->columns;
    for (int32_t channel = 0; channel < config->channels; channel++)
        column = write_channel(config, scratch, samples + channel, column);
}

void coincell_spectral_window(const coincell_spectral_config *config,
                              const coincell_spectral_scratch *scratch, const int16_t *samples,
                              int16_t *values)
{
    coincell_spectral_columns(config, scratch, samples);
    coincell_standardize(config->scaling, config->columns, scratch->columns, values);
}
