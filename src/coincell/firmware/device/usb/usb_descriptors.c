/* SPDX-License-Identifier: Apache-2.0
 *
 * What the device says of itself: USB 2.0, section 9.6; CDC120, section 5.2.3; PSTN120, 5.3.
 */
#include "usb/usb_descriptors.h"

#include <string.h>

#include "usb/usb_cdc.h"
#include "usb/usb_device.h"
#include "usb/usb_identity.h"
#include "usb/usb_registers.h"

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, INTERFACE = 4, ENDPOINT = 5, CLASS = 0x24 };
enum { BULK = 2, INTERRUPT = 3 };
enum { LANGUAGES = 0, MANUFACTURER = 1, PRODUCT = 2, SERIAL_NUMBER = 3 };

#define ENGLISH 0x0409u /* of the United States */
#define U16(value) (uint8_t)((value) & 0xFFu), (uint8_t)((value) >> 8)
#define NOTIFICATION_BYTES 8u
#define CONFIGURATION_BYTES 67u

static const uint8_t device_descriptor[18] = {
    18, DEVICE, U16(0x0200u),              /* USB 2.0 */
    2, 0, 0,                               /* the class is told by the device: communications */
    USB_PACKET,                            /* of endpoint 0 */
    U16(USB_VENDOR_ID), U16(USB_PRODUCT_ID), U16(0x0100u), /* the device's own version */
    MANUFACTURER, PRODUCT, SERIAL_NUMBER, 1 /* configurations */
};

static const uint8_t configuration_descriptor[CONFIGURATION_BYTES] = {
    9, CONFIGURATION, U16(CONFIGURATION_BYTES), 2 /* interfaces */, USB_CONFIGURATION, 0,
    0x80 /* from the bus's power, no remote wake-up */, 50 /* x 2 mA */,
    /* Communications, abstract control model, no protocol */
    9, INTERFACE, CDC_CONTROL_INTERFACE, 0, 1 /* endpoint */, 2, 2, 0, 0,
    5, CLASS, 0 /* header */, U16(0x0120u),
    5, CLASS, 1 /* call management: none */, 0, CDC_DATA_INTERFACE,
    4, CLASS, 2 /* abstract control: line coding and state */, 2,
    5, CLASS, 6 /* union */, CDC_CONTROL_INTERFACE, CDC_DATA_INTERFACE,
    7, ENDPOINT, USB_IN | CDC_NOTIFY_ENDPOINT, INTERRUPT, U16(NOTIFICATION_BYTES), 16 /* ms */,
    /* Data */
    9, INTERFACE, CDC_DATA_INTERFACE, 0, 2 /* endpoints */, 10, 0, 0, 0,
    7, ENDPOINT, CDC_DATA_ENDPOINT, BULK, U16(USB_PACKET), 0,
    7, ENDPOINT, USB_IN | CDC_DATA_ENDPOINT, BULK, U16(USB_PACKET), 0
};

/* text: ASCII, count characters that fit -> a string descriptor of UTF-16; returns its length. */
static int32_t put_string(uint8_t *bytes, const char *text, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[2 + 2 * i] = (uint8_t)text[i];
        bytes[3 + 2 * i] = 0;
    }
    bytes[0] = (uint8_t)(2 + 2 * count);
    bytes[1] = STRING;
    return bytes[0];
}

/* The chip's own number as 16 hexadecimal digits, as a string descriptor. */
static int32_t put_serial_number(uint8_t *bytes)
{
    char digits[16];
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t digit = FICR_DEVICEID(i < 8 ? 1u : 0u) >> (28u - 4u * (i % 8u)) & 15u;
        digits[i] = (char)(digit + (digit < 10 ? '0' : 'A' - 10));
    }
    return put_string(bytes, digits, sizeof digits);
}

static int32_t string_descriptor(uint32_t index, uint8_t *bytes)
{
    static const char manufacturer[] = "Coincell", product[] = USB_PRODUCT;
    _Static_assert(2 * sizeof product <= USB_CONTROL_BYTES, "the name fits in a control transfer");
    switch (index) {
    case LANGUAGES:
        bytes[0] = 4;
        bytes[1] = STRING;
        bytes[2] = ENGLISH & 0xFFu;
        bytes[3] = ENGLISH >> 8;
        return 4;
    case MANUFACTURER:
        return put_string(bytes, manufacturer, sizeof manufacturer - 1);
    case PRODUCT:
        return put_string(bytes, product, sizeof product - 1);
    case SERIAL_NUMBER:
        return put_serial_number(bytes);
    default:
        return USB_STALL;
    }
}

int32_t usb_descriptor(uint32_t kind, uint32_t language, uint8_t *bytes)
{
    const uint32_t index = kind & 0xFFu;
    switch (kind >> 8) {
    case DEVICE:
        if (index != 0) return USB_STALL;
        memcpy(bytes, device_descriptor, sizeof device_descriptor);
        return sizeof device_descriptor;
    case CONFIGURATION:
        if (index != 0) return USB_STALL;
        memcpy(bytes, configuration_descriptor, sizeof configuration_descriptor);
        return sizeof configuration_descriptor;
    case STRING:
        if (index != LANGUAGES && language != ENGLISH) return USB_STALL;
        return string_descriptor(index, bytes);
    default: /* a device of full speed only has no qualifier, and says so by a stall */
        return USB_STALL;
    }
}
