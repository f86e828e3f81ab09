/* SPDX-License-Identifier: Apache-2.0
 *
 * Power on the cable, the control pipe, packets by EasyDMA. All of it runs in interrupts, so that
 * the computer is answered in time whatever the application computes.
 */
#include "usb/usb_device.h"

#include "firmware/system.h"
#include "usb/usb_cdc.h"
#include "usb/usb_descriptors.h"
#include "usb/usb_registers.h"

#define CLEAR_FEATURE 1u
#define SET_FEATURE 3u
#define SET_ADDRESS 0x0005u /* type and request; the chip answers it by itself */
#define KIND 0x6000u        /* these bits of the type tell standard, class, vendor */
#define CLASS 0x2000u

__attribute__((aligned(4))) uint8_t usb_control_data[USB_CONTROL_BYTES];
static usb_setup setup; /* the request under way */
static uint32_t control_sent, control_count; /* bytes of usb_control_data, of an answer */
static int control_ends_short;               /* an empty packet must end it */
static uint8_t enabled, attached, suspended;
static volatile uint8_t configured;

int usb_device_ready(void)
{
    return configured && !suspended;
}

/* EasyDMA: one transfer at a time, so each is waited for; it takes microseconds. */
static void transfer(volatile uint32_t *task, volatile uint32_t *end)
{
    barrier();
    ERRATA_199 = 0x82;
    *task = 1;
    while (*end == 0) {
    }
    *end = 0;
    ERRATA_199 = 0;
    barrier();
}

void usb_device_put(uint32_t endpoint, const uint8_t *bytes, uint32_t count)
{
    USBD_EPIN_PTR(endpoint) = (uint32_t)(uintptr_t)bytes;
    USBD_EPIN_MAXCNT(endpoint) = count;
    transfer(&USBD_TASKS_STARTEPIN(endpoint), &USBD_EVENTS_ENDEPIN(endpoint));
}

uint32_t usb_device_get(uint32_t endpoint, uint8_t *bytes)
{
    const uint32_t count = USBD_SIZE_EPOUT(endpoint);
    USBD_EPOUT_PTR(endpoint) = (uint32_t)(uintptr_t)bytes;
    USBD_EPOUT_MAXCNT(endpoint) = count;
    transfer(&USBD_TASKS_STARTEPOUT(endpoint), &USBD_EVENTS_ENDEPOUT(endpoint));
    return count;
}

/* Power */

static void write_errata(uint32_t value_171, uint32_t value_187)
{
    const int closed = ERRATA_LOCK == 0;
    if (closed) ERRATA_LOCK = ERRATA_KEY;
    ERRATA_171 = value_171;
    ERRATA_187 = value_187;
    if (closed) ERRATA_LOCK = ERRATA_KEY;
}

static void enable(void)
{
    clock_need(CLOCK_LINE); /* without the crystal, USB has no time */
    USBD_EVENTCAUSE = USBD_EVENTCAUSE_READY;
    write_errata(0xC0, 3);
    USBD_ENABLE = 1;
    while ((USBD_EVENTCAUSE & USBD_EVENTCAUSE_READY) == 0 &&
           (POWER_USBREGSTATUS & POWER_USBREGSTATUS_VBUS) != 0) {
    }
    USBD_EVENTCAUSE = USBD_EVENTCAUSE_READY;
    USBD_EVENTS_USBEVENT = 0;
    write_errata(0, 0);
    ERRATA_166_A = 0x7E3;
    ERRATA_166_B = 0x40;
    barrier();
    USBD_INTENSET = USBD_INT_USBRESET | USBD_INT_EP0DATADONE | USBD_INT_USBEVENT |
                    USBD_INT_EP0SETUP | USBD_INT_EPDATA;
    enabled = 1;
}

void usb_device_detach(void)
{
    USBD_USBPULLUP = 0;
    attached = suspended = 0;
    usb_device_configure(0);
    usb_cdc_close();
}

static void disable(void)
{
    usb_device_detach();
    USBD_INTENCLR = 0xFFFFFFFFu;
    USBD_ENABLE = 0;
    enabled = 0;
    clock_release(CLOCK_LINE);
}

/* Follows what POWER says: awake while there is power on the cable, on the bus when the chip's own
 * regulator for USB is ready too. */
static void follow_power(void)
{
    const uint32_t power = POWER_USBREGSTATUS;
    if ((power & POWER_USBREGSTATUS_VBUS) == 0) {
        if (enabled) disable();
        return;
    }
    if (!enabled) enable();
    if (!attached && (power & POWER_USBREGSTATUS_READY) != 0) {
        USBD_USBPULLUP = 1;
        attached = 1;
    }
}

void interrupt_power_clock(void);
void interrupt_power_clock(void)
{
    POWER_EVENTS_USBDETECTED = 0;
    POWER_EVENTS_USBREMOVED = 0;
    POWER_EVENTS_USBPWRRDY = 0;
    follow_power();
    (void)POWER_EVENTS_USBPWRRDY; /* the writes must have arrived before the interrupt ends */
}

void usb_device_init(void)
{
    USBD_USBPULLUP = 0; /* the bootloader may have left it on the bus */
    USBD_ENABLE = 0;
    POWER_INTENSET = POWER_INT_USB;
    NVIC_ISER0 = 1u << POWER_INTERRUPT;
    NVIC_ISER1 = 1u << (USBD_INTERRUPT - 32u);
    follow_power();
}

/* The control pipe */

static void send_answer(void)
{
    uint32_t count = control_count - control_sent;
    if (count > USB_PACKET) count = USB_PACKET;
    if (count < USB_PACKET) control_ends_short = 0;
    usb_device_put(0, usb_control_data + control_sent, count);
    control_sent += count;
}

static void end_request(int32_t status)
{
    if (status == USB_STALL) {
        USBD_TASKS_EP0STALL = 1;
        return;
    }
    USBD_TASKS_EP0STATUS = 1;
    usb_cdc_request_done();
}

static void begin_request(void)
{
    setup.request = (uint16_t)(USBD_SETUP(0) << 8 | USBD_SETUP(1));
    setup.value = (uint16_t)(USBD_SETUP(2) | USBD_SETUP(3) << 8);
    setup.index = (uint16_t)(USBD_SETUP(4) | USBD_SETUP(5) << 8);
    setup.length = (uint16_t)(USBD_SETUP(6) | USBD_SETUP(7) << 8);
    control_sent = control_count = 0;
    control_ends_short = 0;
    if (setup.request == SET_ADDRESS) return;
    const int of_class = (setup.request & KIND) == CLASS;
    const int32_t count = of_class ? usb_cdc_request(&setup) : usb_standard_request(&setup);
    if (count == USB_STALL || setup.length == 0) {
        end_request(count);
    } else if ((setup.request >> 8 & USB_IN) != 0) {
        control_count = (uint32_t)count < setup.length ? (uint32_t)count : setup.length;
        control_ends_short = control_count < setup.length;
        send_answer();
    } else if (count == setup.length) {
        USBD_TASKS_EP0RCVOUT = 1;
    } else {
        end_request(USB_STALL);
    }
}

/* A packet of data was sent, or has come. */
static void continue_request(void)
{
    if ((setup.request >> 8 & USB_IN) == 0) {
        const uint32_t count = usb_device_get(0, usb_control_data);
        end_request(count == setup.length ? usb_cdc_request_data(&setup) : USB_STALL);
    } else if (control_sent < control_count || control_ends_short) {
        send_answer();
    } else {
        end_request(0);
    }
}

/* The bus */

void usb_device_configure(int now)
{
    configured = 0;
    const uint32_t in[] = {CDC_NOTIFY_ENDPOINT, CDC_DATA_ENDPOINT};
    uint32_t ins = 1, outs = 1; /* endpoint 0 */
    if (now) {
        for (uint32_t i = 0; i < 2; i++) {
            ins |= 1u << in[i];
            USBD_EPSTALL = USB_IN | in[i];
            USBD_DTOGGLE = USBD_DTOGGLE_DATA0 | USB_IN | in[i];
        }
        outs |= 1u << CDC_DATA_ENDPOINT;
        USBD_EPSTALL = CDC_DATA_ENDPOINT;
        USBD_DTOGGLE = USBD_DTOGGLE_DATA0 | CDC_DATA_ENDPOINT;
    }
    USBD_EPINEN = ins;
    USBD_EPOUTEN = outs;
    usb_cdc_restart();
    if (now) USBD_SIZE_EPOUT(CDC_DATA_ENDPOINT) = 0; /* takes packets from now on */
    configured = now != 0;
}

static void on_bus_event(void)
{
    const uint32_t cause = USBD_EVENTCAUSE;
    USBD_EVENTCAUSE = cause;
    if ((cause & USBD_EVENTCAUSE_RESUME) != 0) {
        USBD_LOWPOWER = 0;
        suspended = 0;
    } else if ((cause & USBD_EVENTCAUSE_SUSPEND) != 0) {
        suspended = 1;
        USBD_LOWPOWER = 1;
    }
}

/* Whether the event at `event` had happened; it has not any more. */
static int happened(volatile uint32_t *event)
{
    if (*event == 0) return 0;
    *event = 0;
    (void)*event; /* the write must have arrived before the interrupt ends */
    return 1;
}

/* One event a call: while there are more, the interrupt comes again. */
void interrupt_usbd(void);
void interrupt_usbd(void)
{
    if (happened(&USBD_EVENTS_EPDATA)) {
        const uint32_t endpoints = USBD_EPDATASTATUS;
        USBD_EPDATASTATUS = endpoints;
        usb_cdc_packets(endpoints);
    } else if (happened(&USBD_EVENTS_USBRESET)) {
        suspended = 0;
        usb_device_configure(0);
        usb_cdc_close();
    } else if (happened(&USBD_EVENTS_USBEVENT)) {
        on_bus_event();
    } else if (happened(&USBD_EVENTS_EP0DATADONE)) {
        continue_request();
    } else if (happened(&USBD_EVENTS_EP0SETUP)) {
        begin_request();
    }
}

/* Chapter 9. What a request's fields must be stands in its tables; anything else is a stall. */

static int32_t answer_u16(uint32_t value)
{
    usb_control_data[0] = (uint8_t)value;
    usb_control_data[1] = 0;
    return 2;
}

static int is_endpoint(uint32_t address)
{
    const int control = address == 0 || address == USB_IN;
    const int data = address == CDC_DATA_ENDPOINT || address == (USB_IN | CDC_DATA_ENDPOINT);
    return control || (configured && (data || address == (USB_IN | CDC_NOTIFY_ENDPOINT)));
}

static int is_halted(uint32_t address)
{
    const uint32_t number = address & 7u;
    if (number == 0) return 0; /* a stall of endpoint 0 ends with the next setup packet */
    const uint32_t halted =
        (address & USB_IN) != 0 ? USBD_HALTED_EPIN(number) : USBD_HALTED_EPOUT(number);
    return halted != 0;
}

/* CLEAR_FEATURE and SET_FEATURE of an endpoint: the one feature is ENDPOINT_HALT. */
static int32_t set_halt(uint32_t address, int halt)
{
    if ((address & 7u) == 0) return 0;
    if (halt) {
        USBD_EPSTALL = USBD_EPSTALL_STALL | address;
        return 0;
    }
    USBD_EPSTALL = address;
    USBD_DTOGGLE = USBD_DTOGGLE_DATA0 | address;
    return 0;
}

static int32_t set_configuration(uint32_t value)
{
    if (value > USB_CONFIGURATION) return USB_STALL;
    usb_device_configure(value == USB_CONFIGURATION);
    return 0;
}

/* index: of an interface. Each has the one setting 0; choosing it begins its endpoints afresh. */
static int32_t set_interface(uint32_t index, uint32_t setting)
{
    if (!configured || index > CDC_DATA_INTERFACE || setting != 0) return USB_STALL;
    if (index == CDC_DATA_INTERFACE) usb_device_configure(1);
    return 0;
}

static int32_t endpoint_request(const usb_setup *s)
{
    if (s->index > 0xFFu || !is_endpoint(s->index) || s->value != 0) return USB_STALL;
    switch (s->request) {
    case 0x8200: /* GET_STATUS */
        return answer_u16((uint32_t)is_halted(s->index));
    case 0x0200 | CLEAR_FEATURE:
    case 0x0200 | SET_FEATURE:
        return s->length != 0 ? USB_STALL : set_halt(s->index, (s->request & 0xFFu) == SET_FEATURE);
    default:
        return USB_STALL;
    }
}

int32_t usb_standard_request(const usb_setup *s)
{
    switch (s->request) {
    case 0x8000: /* GET_STATUS: power from the bus, no remote wake-up */
        return s->value != 0 || s->index != 0 ? USB_STALL : answer_u16(0);
    case 0x8100: /* GET_STATUS of an interface */
        return !configured || s->value != 0 || s->index > CDC_DATA_INTERFACE ? USB_STALL
                                                                             : answer_u16(0);
    case 0x8006: /* GET_DESCRIPTOR */
        return usb_descriptor(s->value, s->index, usb_control_data);
    case 0x8008: /* GET_CONFIGURATION */
        answer_u16(configured ? USB_CONFIGURATION : 0);
        return s->value != 0 || s->index != 0 ? USB_STALL : 1;
    case 0x0009: /* SET_CONFIGURATION */
        return s->index != 0 || s->length != 0 ? USB_STALL : set_configuration(s->value);
    case 0x810A: /* GET_INTERFACE */
        answer_u16(0);
        return !configured || s->value != 0 || s->index > CDC_DATA_INTERFACE ? USB_STALL : 1;
    case 0x010B: /* SET_INTERFACE */
        return s->length != 0 ? USB_STALL : set_interface(s->index, s->value);
    default: /* the other requests of chapter 9 are optional, and no feature of the device is */
        return endpoint_request(s);
    }
}
