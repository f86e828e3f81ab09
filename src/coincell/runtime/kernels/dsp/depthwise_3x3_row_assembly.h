/* The loop of depthwise_3x3_row.h in assembly, for cores with DSP instructions and an FPU.
 *
 * r0         the next column's first pair, or its second where that lies before it in memory
 * r1         the output's place
 * r2 .. r4   upper and middle tap of each column of the filter
 * r5, r6     lower taps: of the left and middle column, of the right one
 * r8, r9     multiplier and bias
 * r10        the sum; with stride 1 of every other column, and r11 of those between
 * r12, lr    a column's two pairs; with stride 2 those of the right column, and r7, r11 of the
 *            middle one
 * s2 .. s7   bias with the left padding, sum of the right padding, end of the pairs, end of their
 *            row, what was in r7, which clang keeps to itself, step */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROW_ASSEMBLY_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ROW_ASSEMBLY_H

#include <stdint.h>

#include "kernels/dsp/depthwise_output_assembly.h"

/* sum = from + products of a column's pairs with its taps. */
#define COINCELL_LEFT(sum, first, second, from)                                                  \
    "smlad " sum ", " first ", r2, " from "\n\tsmlabb " sum ", " second ", r5, " sum "\n\t"
#define COINCELL_MIDDLE(sum, first, second)                                                      \
    "smlad " sum ", " first ", r3, " sum "\n\tsmlabt " sum ", " second ", r5, " sum "\n\t"
#define COINCELL_RIGHT(sum, first, second)                                                       \
    "smlad " sum ", " first ", r4, " sum "\n\tsmlabb " sum ", " second ", r6, " sum "\n\t"
#define COINCELL_PAIRS(first, second)                                                            \
    ".if %c[above]\n\tldr " second ", [r0], #4\n\tldr " first ", [r0, %[other]]\n\t"             \
    ".else\n\tldr " first ", [r0], #4\n\tldr " second ", [r0, %[other]]\n\t.endif\n\t"
#define COINCELL_TWO_PAIRS                                                                       \
    ".if %c[above]\n\tldr r7, [r0, %[far]]\n\tldr r11, [r0], #4\n\t"                             \
    "ldr r12, [r0, %[far]]\n\tldr lr, [r0], #4\n\t"                                              \
    ".else\n\tldr r11, [r0, %[far]]\n\tldr r7, [r0], #4\n\t"                                     \
    "ldr lr, [r0, %[far]]\n\tldr r12, [r0], #4\n\t.endif\n\t"

#define COINCELL_OUTPUT(sum, column)                                                             \
    COINCELL_STEP(sum, "r7", "s7") "smmul " sum ", " sum ", r8\n\t" COINCELL_SATURATE(sum)       \
    "strb " sum ", [r1, #%c[step]*" column "]\n\t"

/* The loop's column `number`, which ends the sum x and begins it anew. */
#define COINCELL_ROW_COLUMN(number, x, y)                                                        \
    ".if %c[unroll] > " number "\n8" number ":\n\t"                                              \
    ".if %c[stride] == 1\n\t" COINCELL_PAIRS("r12", "lr") COINCELL_RIGHT(x, "r12", "lr")         \
    COINCELL_OUTPUT(x, number) COINCELL_MIDDLE(y, "r12", "lr") COINCELL_LEFT(x, "r12", "lr", "r9")\
    ".else\n\t" COINCELL_TWO_PAIRS COINCELL_MIDDLE("r10", "r7", "r11")                           \
    COINCELL_RIGHT("r10", "r12", "lr") COINCELL_OUTPUT("r10", number)                            \
    COINCELL_LEFT("r10", "r12", "lr", "r9") ".endif\n\t.endif\n\t"

/* What comes before the loop: sums x of output column 0 without its last taps, y of column 1. */
#define COINCELL_ROW_BEGIN(x, y)                                                                 \
    ".if %c[left]\n\tvmov " x ", s2\n\t"                                                         \
    ".else\n\t" COINCELL_PAIRS("r12", "lr") COINCELL_LEFT(x, "r12", "lr", "r9") ".endif\n\t"     \
    ".if %c[stride] == 1\n\t" COINCELL_PAIRS("r12", "lr") COINCELL_MIDDLE(x, "r12", "lr")        \
    COINCELL_LEFT(y, "r12", "lr", "r9") ".endif\n\t"

/* The last output, whose last taps fall on the padding. */
#define COINCELL_ROW_LAST(x)                                                                     \
    ".if %c[stride] == 2\n\t" COINCELL_PAIRS("r12", "lr") COINCELL_MIDDLE(x, "r12", "lr")        \
    ".endif\n\tvmov r12, s3\n\tadd " x ", " x ", r12\n\t"                                        \
    ".if %c[looped]\n\t" COINCELL_OUTPUT(x, "0") ".else\n\t" COINCELL_OUTPUT(x, "%c[unroll]")    \
    ".endif\n\t"

/* From r2: the channel's constants, r3: the end of the pairs, r12: a pair of zero points. */
#define COINCELL_ROW_PREPARE                                                                     \
    "vmov s6, r7\n\tvmov s4, r3\n\t"                                                             \
    ".if %c[stepped]\n\tldm r2, {r2, r3, r4, r8, r9, r10}\n\tvmov s7, r10\n\t"                   \
    ".else\n\tldm r2, {r2, r3, r4, r8, r9}\n\t.endif\n\t"                                        \
    "lsl r5, r2, #8\n\tlsl r6, r3, #8\n\tpkhtb r5, r6, r5, asr #16\n\tand r5, r5, #0xFF00FF00\n\t"\
    "lsr r6, r4, #8\n\tand r6, r6, #0xFF00\n\t"                                                  \
    "and r2, r2, #0xFF00FF00\n\tand r3, r3, #0xFF00FF00\n\tand r4, r4, #0xFF00FF00\n\t"          \
    ".if %c[left]\n\t" COINCELL_LEFT("r10", "r12", "r12", "r9") "vmov s2, r10\n\t.endif\n\t"     \
    ".if %c[right]\n\tmov r10, #0\n\t" COINCELL_RIGHT("r10", "r12", "r12")                       \
    "vmov s3, r10\n\t.endif\n\t.if %c[entry]\n\tsub r1, r1, #%c[entry]*%c[step]\n\t.endif\n\t"

/* As its twin in depthwise_3x3_row.h. */
COINCELL_INLINE void coincell_row_3x3(const coincell_row_3x3_parameters *p,
                                      const uint32_t *line, const int32_t *constants,
                                      int8_t *output, int32_t below, int32_t count)
{
    const int32_t reach = (p->output_width - 1) * p->stride + 3 - p->padding_left;
    const int32_t apart = below < 0 ? -below : below;
    const int32_t right = reach > p->width;          /* the last output sees the padding */
    const int32_t columns = p->output_width - right; /* in the loop, of each row */
    const int32_t looped = columns > p->unroll;
    const int32_t entry = looped ? (p->unroll - columns % p->unroll) % p->unroll : 0;
    const int32_t passed = looped ? columns + entry : 0; /* by the output's place, in a row */
    const int32_t unread = p->width - reach + right;     /* columns at the end of a row */
    const int32_t tail = right && p->stride == 2;        /* pairs behind those of the loop */
    register const uint32_t *r0 __asm("r0") = below < 0 ? line + below : line;
    register int8_t *r1 __asm("r1") = output;
    register const int32_t *r2 __asm("r2") = constants;
    register const uint32_t *r3 __asm("r3") = r0 + count * p->width;
    register uint32_t r12 __asm("r12") = coincell_pair_of_zeros(p->zero_point);
    __asm volatile(
        COINCELL_ROW_PREPARE
        "1:\n\t"
        ".if %c[looped]\n\tadd r10, r0, %[end]\n\tvmov s5, r10\n\t.endif\n\t"
        ".if %c[stride] == 1 && (%c[entry] & 1)\n\t" COINCELL_ROW_BEGIN("r11", "r10")
        ".else\n\t" COINCELL_ROW_BEGIN("r10", "r11") ".endif\n\t"
        ".if %c[entry]\n\tb 8%c[entry]f\n\t.endif\n\t"
        "2:\n\t"
        COINCELL_ROW_COLUMN("0", "r10", "r11")
        COINCELL_ROW_COLUMN("1", "r11", "r10")
        COINCELL_ROW_COLUMN("2", "r10", "r11")
        COINCELL_ROW_COLUMN("3", "r11", "r10")
        ".if %c[looped]\n\tvmov r12, s5\n\tadd r1, r1, #%c[unroll]*%c[step]\n\t"
        "cmp r0, r12\n\tbne 2b\n\t.endif\n\t"
        ".if %c[right]\n\t.if %c[stride] == 1 && (%c[unroll] & 1)\n\t" COINCELL_ROW_LAST("r11")
        ".else\n\t" COINCELL_ROW_LAST("r10") ".endif\n\t.endif\n\t"
        ".if %c[unread]\n\tadd r0, r0, %[unread]\n\t.endif\n\t"
        ".if %c[next]\n\tadd r1, r1, %[next]\n\t.endif\n\t"
        "vmov r12, s4\n\tcmp r0, r12\n\tbne 1b\n\tvmov r7, s6\n\t"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r12)
        : [above] "i"(below < 0), [other] "i"(4 * apart - 4), [far] "i"(4 * apart),
          [step] "i"(p->channels), COINCELL_SCALING(&p->scaling), [stride] "i"(p->stride),
          [unroll] "i"(p->unroll), [left] "i"(p->padding_left), [right] "i"(right),
          [looped] "i"(looped), [entry] "i"(entry), [end] "i"(4 * (p->width - unread - tail)),
          [unread] "i"(4 * unread), [next] "i"((p->output_width - passed) * p->channels)
        : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "s2", "s3", "s4", "s5", "s6", "s7",
          "cc", "memory");
}

#endif
