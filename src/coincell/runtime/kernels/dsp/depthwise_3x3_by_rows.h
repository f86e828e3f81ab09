/* Depthwise convolution 3x3, one row of outputs at a time from pairs of rows: for stride 2, and for
 * a single row of outputs.
 *
 * Otherwise as depthwise_3x3.h: four channels at once, in bands, and the output may stand where the
 * input was. Output row y reads pair row y and the upper half of the one below. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_BY_ROWS_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_BY_ROWS_H

#include <stdint.h>

#include "kernels/dsp/depthwise_3x3_row.h"
#include "kernels/dsp/depthwise_pairs.h"

typedef struct {
    coincell_pairs_parameters image;
    coincell_row_3x3_parameters row;
    int32_t output_height;
    int32_t band;    /* output rows that are made from one filling of the lines */
    int32_t in_turn; /* 1: lines begin anew where they ended; 0: their end is moved to the begin */
} coincell_depthwise_3x3_by_rows_parameters;

/* `rows` output rows of up to four channels, from pair rows that are in the lines.
 *
 * constants: [4, its constants], see depthwise_taps.h
 * output:    [rows, output_width, channels], from the first channel packed on
 * line:      [rows, width], of the first channel packed
 * skipped:   channels that are packed but not computed
 * below:     words from a pair to the one below it */
COINCELL_INLINE void
coincell_depthwise_3x3_some_rows(const coincell_depthwise_3x3_by_rows_parameters *p,
                                 const int32_t *constants, int8_t *output, const uint32_t *line,
                                 int32_t skipped, int32_t below, int32_t rows)
{
    for (int32_t channel = skipped; channel < 4; ++channel) {
        coincell_row_3x3(&p->row, line + channel * p->image.line_words,
                         constants + channel * p->row.scaling.constants, output + channel, below,
                         rows);
    }
}

/* All rows of up to four channels.
 *
 * image:     [height, width, channels], from the first channel packed on
 * constants: [4, its constants], see depthwise_taps.h
 * output:    [output_height, output_width, channels], from the first channel packed on
 * lines:     [4, band + 1, width], filled in turn
 * skipped:   channels that are packed but not computed */
COINCELL_INLINE void
coincell_depthwise_3x3_by_rows_slice(const coincell_depthwise_3x3_by_rows_parameters *p,
                                     const int8_t *image, const int32_t *constants, int8_t *output,
                                     uint32_t *lines, int32_t skipped)
{
    const int32_t width = p->image.width;
    const int32_t all = p->output_height;

    if (all == p->band) {
        for (int32_t number = 0; number <= all; ++number) {
            coincell_pack_pairs(&p->image, image, number, lines + number * width);
        }
        coincell_depthwise_3x3_some_rows(p, constants, output, lines, skipped, width, all);
        return;
    }
    for (int32_t number = 0, slot = 0; number <= all; ++number, ++slot) {
        int32_t rows = 0; /* of outputs that can be made now */
        coincell_pack_pairs(&p->image, image, number, lines + slot * width);
        if (slot == p->band || (number == all && slot > 0)) {
            rows = slot;
            coincell_depthwise_3x3_some_rows(p, constants, output, lines, skipped, width, rows);
        } else if (p->in_turn && slot == 0 && number > 0) {
            rows = 1;
            coincell_depthwise_3x3_some_rows(p, constants, output, lines + p->band * width,
                                             skipped, -p->band * width, rows);
        }
        output += rows * p->row.output_width * p->image.channels;
        if (slot == p->band) {
            slot = p->in_turn ? -1 : 0;
            if (!p->in_turn && number < all) {
                coincell_keep_last_pairs(&p->image, lines, p->band);
            }
        }
    }
}

/* input:     [height, width, channels], at least 4 channels
 * constants: [channels, its constants], see depthwise_taps.h
 * output:    [output_height, output_width, channels]; may be the input
 * scratch:   [4, band + 1, width] words */
COINCELL_INLINE void
coincell_depthwise_3x3_by_rows(const coincell_depthwise_3x3_by_rows_parameters *p,
                               const int8_t *input, const int32_t *constants, int8_t *output,
                               void *scratch)
{
    for (int32_t channel = 0; channel < p->image.channels; channel += 4) {
        const int32_t last = p->image.channels - 4;
        const int32_t first = channel < last ? channel : last;
        coincell_depthwise_3x3_by_rows_slice(p, input + first,
                                             constants + first * p->row.scaling.constants,
                                             output + first, scratch, channel - first);
    }
}

#endif
