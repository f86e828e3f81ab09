/* Powers of a frame's spectrum in bands of neighbouring bins, as the blocks with linear bands
   have them.

   In real numbers, with x = samples / 32768, N = fft_size and w a periodic Hann window:
     P[k] = 2 |sum over n of x[n] w[n] exp(-2 pi i k n / N)|^2 / (N sum of w^2)
   half of that for k = 0 and N / 2: Welch's density times the width of a bin, so that all P sum
   to the mean square of x. A band's value is ln(sum of its P + floor). */
#ifndef COINCELL_FEATURES_POWER_SPECTRUM_H
#define COINCELL_FEATURES_POWER_SPECTRUM_H

#include <stdint.h>

#include "features/fft.h"

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t frame_length;    /* samples of one frame, at most 2^log2_fft */
    int32_t log2_fft;        /* 6 to 11 */
    int32_t bands;           /* each of one or more neighbouring bins */
    int32_t first_bin;       /* of the first band */
    int32_t fraction_bits;   /* of a frame's values: samples times 2^fraction_bits */
    int32_t max_gain_bits;   /* most that a quiet frame is raised; beyond, the floor hides it */
    int32_t floor_exponent;  /* the floor over `scale` is floor_mantissa 2^-floor_exponent, */
    int32_t floor_mantissa;  /* 2^30 to 2^31 - 1 */
    int32_t scale_q24;       /* ln(scale), what all powers are to be multiplied by */
    const int32_t *window;            /* [(frame_length + 1) / 2 + 1] rising half of Hann, Q31 */
    const uint16_t *bit_reversal;     /* [fft_size / 2] */
    const coincell_complex *twiddles; /* [3 fft_size / 4] exp(-2 pi i j / fft_size), Q30 */
    const uint16_t *band_bins;        /* [bands] bins of each */
} coincell_power_spectrum_config;

/* The largest size of values -> how many bits to the left they can move within int32. */
int32_t coincell_power_spectrum_gain(const coincell_power_spectrum_config *config,
                                     int32_t largest);

/* frame[frame_length], below 2^31 in size when raised by gain_bits
   -> spectrum[fft_size / 2 + 1] as coincell_fft leaves it, the last value repeating the first. */
void coincell_power_spectrum_transform(const coincell_power_spectrum_config *config,
                                       const int32_t *frame, int32_t gain_bits,
                                       coincell_complex *spectrum);

/* spectrum as above -> power of bin k, 0 to fft_size / 2; all powers sum to less than 2^61. */
static inline uint64_t coincell_power_of_bin(const coincell_power_spectrum_config *config,
                                             const coincell_complex *spectrum, int32_t k)
{
    const int32_t points = 1 << (config->log2_fft - 1);
    const coincell_complex x =
        coincell_fft_real_bin(spectrum[k], spectrum[points - k], config->twiddles[k]);
    const uint64_t power = (uint64_t)((int64_t)x.re * x.re + (int64_t)x.im * x.im);
    return k == 0 || k == points ? power >> 1 : power;
}

/* A sum of powers of frames raised by gain_bits -> ln(sum scale + floor) in Q24. */
int32_t coincell_power_logarithm(const coincell_power_spectrum_config *config, uint64_t power,
                                 int32_t gain_bits);

#endif
