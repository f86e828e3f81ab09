/* Integers of several widths, for kernels that are not worth a copy for each type. */
#ifndef COINCELL_KERNELS_INTEGERS_H
#define COINCELL_KERNELS_INTEGERS_H

#include <stdint.h>

/* array: [more than index] of elements of `bytes` bytes (1, 2, 4 or 8), signed or not; of 8 bytes
 * the lower 4 count */
static inline int32_t coincell_read_integer(const void *array, int32_t index, int32_t bytes,
                                            int32_t is_signed)
{
    if (bytes == 8) {
        return (int32_t)(uint32_t)(uint64_t)((const int64_t *)array)[index];
    }
    if (bytes == 4) {
        return ((const int32_t *)array)[index];
    }
    if (bytes == 2) {
        return ((const int16_t *)array)[index];
    }
    return is_signed ? ((const int8_t *)array)[index] : ((const uint8_t *)array)[index];
}

/* array: [more than index] of elements of `bytes` bytes (1, 2 or 4); the value's low bytes count */
static inline void coincell_write_integer(void *array, int32_t index, int32_t bytes, int32_t value)
{
    if (bytes == 4) {
        ((int32_t *)array)[index] = value;
    } else if (bytes == 2) {
        ((int16_t *)array)[index] = (int16_t)value;
    } else {
        ((int8_t *)array)[index] = (int8_t)value;
    }
}

#endif
