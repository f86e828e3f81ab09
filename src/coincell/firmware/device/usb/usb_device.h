/* SPDX-License-Identifier: Apache-2.0
 *
 * The chip as a USB device: power on the cable, the control pipe, packets by EasyDMA.
 */
#ifndef COINCELL_USB_DEVICE_H
#define COINCELL_USB_DEVICE_H

#include <stdint.h>

/* A setup packet (USB 2.0, section 9.3). */
typedef struct {
    uint16_t request; /* bmRequestType << 8 | bRequest */
    uint16_t value, index, length;
} usb_setup;

#define USB_STALL (-1)
#define USB_CONTROL_BYTES 128u

/* What a control transfer carries: an answer is put here, the computer's bytes are found here. */
extern uint8_t usb_control_data[USB_CONTROL_BYTES];

/* Watches for a computer's power from now on. Returns at once, with a cable or without. */
void usb_device_init(void);

/* Off the bus, as if the cable were pulled. */
void usb_device_detach(void);

/* Whether a computer has configured the device and the bus is not suspended. */
int usb_device_ready(void);

/* bytes: uint8[count] in RAM, count <= 64 -> the endpoint's buffer. Interrupts must be masked. */
void usb_device_put(uint32_t endpoint, const uint8_t *bytes, uint32_t count);

/* The endpoint's packet -> bytes: uint8[64] in RAM; returns how many. The endpoint takes the next
 * packet then. Interrupts must be masked. */
uint32_t usb_device_get(uint32_t endpoint, uint8_t *bytes);

/* Answers a standard request of chapter 9, as usb_cdc_request() does. */
int32_t usb_standard_request(const usb_setup *setup);

/* The device is configured (or no more): its endpoints begin afresh. */
void usb_device_configure(int configured);

#endif
