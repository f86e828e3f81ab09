/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COINCELL_USB_DESCRIPTORS_H
#define COINCELL_USB_DESCRIPTORS_H

#include <stdint.h>

#define USB_CONFIGURATION 1u

/* kind: descriptor's type << 8 | index -> bytes: uint8[USB_CONTROL_BYTES]. Returns the descriptor's
 * length, or USB_STALL when there is none. */
int32_t usb_descriptor(uint32_t kind, uint32_t language, uint8_t *bytes);

#endif
