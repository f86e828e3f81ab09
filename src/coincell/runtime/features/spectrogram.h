/* Spectrogram in linear bands, of one or more channels side by side: logarithms of band powers
   (features/power_spectrum.h), a row each frame. A row depends on its frame's samples alone. */
#ifndef COINCELL_FEATURES_SPECTROGRAM_H
#define COINCELL_FEATURES_SPECTROGRAM_H

#include <stdint.h>

#include "features/power_spectrum.h"

/* Fraction bits of a row's values, which lie within 32 nats. */
enum { COINCELL_SPECTROGRAM_BITS = 10 };

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t frames;      /* rows of a window */
    int32_t hop;         /* steps from frame to frame */
    int32_t channels;    /* values a step */
    int32_t remove_mean; /* 1: the mean of a frame's samples is subtracted, channel by channel */
    coincell_power_spectrum_config spectrum;
} coincell_spectrogram_config;

/* Working memory; the caller owns it. */
typedef struct {
    int32_t *frame;             /* [frame_length] */
    coincell_complex *spectrum; /* [fft_size / 2 + 1] */
} coincell_spectrogram_scratch;

/* samples[frame_length][channels] -> row[channels][bands], fixed point. */
void coincell_spectrogram_row(const coincell_spectrogram_config *config,
                              const coincell_spectrogram_scratch *scratch,
                              const int16_t *samples, int16_t *row);

#endif
