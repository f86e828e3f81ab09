/* SPDX-License-Identifier: Apache-2.0
 *
 * memcpy, memmove and memset. Compilers emit calls to them from plain C, so they must be there even
 * without a C library. Words where both pointers allow, bytes elsewhere.
 */
#include <stdint.h>
#include <string.h>

#define WORD_MASK (sizeof(uint32_t) - 1u)

void *memcpy(void *restrict target, const void *restrict source, size_t bytes)
{
    uint8_t *to = target;
    const uint8_t *from = source;
    if ((((uintptr_t)to ^ (uintptr_t)from) & WORD_MASK) == 0) {
        while (bytes > 0 && ((uintptr_t)to & WORD_MASK) != 0) {
            *to++ = *from++;
            bytes--;
        }
        uint32_t *to_word = (uint32_t *)to;
        const uint32_t *from_word = (const uint32_t *)from;
        for (; bytes >= 16; bytes -= 16) {
            to_word[0] = from_word[0];
            to_word[1] = from_word[1];
            to_word[2] = from_word[2];
            to_word[3] = from_word[3];
            to_word += 4;
            from_word += 4;
        }
        for (; bytes >= 4; bytes -= 4) {
            *to_word++ = *from_word++;
        }
        to = (uint8_t *)to_word;
        from = (const uint8_t *)from_word;
    }
    while (bytes-- > 0) {
        *to++ = *from++;
    }
    return target;
}

void *memmove(void *target, const void *source, size_t bytes)
{
    uint8_t *to = target;
    const uint8_t *from = source;
    if (to <= from || to >= from + bytes) {
        for (size_t i = 0; i < bytes; i++) {
            to[i] = from[i];
        }
    } else {
        for (size_t i = bytes; i > 0; i--) {
            to[i - 1] = from[i - 1];
        }
    }
    return target;
}

void *memset(void *target, int value, size_t bytes)
{
    uint8_t *to = target;
    while (bytes > 0 && ((uintptr_t)to & WORD_MASK) != 0) {
        *to++ = (uint8_t)value;
        bytes--;
    }
    const uint32_t word = (uint32_t)(uint8_t)value * 0x01010101u;
    uint32_t *to_word = (uint32_t *)to;
    for (; bytes >= 4; bytes -= 4) {
        *to_word++ = word;
    }
    to = (uint8_t *)to_word;
    while (bytes-- > 0) {
        *to++ = (uint8_t)value;
    }
    return target;
}
