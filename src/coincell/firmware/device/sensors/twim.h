/* SPDX-License-Identifier: Apache-2.0
 *
 * A two-wire bus (I2C, SCCB) over TWIM of the nRF52840: registers of a device by EasyDMA. The core
 * sleeps while bytes go.
 */
#ifndef COINCELL_SENSORS_TWIM_H
#define COINCELL_SENSORS_TWIM_H

#include <stdint.h>

#define TWIM_LONGEST 64u /* bytes of one write, the register's address included */

typedef enum {
    TWIM_OK = 0,
    TWIM_HELD_LOW = 1,   /* a line is low while nobody talks: no pull-ups, or a device holds it */
    TWIM_NO_ANSWER = 2,  /* nobody acknowledged the address */
    TWIM_REFUSED = 3,    /* the device stopped acknowledging */
    TWIM_TOO_LONG = 4    /* more bytes than TWIM_LONGEST */
} twim_status;

typedef struct {
    uint32_t base; /* TWIM0_BASE or TWIM1_BASE */
    uint8_t scl;   /* pins, as in pins.h */
    uint8_t sda;
} twim_bus;

#define TWIM0_BASE 0x40003000u
#define TWIM1_BASE 0x40004000u

void twim_begin(const twim_bus *bus, uint32_t frequency);
void twim_end(const twim_bus *bus);
twim_status twim_write(const twim_bus *bus, uint8_t address, uint8_t first, const uint8_t *bytes,
                       uint32_t count);
twim_status twim_put(const twim_bus *bus, uint8_t address, uint8_t which, uint8_t value);
twim_status twim_read(const twim_bus *bus, uint8_t address, uint8_t first, uint8_t *bytes,
                      uint32_t count);
twim_status twim_read_apart(const twim_bus *bus, uint8_t address, uint8_t first, uint8_t *bytes,
                            uint32_t count);

#define TWIM_100_KHZ 0x01980000u
/* 390 kHz in place of 400: at 400 the chip keeps SCL low for too short a time (its errata, 219). */
#define TWIM_390_KHZ 0x06200000u

#endif
