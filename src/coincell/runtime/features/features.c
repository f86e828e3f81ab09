#include "features/features.h"

#include "features/fixed_point.h"
#include "features/logarithm.h"

coincell_features_level coincell_features_find_level(const coincell_features_config *config,
                                                     const int16_t *samples)
{
    coincell_features_level level = {config->floor_mantissa, config->floor_exponent, 0};
    if (!config->peak_level) return level;
    /* ln(s / r + floor) = ln(s + floor r) - ln(r), r the peak, squared for powers: the samples
       stay as they are, and a silent window, whose peak counts as 1, still gives ln(floor). */
    int32_t peak = 1;
    for (int32_t n = 0; n < config->window_samples; n++) {
        const int32_t size = samples[n] < 0 ? -samples[n] : samples[n];
        if (size > peak) peak = size;
    }
    const int32_t times = config->magnitude ? 1 : 2;
    uint64_t floor = config->floor_mantissa;
    for (int32_t i = 0; i < times; i++) floor *= (uint32_t)peak; /* at most 32 + 2 * 15 bits */
    const int32_t excess = coincell_bit_length_64(floor) - 32;
    level.floor_mantissa = (uint32_t)(floor >> excess);
    level.floor_exponent += 15 * times - excess;
    level.offset_q24 = times * coincell_logarithm((uint64_t)peak, 15);
    return level;
}

/* samples[frame_length] -> how many bits to the left they can move within int32. */
static int32_t find_gain_bits(const coincell_features_config *config, const int16_t *samples)
{
    uint32_t used = 0;
    for (int32_t n = 0; n < config->frame_length; n++)
        used |= (uint32_t)(samples[n] ^ (samples[n] >> 15)); /* s, or -1 - s for s < 0 */
    const int32_t room = 31 - coincell_bit_length_32(used);
    return room < config->max_gain_bits ? room : config->max_gain_bits;
}

/* samples[frame_length] -> spectrum[fft_size / 2]: each sample times 2^gain_bits hann / 2, at
   most 2^30 in size, two to a complex value, zeros behind; in the bit-reversed order that
   coincell_fft wants. */
static void load_frame(const coincell_features_config *config, const int16_t *samples,
                       int32_t gain_bits, coincell_complex *spectrum)
{
    const int32_t gain = INT32_C(1) << gain_bits;
    const int32_t length = config->frame_length, points = INT32_C(1) << (config->log2_fft - 1);
    const uint16_t *place = config->bit_reversal, *end = place + points;
    const int32_t *weight = config->window;
    int32_t n = 0;
    for (; 2 * (n + 1) <= length; n += 2) { /* hann rises up to length / 2 */
        spectrum[*place++] = (coincell_complex){
            coincell_multiply_high(samples[n] * gain, weight[n]),
            coincell_multiply_high(samples[n + 1] * gain, weight[n + 1]),
        };
    }
    for (; n + 1 < length; n += 2) { /* and falls as it rose: hann[n] = hann[length - n] */
        spectrum[*place++] = (coincell_complex){
            coincell_multiply_high(samples[n] * gain, weight[length - n]),
            coincell_multiply_high(samples[n + 1] * gain, weight[length - n - 1]),
        };
    }
    if (n < length)
        spectrum[*place++] =
            (coincell_complex){coincell_multiply_high(samples[n] * gain, weight[1]), 0};
    while (place < end) spectrum[*place++] = (coincell_complex){0, 0};
}

/* spectrum[fft_size / 2 + 1] (the last value repeats the first) -> logarithms[bands] in Q24.

   Neighbouring triangles share their edges: between two of them the upper band rises by what the
   lower one falls. So each bin is weighed once, and no bin's energy is kept.
   All energies together stay below 2^61 (Parseval), so no sum overflows. */
static void mel_logarithms(const coincell_features_config *config,
                           const coincell_features_level *level, int32_t gain_bits,
                           const coincell_complex *spectrum, int32_t *logarithms)
{
    /* An amplitude of 1 (full scale) stands as 2^bits in the spectrum. */
    const int32_t bits = gain_bits + 15 - config->log2_fft;
    const int32_t magnitude = config->magnitude;
    const int32_t exponent = magnitude ? bits + 16 : 2 * bits;
    const uint64_t floor =
        coincell_shift(level->floor_mantissa, exponent - level->floor_exponent);
    const uint32_t *weight = config->rising;
    const coincell_complex *twiddle = config->twiddles + config->first_bin;
    const coincell_complex *a = spectrum + config->first_bin;
    const coincell_complex *b = spectrum + (1 << (config->log2_fft - 1)) - config->first_bin;
    uint64_t risen = 0;
    for (int32_t segment = 0; segment <= config->bands; segment++) {
        uint64_t whole = 0, rising = 0;
        for (int32_t bins = config->segment_bins[segment]; bins > 0; bins--) {
            const coincell_complex x = coincell_fft_real_bin(*a++, *b--, *twiddle++);
            const uint64_t power = (uint64_t)((int64_t)x.re * x.re + (int64_t)x.im * x.im);
            const uint64_t energy = magnitude ? coincell_square_root(power) : power;
            const uint32_t high = (uint32_t)(energy >> 32), low = (uint32_t)energy;
            whole += energy;
            rising += (uint64_t)high * *weight;
            rising += ((uint64_t)low * *weight++) >> 32;
        }
        if (segment > 0) {
            const uint64_t sum = risen + (whole - rising) + floor;
            logarithms[segment - 1] =
                coincell_logarithm(sum ? sum : 1, exponent) - level->offset_q24;
        }
        risen = rising;
    }
}

void coincell_features_row(const coincell_features_config *config,
                           const coincell_features_scratch *scratch,
                           const coincell_features_level *level, const int16_t *samples,
                           int16_t *row)
{
    const int32_t gain_bits = find_gain_bits(config, samples);
    load_frame(config, samples, gain_bits, scratch->spectrum);
    coincell_fft(scratch->spectrum, config->log2_fft - 1, config->twiddles);
    scratch->spectrum[1 << (config->log2_fft - 1)] = scratch->spectrum[0];
    mel_logarithms(config, level, gain_bits, scratch->spectrum, scratch->logarithms);
    const int16_t *cosine = config->cosines;
    const int32_t shift = (cosine ? 39 : 24) - config->fraction_bits;
    for (int32_t column = 0; column < config->columns; column++) {
        int64_t value = INT64_C(1) << (shift - 1);
        if (cosine)
            for (int32_t b = 0; b < config->bands; b++)
                value += (int64_t)*cosine++ * scratch->logarithms[b];
        else
            value += scratch->logarithms[column];
        row[column] = (int16_t)(value >> shift);
    }
}

void coincell_features_finish(const coincell_features_config *config, int16_t *rows)
{
    if (!config->remove_mean) return;
    const int32_t columns = config->columns, end = config->frames * columns;
    for (int32_t column = 0; column < columns; column++) {
        int32_t sum = 0;
        for (int32_t i = column; i < end; i += columns) sum += rows[i];
        const int32_t half = sum < 0 ? -(config->frames / 2) : config->frames / 2;
        const int32_t mean = (sum + half) / config->frames;
        for (int32_t i = column; i < end; i += columns) rows[i] = (int16_t)(rows[i] - mean);
    }
}

void coincell_features_gather(const coincell_features_config *config,
                              const coincell_features_quantization *quantization,
                              const coincell_features_scratch *scratch, const int16_t *ring,
                              int32_t first, int8_t *features)
{
    const int32_t columns = config->columns;
    if (!config->remove_mean) {
        coincell_features_quantize_ring(quantization, ring, config->frames, columns, first,
                                        features);
        return;
    }
    const int32_t newer = first * columns, older = config->frames * columns - newer;
    for (int32_t i = 0; i < older; i++) scratch->rows[i] = ring[newer + i];
    for (int32_t i = 0; i < newer; i++) scratch->rows[older + i] = ring[i];
    coincell_features_finish(config, scratch->rows);
    coincell_features_quantize(quantization, scratch->rows, older + newer, features);
}

void coincell_features_window(const coincell_features_config *config,
                              const coincell_features_quantization *quantization,
                              const coincell_features_scratch *scratch, const int16_t *samples,
                              int8_t *features)
{
    const coincell_features_level level = coincell_features_find_level(config, samples);
    const int32_t columns = config->columns;
    int16_t *row = scratch->rows;
    for (int32_t frame = 0; frame < config->frames; frame++) {
        coincell_features_row(config, scratch, &level, samples + frame * config->hop, row);
        if (config->remove_mean)
            row += columns; /* the mean needs all rows: keep them */
        else
            coincell_features_quantize(quantization, row, columns, features + frame * columns);
    }
    if (config->remove_mean) {
        coincell_features_finish(config, scratch->rows);
        coincell_features_quantize(quantization, scratch->rows, config->frames * columns,
                                   features);
    }
}
