/* SPDX-License-Identifier: Apache-2.0
 *
 * transport.h over the serial port of usb_cdc.c. A computer that sends faster than bytes are
 * expected waits. What is sent while no program on the computer holds the port is lost, so that a
 * board on a battery never waits for one.
 */
#include <string.h>

#include "firmware/transport.h"
#include "usb/usb_cdc.h"
#include "usb/usb_device.h"
#include "usb/usb_registers.h"

static struct {
    uint8_t *bytes;   /* where the next byte is expected */
    uint32_t count;   /* of the bytes expected */
    int has_packet;   /* a packet lies in the chip */
    int works;        /* deliver() runs */
    uint32_t begin, end; /* of what is left of the packet before */
    __attribute__((aligned(4))) uint8_t packet[USB_PACKET];
} incoming;

static volatile int sending; /* a packet lies in the chip until the computer fetches it */

/* What has come goes where it is expected. Interrupts are masked, or this is one. */
static void deliver(void)
{
    incoming.works = 1; /* what transport_arrived() expects, the loop below delivers */
    while (incoming.count != 0) {
        if (incoming.begin == incoming.end) {
            if (!incoming.has_packet) break;
            incoming.has_packet = 0;
            incoming.begin = 0;
            incoming.end = usb_device_get(CDC_DATA_ENDPOINT, incoming.packet);
            continue;
        }
        const uint32_t left = incoming.end - incoming.begin;
        const uint32_t some = left < incoming.count ? left : incoming.count;
        memcpy(incoming.bytes, incoming.packet + incoming.begin, some);
        incoming.begin += some;
        incoming.bytes += some;
        incoming.count -= some;
        if (incoming.count == 0) transport_arrived();
    }
    incoming.works = 0;
}

void transport_expect(uint8_t *bytes, uint32_t count)
{
    if (incoming.works) { /* transport_arrived() calls: the mask is deliver()'s caller's */
        incoming.bytes = bytes;
        incoming.count = count;
        return;
    }
    mask_interrupts();
    incoming.bytes = bytes;
    incoming.count = count;
    deliver();
    unmask_interrupts();
}

void usb_cdc_packets(uint32_t endpoints)
{
    if ((endpoints & USBD_EPDATASTATUS_IN(CDC_DATA_ENDPOINT)) != 0) sending = 0;
    if ((endpoints & USBD_EPDATASTATUS_OUT(CDC_DATA_ENDPOINT)) != 0) {
        incoming.has_packet = 1;
        deliver();
    }
}

void usb_cdc_restart(void)
{
    incoming.has_packet = 0;
    sending = 0;
}

void transport_init(void)
{
    usb_cdc_close();
    usb_device_init();
}

static int is_open(void)
{
    return usb_device_ready() && usb_cdc_is_open();
}

/* bytes: uint8[count] in RAM, count <= 64; when the packet before has left. Returns whether anyone
 * is there to take it. Masked, an interrupt wakes the core and is taken when the mask opens. */
static int send_packet(const uint8_t *bytes, uint32_t count)
{
    mask_interrupts();
    while (sending && is_open()) {
        wait_for_interrupt();
        unmask_interrupts();
        barrier();
        mask_interrupts();
    }
    const int open = is_open();
    if (open) {
        sending = 1;
        usb_device_put(CDC_DATA_ENDPOINT, bytes, count);
    }
    unmask_interrupts();
    return open;
}

/* A packet that is not full ends a transfer, so the last one is never full; it may be empty. The
 * last one lies in the chip when this returns. */
void transport_send(const uint8_t *bytes, uint32_t count)
{
    uint32_t some = USB_PACKET;
    for (uint32_t sent = 0; some == USB_PACKET; sent += some) {
        some = count - sent < USB_PACKET ? count - sent : USB_PACKET;
        if (!send_packet(bytes + sent, some)) return;
    }
}
