/* The memory functions that kernels call, declared here because a freestanding compiler may come
 * without <string.h>; every toolchain provides the functions themselves. */
#ifndef COINCELL_KERNELS_MEMORY_H
#define COINCELL_KERNELS_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t count);
void *memset(void *target, int value, size_t count);

#endif
