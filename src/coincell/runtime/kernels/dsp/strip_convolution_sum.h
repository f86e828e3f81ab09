/* What a tile of strip convolution adds to its outputs before they are written: addends, which lie
 * as the outputs do. An ADD as compiler/dsp/residual_add.py has proved it on all pairs of bytes:
 *
 *     h = H + F * output + (G * addend >> 8)
 *     sum = clamp(saturate8(h >> sum_shift))
 *
 * The whole of a position's four addends is read before its first sum is written, so that sums may
 * be written over them. */
#ifndef COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_SUM_H
#define COINCELL_KERNELS_DSP_STRIP_CONVOLUTION_SUM_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"

/* The sum of one output and its addend.
 *
 * layer: [4], of which F, G and H are the last three */
COINCELL_INLINE int32_t coincell_strip_sum(const int32_t *layer, int32_t shift, int32_t low,
                                           int32_t high, int32_t output, int32_t addend)
{
    const uint32_t raised = (uint32_t)layer[1] * (uint32_t)output + (uint32_t)layer[3];
    const int32_t sum = coincell_smlawb(layer[2], (uint32_t)addend << 8, (int32_t)raised);
    return coincell_narrowed(coincell_ssat(sum, 8, shift), low, high);
}

/* x between two bounds of four in a number, each 128 more than it is, from these bits on; where a
 * bound is the type's own, no code. */
#define COINCELL_STRIP_BOUND(bits) "((%c[clamps] >> " bits " & 255) - 128)"
#define COINCELL_STRIP_CLAMP(x, low, high)                                                       \
    ".if " COINCELL_STRIP_BOUND(low) " > -128\n"                                                 \
    "cmp " x ", #" COINCELL_STRIP_BOUND(low) "\n"                                                \
    "it lt\n"                                                                                    \
    "movlt " x ", #" COINCELL_STRIP_BOUND(low) "\n"                                              \
    ".endif\n"                                                                                   \
    ".if " COINCELL_STRIP_BOUND(high) " < 127\n"                                                 \
    "cmp " x ", #" COINCELL_STRIP_BOUND(high) "\n"                                               \
    "it gt\n"                                                                                    \
    "movgt " x ", #" COINCELL_STRIP_BOUND(high) "\n"                                             \
    ".endif\n"

/* The assembly of a tile; see strip_convolution_tiles.h. The outputs are in r6 - r9, and of the
 * second position in r10, r11, r12 and lr. r0 addends, as SMLAWB and SMLAWT take them; r1 F, r2 G,
 * r3 output, r4 H, r5 where the addends are. s12 - s15 hold F, G, H and the bytes from an output to
 * its addend. */
#define COINCELL_STRIP_SUM_OF(x, half)                                                           \
    "mla " x ", " x ", r1, r4\n"                                                                 \
    "smlaw" half " " x ", r2, r0, " x "\n"

#define COINCELL_STRIP_SUM_STORE(x, place)                                                       \
    "ssat " x ", #8, " x ", asr #%c[sum_shift]\n"                                                \
    COINCELL_STRIP_CLAMP(x, "16", "24")                                                          \
    "strb " x ", [r3, #(" place ")]\n"

#define COINCELL_STRIP_SUM_FOUR(place, a, b, c, d)                                               \
    "ldr r0, [r5, #(" place ")]\n"                                                               \
    "bic r0, r0, #0x00ff00ff\n" COINCELL_STRIP_SUM_OF(b, "b") COINCELL_STRIP_SUM_OF(d, "t")      \
    "ldr r0, [r5, #(" place ")]\n"                                                               \
    "lsl r0, r0, #8\n"                                                                           \
    "bic r0, r0, #0x00ff00ff\n" COINCELL_STRIP_SUM_OF(a, "b") COINCELL_STRIP_SUM_OF(c, "t")      \
    COINCELL_STRIP_SUM_STORE(a, place) COINCELL_STRIP_SUM_STORE(b, place " + 1")                 \
    COINCELL_STRIP_SUM_STORE(c, place " + 2") COINCELL_STRIP_SUM_STORE(d, place " + 3")

/* All sums of a tile; s16 is free meanwhile. */
#define COINCELL_STRIP_SUMS                                                                      \
    ".if %c[sum_shift]\n"                                                                        \
    "vmov s16, r0\n"                                                                             \
    "vmov r1, s12\n"                                                                             \
    "vmov r2, s13\n"                                                                             \
    "vmov r4, s14\n"                                                                             \
    "vmov r5, s15\n"                                                                             \
    "add r5, r5, r3\n" COINCELL_STRIP_SUM_FOUR("0", "r6", "r7", "r8", "r9")                      \
    ".if %c[positions] == 2\n"                                                                   \
    COINCELL_STRIP_SUM_FOUR("%c[output_distance]", "r10", "r11", "r12", "lr")                    \
    ".endif\n"                                                                                   \
    "vmov r0, s16\n"                                                                             \
    ".endif\n"

#endif
