/* Sums of eight outputs of a dense layer at once: the inner loop, and its twin in plain C.
 *
 * Two outputs a and b have their weights packed as int16 256 * a + b, and each word holds two such
 * for two inputs. SMLAD of that word with a pair of inputs adds to 256 * A + B, and after SXTB16,
 * which leaves b alone, adds to B: one instruction of unpacking serves four products. A itself is
 * (256 * A + B - B) >> 8. Sums may wrap on the way; the results hold modulo 2^32.
 *
 * Four inputs come as one word and are spread to the pairs (0, 2) and (1, 3). So weights stand in
 * steps of four inputs: four words for inputs 0 and 2, one a pair of outputs, then four for inputs
 * 1 and 3. */
#ifndef COINCELL_KERNELS_DSP_DENSE_BLOCK_H
#define COINCELL_KERNELS_DSP_DENSE_BLOCK_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* Adds one step of four inputs, in plain C.
 *
 * inputs:  the four, as a word
 * weights: [2, pairs]
 * sums:    [pairs, 2]: 256 * A + B and B of each pair */
COINCELL_INLINE void coincell_dense_step(uint32_t inputs, const uint32_t *weights,
                                         int32_t pairs, int32_t *sums)
{
    const uint32_t even = coincell_sxtb16(inputs);
    const uint32_t odd = coincell_sxtb16_ror8(inputs);
    for (int32_t pair = 0; pair < pairs; ++pair, sums += 2) {
        const uint32_t first = weights[pair];
        const uint32_t second = weights[pairs + pair];
        sums[0] = coincell_smlad(second, odd, coincell_smlad(first, even, sums[0]));
        sums[1] = coincell_smlad(coincell_sxtb16(first), even, sums[1]);
        sums[1] = coincell_smlad(coincell_sxtb16(second), odd, sums[1]);
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)

/* One packed word: r4 .. r11 hold the sums of pairs 0 .. 3. */
#define COINCELL_PRODUCTS(word, pair, both, second)                                              \
    "smlad " both ", " word ", " pair ", " both "\n\t"                                           \
    "sxtb16 " word ", " word "\n\t"                                                              \
    "smlad " second ", " word ", " pair ", " second "\n\t"
#define COINCELL_PAIR_0(word, pair) COINCELL_PRODUCTS(word, pair, "r4", "r5")
#define COINCELL_PAIR_1(word, pair) COINCELL_PRODUCTS(word, pair, "r6", "r7")
#define COINCELL_PAIR_2(word, pair) COINCELL_PRODUCTS(word, pair, "r8", "r9")
#define COINCELL_PAIR_3(word, pair) COINCELL_PRODUCTS(word, pair, "r10", "r11")
#define COINCELL_INPUT(to) "ldr " to ", [r0], #4\n\t"
#define COINCELL_WEIGHT(to) "ldr " to ", [r1], #4\n\t"

/* A step but for its last word. */
#define COINCELL_MOST_OF_STEP                                                                    \
    COINCELL_INPUT("r2") COINCELL_WEIGHT("r3") COINCELL_WEIGHT("r12")                            \
    "sxtb16 lr, r2\n\t"                                                                          \
    COINCELL_PAIR_0("r3", "lr") COINCELL_PAIR_1("r12", "lr")                                     \
    COINCELL_WEIGHT("r3") COINCELL_WEIGHT("r12")                                                 \
    COINCELL_PAIR_2("r3", "lr") COINCELL_PAIR_3("r12", "lr")                                     \
    "sxtb16 r2, r2, ror #8\n\t"                                                                  \
    COINCELL_WEIGHT("r3") COINCELL_WEIGHT("r12") COINCELL_WEIGHT("lr")                           \
    COINCELL_PAIR_0("r3", "r2") COINCELL_PAIR_1("r12", "r2") COINCELL_PAIR_2("lr", "r2")

#define COINCELL_STEP COINCELL_MOST_OF_STEP COINCELL_WEIGHT("r3") COINCELL_PAIR_3("r3", "r2")

/* Two steps; loads stand side by side, where each after the first takes one cycle. */
#define COINCELL_TWO_STEPS                                                                       \
    COINCELL_MOST_OF_STEP                                                                        \
    COINCELL_WEIGHT("r3") COINCELL_INPUT("r12") COINCELL_WEIGHT("lr")                            \
    COINCELL_PAIR_3("r3", "r2")                                                                  \
    "sxtb16 r2, r12\n\t"                                                                         \
    COINCELL_PAIR_0("lr", "r2")                                                                  \
    COINCELL_WEIGHT("r3") COINCELL_WEIGHT("lr")                                                  \
    COINCELL_PAIR_1("r3", "r2") COINCELL_PAIR_2("lr", "r2")                                      \
    COINCELL_WEIGHT("r3") COINCELL_WEIGHT("lr")                                                  \
    COINCELL_PAIR_3("r3", "r2")                                                                  \
    "sxtb16 r12, r12, ror #8\n\t"                                                                \
    COINCELL_PAIR_0("lr", "r12")                                                                 \
    COINCELL_WEIGHT("r2") COINCELL_WEIGHT("r3") COINCELL_WEIGHT("lr")                            \
    COINCELL_PAIR_1("r2", "r12") COINCELL_PAIR_2("r3", "r12") COINCELL_PAIR_3("lr", "r12")

/* Four pairs of outputs. All 14 registers are in use; the ends of the loops wait on the stack.
 *
 * input:   [4 * steps], at any address
 * weights: [steps, 2, 4]
 * sums:    [4, 2] */
static inline void coincell_dense_block(const int8_t *input, const uint32_t *weights,
                                        int32_t steps, int32_t *sums)
{
    register const int8_t *in __asm("r0") = input;
    register const uint32_t *packed __asm("r1") = weights;
    register const uint32_t *end_of_fours __asm("r2") = weights + 8 * (steps & ~3);
    register const uint32_t *end __asm("r3") = weights + 8 * steps;
    register int32_t *results __asm("r12") = sums;
    __asm volatile("push {r2, r3, r7, r12}\n\t"
                   "movs r4, #0\n\t"
                   "movs r5, #0\n\t"
                   "movs r6, #0\n\t"
                   "movs r7, #0\n\t"
                   "mov r8, #0\n\t"
                   "mov r9, #0\n\t"
                   "mov r10, #0\n\t"
                   "mov r11, #0\n\t"
                   "cmp r1, r2\n\t"
                   "beq 2f\n"
                   "1:\n\t" COINCELL_TWO_STEPS COINCELL_TWO_STEPS
                   "ldr r2, [sp]\n\t"
                   "cmp r1, r2\n\t"
                   "bne 1b\n"
                   "2:\n\t"
                   "ldr r2, [sp, #4]\n\t"
                   "cmp r1, r2\n\t"
                   "beq 4f\n"
                   "3:\n\t" COINCELL_STEP
                   "ldr r2, [sp, #4]\n\t"
                   "cmp r1, r2\n\t"
                   "bne 3b\n"
                   "4:\n\t"
                   "ldr r2, [sp, #12]\n\t"
                   "stm r2, {r4-r11}\n\t"
                   "pop {r2, r3, r7, r12}"
                   : "+r"(in), "+r"(packed), "+r"(end_of_fours), "+r"(end), "+r"(results)
                   :
                   : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "cc", "memory");
}

#undef COINCELL_PRODUCTS
#undef COINCELL_PAIR_0
#undef COINCELL_PAIR_1
#undef COINCELL_PAIR_2
#undef COINCELL_PAIR_3
#undef COINCELL_INPUT
#undef COINCELL_WEIGHT
#undef COINCELL_MOST_OF_STEP
#undef COINCELL_STEP
#undef COINCELL_TWO_STEPS

#else

/* As above. */
static inline void coincell_dense_block(const int8_t *input, const uint32_t *weights,
                                        int32_t steps, int32_t *sums)
{
    for (int32_t i = 0; i < 8; ++i) {
        sums[i] = 0;
    }
    for (int32_t step = 0; step < steps; ++step) {
        coincell_dense_step(coincell_load_word(input + 4 * step), weights + 8 * step, 4, sums);
    }
}

#endif

#endif
