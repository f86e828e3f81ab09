/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers that USB needs: USBD (nRF52840 Product Specification, section 6.35), the USB part
 * of POWER (5.3), the device's number (4.4).
 */
#ifndef COINCELL_USB_REGISTERS_H
#define COINCELL_USB_REGISTERS_H

#include "firmware/nrf52840.h"

#define USBD_TASKS_STARTEPIN(n) REGISTER(0x40027004u + 4u * (n))
#define USBD_TASKS_STARTEPOUT(n) REGISTER(0x40027028u + 4u * (n))
#define USBD_TASKS_EP0RCVOUT REGISTER(0x4002704Cu)
#define USBD_TASKS_EP0STATUS REGISTER(0x40027050u)
#define USBD_TASKS_EP0STALL REGISTER(0x40027054u)
#define USBD_EVENTS_USBRESET REGISTER(0x40027100u)
#define USBD_EVENTS_ENDEPIN(n) REGISTER(0x40027108u + 4u * (n))
#define USBD_EVENTS_EP0DATADONE REGISTER(0x40027128u)
#define USBD_EVENTS_ENDEPOUT(n) REGISTER(0x40027130u + 4u * (n))
#define USBD_EVENTS_USBEVENT REGISTER(0x40027158u)
#define USBD_EVENTS_EP0SETUP REGISTER(0x4002715Cu)
#define USBD_EVENTS_EPDATA REGISTER(0x40027160u)
#define USBD_INTENSET REGISTER(0x40027304u)
#define USBD_INTENCLR REGISTER(0x40027308u)
#define USBD_INT_USBRESET (1u << 0)
#define USBD_INT_EP0DATADONE (1u << 10)
#define USBD_INT_USBEVENT (1u << 22)
#define USBD_INT_EP0SETUP (1u << 23)
#define USBD_INT_EPDATA (1u << 24)
#define USBD_EVENTCAUSE REGISTER(0x40027400u)
#define USBD_EVENTCAUSE_SUSPEND (1u << 8)
#define USBD_EVENTCAUSE_RESUME (1u << 9)
#define USBD_EVENTCAUSE_READY (1u << 11)
#define USBD_HALTED_EPIN(n) REGISTER(0x40027420u + 4u * (n))
#define USBD_HALTED_EPOUT(n) REGISTER(0x40027444u + 4u * (n))
#define USBD_EPDATASTATUS REGISTER(0x4002746Cu)
#define USBD_EPDATASTATUS_IN(n) (1u << (n))
#define USBD_EPDATASTATUS_OUT(n) (1u << (16u + (n)))
#define USBD_SETUP(n) REGISTER(0x40027480u + 4u * (n)) /* the eight bytes of a setup packet */
#define USBD_SIZE_EPOUT(n) REGISTER(0x400274A0u + 4u * (n))
#define USBD_ENABLE REGISTER(0x40027500u)
#define USBD_USBPULLUP REGISTER(0x40027504u)
#define USBD_DTOGGLE REGISTER(0x4002750Cu)
#define USBD_DTOGGLE_DATA0 (1u << 8)
#define USBD_EPINEN REGISTER(0x40027510u)
#define USBD_EPOUTEN REGISTER(0x40027514u)
#define USBD_EPSTALL REGISTER(0x40027518u)
#define USBD_EPSTALL_STALL (1u << 8)
#define USBD_LOWPOWER REGISTER(0x4002752Cu)
#define USBD_EPIN_PTR(n) REGISTER(0x40027600u + 0x14u * (n))
#define USBD_EPIN_MAXCNT(n) REGISTER(0x40027604u + 0x14u * (n))
#define USBD_EPOUT_PTR(n) REGISTER(0x40027700u + 0x14u * (n))
#define USBD_EPOUT_MAXCNT(n) REGISTER(0x40027704u + 0x14u * (n))
#define USBD_EPOUT_AMOUNT(n) REGISTER(0x40027708u + 0x14u * (n))
#define USBD_INTERRUPT 39u

/* What Nordic's errata of the nRF52840 tell to write, by number of the anomaly; nrfx does the same.
 * The lock: writing the key opens or closes the page; it reads 0 while closed. */
#define ERRATA_LOCK REGISTER(0x4006EC00u)
#define ERRATA_KEY 0x00009375u
#define ERRATA_171 REGISTER(0x4006EC14u) /* 0xC0 while USBD wakes, else 0 */
#define ERRATA_187 REGISTER(0x4006ED14u) /* 3 while USBD wakes, else 0 */
#define ERRATA_166_A REGISTER(0x40027800u) /* 0x7E3, then 0x40 to B, once it is awake */
#define ERRATA_166_B REGISTER(0x40027804u)
#define ERRATA_199 REGISTER(0x40027C1Cu) /* 0x82 during a transfer by EasyDMA, else 0 */

#define POWER_EVENTS_USBDETECTED REGISTER(0x4000011Cu)
#define POWER_EVENTS_USBREMOVED REGISTER(0x40000120u)
#define POWER_EVENTS_USBPWRRDY REGISTER(0x40000124u)
#define POWER_INTENSET REGISTER(0x40000304u)
#define POWER_INT_USB (7u << 7) /* these three events */
#define POWER_USBREGSTATUS REGISTER(0x40000438u)
#define POWER_USBREGSTATUS_VBUS 1u
#define POWER_USBREGSTATUS_READY 2u
#define POWER_GPREGRET REGISTER(0x4000051Cu)
#define FICR_DEVICEID(n) REGISTER(0x10000060u + 4u * (n))
#define POWER_INTERRUPT 0u
#define NVIC_ISER1 REGISTER(0xE000E104u)

#define USB_PACKET 64u /* bytes in a packet, of every endpoint but the notifications' */
#define USB_IN 0x80u   /* in an endpoint's address: towards the computer */

#endif
