/* The inner loops of strip convolution: tiles of two positions times four outputs.
 *
 * Weights come in blocks of four outputs a, b, c, d. Each word holds two steps k and k + 1 of the
 * sum for two outputs, as int16 256 * a + b: multiplied as it is, it adds to 256 * A + B; one
 * SXTB16 of it leaves the two b, which add to B. At the end (256 * A + B) - B is 256 * A, exact
 * modulo 2^32 whatever overflowed on the way, as long as |A| < 2^23.
 *
 * The last block of four may begin earlier than where the one before ends, and make up to three
 * outputs once more. A block of two outputs a, b has one word a step, and a block of less than four
 * outputs, where a layer has no more, stores only what there is. */
#ifndef COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_TILES_H
#define COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_TILES_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/strip_convolution_sum.h"

/* What one call computes; all of it is constant once inlined. What brings sums to outputs is proved
 * by compiler/dsp/strip_scales.py and explained there.
 *
 * pairs: half the number K of values in a patch.
 * distance: bytes from a tile's first patch to its second, less than 4,096, a multiple of 4.
 * advance: bytes from one tile's patches to the next one's, a multiple of 4.
 * outputs: 4, or 2 for a block of two.
 * stored: how many of the outputs there are, 1 .. outputs.
 * output_distance: bytes from a tile's first outputs to its second ones, less than 4,000.
 * output_advance: bytes from one tile's outputs to the next one's, less than 4,000.
 * unrolled: how many steps the loop's body has, 1 .. COINCELL_STRIP_MOST_UNROLLED.
 * steps_back: outputs that the last block makes once more, 0 .. 3.
 * left_shift, right_shift: L, S. form: how many constants a channel has: 2 (B M), 3 (B M D) or 4
 * (B M R E).
 * low, high: smallest and largest output.
 * sum_shift: 0, or that of the sums with addends (strip_convolution_sum.h); then the form is not 4,
 * and four outputs are stored. sum_low, sum_high: smallest and largest sum. */
typedef struct {
    int32_t pairs;
    int32_t distance;
    int32_t advance;
    int32_t outputs;
    int32_t stored;
    int32_t output_distance;
    int32_t output_advance;
    int32_t unrolled;
    int32_t steps_back;
    int32_t left_shift;
    int32_t right_shift;
    int32_t form;
    int32_t low;
    int32_t high;
    int32_t sum_shift;
    int32_t sum_low;
    int32_t sum_high;
} coincell_strip_tile;

#define COINCELL_STRIP_MOST_UNROLLED 36

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && defined(__thumb2__) && defined(__GNUC__)

/* Registers: r0 patch, r1 weights, r2 r3 weights' words, r4 r5 values of the two positions,
 * r6 - r9 sums of a b c d at the first position, r10 r11 r12 lr at the second. At the end of a
 * tile: r1 multiplier, r2 scratch or R, r3 output, r4 bias or step, r5 offset or E.
 * Kept in the floating-point unit: s0 - s15 the channels' constants, with sums s12 - s15 theirs,
 * s16 output of the tile, s17 weights of the block, s18 r7 of the caller (it may be the frame
 * pointer), s19 end of the patches, s20 end of the block's weights, s21 offset, s22 next constants,
 * s23 patches, s24 output of the next block, s25 end of all weights.
 *
 * The four loads of a step follow one another, so that they overlap: 15 cycles for 16 products. */
#define COINCELL_STRIP_LOADS                                                                     \
    "ldr r2, [r1], #4\n"                                                                         \
    ".if %c[outputs] == 4\n"                                                                     \
    "ldr r3, [r1], #4\n"                                                                         \
    ".endif\n"                                                                                   \
    ".if %c[positions] == 2\n"                                                                   \
    "ldr r5, [r0, #%c[distance]]\n"                                                              \
    ".endif\n"                                                                                   \
    "ldr r4, [r0], #4\n"

/* mac(sum, weights, values): one product pair, added or not. */
#define COINCELL_STRIP_PRODUCTS(mac)                                                             \
    mac("r6", "r2", "r4")                                                                        \
    ".if %c[positions] == 2\n" mac("r10", "r2", "r5") ".endif\n"                                 \
    "sxtb16 r2, r2\n"                                                                            \
    ".if %c[outputs] == 4\n" mac("r8", "r3", "r4")                                               \
    ".if %c[positions] == 2\n" mac("r12", "r3", "r5") ".endif\n"                                 \
    "sxtb16 r3, r3\n" mac("r9", "r3", "r4")                                                      \
    ".if %c[positions] == 2\n" mac("lr", "r3", "r5") ".endif\n"                                  \
    ".endif\n" mac("r7", "r2", "r4")                                                             \
    ".if %c[positions] == 2\n" mac("r11", "r2", "r5") ".endif\n"

#define COINCELL_STRIP_FIRST(sum, weights, values)                                               \
    "smuad " sum ", " weights ", " values "\n"
#define COINCELL_STRIP_MORE(sum, weights, values)                                                \
    "smlad " sum ", " weights ", " values ", " sum "\n"

/* One output of one position: x is the sum, raised and with its bias. */
#define COINCELL_STRIP_STORE(x, place)                                                           \
    ".if %c[form] == 4\n"                                                                        \
    "smmulr " x ", " x ", r1\n"                                                                  \
    "add " x ", " x ", " x ", asr #31\n"                                                         \
    "add " x ", " x ", r2\n"                                                                     \
    "asr " x ", " x ", r5\n"                                                                     \
    "ssat " x ", #8, " x "\n"                                                                    \
    ".else\n"                                                                                    \
    ".if %c[form] == 3\n"                                                                        \
    "and r2, r4, " x ", asr #31\n"                                                               \
    ".endif\n"                                                                                   \
    "smmla " x ", " x ", r1, r5\n"                                                               \
    ".if %c[form] == 3\n"                                                                        \
    "sub " x ", " x ", r2\n"                                                                     \
    ".endif\n"                                                                                   \
    "ssat " x ", #8, " x ", asr #%c[right_shift]\n"                                              \
    ".endif\n" COINCELL_STRIP_CLAMP(x, "0", "8")                                                 \
    ".if %c[sum_shift] == 0\n"                                                                   \
    "strb " x ", [r3, #(" place ")]\n"                                                           \
    ".endif\n"

/* One output of all positions; raise(sum, other) makes x of a sum and of the one packed with it. */
#define COINCELL_STRIP_FINISH(number, raise, first, other, second, another, b, m, d, e)          \
    ".if %c[stored] > " number "\n"                                                              \
    "vmov r4, " b "\n"                                                                           \
    "vmov r1, " m "\n" raise(first, other)                                                       \
    ".if %c[positions] == 2\n" raise(second, another) ".endif\n"                                 \
    ".if %c[form] == 3\n"                                                                        \
    "vmov r4, " d "\n"                                                                           \
    ".endif\n"                                                                                   \
    ".if %c[form] == 4\n"                                                                        \
    "vmov r2, " d "\n"                                                                           \
    "vmov r5, " e "\n"                                                                           \
    ".endif\n" COINCELL_STRIP_STORE(first, number)                                               \
    ".if %c[positions] == 2\n" COINCELL_STRIP_STORE(second, number " + %c[output_distance]")     \
    ".endif\n"                                                                                   \
    ".endif\n"

#define COINCELL_STRIP_HIGH(sum, other)                                                          \
    "sub " sum ", " sum ", " other "\n"                                                          \
    ".if %c[left_shift] < 8\n"                                                                   \
    "add " sum ", r4, " sum ", asr #8 - %c[left_shift]\n"                                        \
    ".else\n"                                                                                    \
    "add " sum ", r4, " sum ", lsl #%c[left_shift] - 8\n"                                        \
    ".endif\n"
#define COINCELL_STRIP_LOW(sum, other) "add " sum ", r4, " sum ", lsl #%c[left_shift]\n"

/* All outputs of a tile, with two, three or four constants a channel. */
#define COINCELL_STRIP_FINISH_ALL                                                                \
    ".if %c[form] == 2\n" COINCELL_STRIP_FINISH_FOUR("s0", "s1", "", "", "s2", "s3", "", "",     \
                                                     "s4", "s5", "", "", "s6", "s7", "", "")     \
    ".endif\n"                                                                                   \
    ".if %c[form] == 3\n" COINCELL_STRIP_FINISH_FOUR("s0", "s1", "s2", "", "s3", "s4", "s5", "", \
                                                     "s6", "s7", "s8", "", "s9", "s10", "s11",   \
                                                     "")                                         \
    ".endif\n"                                                                                   \
    ".if %c[form] == 4\n" COINCELL_STRIP_FINISH_FOUR("s0", "s1", "s2", "s3", "s4", "s5", "s6",   \
                                                     "s7", "s8", "s9", "s10", "s11", "s12",      \
                                                     "s13", "s14", "s15") ".endif\n"
#define COINCELL_STRIP_FINISH_FOUR(b0, m0, d0, e0, b1, m1, d1, e1, b2, m2, d2, e2, b3, m3, d3,   \
                                   e3)                                                           \
    COINCELL_STRIP_FINISH("0", COINCELL_STRIP_HIGH, "r6", "r7", "r10", "r11", b0, m0, d0, e0)    \
    COINCELL_STRIP_FINISH("1", COINCELL_STRIP_LOW, "r7", "", "r11", "", b1, m1, d1, e1)          \
    COINCELL_STRIP_FINISH("2", COINCELL_STRIP_HIGH, "r8", "r9", "r12", "lr", b2, m2, d2, e2)     \
    COINCELL_STRIP_FINISH("3", COINCELL_STRIP_LOW, "r9", "", "lr", "", b3, m3, d3, e3)

/* Loads the constants of a block, if it has so many. */
#define COINCELL_STRIP_CONSTANTS(count, last)                                                    \
    ".if %c[form] * %c[outputs] == " count "\n"                                                  \
    "vldmia r2!, {s0-" last "}\n"                                                                \
    ".endif\n"

/* Empty lines, by which the compiler sees how far its branches reach over what .rept repeats. */
#define COINCELL_STRIP_LINES_8 "\n\n\n\n\n\n\n\n"
#define COINCELL_STRIP_LINES_64                                                                  \
    COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8  \
    COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8 COINCELL_STRIP_LINES_8
#define COINCELL_STRIP_LINES_512                                                                 \
    COINCELL_STRIP_LINES_64 COINCELL_STRIP_LINES_64 COINCELL_STRIP_LINES_64                      \
    COINCELL_STRIP_LINES_64 COINCELL_STRIP_LINES_64 COINCELL_STRIP_LINES_64                      \
    COINCELL_STRIP_LINES_64 COINCELL_STRIP_LINES_64

/* So many tiles of each block of outputs; a tile has 1 or 2 positions.
 *
 * patches: [2 * pairs] at each position, aligned to 4 bytes
 * weights: words [blocks, pairs, outputs / 2], as above
 * layer:   C, and with sums F, G and H
 * scales:  [blocks, outputs, form]
 * addend:  bytes from an output to its addend, where there are sums
 * output:  from the first output of the first position on */
COINCELL_INLINE void
coincell_strip_tiles(const coincell_strip_tile *tile, int32_t positions, int32_t tiles,
                     int32_t blocks, const int16_t *patches, const int8_t *weights,
                     const int32_t *layer, const int32_t *scales, uintptr_t addend, int8_t *output)
{
    const int32_t more = tile->pairs - 1;
    const int32_t body = more <= tile->unrolled ? more : more % tile->unrolled;
    const uint32_t clamps = (uint32_t)(tile->low + 128) | (uint32_t)(tile->high + 128) << 8 |
                            (uint32_t)(tile->sum_low + 128) << 16 |
                            (uint32_t)(tile->sum_high + 128) << 24;
    int32_t sums[5];
    if (tile->sum_shift) {
        sums[0] = layer[1];
        sums[1] = layer[2];
        sums[2] = layer[3];
        sums[3] = (int32_t)addend;
        sums[4] = layer[0];
    }
    register const int16_t *r0 __asm("r0") = patches;
    register const int8_t *r1 __asm("r1") = weights;
    register const int32_t *r2 __asm("r2") = scales;
    register int8_t *r3 __asm("r3") = output;
    register int32_t r4 __asm("r4") = tiles * tile->advance;
    register int32_t r5 __asm("r5") = tile->sum_shift ? (int32_t)(uintptr_t)sums : layer[0];
    register const int8_t *r6 __asm("r6") = weights + blocks * 2 * tile->pairs * tile->outputs;
    __asm volatile(
        "vmov s18, r7\n"
        "add r4, r4, r0\n"
        "vmov s19, r4\n"
        ".if %c[sum_shift]\n"
        "vldmia r5!, {s12-s15}\n"
        "ldr r5, [r5]\n"
        ".endif\n"
        "vmov s21, r5\n"
        "vmov s22, r2\n"
        "vmov s23, r0\n"
        "vmov s24, r3\n"
        "vmov s25, r6\n"
        "0:\n"
        "vmov r2, s22\n"
        "vmov r3, s24\n"
        COINCELL_STRIP_CONSTANTS("4", "s3")
        COINCELL_STRIP_CONSTANTS("6", "s5")
        COINCELL_STRIP_CONSTANTS("8", "s7")
        COINCELL_STRIP_CONSTANTS("12", "s11")
        COINCELL_STRIP_CONSTANTS("16", "s15")
        "vmov s17, r1\n"
        ".if (%c[pairs] - 1 - %c[body]) || %c[steps_back]\n"
        "movw r4, #%c[pairs] * %c[outputs] * 2\n"
        "add r4, r4, r1\n"
        "vmov s20, r4\n"
        ".endif\n"
        ".if %c[steps_back]\n"
        "vmov r5, s25\n"
        "cmp r4, r5\n"
        "it eq\n"
        "subeq r3, r3, #%c[steps_back]\n"
        ".endif\n"
        "vmov s22, r2\n"
        "vmov s16, r3\n"
        "add r3, r3, #4\n"
        "vmov r0, s23\n"
        "vmov s24, r3\n"
        "1:\n" COINCELL_STRIP_LOADS COINCELL_STRIP_PRODUCTS(COINCELL_STRIP_FIRST)
        ".rept %c[body]\n" COINCELL_STRIP_LOADS COINCELL_STRIP_PRODUCTS(COINCELL_STRIP_MORE)
        ".endr\n"
        ".if %c[pairs] - 1 - %c[body]\n"
        "2:\n"
        ".rept %c[unrolled]\n" COINCELL_STRIP_LOADS COINCELL_STRIP_PRODUCTS(COINCELL_STRIP_MORE)
        ".endr\n"
        "vmov r2, s20\n"
        "cmp r1, r2\n"
        "bne 2b\n"
        ".endif\n"
        "vmov r3, s16\n"
        ".if %c[form] < 4\n"
        "vmov r5, s21\n"
        ".endif\n" COINCELL_STRIP_FINISH_ALL COINCELL_STRIP_SUMS
        "vmov r2, s19\n"
        "vmov r1, s17\n"
        ".if %c[step] > 4095\n"
        "movw r4, #%c[step]\n"
        "add r0, r0, r4\n"
        ".elseif %c[step] > 0\n"
        "add r0, r0, #%c[step]\n"
        ".elseif %c[step] < -4095\n"
        "movw r4, #-(%c[step])\n"
        "sub r0, r0, r4\n"
        ".elseif %c[step] < 0\n"
        "sub r0, r0, #-(%c[step])\n"
        ".endif\n"
        "add r3, r3, #%c[output_advance]\n"
        "cmp r0, r2\n"
        "vmov s16, r3\n"
        "bne 1b\n"
        "movw r4, #%c[pairs] * %c[outputs] * 2\n"
        "add r1, r1, r4\n"
        "vmov r5, s25\n"
        "cmp r1, r5\n"
        "bne 0b\n"
        "vmov r7, s18\n" COINCELL_STRIP_LINES_512
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
        : [pairs] "i"(tile->pairs), [distance] "i"(tile->distance), [outputs] "i"(tile->outputs),
          [stored] "i"(tile->stored), [output_distance] "i"(tile->output_distance),
          [unrolled] "i"(tile->unrolled), [body] "i"(body),
          [positions] "i"(positions), [left_shift] "i"(tile->left_shift),
          [right_shift] "i"(tile->right_shift), [form] "i"(tile->form),
          [clamps] "i"(clamps), [sum_shift] "i"(tile->sum_shift),
          [steps_back] "i"(tile->steps_back),
          [step] "i"(tile->advance - 4 * tile->pairs), [output_advance] "i"(tile->output_advance)
        : "r8", "r9", "r10", "r11", "r12", "lr", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
          "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20",
          "s21", "s22", "s23", "s24", "s25", "cc", "memory");
}

#else

/* A sum as an output; scales: [form], of its channel */
COINCELL_INLINE int32_t coincell_strip_scale(const coincell_strip_tile *tile,
                                             uint32_t raised, int32_t offset,
                                             const int32_t *scales)
{
    const int32_t x = (int32_t)((uint32_t)scales[0] + raised);
    int32_t value;
    if (tile->form == 4) {
        const int32_t rounded = coincell_smmulr(x, scales[1]);
        value = coincell_ssat((rounded + (rounded >> 31) + scales[2]) >> scales[3], 8, 0);
    } else {
        const int32_t step = tile->form == 3 && x < 0 ? scales[2] : 0;
        const int32_t high = coincell_smmla(x, scales[1], offset) - step;
        value = coincell_ssat(high, 8, tile->right_shift);
    }
    return value < tile->low ? tile->low : value > tile->high ? tile->high : value;
}

/* One position's outputs of one block.
 *
 * patch:   [2 * pairs] int16
 * weights: words [pairs, outputs / 2]
 * layer:   C, and with sums F, G and H
 * scales:  [outputs, form]
 * addend:  bytes from an output to its addend, where there are sums
 * output:  [stored] */
COINCELL_INLINE void
coincell_strip_block(const coincell_strip_tile *tile, const int8_t *patch, const int8_t *weights,
                     const int32_t *layer, const int32_t *scales, uintptr_t addend, int8_t *output)
{
    for (int32_t first = 0; first < tile->stored; first += 2) {
        int32_t both = 0;
        int32_t b = 0;
        for (int32_t k = 0; k < tile->pairs; ++k) {
            const uint32_t values = coincell_load_word(patch + 4 * k);
            const uint32_t word = coincell_load_word(weights + 2 * (tile->outputs * k + first));
            both = coincell_smlad(word, values, both);
            b = coincell_smlad(coincell_sxtb16(word), values, b);
        }
        const uint32_t a_256 = (uint32_t)both - (uint32_t)b;
        const uint32_t a_raised = tile->left_shift < 8
                                      ? (uint32_t)((int32_t)a_256 >> (8 - tile->left_shift))
                                      : a_256 << (tile->left_shift - 8);
        const uint32_t raised[2] = {a_raised, (uint32_t)b << tile->left_shift};
        for (int32_t i = first; i < first + 2 && i < tile->stored; ++i) {
            int32_t made = coincell_strip_scale(tile, raised[i - first], layer[0],
                                                scales + tile->form * i);
            if (tile->sum_shift) {
                const int8_t *beside = (const int8_t *)((uintptr_t)(output + i) + addend);
                made = coincell_strip_sum(layer, tile->sum_shift, tile->sum_low, tile->sum_high,
                                          made, *beside);
            }
            output[i] = (int8_t)made;
        }
    }
}

/* As above, one position after the other. */
COINCELL_INLINE void
coincell_strip_tiles(const coincell_strip_tile *tile, int32_t positions, int32_t tiles,
                     int32_t blocks, const int16_t *patches, const int8_t *weights,
                     const int32_t *layer, const int32_t *scales, uintptr_t addend, int8_t *output)
{
    for (int32_t i = 0; i < blocks * tiles * positions; ++i) {
        const int32_t block = i / (tiles * positions);
        const int32_t number = i / positions % tiles;
        const int32_t second = i % positions;
        const int32_t back = block == blocks - 1 ? tile->steps_back : 0;
        coincell_strip_block(
            tile, (const int8_t *)patches + number * tile->advance + second * tile->distance,
            weights + block * 2 * tile->pairs * tile->outputs, layer,
            scales + block * tile->outputs * tile->form, addend,
            output + number * tile->output_advance + second * tile->output_distance + 4 * block -
                back);
    }
}

#endif

#endif
