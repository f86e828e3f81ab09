/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h over the camera: a picture every hop, in the project's size and colour. It lies where
 * the stream wants it, so that there is one of them.
 */
#include "firmware/source.h"

#if SOURCE_CAMERA

#include "application/application.h"
#include "firmware/pace.h"
#include "sensors/camera.h"

#define SETTLES_TICKS PACE_HZ /* exposure: ten frames of 0.1 s */
#define HOP_TICKS ((uint32_t)((uint64_t)APPLICATION_HOP_MS * PACE_HZ / 1000u))

#if CAMERA_FITS
static uint8_t frame[CAMERA_BYTES(CAMERA_SIZE, CAMERA_COLOUR)];
#endif

static int taken;

int source_start(void)
{
    const camera_status status = camera_begin_as(CAMERA_SIZE, CAMERA_COLOUR);
    if (status == CAMERA_PIN_IS_NFC) camera_take_pins(); /* once for all; starts the chip anew */
    if (status != CAMERA_OK) {
        camera_sleep();
        return SOURCE_CAMERA_FAILED + (int)status;
    }
    taken = 0;
    pace_start(SETTLES_TICKS, HOP_TICKS);
    return 0;
}

void source_stop(void)
{
    pace_stop();
    camera_sleep();
    taken = 0;
}

int source_ready(void)
{
    return taken || pace_due();
}

/* The next frame, in the project's size. Returns 0, or what failed. */
static int take_picture(void)
{
    uint8_t *const picture = application_samples();
#if CAMERA_FITS
    const camera_status status = camera_read(frame);
#else
    const camera_status status = camera_read(picture);
#endif
    if (status != CAMERA_OK) return SOURCE_CAMERA_FAILED + (int)status;
#if CAMERA_FITS && !CAMERA_IN_COLOUR
    picture_fit(frame, CAMERA_ROWS(CAMERA_SIZE), CAMERA_COLUMNS(CAMERA_SIZE), picture,
                APPLICATION_HEIGHT, APPLICATION_WIDTH);
#elif CAMERA_FITS
    picture_fit_rgb565(frame, CAMERA_ROWS(CAMERA_SIZE), CAMERA_COLUMNS(CAMERA_SIZE), picture,
                       APPLICATION_HEIGHT, APPLICATION_WIDTH);
#endif
    return 0;
}

int source_take(source_block *block)
{
    block->status = 0;
    if (!taken) {
        if (!pace_due()) return 0;
        pace_taken();
        block->status = take_picture();
        taken = block->status == 0;
    }
    block->values = application_samples();
    block->count = APPLICATION_WINDOW_VALUES;
    block->lost = 0;
    return 1;
}

void source_release(void)
{
    taken = 0;
}

#endif
