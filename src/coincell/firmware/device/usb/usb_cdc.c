/* SPDX-License-Identifier: Apache-2.0
 *
 * The serial port's requests: PSTN120, section 6.3. Line coding is kept and told, and means nothing
 * to a line without a UART, except 1200 baud.
 */
#include "usb/usb_cdc.h"

#include <string.h>

#include "firmware/bytes.h"
#include "usb/usb_identity.h"
#include "usb/usb_registers.h"

#define SET_LINE_CODING 0x2120u /* type << 8 | request */
#define GET_LINE_CODING 0xA121u
#define SET_CONTROL_LINE_STATE 0x2122u
#define DTR 1u
#define LINE_CODING_BYTES 7u
#define TOUCH_BAUD 1200u
#define TOUCH_LOOPS 64000u /* some milliseconds: the request's last packet leaves before */

/* baud uint32, stop bits, parity, data bits: 115200 8N1. */
static const uint8_t usual_coding[LINE_CODING_BYTES] = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8};
static uint8_t coding[LINE_CODING_BYTES];
static volatile uint8_t line_state;
static uint8_t let_go; /* the port was held, and is not any more */

int usb_cdc_is_open(void)
{
    return (line_state & DTR) != 0;
}

void usb_cdc_close(void)
{
    line_state = let_go = 0;
    memcpy(coding, usual_coding, sizeof coding);
}

int32_t usb_cdc_request(const usb_setup *setup)
{
    if (setup->index != CDC_CONTROL_INTERFACE) return USB_STALL;
    switch (setup->request) {
    case SET_LINE_CODING:
        return setup->value != 0 ? USB_STALL : (int32_t)LINE_CODING_BYTES;
    case GET_LINE_CODING:
        memcpy(usb_control_data, coding, sizeof coding);
        return setup->value != 0 ? USB_STALL : (int32_t)LINE_CODING_BYTES;
    case SET_CONTROL_LINE_STATE:
        if (setup->length != 0) return USB_STALL;
        let_go = usb_cdc_is_open() && (setup->value & DTR) == 0;
        line_state = (uint8_t)(setup->value & 3u);
        return 0;
    default:
        return USB_STALL;
    }
}

int32_t usb_cdc_request_data(const usb_setup *setup)
{
    if (setup->request != SET_LINE_CODING) return USB_STALL;
    memcpy(coding, usb_control_data, sizeof coding);
    return 0;
}

/* The "touch": a program that lets go of the port at 1200 baud asks for the bootloader, as on every
 * Arduino with USB of its own. (Opening it at 1200 must not: Linux remembers the last speed.) The
 * Nano's bootloader stays when it finds its number in GPREGRET, which outlives the reset
 * (ArduinoCore-mbed, variants/ARDUINO_NANO33BLE, and RIOT, boards/arduino-nano-33-ble: 0xB0). */
void usb_cdc_request_done(void)
{
    const uint32_t baud = get_u32(coding);
    if (!let_go) return;
    let_go = 0;
    if (USB_BOOTLOADER_REQUEST == 0 || baud != TOUCH_BAUD) return;
    mask_interrupts();
    for (volatile uint32_t i = 0; i < TOUCH_LOOPS; i++) {
    }
    usb_device_detach();
    POWER_GPREGRET = USB_BOOTLOADER_REQUEST;
    barrier();
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}
