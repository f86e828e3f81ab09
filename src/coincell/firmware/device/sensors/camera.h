/* SPDX-License-Identifier: Apache-2.0
 *
 * The OV7675 camera of Arduino's Tiny Machine Learning Kit: 160 x 120, 10 frames a second, or
 * 320 x 240, 5 frames; in grey, a byte a pixel, or in colour, RGB565: two, the high one first.
 *
 * Two of its data lines are the pins TX and RX: an image that uses the camera talks over USB.
 * Frames are read by the core, which does nothing else meanwhile.
 */
#ifndef COINCELL_SENSORS_CAMERA_H
#define COINCELL_SENSORS_CAMERA_H

#include <stdint.h>

#define CAMERA_WIDTH 160u
#define CAMERA_HEIGHT 120u
#define CAMERA_FRAME_MICROSECONDS 99960u /* 510 lines of 196 */

/* As camera_begin_as() takes them; every picture is four to three. */
typedef enum { CAMERA_320 = 1, CAMERA_160 = 2 } camera_size;
typedef enum { CAMERA_GREY = 1, CAMERA_RGB565 = 2 } camera_colour;
#define CAMERA_COLUMNS(size) (640u >> (size))
#define CAMERA_ROWS(size) (480u >> (size))
#define CAMERA_BYTES(size, colour) (CAMERA_COLUMNS(size) * CAMERA_ROWS(size) * (colour))

typedef enum {
    CAMERA_OK = 0,
    CAMERA_NO_ANSWER,   /* nothing acknowledges on SCCB, or its lines are low: is one plugged in? */
    CAMERA_WRONG,       /* it says that it is another: camera_identity() */
    CAMERA_PIN_IS_NFC,  /* P0.10 (VSYNC) belongs to NFC still: camera_take_pins(), once */
    CAMERA_LOST         /* it stopped answering */
} camera_status;

camera_status camera_begin(void); /* CAMERA_160, CAMERA_GREY */
camera_status camera_begin_as(camera_size size, camera_colour colour);
camera_status camera_read(uint8_t *picture);
camera_status camera_skip(uint32_t frames);
void camera_sleep(void);
void camera_take_pins(void);
uint32_t camera_identity(void);
const char *camera_message(camera_status status);

void picture_fit(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                 uint32_t to_rows, uint32_t to_columns);
void picture_fit_rgb565(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                        uint32_t to_rows, uint32_t to_columns);

#endif
