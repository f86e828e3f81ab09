/* SPDX-License-Identifier: Apache-2.0
 *
 * The OV7675 camera of Arduino's Tiny Machine Learning Kit, in grey: 160 x 120, 10 frames a second.
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

typedef enum {
    CAMERA_OK = 0,
    CAMERA_NO_ANSWER,   /* nothing acknowledges on SCCB, or its lines are low: is one plugged in? */
    CAMERA_WRONG,       /* it says that it is another: camera_identity() */
    CAMERA_PIN_IS_NFC,  /* P0.10 (VSYNC) belongs to NFC still: camera_take_pins(), once */
    CAMERA_LOST         /* it stopped answering */
} camera_status;

camera_status camera_begin(void);
void camera_read(uint8_t *picture);
void camera_skip(uint32_t frames);
void camera_sleep(void);
void camera_take_pins(void);
uint32_t camera_identity(void);
const char *camera_message(camera_status status);

void picture_fit(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                 uint32_t to_rows, uint32_t to_columns);

#endif
