/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_STARTUP_H
#define COINCELL_STARTUP_H

#include <stdint.h>

/* What untouched stack holds. */
#define STACK_PAINT 0xC0C0C0C0u

/* Bytes of stack used at most since reset. */
uint32_t stack_peak_bytes(void);

#endif
