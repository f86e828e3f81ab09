/* What a window's readings are like, channel by channel: mean, extremes, size, form, crossings.

   In real numbers, with x the n readings of one channel and m their mean:
     mean       m
     minimum, maximum
     rms        sqrt(sum of x^2 / n)
     deviation  sqrt(sum of (x - m)^2 / n)
     skewness   sum of (x - m)^3 / n / deviation^3              0 where the deviation is 0
     kurtosis   sum of (x - m)^4 / n / deviation^4 - 3          0 where the deviation is 0
     zero-crossings, mean-crossings   neighbours of which one is below 0 (m), the other not
   biased as SciPy's skew and kurtosis are; the latter is 0 for a normal distribution. */
#ifndef COINCELL_FEATURES_STATISTICS_H
#define COINCELL_FEATURES_STATISTICS_H

#include <stdint.h>

#include "features/standardize.h"

/* Which statistics; the columns of a channel are in this order. */
enum {
    COINCELL_STATISTICS_MEAN = 1 << 0,
    COINCELL_STATISTICS_MINIMUM = 1 << 1,
    COINCELL_STATISTICS_MAXIMUM = 1 << 2,
    COINCELL_STATISTICS_RMS = 1 << 3,
    COINCELL_STATISTICS_DEVIATION = 1 << 4,
    COINCELL_STATISTICS_SKEWNESS = 1 << 5,
    COINCELL_STATISTICS_KURTOSIS = 1 << 6,
    COINCELL_STATISTICS_ZERO_CROSSINGS = 1 << 7,
    COINCELL_STATISTICS_MEAN_CROSSINGS = 1 << 8,
};

/* Fraction bits of the columns before they are standardised: of what has the samples' unit, of
   skewness, of kurtosis, of counts. */
enum {
    COINCELL_STATISTICS_SAMPLE_BITS = 14,
    COINCELL_STATISTICS_SKEWNESS_BITS = 16,
    COINCELL_STATISTICS_KURTOSIS_BITS = 12,
    COINCELL_STATISTICS_COUNT_BITS = 10,
};

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t samples;  /* steps of a window, 1 to 65536 */
    int32_t channels; /* values a step */
    int32_t columns;  /* values of a window: channels times the statistics chosen */
    int32_t chosen;   /* COINCELL_STATISTICS_... of every channel */
    const coincell_standard *scaling; /* [columns] */
} coincell_statistics_config;

/* Working memory; the caller owns it. */
typedef struct {
    int32_t *columns; /* [columns] */
} coincell_statistics_scratch;

/* samples[samples][channels] -> scratch->columns[columns], not yet standardised. */
void coincell_statistics_columns(const coincell_statistics_config *config,
                                 const coincell_statistics_scratch *scratch,
                                 const int16_t *samples);

/* samples[samples][channels] -> values[columns], fixed point. */
void coincell_statistics_window(const coincell_statistics_config *config,
                                const coincell_statistics_scratch *scratch,
                                const int16_t *samples, int16_t *values);

#endif
