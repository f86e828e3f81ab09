/* The instructions of Armv7E-M that kernels use, as functions.
 *
 * On a core that has them (__ARM_FEATURE_DSP) each is the instruction; elsewhere it is a model in
 * plain C that gives the same bits, so that the kernels run, and are tested, on any computer.
 *
 * A "pair" is two int16 in a word, the first in the low half; four int8 in a word begin with the
 * low byte, as a little-endian core loads them. Sums wrap modulo 2^32. Arguments called `bits`
 * and `shift` must be constants once the function is inlined. */
#ifndef COINCELL_KERNELS_DSP_INSTRUCTIONS_H
#define COINCELL_KERNELS_DSP_INSTRUCTIONS_H

#include <stdint.h>

#include "kernels/inline.h"

/* The word at any address; memory order is little-endian on every target. */
COINCELL_INLINE uint32_t coincell_load_word(const void *address)
{
    uint32_t word;
    __builtin_memcpy(&word, address, sizeof word);
    return word;
}

/* Puts a word at any address. */
COINCELL_INLINE void coincell_store_word(void *address, uint32_t word)
{
    __builtin_memcpy(address, &word, sizeof word);
}

/* `word`, of which the compiler no longer knows that it is constant: it stays in a register, so
 * that an instruction may combine it with a shifted operand. */
COINCELL_INLINE uint32_t coincell_in_register(uint32_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm("" : "+r"(word));
#endif
    return word;
}

/* The low byte of `value` goes to memory. GCC is told in assembly: left to itself it gathers
 * neighbours in a register first, or extends the sign of what SSAT has just extended. */
COINCELL_INLINE void coincell_store_byte(int8_t *address, int32_t value)
{
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__clang__)
    __asm("strb %1, %0" : "=m"(*address) : "r"(value));
#else
    *address = (int8_t)value;
#endif
}

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)

/* r = mnemonic(a, b, accumulator), as in SMLAD. */
#define COINCELL_ACCUMULATE(mnemonic, operand)                                                   \
    COINCELL_INLINE int32_t coincell_##mnemonic(operand a, operand b, int32_t accumulator)       \
    {                                                                                            \
        int32_t result;                                                                          \
        __asm(#mnemonic " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(accumulator));    \
        return result;                                                                           \
    }

/* r = mnemonic(a, b). */
#define COINCELL_COMBINE(mnemonic, operand, type)                                                \
    COINCELL_INLINE type coincell_##mnemonic(operand a, operand b)                               \
    {                                                                                            \
        type result;                                                                             \
        __asm(#mnemonic " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));                          \
        return result;                                                                           \
    }

/* r = mnemonic(bytes), as it is and with the bytes turned right by 8 beforehand. */
#define COINCELL_EXTEND(mnemonic)                                                                \
    COINCELL_INLINE uint32_t coincell_##mnemonic(uint32_t bytes)                                 \
    {                                                                                            \
        uint32_t result;                                                                         \
        __asm(#mnemonic " %0, %1" : "=r"(result) : "r"(bytes));                                  \
        return result;                                                                           \
    }                                                                                            \
    COINCELL_INLINE uint32_t coincell_##mnemonic##_ror8(uint32_t bytes)                          \
    {                                                                                            \
        uint32_t result;                                                                         \
        __asm(#mnemonic " %0, %1, ror #8" : "=r"(result) : "r"(bytes));                          \
        return result;                                                                           \
    }

/* r = mnemonic(pair, bytes), likewise. */
#define COINCELL_EXTEND_AND_ADD(mnemonic)                                                        \
    COINCELL_INLINE uint32_t coincell_##mnemonic(uint32_t pair, uint32_t bytes)                  \
    {                                                                                            \
        uint32_t result;                                                                         \
        __asm(#mnemonic " %0, %1, %2" : "=r"(result) : "r"(pair), "r"(bytes));                   \
        return result;                                                                           \
    }                                                                                            \
    COINCELL_INLINE uint32_t coincell_##mnemonic##_ror8(uint32_t pair, uint32_t bytes)           \
    {                                                                                            \
        uint32_t result;                                                                         \
        __asm(#mnemonic " %0, %1, %2, ror #8" : "=r"(result) : "r"(pair), "r"(bytes));           \
        return result;                                                                           \
    }

COINCELL_ACCUMULATE(smlad, uint32_t)
COINCELL_ACCUMULATE(smlabb, uint32_t)
COINCELL_ACCUMULATE(smlabt, uint32_t)
COINCELL_ACCUMULATE(smlatb, uint32_t)
COINCELL_ACCUMULATE(smlatt, uint32_t)
COINCELL_ACCUMULATE(smmla, int32_t)

/* r = mnemonic(factor, pair, accumulator), as in SMLAWB. */
#define COINCELL_ACCUMULATE_HALF(mnemonic)                                                       \
    COINCELL_INLINE int32_t coincell_##mnemonic(int32_t factor, uint32_t pair,                   \
                                                int32_t accumulator)                             \
    {                                                                                            \
        int32_t result;                                                                          \
        __asm(#mnemonic " %0, %1, %2, %3"                                                        \
              : "=r"(result)                                                                     \
              : "r"(factor), "r"(pair), "r"(accumulator));                                       \
        return result;                                                                           \
    }

COINCELL_ACCUMULATE_HALF(smlawb)
COINCELL_ACCUMULATE_HALF(smlawt)

COINCELL_COMBINE(smuad, uint32_t, int32_t)
COINCELL_COMBINE(smmul, int32_t, int32_t)
COINCELL_COMBINE(smmulr, int32_t, int32_t)

COINCELL_EXTEND(sxtb16)
COINCELL_EXTEND_AND_ADD(sxtab16)

#undef COINCELL_ACCUMULATE
#undef COINCELL_ACCUMULATE_HALF
#undef COINCELL_COMBINE
#undef COINCELL_EXTEND
#undef COINCELL_EXTEND_AND_ADD

/* The low half of `low`, and the high half of high << shift (0 .. 31). */
COINCELL_INLINE uint32_t coincell_pkhbt(uint32_t low, uint32_t high, int shift)
{
    uint32_t result;
    __asm("pkhbt %0, %1, %2, lsl %3" : "=r"(result) : "r"(low), "r"(high), "i"(shift));
    return result;
}

/* The high half of `high`, and the low half of low >> shift (arithmetic, 1 .. 31). */
COINCELL_INLINE uint32_t coincell_pkhtb(uint32_t high, uint32_t low, int shift)
{
    uint32_t result;
    __asm("pkhtb %0, %1, %2, asr %3" : "=r"(result) : "r"(high), "r"(low), "i"(shift));
    return result;
}

/* value >> shift (0 .. 31), saturated to `bits` bits with a sign (1 .. 32). */
COINCELL_INLINE int32_t coincell_ssat(int32_t value, int bits, int shift)
{
    int32_t result;
    if (shift == 0) {
        __asm("ssat %0, %1, %2" : "=r"(result) : "i"(bits), "r"(value));
    } else {
        __asm("ssat %0, %1, %2, asr %3" : "=r"(result) : "i"(bits), "r"(value), "i"(shift));
    }
    return result;
}

/* The larger of each two int8: SSUB8 and SEL. */
COINCELL_INLINE uint32_t coincell_max8(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

#else
#include "kernels/dsp/instructions_model.h"
#endif

#endif
