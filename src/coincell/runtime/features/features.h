/* Log-mel spectrogram and MFCC: int16 samples in, int8 features out, integers all the way.

   One frame at a time becomes one row (coincell_features_row); a window's rows are then finished
   (coincell_features_finish: the mean of each column removed) and quantized. A row depends on
   its own samples alone, save for level = peak, where it also depends on the window's peak.

   In real numbers, with x = samples / 32768, or samples / the window's largest (peak):
     X[k]   = sum over n of x[n] hann[n] exp(-2 pi i k n / fft_size)     periodic Hann window
     s[k]   = |X[k]|^2 (power) or |X[k]| (magnitude)
     m[b]   = sum over k of triangle_b(k) s[k]      linear in mel = 1127 ln(1 + f / 700), peak 1
     l[b]   = ln(m[b] + floor)                                            log-mel
     c[j]   = sqrt(2 / bands) sum over b of l[b] cos(pi j (b + 1/2) / bands)             MFCC
   as tf.signal has them (mel scale: O'Shaughnessy 1987 as in HTK; DCT-II as in HTK and Davis
   and Mermelstein 1980). */
#ifndef COINCELL_FEATURES_FEATURES_H
#define COINCELL_FEATURES_FEATURES_H

#include <stdint.h>

#include "features/fft.h"
#include "features/quantize.h"

/* What never changes: sizes and tables, made once by coincell.features (Python). */
typedef struct {
    int32_t window_samples; /* samples of one network input */
    int32_t frame_length;   /* samples of one frame, at most 2^log2_fft */
    int32_t hop;            /* samples from frame to frame */
    int32_t frames;         /* rows */
    int32_t columns;        /* values a row: bands of log-mel, coefficients of MFCC */
    int32_t log2_fft;       /* 6 to 11 */
    int32_t bands;          /* mel bands */
    int32_t first_bin;      /* of the spectrum, first that any band uses */
    int32_t fraction_bits;  /* of a row's values: value times 2^fraction_bits */
    int32_t max_gain_bits;  /* most that a quiet frame is raised; beyond, the floor hides it */
    int32_t floor_exponent; /* the floor is floor_mantissa 2^-floor_exponent */
    uint32_t floor_mantissa;
    int32_t magnitude;   /* 1: bands sum magnitudes; 0: powers */
    int32_t peak_level;  /* 1: relative to the window's peak; 0: to full scale */
    int32_t remove_mean; /* 1: each column's mean over the window is subtracted */
    const int32_t *window;            /* [(frame_length + 1) / 2 + 1] rising half of Hann, Q31 */
    const uint16_t *bit_reversal;     /* [fft_size / 2] */
    const coincell_complex *twiddles; /* [3 fft_size / 4] exp(-2 pi i j / fft_size), Q30 */
    const uint16_t *segment_bins;     /* [bands + 1] bins between two neighbouring band edges */
    const uint32_t *rising;           /* [sum of segment_bins] the upper band's weight, Q32 */
    const int16_t *cosines;           /* [columns][bands] DCT in Q15; null: log-mel */
} coincell_features_config;

/* What one frame needs beside its samples. */
typedef struct {
    uint32_t floor_mantissa; /* the floor, relative to full scale: mantissa 2^-exponent */
    int32_t floor_exponent;
    int32_t offset_q24; /* subtracted from each logarithm */
} coincell_features_level;

/* Working memory; the caller owns it. */
typedef struct {
    coincell_complex *spectrum; /* [fft_size / 2 + 1] */
    int32_t *logarithms;        /* [bands] */
    int16_t *rows;              /* [frames][columns] with remove_mean, else [columns] */
} coincell_features_scratch;

/* samples[window_samples] -> what the rows of this window are relative to. */
coincell_features_level coincell_features_find_level(const coincell_features_config *config,
                                                     const int16_t *samples);

/* samples[frame_length] -> row[columns], fixed point with fraction_bits. */
void coincell_features_row(const coincell_features_config *config,
                           const coincell_features_scratch *scratch,
                           const coincell_features_level *level, const int16_t *samples,
                           int16_t *row);

/* rows[frames][columns]: with remove_mean, each column's rounded mean is subtracted. */
void coincell_features_finish(const coincell_features_config *config, int16_t *rows);

/* ring[frames][columns], whose oldest row is `first` and whose rows coincell_features_row made
   -> features[frames][columns], oldest first. The ring stays as it is. */
void coincell_features_gather(const coincell_features_config *config,
                              const coincell_features_quantization *quantization,
                              const coincell_features_scratch *scratch, const int16_t *ring,
                              int32_t first, int8_t *features);

/* samples[window_samples] -> features[frames][columns]: all of the above. */
void coincell_features_window(const coincell_features_config *config,
                              const coincell_features_quantization *quantization,
                              const coincell_features_scratch *scratch, const int16_t *samples,
                              int8_t *features);

#endif
