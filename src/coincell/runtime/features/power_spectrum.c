#include "features/power_spectrum.h"

#include "features/fixed_point.h"
#include "features/logarithm.h"

int32_t coincell_power_spectrum_gain(const coincell_power_spectrum_config *config,
                                     int32_t largest)
{
    const int32_t room = 31 - coincell_bit_length_32((uint32_t)largest);
    return room < config->max_gain_bits ? room : config->max_gain_bits;
}

void coincell_power_spectrum_transform(const coincell_power_spectrum_config *config,
                                       const int32_t *frame, int32_t gain_bits,
                                       coincell_complex *spectrum)
{
    const int32_t gain = INT32_C(1) << gain_bits;
    const int32_t length = config->frame_length, points = 1 << (config->log2_fft - 1);
    const uint16_t *place = config->bit_reversal, *end = place + points;
    const int32_t *weight = config->window;
    int32_t n = 0;
    /* Each value times 2^gain_bits hann / 2, at most 2^30 in size, two to a complex value. */
    for (; n + 1 < length; n += 2) { /* hann rises up to length / 2, and falls as it rose */
        const int32_t even = 2 * n <= length ? n : length - n;
        const int32_t odd = 2 * (n + 1) <= length ? n + 1 : length - n - 1;
        spectrum[*place++] = (coincell_complex){
            coincell_multiply_high(frame[n] * gain, weight[even]),
            coincell_multiply_high(frame[n + 1] * gain, weight[odd]),
        };
    }
    if (n < length)
        spectrum[*place++] =
            (coincell_complex){coincell_multiply_high(frame[n] * gain, weight[1]), 0};
    while (place < end) spectrum[*place++] = (coincell_complex){0, 0};
    coincell_fft(spectrum, config->log2_fft - 1, config->twiddles);
    spectrum[points] = spectrum[0];
}

int32_t coincell_power_logarithm(const coincell_power_spectrum_config *config, uint64_t power,
                                 int32_t gain_bits)
{
    /* An amplitude of 1 (full scale) stands as 2^(exponent / 2) / fft_size in the spectrum. */
    const int32_t exponent = 2 * (gain_bits + 15 + config->fraction_bits);
    const uint64_t floor =
        coincell_shift((uint32_t)config->floor_mantissa, exponent - config->floor_exponent);
    const uint64_t sum = power + floor;
    return coincell_logarithm(sum ? sum : 1, exponent) + config->scale_q24;
}
