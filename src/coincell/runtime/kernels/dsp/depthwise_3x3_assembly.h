/* The loop of depthwise_3x3_rows.h in assembly, for cores with DSP instructions and an FPU.
 *
 * r0         the next column's first pair, or its second where that lies before it in memory
 * r1         the multiplier and the output's place, by turns
 * r2 .. r7   taps: for each column of the filter the upper two, then the lower two
 * r8, r9     sums of the upper and lower output of every other column: "even"
 * r10, r11   those of the columns between: "odd"
 * r12, lr    a column's two pairs
 * s0 .. s8   multiplier, bias, bias with the left padding, sum of the right padding, the output's
 *            place, end of the pairs, end of their row, what was in r7 (clang keeps that
 *            register to itself), step
 *
 * A column ends the sums of the output column before it, adds to those of its own, and begins
 * those of the next, in the registers that have just become free. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ASSEMBLY_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_3X3_ASSEMBLY_H

#include <stdint.h>

#include "kernels/dsp/depthwise_output_assembly.h"

#define COINCELL_LOAD_PAIRS                                                                      \
    ".if %c[above]\n\tldr lr, [r0], #4\n\tldr r12, [r0, %[other]]\n\t"                           \
    ".else\n\tldr r12, [r0], #4\n\tldr lr, [r0, %[other]]\n\t.endif\n\t"

/* Sums x0 (upper) and x1 (lower) = from + products of the pairs with one column's taps. */
#define COINCELL_SUMS(x0, x1, upper, lower, from0, from1)                                        \
    "smlatb " x1 ", r12, " upper ", " from1 "\n\t"                                               \
    "smlad " x0 ", r12, " upper ", " from0 "\n\t"                                                \
    "smlad " x1 ", lr, " lower ", " x1 "\n\t"                                                    \
    "smlabt " x0 ", lr, " lower ", " x0 "\n\t"
#define COINCELL_ADD(x0, x1, upper, lower) COINCELL_SUMS(x0, x1, upper, lower, x0, x1)
/* Sums that begin with what waits in an FPU register. */
#define COINCELL_BEGIN(x0, x1, upper, lower, from)                                               \
    "vmov " x0 ", " from "\n\t" COINCELL_SUMS(x0, x1, upper, lower, x0, x0)

/* Two outputs; leaves the output's place in r1. */
#define COINCELL_STORE(x0, x1, column)                                                           \
    COINCELL_STEP(x0, "r1", "s8") COINCELL_STEP(x1, "r1", "s8") "vmov r1, s0\n\t"                \
    "smmul " x0 ", " x0 ", r1\n\tsmmul " x1 ", " x1 ", r1\n\tvmov r1, s4\n\t"                    \
    COINCELL_SATURATE(x0) COINCELL_SATURATE(x1)                                                  \
    "strb " x1 ", [r1, #%c[step]*" column "+%c[lower]]\n\t"                                      \
    "strb " x0 ", [r1, #%c[step]*" column "]\n\t"

/* The loop's column `number`, which ends the sums x and adds to y. */
#define COINCELL_COLUMN(number, x0, x1, y0, y1)                                                  \
    ".if %c[unroll] > " number "\n8" number ":\n\t" COINCELL_LOAD_PAIRS                          \
    COINCELL_ADD(x0, x1, "r6", "r7") COINCELL_STORE(x0, x1, number)                              \
    COINCELL_ADD(y0, y1, "r4", "r5")                                                             \
    COINCELL_BEGIN(x0, x1, "r2", "r3", "s1") ".endif\n\t"

/* What comes before the loop: sums x of output column 0 without its last taps, y of column 1. */
#define COINCELL_FIRST_COLUMNS(x0, x1, y0, y1)                                                   \
    COINCELL_LOAD_PAIRS ".if %c[left]\n\t"                                                       \
    COINCELL_BEGIN(x0, x1, "r4", "r5", "s2")                                                     \
    ".else\n\t" COINCELL_BEGIN(x0, x1, "r2", "r3", "s1")                                         \
    COINCELL_LOAD_PAIRS COINCELL_ADD(x0, x1, "r4", "r5") ".endif\n\t"                            \
    COINCELL_BEGIN(y0, y1, "r2", "r3", "s1")

/* The last output column x, whose last taps fall on the padding. */
#define COINCELL_LAST_COLUMN(x0, x1)                                                             \
    "vmov r1, s3\n\tadd " x0 ", " x0 ", r1\n\tadd " x1 ", " x1 ", r1\n\t"                        \
    ".if %c[looped]\n\t" COINCELL_STORE(x0, x1, "0")                                             \
    ".else\n\t" COINCELL_STORE(x0, x1, "%c[unroll]") ".endif\n\t"

/* From r2: the channel's constants, r3: the end of the pairs, r12: a pair of zero points. */
#define COINCELL_PREPARE                                                                         \
    "vmov s7, r7\n\tvmov s5, r3\n\t"                                                             \
    ".if %c[stepped]\n\tldm r2, {r2, r4, r6, r8, r9, r10}\n\tvmov s8, r10\n\t"                   \
    ".else\n\tldm r2, {r2, r4, r6, r8, r9}\n\t.endif\n\t"                                        \
    "lsl r3, r2, #8\n\tlsl r5, r4, #8\n\tlsl r7, r6, #8\n\t"                                     \
    "and r2, r2, #0xFF00FF00\n\tand r3, r3, #0xFF00FF00\n\t"                                     \
    "and r4, r4, #0xFF00FF00\n\tand r5, r5, #0xFF00FF00\n\t"                                     \
    "and r6, r6, #0xFF00FF00\n\tand r7, r7, #0xFF00FF00\n\t"                                     \
    "vmov s0, r8\n\tvmov s1, r9\n\t"                                                             \
    ".if %c[left]\n\tsmlad r10, r12, r2, r9\n\tsmlabt r10, r12, r3, r10\n\tvmov s2, r10\n\t"     \
    ".endif\n\t.if %c[right]\n\tsmuad r10, r12, r6\n\tsmlabt r10, r12, r7, r10\n\t"              \
    "vmov s3, r10\n\t.endif\n\t"                                                                 \
    ".if %c[entry]\n\tsub r1, r1, #%c[entry]*%c[step]\n\t.endif\n\tvmov s4, r1\n\t"

/* The end of a row: r1 holds the output's place. */
#define COINCELL_NEXT_ROW                                                                        \
    ".if %c[right] == 0\n\tvmov r1, s4\n\t.endif\n\t"                                            \
    ".if %c[next] > 4095\n\tmovw r12, %[next]\n\tadd r1, r1, r12\n\tvmov s4, r1\n\t"             \
    ".elseif %c[next]\n\tadd r1, r1, %[next]\n\tvmov s4, r1\n\t.endif\n\t"                       \
    "vmov r1, s5\n\tcmp r0, r1\n\tbne 1b\n\t"

/* As its twin in depthwise_3x3_rows.h. */
COINCELL_INLINE void coincell_rows_3x3(const coincell_rows_3x3_parameters *p,
                                       const uint32_t *line, const int32_t *constants,
                                       int8_t *output, int32_t below, int32_t count)
{
    const int32_t columns = p->width - 2 + p->padding_left; /* in the loop, of each row */
    const int32_t looped = columns > p->unroll;
    const int32_t entry = looped ? (p->unroll - columns % p->unroll) % p->unroll : 0;
    const int32_t passed = looped ? columns + entry : 0; /* by the output's place, in a row */
    register const uint32_t *r0 __asm("r0") = below < 0 ? line + below : line;
    register int8_t *r1 __asm("r1") = output;
    register const int32_t *r2 __asm("r2") = constants;
    register const uint32_t *r3 __asm("r3") = r0 + count * p->width;
    register uint32_t r12 __asm("r12") = coincell_pair_of_zeros(p->zero_point);
    __asm volatile(
        COINCELL_PREPARE
        "1:\n\t"
        ".if %c[looped]\n\tadd r1, r0, %[row]\n\tvmov s6, r1\n\t.endif\n\t"
        ".if %c[entry] & 1\n\t" COINCELL_FIRST_COLUMNS("r10", "r11", "r8", "r9")
        ".else\n\t" COINCELL_FIRST_COLUMNS("r8", "r9", "r10", "r11") ".endif\n\t"
        ".if %c[entry]\n\tb 8%c[entry]f\n\t.endif\n\t"
        "2:\n\t"
        COINCELL_COLUMN("0", "r8", "r9", "r10", "r11")
        COINCELL_COLUMN("1", "r10", "r11", "r8", "r9")
        COINCELL_COLUMN("2", "r8", "r9", "r10", "r11")
        COINCELL_COLUMN("3", "r10", "r11", "r8", "r9")
        COINCELL_COLUMN("4", "r8", "r9", "r10", "r11")
        COINCELL_COLUMN("5", "r10", "r11", "r8", "r9")
        ".if %c[looped]\n\tadd r1, r1, #%c[unroll]*%c[step]\n\tvmov s4, r1\n\t"
        "vmov r1, s6\n\tcmp r0, r1\n\tbne 2b\n\t.endif\n\t"
        ".if %c[right]\n\t.if %c[unroll] & 1\n\t" COINCELL_LAST_COLUMN("r10", "r11")
        ".else\n\t" COINCELL_LAST_COLUMN("r8", "r9") ".endif\n\t.endif\n\t"
        COINCELL_NEXT_ROW
        "vmov r7, s7\n\t"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r12)
        : [above] "i"(below < 0), [other] "i"(4 * (below < 0 ? -below : below) - 4),
          [row] "i"(4 * p->width), [step] "i"(p->channels), COINCELL_SCALING(&p->scaling),
          [lower] "i"(p->output_width * p->channels), [unroll] "i"(p->unroll),
          [left] "i"(p->padding_left), [right] "i"(p->padding_right), [looped] "i"(looped),
          [entry] "i"(entry), [next] "i"((2 * p->output_width - passed) * p->channels)
        : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "s0", "s1", "s2", "s3", "s4",
          "s5", "s6", "s7", "s8", "cc", "memory");
}

#endif
