#include "features/statistics.h"

#include "features/fixed_point.h"
#include "features/mean.h"
#include "features/scientific.h"

enum { SAMPLE_BITS = COINCELL_STATISTICS_SAMPLE_BITS };

/* Of one channel, from one pass over its readings. */
typedef struct {
    int32_t minimum, maximum;
    int32_t mean;           /* rounded, with SAMPLE_BITS */
    int32_t mean_rounded_up; /* a whole number: x >= it says whether x >= the mean */
    uint64_t squares;       /* sum of x^2, at most 2^46 */
    int32_t zero_crossings;
} first_pass;

/* samples[count] of one channel, `stride` apart. */
static first_pass look_once(const int16_t *samples, int32_t count, int32_t stride)
{
    first_pass found = {samples[0], samples[0], 0, 0, 0, 0};
    uint32_t sum = 0; /* of x + 32768: at most 65535 * 65536 */
    int32_t before = samples[0];
    for (int32_t n = 0; n < count; n++) {
        const int32_t x = samples[n * stride];
        if (x < found.minimum) found.minimum = x;
        if (x > found.maximum) found.maximum = x;
        found.squares += (uint32_t)(x * x);
        found.zero_crossings += (x ^ before) < 0;
        sum += (uint32_t)(x + 32768);
        before = x;
    }
    found.mean = coincell_rounded_mean(sum, count, SAMPLE_BITS);
    const uint32_t number = (uint32_t)count;
    found.mean_rounded_up = (int32_t)(sum / number + (sum % number > 0)) - 32768;
    return found;
}

/* Of one channel, from a second pass: sums of e, which is x - mean in units of 2^(shift -
   SAMPLE_BITS), so large that the largest has 15 bits. */
typedef struct {
    int32_t shift;
    uint64_t second; /* sum of e^2, at most 2^46 */
    int64_t third;   /* sum of e^3, at most 2^61 in size */
    uint64_t fourth; /* sum of e^4 / 2^16, at most 2^60 */
} central_moments;

/* samples[count] of one channel, `stride` apart, of which look_once gave `first`. */
static central_moments look_again(const first_pass *first, const int16_t *samples, int32_t count,
                                  int32_t stride)
{
    const int32_t above = first->maximum * (1 << SAMPLE_BITS) - first->mean;
    const int32_t below = first->mean - first->minimum * (1 << SAMPLE_BITS);
    const int32_t bits = coincell_bit_length_32((uint32_t)(above > below ? above : below));
    central_moments found = {bits > 15 ? bits - 15 : 0, 0, 0, 0};
    const int32_t half = (1 << found.shift) >> 1;
    for (int32_t n = 0; n < count; n++) {
        const int32_t from_mean = samples[n * stride] * (1 << SAMPLE_BITS) - first->mean;
        const int32_t e = (from_mean + half) >> found.shift;
        const uint32_t square = (uint32_t)(e * e);
        found.second += square;
        found.third += (int64_t)(int32_t)square * e;
        found.fourth += ((uint64_t)square * square) >> 16;
    }
    return found;
}

/* samples[count] of one channel, `stride` apart: how often neighbours lie on two sides of
   `level`, on which counts as above. */
static int32_t count_crossings(int32_t level, const int16_t *samples, int32_t count,
                               int32_t stride)
{
    int32_t crossings = 0, before = samples[0] - level;
    for (int32_t n = 0; n < count; n++) {
        const int32_t now = samples[n * stride] - level;
        crossings += (now ^ before) < 0;
        before = now;
    }
    return crossings;
}

/* The chosen ones of deviation, skewness and kurtosis, over `count` readings, -> column[...];
   returns what lies behind them. */
static int32_t *write_moments(const central_moments *moments, int32_t count, int32_t chosen,
                              int32_t *column)
{
    const int32_t limit = COINCELL_STANDARD_LIMIT;
    const coincell_scientific number = coincell_scientific_make((uint64_t)count, 0);
    const coincell_scientific variance =
        coincell_scientific_divide(coincell_scientific_make(moments->second, 0), number);
    const coincell_scientific deviation = coincell_scientific_root(variance);
    if (chosen & COINCELL_STATISTICS_DEVIATION)
        *column++ = coincell_scientific_fixed(deviation, moments->shift, limit);
    if (chosen & COINCELL_STATISTICS_SKEWNESS) {
        const int64_t third = moments->third;
        const uint64_t size = third < 0 ? 0 - (uint64_t)third : (uint64_t)third;
        const coincell_scientific skewness = coincell_scientific_divide(
            coincell_scientific_make(size, 0),
            coincell_scientific_multiply(number,
                                         coincell_scientific_multiply(variance, deviation)));
        const int32_t fixed =
            coincell_scientific_fixed(skewness, COINCELL_STATISTICS_SKEWNESS_BITS, limit);
        *column++ = third < 0 ? -fixed : fixed;
    }
    if (chosen & COINCELL_STATISTICS_KURTOSIS) {
        const coincell_scientific kurtosis = coincell_scientific_divide(
            coincell_scientific_make(moments->fourth, 16),
            coincell_scientific_multiply(number,
                                         coincell_scientific_multiply(variance, variance)));
        const int32_t bits = COINCELL_STATISTICS_KURTOSIS_BITS;
        *column++ = moments->second == 0
                        ? 0
                        : coincell_scientific_fixed(kurtosis, bits, limit) - 3 * (1 << bits);
    }
    return column;
}

/* samples[config->samples] of one channel -> column[...], the chosen statistics; returns what
   lies behind them. */
static int32_t *write_channel(const coincell_statistics_config *config, const int16_t *samples,
                              int32_t *column)
{
    const int32_t count = config->samples, stride = config->channels, chosen = config->chosen;
    const first_pass first = look_once(samples, count, stride);
    if (chosen & COINCELL_STATISTICS_MEAN) *column++ = first.mean;
    if (chosen & COINCELL_STATISTICS_MINIMUM) *column++ = first.minimum * (1 << SAMPLE_BITS);
    if (chosen & COINCELL_STATISTICS_MAXIMUM) *column++ = first.maximum * (1 << SAMPLE_BITS);
    if (chosen & COINCELL_STATISTICS_RMS) {
        const coincell_scientific mean_square =
            coincell_scientific_divide(coincell_scientific_make(first.squares, 0),
                                       coincell_scientific_make((uint64_t)count, 0));
        *column++ = coincell_scientific_fixed(coincell_scientific_root(mean_square), SAMPLE_BITS,
                                              COINCELL_STANDARD_LIMIT);
    }
    if (chosen & (COINCELL_STATISTICS_DEVIATION | COINCELL_STATISTICS_SKEWNESS |
                  COINCELL_STATISTICS_KURTOSIS)) {
        const central_moments moments = look_again(&first, samples, count, stride);
        column = write_moments(&moments, count, chosen, column);
    }
    if (chosen & COINCELL_STATISTICS_ZERO_CROSSINGS)
        *column++ = first.zero_crossings * (1 << COINCELL_STATISTICS_COUNT_BITS);
    if (chosen & COINCELL_STATISTICS_MEAN_CROSSINGS)
        *column++ = count_crossings(first.mean_rounded_up, samples, count, stride) *
                    (1 << COINCELL_STATISTICS_COUNT_BITS);
    return column;
}

void coincell_statistics_columns(const coincell_statistics_config *config,
                                 const coincell_statistics_scratch *scratch,
                                 const int16_t *samples)
{
    int32_t *column = scratch->columns;
    for (int32_t channel = 0; channel < config->channels; channel++)
        column = write_channel(config, samples + channel, column);
}

void coincell_statistics_window(const coincell_statistics_config *config,
                                const coincell_statistics_scratch *scratch,
                                const int16_t *samples, int16_t *values)
{
    coincell_statistics_columns(config, scratch, samples);
    coincell_standardize(config->scaling, config->columns, scratch->columns, values);
}
