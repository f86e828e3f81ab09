/* What a window's spectrum is like, channel by channel: size, band powers, peaks, moments.

   Each channel's mean is taken out, then it is filtered (features/biquad.h, from rest). The
   spectrum is the mean of P[k] (features/power_spectrum.h) over frames that overlap by half, as
   Welch (1967) has it. The columns of a channel, those that are chosen:
     rms                   of the filtered samples, in samples' units
     bands                 ln(sum of P + floor) of each
     peaks                 of each of the highest: frequency in bins, and ln(P[k] + floor). A peak
                           is a bin above its lower neighbour and no lower than its upper one;
                           its frequency is where a parabola through the logarithms of the three
                           is highest. Of a peak that is not there: 0, ln(floor)
     centroid, spread      of P over the bands' bins: mean and deviation in bins; 0 of silence */
#ifndef COINCELL_FEATURES_SPECTRAL_H
#define COINCELL_FEATURES_SPECTRAL_H

#include <stdint.h>

#include "features/biquad.h"
#include "features/power_spectrum.h"
#include "features/standardize.h"

/* Fraction bits of the columns before they are standardised. */
enum { COINCELL_SPECTRAL_RMS_BITS = 12, COINCELL_SPECTRAL_BITS = 16 };

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t samples;    /* steps of a window, at most 65536 */
    int32_t channels;   /* values a step */
    int32_t columns;    /* values of a window */
    int32_t hop;        /* steps from frame to frame */
    int32_t mean_shift; /* 2^mean_shift is at least the number of frames */
    int32_t rms;        /* 1: a column a channel */
    int32_t peaks;      /* how many; two columns each */
    int32_t moments;    /* 1: two columns a channel */
    int32_t sections;   /* of the filter; 0: none */
    coincell_power_spectrum_config spectrum;
    const coincell_biquad *filter;    /* [sections] */
    const coincell_standard *scaling; /* [columns] */
} coincell_spectral_config;

/* Working memory; the caller owns it. */
typedef struct {
    int32_t *frame;                /* [frame_length] */
    coincell_complex *spectrum;    /* [fft_size / 2 + 1] */
    uint64_t *powers;              /* [fft_size / 2 + 1] */
    coincell_biquad_state *states; /* [sections] */
    int32_t *highest;              /* [peaks] */
    int32_t *columns;              /* [columns] */
} coincell_spectral_scratch;

/* samples[samples][channels] -> scratch->columns[columns], not yet standardised. */
void coincell_spectral_columns(const coincell_spectral_config *config,
                               const coincell_spectral_scratch *scratch, const int16_t *samples);

/* samples[samples][channels] -> values[columns], fixed point. */
void coincell_spectral_window(const coincell_spectral_config *config,
                              const coincell_spectral_scratch *scratch, const int16_t *samples,
                              int16_t *values);

#endif
