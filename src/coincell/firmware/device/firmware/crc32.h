/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_CRC32_H
#define COINCELL_CRC32_H

#include <stdint.h>

/* bytes: uint8[count]. The CRC-32 of Ethernet, zip and PNG (reflected polynomial 0xEDB88320). */
uint32_t crc32(const uint8_t *bytes, uint32_t count);

#endif
