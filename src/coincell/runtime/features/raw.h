/* Samples as they are, scaled: each row is a step in time, or the mean of several. */
#ifndef COINCELL_FEATURES_RAW_H
#define COINCELL_FEATURES_RAW_H

#include <stdint.h>

#include "features/standardize.h"

/* Fraction bits of the sums before they are scaled. */
enum { COINCELL_RAW_BITS = 7 };

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t frames;     /* rows of a window */
    int32_t channels;   /* values a step, and a row */
    int32_t decimation; /* steps whose mean is one row, 1 to 64 */
    const coincell_standard *scaling; /* [channels] of the sum over a row's steps */
} coincell_raw_config;

/* Working memory; the caller owns it. */
typedef struct {
    int32_t *sums; /* [channels] */
} coincell_raw_scratch;

/* samples[decimation][channels] -> scratch->sums[channels]: over the steps, with
   COINCELL_RAW_BITS. */
void coincell_raw_sums(const coincell_raw_config *config, const coincell_raw_scratch *scratch,
                       const int16_t *samples);

/* samples[decimation][channels] -> row[channels], fixed point. */
void coincell_raw_row(const coincell_raw_config *config, const coincell_raw_scratch *scratch,
                      const int16_t *samples, int16_t *row);

#endif
