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

#include "kernels/dsp/depthwise_pairs.h"
#include "kernels/dsp/depthwise_3x3_rows.h"

typedef struct {
    coincell_pairs_parameters image;
    coincell_rows_3x3_parameters rows;
    int32_t output_height;
    int32_t band; /* pairs of output rows that are made from one filling of the lines */
} coincell_depthwise_3x3_parameters;

/* All rows of up to four channels.
 *
 * image:     [height, width, channels], from the first channel packed on
 * constants: [4, 5], see coincell_rows_3x3
 * output:    [output_height, output_width, channels], from the first channel packed on
 * lines:     [4, band + 1, width]
 * skipped:   channels that are packed but not computed */
COINCELL_INSTRUCTION void coincell_depthwise_3x3_slice(const coincell_depthwise_3x3_parameters *p,
                                                       const int8_t *image,
                                                       const int32_t *constants, int8_t *output,
                                                       uint32_t *lines, int32_t skipped)
{
    const int32_t width = p->image.width;
    const int32_t whole = p->output_height / 2; /* pairs of output rows */
    const int32_t all = (p->output_height + 1) / 2;
    const int32_t pair_bytes = 2 * p->rows.output_width * p->image.channels;

    coincell_pack_pairs(&p->image, image, 0, lines);
    for (int32_t first = 0; first < all; first += p->band, output += p->band * pair_bytes) {
        const int32_t left = all - first;
        const int32_t made = left < p->band ? left : p->band;
        const int32_t paired = whole - first < made ? whole - first : made;
        for (int32_t i = 1; i <= made; ++i) {
            coincell_pack_pairs(&p->image, image, first + i, lines + i * width);
        }
        for (int32_t channel = skipped; channel < 4; ++channel) {
            const uint32_t *line = lines + channel * p->image.line_words;
            const int32_t *chosen = constants + channel * COINCELL_ROWS_3X3_CONSTANTS;
            if (paired > 0) {
                coincell_rows_3x3(&p->rows, line, chosen, output + channel, paired, 2);
            }
            if (paired < made) {
                coincell_rows_3x3(&p->rows, line + paired * width, chosen,
                                  output + channel + paired * pair_bytes, 1, 1);
            }
        }
        if (left > p->band) {
            for (int32_t i = 0; i < 4 * p->image.line_words; i += p->image.line_words) {
                for (int32_t column = 0; column < width; ++column) {
                    lines[i + column] = lines[i + p->band * width + column];
                }
            }
        }
    }
}

/* input:     [height, width, channels], at least 4 channels
 * constants: [channels, 5], see coincell_rows_3x3
 * output:    [output_height, output_width, channels]; may be the input
 * scratch:   [4, band + 1, width] words */
COINCELL_INSTRUCTION void coincell_depthwise_3x3(const coincell_depthwise_3x3_parameters *p,
                                                 const int8_t *input, const int32_t *constants,
                                                 int8_t *output, void *scratch)
{
    for (int32_t channel = 0; channel < p->image.channels; channel += 4) {
        const int32_t last = p->image.channels - 4;
        const int32_t first = channel < last ? channel : last;
        coincell_depthwise_3x3_slice(p, input + first,
                                     constants + first * COINCELL_ROWS_3X3_CONSTANTS,
                                     output + first, scratch, channel - first);
    }
}

#endif
