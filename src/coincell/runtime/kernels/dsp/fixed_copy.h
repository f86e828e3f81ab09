/* strided_copy, all numbers known to the compiler: words instead of bytes, and no loop of one. */
#ifndef COINCELL_KERNELS_DSP_FIXED_COPY_H
#define COINCELL_KERNELS_DSP_FIXED_COPY_H

#include <stdint.h>

#include "kernels/copy_loops.h"
#include "kernels/dsp/instructions.h"

typedef coincell_copy_loops coincell_fixed_copy_parameters;

/* `address`, of which the compiler no longer knows in which array it lies. Where GCC 12 sees that
 * both ends of a copy are in one array it counts addresses wrongly (-O2, ivopts and ipa-cp). */
COINCELL_INLINE int8_t *coincell_fixed_copy_place(const void *address)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm("" : "+r"(address));
#endif
    return (int8_t *)address;
}

/* from, to: [count]; loads stand side by side, where they cost least */
COINCELL_INLINE void coincell_fixed_copy_run(const int8_t *from, int8_t *to, int32_t count)
{
    for (int32_t block = count / 16; block > 0; --block) {
        const uint32_t a = coincell_load_word(from);
        const uint32_t b = coincell_load_word(from + 4);
        const uint32_t c = coincell_load_word(from + 8);
        const uint32_t d = coincell_load_word(from + 12);
        coincell_store_word(to, a);
        coincell_store_word(to + 4, b);
        coincell_store_word(to + 8, c);
        coincell_store_word(to + 12, d);
        from += 16;
        to += 16;
    }
    if (count & 8) {
        const uint32_t a = coincell_load_word(from);
        const uint32_t b = coincell_load_word(from + 4);
        coincell_store_word(to, a);
        coincell_store_word(to + 4, b);
        from += 8;
        to += 8;
    }
    if (count & 4) {
        coincell_store_word(to, coincell_load_word(from));
        from += 4;
        to += 4;
    }
    if (count & 2) {
        __builtin_memcpy(to, from, 2);
        from += 2;
        to += 2;
    }
    if (count & 1) {
        *to = *from;
    }
}

/* Single bytes, four at a time.
 *
 * from: [count], input_step bytes apart; to: [count], output_step apart */
COINCELL_INLINE void coincell_fixed_copy_bytes(const int8_t *from, int8_t *to, int32_t count,
                                               int32_t input_step, int32_t output_step)
{
    const int32_t whole = count / 4 * 4;
    for (int32_t i = 0; i < whole; i += 4) {
        const int8_t *in = from + i * input_step;
        int8_t *out = to + i * output_step;
        const int8_t a = in[0];
        const int8_t b = in[input_step];
        const int8_t c = in[2 * input_step];
        const int8_t d = in[3 * input_step];
        out[0] = a;
        out[output_step] = b;
        out[2 * output_step] = c;
        out[3 * output_step] = d;
    }
    for (int32_t i = 0; i < count % 4; ++i) {
        to[(whole + i) * output_step] = from[(whole + i) * input_step];
    }
}

/* The three innermost loops. */
COINCELL_INLINE void coincell_fixed_copy_block(const coincell_fixed_copy_parameters *p,
                                               const int8_t *from, int8_t *to)
{
    for (int32_t i = 0; i < p->size_3; ++i) {
        for (int32_t j = 0; j < p->size_4; ++j) {
            const int8_t *next = from + i * p->input_step_3 + j * p->input_step_4;
            int8_t *place = to + i * p->output_step_3 + j * p->output_step_4;
            if (p->run == 1) {
                coincell_fixed_copy_bytes(next, place, p->size_5, p->input_step_5,
                                          p->output_step_5);
                continue;
            }
            for (int32_t k = 0; k < p->size_5; ++k) {
                coincell_fixed_copy_run(next + k * p->input_step_5, place + k * p->output_step_5,
                                        p->run);
            }
        }
    }
}

/* input, output: as coincell_strided_copy; at any address. */
COINCELL_INLINE void coincell_fixed_copy(const coincell_fixed_copy_parameters *p,
                                         const void *input, void *output)
{
    const int8_t *from = coincell_fixed_copy_place(input) + p->input_start;
    int8_t *to = coincell_fixed_copy_place(output) + p->output_start;

    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                coincell_fixed_copy_block(
                    p, from + i * p->input_step_0 + j * p->input_step_1 + k * p->input_step_2,
                    to + i * p->output_step_0 + j * p->output_step_1 + k * p->output_step_2);
            }
        }
    }
}

#endif
