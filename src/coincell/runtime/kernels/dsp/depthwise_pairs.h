/* Input rows of depthwise convolutions, two by two, as pairs of int16 in working memory.
 *
 * Pair row j of a channel holds, for each column, the values of the image's rows 2 j - padding_top
 * and the one below: a word whose low half is the upper one. Rows outside the image hold the zero
 * point. Four channels are packed at once, each into a line of its own. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_PAIRS_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_PAIRS_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* The image that is packed, and the lines that it is packed into. */
typedef struct {
    int32_t height;
    int32_t width;
    int32_t channels;
    int32_t padding_top;
    int32_t zero_point;
    int32_t line_words; /* from one channel's line to the next */
} coincell_pairs_parameters;

/* upper, lower: four channels of one column each; pairs: [4], line_words apart */
COINCELL_INSTRUCTION void coincell_pack_column(uint32_t upper, uint32_t lower, uint32_t *pairs,
                                               int32_t line_words)
{
    const uint32_t first = coincell_pkhbt(upper, lower, 16);
    const uint32_t last = coincell_pkhtb(lower, upper, 16);
    pairs[0] = coincell_sxtb16(first);
    pairs[line_words] = coincell_sxtb16_ror8(first);
    pairs[2 * line_words] = coincell_sxtb16(last);
    pairs[3 * line_words] = coincell_sxtb16_ror8(last);
}

/* rows:  [2, width, channels], from the first of four channels on, both inside the image
 * pairs: [4] lines, from this pair row on */
COINCELL_INSTRUCTION void coincell_pack_two_rows(const coincell_pairs_parameters *p,
                                                 const int8_t *rows, uint32_t *pairs)
{
    const int32_t step = p->channels;
    const int32_t below = p->width * step;
    int32_t column = 0;
    for (; column + 4 <= p->width; column += 4) {
        const uint32_t a = coincell_load_word(rows);
        const uint32_t b = coincell_load_word(rows + below);
        const uint32_t c = coincell_load_word(rows + step);
        const uint32_t d = coincell_load_word(rows + step + below);
        coincell_pack_column(a, b, pairs, p->line_words);
        coincell_pack_column(c, d, pairs + 1, p->line_words);
        const uint32_t e = coincell_load_word(rows + 2 * step);
        const uint32_t f = coincell_load_word(rows + 2 * step + below);
        const uint32_t g = coincell_load_word(rows + 3 * step);
        const uint32_t h = coincell_load_word(rows + 3 * step + below);
        coincell_pack_column(e, f, pairs + 2, p->line_words);
        coincell_pack_column(g, h, pairs + 3, p->line_words);
        rows += 4 * step;
        pairs += 4;
    }
    for (; column < p->width; ++column, ++pairs, rows += step) {
        const uint32_t a = coincell_load_word(rows);
        const uint32_t b = coincell_load_word(rows + below);
        coincell_pack_column(a, b, pairs, p->line_words);
    }
}

/* A pair row of which at least one row lies outside the image.
 *
 * image: [height, width, channels], from the first of four channels on
 * pairs: [4] lines, from this pair row on */
COINCELL_INSTRUCTION void coincell_pack_border(const coincell_pairs_parameters *p,
                                               const int8_t *image, int32_t row, uint32_t *pairs)
{
    const uint32_t outside = (uint32_t)(p->zero_point & 0xFF) * 0x01010101u;
    const int32_t below = row + 1;
    for (int32_t column = 0; column < p->width; ++column) {
        uint32_t upper = outside;
        uint32_t lower = outside;
        if (row >= 0 && row < p->height) {
            upper = coincell_load_word(image + (row * p->width + column) * p->channels);
        }
        if (below >= 0 && below < p->height) {
            lower = coincell_load_word(image + (below * p->width + column) * p->channels);
        }
        coincell_pack_column(upper, lower, pairs + column, p->line_words);
    }
}

/* Packs pair row `number`.
 *
 * image: [height, width, channels], from the first of four channels on
 * pairs: [4] lines, from this pair row on */
COINCELL_INSTRUCTION void coincell_pack_pairs(const coincell_pairs_parameters *p,
                                              const int8_t *image, int32_t number, uint32_t *pairs)
{
    const int32_t row = 2 * number - p->padding_top;
    if (row >= 0 && row + 1 < p->height) {
        coincell_pack_two_rows(p, image + row * p->width * p->channels, pairs);
    } else {
        coincell_pack_border(p, image, row, pairs);
    }
}

#endif
