/* SPDX-License-Identifier: Apache-2.0
 *
 * The three functions of <string.h> that the device's C may use, for compilers that come without a
 * C library. Defined in firmware/memory.c.
 */
#ifndef COINCELL_FREESTANDING_STRING_H
#define COINCELL_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);

#endif
