/* Depthwise convolution 3x3 with stride 1: two rows of outputs at a time from pairs of rows.
 *
 * Four channels are worked on at once, in bands of a few rows, so that the working memory stays
 * small and the output may stand where the input was. A column's two pairs go into the sums of
 * three columns of outputs. Taps are 256 times too large, which costs nothing and leaves the sums
 * the precision that requantization needs: output = saturate8((sum * multiplier >> 32) >> shift),
 * where the sum begins with the channel's bias. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_H

#include <stdint.h>

#include "kernels/dsp/depthwise_3x3_row.h"
#include "kernels/dsp/depthwise_3x3_rows.h"
#include "kernels/dsp/depthwise_pairs.h"

typedef struct {
    coincell_pairs_parameters image;
    coincell_rows_3x3_parameters rows;
    coincell_row_3x3_parameters row; /* the last row of an odd number */
    int32_t output_height;
    int32_t band;    /* pairs of output rows that are made from one filling of the lines */
    int32_t in_turn; /* 1: lines begin anew where they ended; 0: their end is moved to the begin */
} coincell_depthwise_3x3_parameters;

/* Output rows of up to four channels, from pair rows that are in the lines.
 *
 * constants: [4, its constants], see depthwise_taps.h
 * output:    [2 pairs - odd, output_width, channels], from the first channel packed on
 * line:      [pairs, width], of the first channel packed
 * skipped:   channels that are packed but not computed
 * below:     words from a pair to the one below it
 * odd:       1 where the last pair of rows lacks its lower one */
COINCELL_INLINE void coincell_depthwise_3x3_rows(const coincell_depthwise_3x3_parameters *p,
                                                 const int32_t *constants, int8_t *output,
                                                 const uint32_t *line, int32_t skipped,
                                                 int32_t below, int32_t pairs, int32_t odd)
{
    const int32_t whole = pairs - odd;
    for (int32_t channel = skipped; channel < 4; ++channel) {
        const uint32_t *from = line + channel * p->image.line_words;
        const int32_t *chosen = constants + channel * p->rows.scaling.constants;
        int8_t *to = output + channel;
        if (whole > 0) {
            coincell_rows_3x3(&p->rows, from, chosen, to, below, whole);
        }
        if (odd) {
            to += 2 * whole * p->rows.output_width * p->image.channels;
            coincell_row_3x3(&p->row, from + whole * p->image.width, chosen, to, below, 1);
        }
    }
}

/* All rows of up to four channels.
 *
 * image:     [height, width, channels], from the first channel packed on
 * constants: [4, its constants], see depthwise_taps.h
 * output:    [output_height, output_width, channels], from the first channel packed on
 * lines:     [4, band + 1, width], filled in turn
 * skipped:   channels that are packed but not computed */
COINCELL_INLINE void coincell_depthwise_3x3_slice(const coincell_depthwise_3x3_parameters *p,
                                                  const int8_t *image,
                                                  const int32_t *constants, int8_t *output,
                                                  uint32_t *lines, int32_t skipped)
{
    const int32_t width = p->image.width;
    const int32_t all = (p->output_height + 1) / 2; /* pairs of output rows */
    const int32_t odd = p->output_height % 2;

    if (all == p->band) {
        for (int32_t number = 0; number <= all; ++number) {
            coincell_pack_pairs(&p->image, image, number, lines + number * width);
        }
        coincell_depthwise_3x3_rows(p, constants, output, lines, skipped, width, all, odd);
        return;
    }
    for (int32_t number = 0, slot = 0; number <= all; ++number, ++slot) {
        const int32_t lacks = odd && number == all;
        int32_t pairs = 0; /* of output rows that can be made now */
        coincell_pack_pairs(&p->image, image, number, lines + slot * width);
        if (slot == p->band || (number == all && slot > 0)) {
            pairs = slot;
            coincell_depthwise_3x3_rows(p, constants, output, lines, skipped, width, pairs, lacks);
        } else if (p->in_turn && slot == 0 && number > 0) {
            pairs = 1;
            coincell_depthwise_3x3_rows(p, constants, output, lines + p->band * width, skipped,
                                        -p->band * width, pairs, lacks);
        }
        output += 2 * pairs * p->rows.output_width * p->image.channels;
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
COINCELL_INLINE void coincell_depthwise_3x3(const coincell_depthwise_3x3_parameters *p,
                                            const int8_t *input, const int32_t *constants,
                                            int8_t *output, void *scratch)
{
    for (int32_t channel = 0; channel < p->image.channels; channel += 4) {
        const int32_t last = p->image.channels - 4;
        const int32_t first = channel < last ? channel : last;
        coincell_depthwise_3x3_slice(p, input + first,
                                     constants + first * p->rows.scaling.constants,
                                     output + first, scratch, channel - first);
    }
}

#endif
