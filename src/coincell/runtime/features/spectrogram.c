#include "features/spectrogram.h"

#include "features/mean.h"

/* samples[frame_length] of one channel -> frame[frame_length] with the spectrum's fraction bits,
   its mean removed or not; returns the largest size. */
static int32_t load(const coincell_spectrogram_config *config, const int16_t *samples,
                    int32_t *frame)
{
    const int32_t length = config->spectrum.frame_length, stride = config->channels;
    const int32_t bits = config->spectrum.fraction_bits;
    int32_t mean = 0, largest = 0;
    if (config->remove_mean)
        mean = coincell_rounded_mean(coincell_raised_sum(samples, length, stride), length, bits);
    for (int32_t n = 0; n < length; n++) {
        frame[n] = samples[n * stride] * (1 << bits) - mean;
        const int32_t size = frame[n] < 0 ? -frame[n] : frame[n];
        if (size > largest) largest = size;
    }
    return largest;
}

void coincell_spectrogram_row(const coincell_spectrogram_config *config,
                              const coincell_spectrogram_scratch *scratch,
                              const int16_t *samples, int16_t *row)
{
    const coincell_power_spectrum_config *spectrum = &config->spectrum;
    const int32_t shift = 24 - COINCELL_SPECTROGRAM_BITS;
    for (int32_t channel = 0; channel < config->channels; channel++) {
        const int32_t largest = load(config, samples + channel, scratch->frame);
        const int32_t gain_bits = coincell_power_spectrum_gain(spectrum, largest);
        coincell_power_spectrum_transform(spectrum, scratch->frame, gain_bits,
                                          scratch->spectrum);
        int32_t bin = spectrum->first_bin;
        for (int32_t band = 0; band < spectrum->bands; band++) {
            uint64_t power = 0;
            for (const int32_t end = bin + spectrum->band_bins[band]; bin < end; bin++)
                power += coincell_power_of_bin(spectrum, scratch->spectrum, bin);
            const int32_t value = coincell_power_logarithm(spectrum, power, gain_bits);
            *row++ = (int16_t)((value + (1 << (shift - 1))) >> shift);
        }
    }
}
