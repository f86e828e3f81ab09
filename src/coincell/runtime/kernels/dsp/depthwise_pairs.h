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
COINCELL_INLINE void coincell_pack_column(uint32_t upper, uint32_t lower, uint32_t *pairs,
                                          int32_t line_words)
{
    const uint32_t first = coincell_pkhbt(upper, lower, 16);
    const uint32_t last = coincell_pkhtb(lower, upper, 16);
    pairs[0] = coincell_sxtb16(first);
    pairs[line_words] = coincell_sxtb16_ror8(first);
    pairs[2 * line_words] = coincell_sxtb16(last);
    pairs[3 * line_words] = coincell_sxtb16_ror8(last);
}

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)

/* One column from two registers, upper and lower row, to a place in the lines at r2. */
#define COINCELL_PACK_COLUMN(upper, lower, place)                                                \
    "pkhbt r8, " upper ", " lower ", lsl #16\n\tpkhtb " lower ", " lower ", " upper ", asr #16\n\t"\
    "sxtb16 " upper ", r8\n\tsxtb16 r8, r8, ror #8\n\t"                                          \
    "str " upper ", [r2, #" place "]\n\tstr r8, [r2, #%c[line]+" place "]\n\t"                   \
    "sxtb16 r8, " lower "\n\tsxtb16 " lower ", " lower ", ror #8\n\t"                            \
    "str r8, [r2, #2*%c[line]+" place "]\n\t"                                                    \
    "str " lower ", [r2, #3*%c[line]+" place "]\n\t"
/* Two columns from the rows at r0 and r1, whose columns are r10 and r12 bytes apart. */
#define COINCELL_PACK_TWO(place, next)                                                           \
    "ldr r4, [r0]\n\tldr r5, [r1]\n\tldr r6, [r0, r10]\n\t"                                      \
    "ldr r9, [r1, r12]\n\tadd r0, r0, r10, lsl #1\n\t"                                           \
    "add r1, r1, r12, lsl #1\n\t"                                                                \
    COINCELL_PACK_COLUMN("r4", "r5", place) COINCELL_PACK_COLUMN("r6", "r9", next)

/* All columns but the last of an odd number, two or four at a time: as its twin below. */
COINCELL_INLINE void coincell_pack_columns(const coincell_pairs_parameters *p,
                                           const int8_t *upper, const int8_t *lower,
                                           int32_t a, int32_t b, uint32_t *pairs)
{
    register const int8_t *r0 __asm("r0") = upper;
    register const int8_t *r1 __asm("r1") = lower;
    register uint32_t *r2 __asm("r2") = pairs;
    register const uint32_t *r3 __asm("r3") = pairs + p->width / 2 * 2;
    register int32_t r10 __asm("r10") = a;
    register int32_t r12 __asm("r12") = b;
    __asm volatile("1:\n\t" COINCELL_PACK_TWO("0", "4")
                   ".if %c[four]\n\t" COINCELL_PACK_TWO("8", "12") ".endif\n\t"
                   "add r2, r2, #8+8*%c[four]\n\tcmp r2, r3\n\tbne 1b\n\t"
                   : "+r"(r0), "+r"(r1), "+r"(r2)
                   : "r"(r3), "r"(r10), "r"(r12), [line] "i"(4 * p->line_words),
                     [four] "i"(p->width % 4 == 0)
                   : "r4", "r5", "r6", "r8", "r9", "cc", "memory");
}

#else

/* All columns but the last of an odd number.
 *
 * upper, lower: four channels of the first column, and so many bytes on (a, b) of the next
 * pairs:        [4] lines */
COINCELL_INLINE void coincell_pack_columns(const coincell_pairs_parameters *p,
                                           const int8_t *upper, const int8_t *lower,
                                           int32_t a, int32_t b, uint32_t *pairs)
{
    for (int32_t column = 0; column < p->width / 2 * 2; ++column, upper += a, lower += b) {
        coincell_pack_column(coincell_load_word(upper), coincell_load_word(lower), pairs + column,
                             p->line_words);
    }
}

#endif

/* Packs pair row `number`.
 *
 * image: [height, width, channels], from the first of four channels on
 * pairs: [4] lines, from this pair row on */
COINCELL_INLINE void coincell_pack_pairs(const coincell_pairs_parameters *p,
                                         const int8_t *image, int32_t number, uint32_t *pairs)
{
    const uint32_t outside = (uint32_t)(p->zero_point & 0xFF) * 0x01010101u;
    const int32_t row = 2 * number - p->padding_top;
    const int upper_inside = row >= 0 && row < p->height;
    const int lower_inside = row + 1 >= 0 && row + 1 < p->height;
    const int32_t row_size = p->width * p->channels;
    const int8_t *upper = upper_inside ? image + row * row_size : (const int8_t *)&outside;
    const int8_t *lower = lower_inside ? image + (row + 1) * row_size : (const int8_t *)&outside;
    const int32_t a = upper_inside ? p->channels : 0; /* from one column to the next */
    const int32_t b = lower_inside ? p->channels : 0;
    const int32_t last = p->width - 1;

    if (p->width > 1) {
        coincell_pack_columns(p, upper, lower, a, b, pairs);
    }
    if (p->width % 2 != 0) {
        coincell_pack_column(coincell_load_word(upper + last * a),
                             coincell_load_word(lower + last * b), pairs + last, p->line_words);
    }
}

/* Moves the pair row behind `band` others to the begin of each line.
 *
 * lines: [4, band + 1, width] */
COINCELL_INLINE void coincell_keep_last_pairs(const coincell_pairs_parameters *p,
                                              uint32_t *lines, int32_t band)
{
    const int32_t length = p->width % 4 == 0 ? 4 : 1; /* words moved at once */
    for (int32_t i = 0; i < 4; ++i, lines += p->line_words) {
        for (int32_t column = 0; column < p->width; column += length) {
            __builtin_memcpy(lines + column, lines + band * p->width + column,
                             4 * (uint32_t)length);
        }
    }
}

#endif
