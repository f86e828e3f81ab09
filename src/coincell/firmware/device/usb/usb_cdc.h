/* SPDX-License-Identifier: Apache-2.0
 *
 * A serial port over USB: the class CDC with the abstract control model (PSTN120).
 */
#ifndef COINCELL_USB_CDC_H
#define COINCELL_USB_CDC_H

#include <stdint.h>

#include "usb/usb_device.h"

#define CDC_NOTIFY_ENDPOINT 1u
#define CDC_DATA_ENDPOINT 2u /* in and out */
#define CDC_CONTROL_INTERFACE 0u
#define CDC_DATA_INTERFACE 1u

/* Answers a request of the class. Returns USB_STALL; or, of a request for data, how many bytes of
 * usb_control_data are the answer; or, of one that brings data, how many bytes must come. */
int32_t usb_cdc_request(const usb_setup *setup);

/* The data of such a request lie in usb_control_data. Returns 0 or USB_STALL. */
int32_t usb_cdc_request_data(const usb_setup *setup);

/* A control transfer has ended well. */
void usb_cdc_request_done(void);

/* The bus was reset or left: no program on the computer holds the port. */
void usb_cdc_close(void);

/* Whether a program on the computer holds the port (DTR). */
int usb_cdc_is_open(void);

/* These two are transport_usb.c's, called in interrupts: the endpoints begin afresh; packets came
 * or left, as bits of EPDATASTATUS. */
void usb_cdc_restart(void);
void usb_cdc_packets(uint32_t endpoints);

#endif
