/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as they stand on the line: little-endian, at any address.
 */
#ifndef COINCELL_BYTES_H
#define COINCELL_BYTES_H

#include <stdint.h>

/* bytes: uint8[2] */
static inline uint32_t get_u16(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

/* bytes: uint8[4] */
static inline uint32_t get_u32(const uint8_t *bytes)
{
    return get_u16(bytes) | get_u16(bytes + 2) << 16;
}

/* bytes: uint8[2] */
static inline void put_u16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

/* bytes: uint8[4] */
static inline void put_u32(uint8_t *bytes, uint32_t value)
{
    put_u16(bytes, value);
    put_u16(bytes + 2, value >> 16);
}

#endif
