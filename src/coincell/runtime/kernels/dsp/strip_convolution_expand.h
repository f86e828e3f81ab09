/* int8 columns of an image as int16 columns of a strip; see strip_convolution.h. */
#ifndef COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_EXPAND_H
#define COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_EXPAND_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* channels: of a column. from, to: elements from one column to the next, in image and strip. */
typedef struct {
    int32_t channels;
    int32_t from;
    int32_t to;
} coincell_strip_spacing;

/* from: [4], at any address; to: [4] */
COINCELL_INLINE void coincell_strip_expand_four(const int8_t *from,
                                                int16_t *to)
{
    const uint32_t bytes = coincell_load_word(from);
    coincell_store_word(to, coincell_sxtb16(bytes));
    coincell_store_word(to + 2, coincell_sxtb16_ror8(bytes));
}

/* from, to: [count]; four by four in the order 0 2 1 3, the rest as it is */
COINCELL_INLINE void coincell_strip_expand_run(const int8_t *from,
                                               int16_t *to, int32_t count)
{
    for (; count >= 4; count -= 4) {
        coincell_strip_expand_four(from, to);
        from += 4;
        to += 4;
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
}

/* Six values of columns of one to three channels: all are loaded, then stored, since loads in a
 * row overlap.
 *
 * from: [6]
 * to:   [6 / channels, column_values] */
COINCELL_INLINE void coincell_strip_expand_six(const int8_t *from, int16_t *to,
                                               int32_t channels,
                                               int32_t column_values)
{
    const int16_t v0 = from[0];
    const int16_t v1 = from[1];
    const int16_t v2 = from[2];
    const int16_t v3 = from[3];
    const int16_t v4 = from[4];
    const int16_t v5 = from[5];
    to[0] = v0;
    to[1 / channels * column_values + 1 % channels] = v1;
    to[2 / channels * column_values + 2 % channels] = v2;
    to[3 / channels * column_values + 3 % channels] = v3;
    to[4 / channels * column_values + 4 % channels] = v4;
    to[5 / channels * column_values + 5 % channels] = v5;
}

/* Columns of one to three channels.
 *
 * from: [columns, channels]
 * to:   [columns, column_values], of which the first `channels` of each are written */
COINCELL_INLINE void coincell_strip_expand_few(const int8_t *from,
                                               int16_t *to, int32_t columns,
                                               int32_t channels,
                                               int32_t column_values)
{
    const int32_t six = 6 / channels;
    for (; columns >= 2 * six; columns -= 2 * six) {
        coincell_strip_expand_six(from, to, channels, column_values);
        coincell_strip_expand_six(from + 6, to + six * column_values, channels, column_values);
        from += 12;
        to += 2 * six * column_values;
    }
    for (; columns > 0; --columns) {
        for (int32_t channel = 0; channel < channels; ++channel) {
            to[channel] = *from++;
        }
        to += column_values;
    }
}

/* One channel of columns that lie apart: four are loaded, then stored.
 *
 * from: [columns, spacing->from]
 * to:   [columns, spacing->to] */
COINCELL_INLINE void coincell_strip_expand_apart(const coincell_strip_spacing *spacing,
                                                 const int8_t *from, int16_t *to,
                                                 int32_t columns)
{
    while (columns >= 4) {
        const int16_t v0 = from[0];
        const int16_t v1 = from[spacing->from];
        const int16_t v2 = from[2 * spacing->from];
        const int16_t v3 = from[3 * spacing->from];
        to[0] = v0;
        to[spacing->to] = v1;
        to[2 * spacing->to] = v2;
        to[3 * spacing->to] = v3;
        columns -= 4;
        if (columns > 0) { /* no pointer leaves its array */
            from += 4 * spacing->from;
            to += 4 * spacing->to;
        }
    }
    while (columns > 0) {
        *to = *from;
        if (--columns > 0) {
            from += spacing->from;
            to += spacing->to;
        }
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && defined(__thumb2__)

#define COINCELL_STRIP_WIDEN(word)                                                               \
    "sxtb16 %[t], " word "\n"                                                                    \
    "sxtb16 " word ", " word ", ror #8\n"                                                        \
    "str %[t], [%[to]], #4\n"                                                                    \
    "str " word ", [%[to]], #4\n"

/* Columns of a multiple of four channels, at most 64. Up to four loads follow one another, so that
 * they overlap.
 *
 * from: [columns, spacing->from]
 * to:   [columns, spacing->to] */
COINCELL_INLINE void
coincell_strip_expand_columns(const coincell_strip_spacing *spacing, const int8_t *from,
                              int16_t *to, int32_t columns)
{
    uint32_t a, b, c, d, t;
    __asm volatile("1:\n"
                   ".rept %c[channels] / 16\n"
                   "ldr %[a], [%[from]], #4\n"
                   "ldr %[b], [%[from]], #4\n"
                   "ldr %[c], [%[from]], #4\n"
                   "ldr %[d], [%[from]], #4\n" COINCELL_STRIP_WIDEN("%[a]")
                       COINCELL_STRIP_WIDEN("%[b]") COINCELL_STRIP_WIDEN("%[c]")
                           COINCELL_STRIP_WIDEN("%[d]") ".endr\n"
                   ".if %c[channels] & 8\n"
                   "ldr %[a], [%[from]], #4\n"
                   "ldr %[b], [%[from]], #4\n" COINCELL_STRIP_WIDEN("%[a]")
                       COINCELL_STRIP_WIDEN("%[b]") ".endif\n"
                   ".if %c[channels] & 4\n"
                   "ldr %[a], [%[from]], #4\n" COINCELL_STRIP_WIDEN("%[a]") ".endif\n"
                   ".if %c[skip_from]\n"
                   "add %[from], %[from], #%c[skip_from]\n"
                   ".endif\n"
                   ".if %c[skip_to]\n"
                   "add %[to], %[to], #%c[skip_to]\n"
                   ".endif\n"
                   "subs %[columns], %[columns], #1\n"
                   "bne 1b\n"
                   "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                   "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                   : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t] "=&r"(t),
                     [from] "+r"(from), [to] "+r"(to), [columns] "+r"(columns)
                   : [channels] "i"(spacing->channels),
                     [skip_from] "i"(spacing->from - spacing->channels),
                     [skip_to] "i"(2 * (spacing->to - spacing->channels))
                   : "cc", "memory");
}

#else

/* As above. */
COINCELL_INLINE void
coincell_strip_expand_columns(const coincell_strip_spacing *spacing, const int8_t *from,
                              int16_t *to, int32_t columns)
{
    for (int32_t column = 0; column < columns; ++column) {
        coincell_strip_expand_run(from + column * spacing->from, to + column * spacing->to,
                                  spacing->channels);
    }
}

#endif

/* Columns that follow one another without gaps, of a multiple of four channels: cut up otherwise
 * where that is faster.
 *
 * from, to: [columns, channels] */
COINCELL_INLINE void coincell_strip_expand_dense(const int8_t *from,
                                                 int16_t *to, int32_t columns,
                                                 int32_t channels)
{
    const int32_t together = channels < 16 ? 16 / channels : 1;
    const int32_t parts = channels <= 64        ? 1
                          : channels % 64 == 0  ? channels / 64
                          : channels % 36 == 0  ? channels / 36
                          : channels % 20 == 0  ? channels / 20
                          : channels % 12 == 0  ? channels / 12
                                                : channels / 4;
    const int32_t size = channels * together / parts;
    const coincell_strip_spacing spacing = {size, size, size};
    const int32_t count = columns / together * parts;
    if (count > 0) {
        coincell_strip_expand_columns(&spacing, from, to, count);
    }
    if (columns % together) {
        const int32_t done = columns / together * together * channels;
        coincell_strip_expand_run(from + done, to + done, columns * channels - done);
    }
}

/* Columns of any number of channels; of each four in the order 0 2 1 3.
 *
 * from: [columns, spacing->from], of which the first `channels` of each are read
 * to:   [columns, spacing->to], likewise written */
COINCELL_INLINE void
coincell_strip_expand(const coincell_strip_spacing *spacing, const int8_t *from, int16_t *to,
                      int32_t columns)
{
    const int32_t channels = spacing->channels;
    if (channels % 4 == 0 && spacing->from == channels && spacing->to == channels) {
        coincell_strip_expand_dense(from, to, columns, channels);
    } else if (channels % 4 == 0 && channels <= 64 && spacing->from - channels < 4096 &&
               spacing->to - channels < 2048) {
        if (columns > 0) {
            coincell_strip_expand_columns(spacing, from, to, columns);
        }
    } else if (channels < 4 && spacing->from == channels) {
        coincell_strip_expand_few(from, to, columns, channels, spacing->to);
    } else if (channels < 4) {
        for (int32_t channel = 0; channel < channels; ++channel) {
            coincell_strip_expand_apart(spacing, from + channel, to + channel, columns);
        }
    } else {
        for (int32_t column = 0; column < columns; ++column) {
            coincell_strip_expand_run(from + column * spacing->from, to + column * spacing->to,
                                      channels);
        }
    }
}

/* to: [count] */
COINCELL_INLINE void coincell_strip_fill(int16_t *to, int32_t count,
                                         int32_t value)
{
    const uint32_t two = ((uint32_t)value & 0xFFFFu) * 0x10001u;
    for (int16_t *end = to + (count & ~1); to != end; to += 2) {
        coincell_store_word(to, two);
    }
    if (count & 1) {
        *to = (int16_t)value;
    }
}

/* to: [columns, distance], of which the first `values` of each are written */
COINCELL_INLINE void coincell_strip_fill_columns(int16_t *to, int32_t columns, int32_t values,
                                                 int32_t distance, int32_t value)
{
    if (values == distance) {
        coincell_strip_fill(to, columns * values, value);
        return;
    }
    for (int32_t column = 0; column < columns; ++column) {
        for (int32_t i = 0; i < values; ++i) {
            to[column * distance + i] = (int16_t)value;
        }
    }
}

#endif
