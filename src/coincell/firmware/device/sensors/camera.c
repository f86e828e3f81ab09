/* SPDX-License-Identifier: Apache-2.0
 *
 * camera.h. The clock for the camera comes from I2S (product specification, section 6.11): 16 MHz.
 * The camera multiplies it by 4 and divides by 8: a clock of 8 MHz for the whole picture, and one
 * of 2 MHz for a picture of a quarter of its width: 32 cycles of the core for each byte, 64 for
 * each pixel, of which in grey only the first byte, the brightness, is kept. A picture of half the
 * width comes from a clock of half the rate, so that its bytes take as long.
 *
 * Register values for 160 x 120, and 320 x 240, follow the tables for QQVGA and QVGA in
 * OmniVision's implementation guide of the OV7670, those for RGB565, with its matrix, ov7670.c of
 * Linux; pins are those of Arduino's library Arduino_OV767X.
 */
#include "sensors/camera.h"

#include "sensors/pins.h"
#include "sensors/twim.h"

#define ADDRESS 0x21u
#define XCLK 27u
#define VSYNC 10u
#define HREF 5u
#define PCLK 4u

#define P0_IN REGISTER(0x50000510u)
#define P1_IN REGISTER(0x50000810u)

#define I2S_TASKS_START REGISTER(0x40025000u)
#define I2S_ENABLE REGISTER(0x40025500u)
#define I2S_CONFIG_MODE REGISTER(0x40025504u)
#define I2S_CONFIG_RXEN REGISTER(0x40025508u)
#define I2S_CONFIG_TXEN REGISTER(0x4002550Cu)
#define I2S_CONFIG_MCKEN REGISTER(0x40025510u)
#define I2S_CONFIG_MCKFREQ REGISTER(0x40025514u)
#define I2S_32_MHZ_BY_2 0x80000000u
#define I2S_PSEL_MCK REGISTER(0x40025560u)

#define TIMER2_TASKS_START REGISTER(0x4000A000u)
#define TIMER2_TASKS_STOP REGISTER(0x4000A004u)
#define TIMER2_TASKS_CLEAR REGISTER(0x4000A00Cu)
#define TIMER2_EVENTS_COMPARE0 REGISTER(0x4000A140u)
#define TIMER2_INTENSET REGISTER(0x4000A304u)
#define TIMER2_INTENCLR REGISTER(0x4000A308u)
#define TIMER2_INT_COMPARE0 (1u << 16)
#define TIMER2_BITMODE REGISTER(0x4000A508u)
#define TIMER2_32_BITS 3u
#define TIMER2_PRESCALER REGISTER(0x4000A510u)
#define TIMER2_MICROSECONDS 4u
#define TIMER2_CC0 REGISTER(0x4000A540u)
#define TIMER2_INTERRUPT 10u

#define UICR_NFCPINS REGISTER(0x1000120Cu)
#define NVMC_READY REGISTER(0x4001E400u)
#define NVMC_CONFIG REGISTER(0x4001E504u)

#define LINE_OF_160 196u     /* microseconds: 1568 clocks of 8 MHz; of 4 MHz for 320 */
#define LINES 510u           /* of a frame */
#define LINES_TO_FIRST 20u   /* from the rise of VSYNC */
#define EARLY 40u            /* microseconds of looking before a row is due */
#define LOOKS 40000u         /* for the begin of a row, until the camera is taken to be gone */

static const twim_bus sccb = {TWIM1_BASE, 2, 31};
static const uint8_t data_pins[8] = {34, 35, 42, 43, 44, 45, 46, 47};
static uint32_t identity;
static camera_size size = CAMERA_160;
static camera_colour colour = CAMERA_GREY;

static void clock_on(void)
{
    /* no arguments; 16 MHz on XCLK */
    I2S_CONFIG_MODE = 0;
    I2S_CONFIG_RXEN = 0;
    I2S_CONFIG_TXEN = 0;
    I2S_CONFIG_MCKEN = 1;
    I2S_CONFIG_MCKFREQ = I2S_32_MHZ_BY_2;
    I2S_PSEL_MCK = XCLK;
    I2S_ENABLE = 1;
    I2S_TASKS_START = 1;
}

static twim_status put_all(const uint8_t (*settings)[2], uint32_t count)
{
    /* settings: (count, 2) registers and their values */
    for (uint32_t i = 0; i < count; i++) {
        const twim_status status = twim_put(&sccb, ADDRESS, settings[i][0], settings[i][1]);
        if (status != TWIM_OK) {
            return status;
        }
    }
    return TWIM_OK;
}

static twim_status configure(void)
{
    /* no arguments: size and colour; the clock runs */
    const uint8_t half = size == CAMERA_320;
    const uint8_t rgb = colour == CAMERA_RGB565;
    const uint8_t settings[][2] = {
        {0x09, 0x01}, /* COM2: awake */
        {0x12, rgb ? 0x04 : 0x00}, /* COM7: RGB or YUV, the whole picture */
        {0x8C, 0x00}, /* no RGB 4:4:4 */
        {0x3A, 0x04}, /* TSLB: Y before U and V */
        {0x3D, 0xC0}, /* COM13: gamma, saturation */
        {0x40, rgb ? 0xD0 : 0xC0}, /* COM15: 0 to 255, RGB565 */
        {0x15, 0x20}, /* COM10: no pixel clock between rows */
        {0x0C, 0x04}, /* COM3: scaling as below */
        {0x3E, half ? 0x19 : 0x1A}, /* COM14 */
        {0x70, 0x3A},
        {0x71, 0x35},
        {0x72, half ? 0x11 : 0x22}, /* a half or a quarter across and down */
        {0x73, half ? 0xF1 : 0xF2}, /* and so the pixel clock */
        {0xA2, 0x02},
        {0x6B, 0x4A}, /* DBLV: the clock times 4 */
        {0x11, half ? 0x0F : 0x07}, /* CLKRC: by 16 or 8 */
    };
    static const uint8_t matrix[][2] = {{0x4F, 0xB3}, {0x50, 0xB3}, {0x51, 0x00},
                                        {0x52, 0x3D}, {0x53, 0xA7}, {0x54, 0xE4}};
    const twim_status status = put_all(settings, sizeof settings / sizeof settings[0]);
    return status == TWIM_OK && rgb ? put_all(matrix, sizeof matrix / sizeof matrix[0]) : status;
}

camera_status camera_begin(void)
{
    /* no arguments */
    return camera_begin_as(CAMERA_160, CAMERA_GREY);
}

camera_status camera_begin_as(camera_size wanted_size, camera_colour wanted_colour)
{
    /* of each picture; 0.1 s until the first frame, 0.2 s for CAMERA_320, and some more until
     * exposure has settled */
    uint8_t id[2] = {0, 0};
    identity = 0;
    size = wanted_size;
    colour = wanted_colour;
    if ((UICR_NFCPINS & 1u) != 0) {
        return CAMERA_PIN_IS_NFC;
    }
    PIN_CONFIGURATION(VSYNC) = PIN_INPUT_PULLDOWN; /* low, and so nothing, if it is unplugged */
    PIN_CONFIGURATION(HREF) = PIN_INPUT_PULLDOWN;
    PIN_CONFIGURATION(PCLK) = PIN_INPUT;
    for (uint32_t i = 0; i < 8; i++) {
        PIN_CONFIGURATION(data_pins[i]) = PIN_INPUT;
    }
    pin_set(XCLK, 0);
    clock_on();
    wait_at_least(20000);
    twim_begin(&sccb, TWIM_100_KHZ);
    camera_status status = CAMERA_OK;
    if (twim_read_apart(&sccb, ADDRESS, 0x0A, id, 1) != TWIM_OK ||
        twim_read_apart(&sccb, ADDRESS, 0x0B, id + 1, 1) != TWIM_OK) {
        status = CAMERA_NO_ANSWER;
    } else if (id[0] != 0x76 || id[1] != 0x73) {
        status = CAMERA_WRONG;
    } else if (twim_put(&sccb, ADDRESS, 0x12, 0x80) != TWIM_OK) { /* reset */
        status = CAMERA_LOST;
    } else {
        wait_at_least(2000);
        status = configure() == TWIM_OK ? CAMERA_OK : CAMERA_LOST;
    }
    identity = (uint32_t)id[0] << 8 | id[1];
    twim_end(&sccb);
    return status;
}

void camera_sleep(void)
{
    /* no arguments; camera_begin() wakes it */
    twim_begin(&sccb, TWIM_100_KHZ);
    (void)twim_put(&sccb, ADDRESS, 0x09, 0x11);
    twim_end(&sccb);
    REGISTER(0x40025004u) = 1; /* I2S: stop */
    I2S_ENABLE = 0;
}

uint32_t camera_identity(void)
{
    /* returns product and version, as camera_begin() read them: 0x7673 of this one */
    return identity;
}

void camera_take_pins(void)
{
    /* no arguments; writes UICR once for all, as Arduino's core does, and resets the chip */
    NVMC_CONFIG = 1;
    while (NVMC_READY == 0) {
    }
    UICR_NFCPINS = 0xFFFFFFFEu;
    while (NVMC_READY == 0) {
    }
    NVMC_CONFIG = 0;
    barrier();
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}

/* Interrupts are masked in all that follows: an event ends the sleep and is not taken. */

static void count_from_now(void)
{
    /* no arguments; TIMER2 counts microseconds from 0 on */
    TIMER2_TASKS_STOP = 1;
    TIMER2_PRESCALER = TIMER2_MICROSECONDS;
    TIMER2_BITMODE = TIMER2_32_BITS;
    TIMER2_TASKS_CLEAR = 1;
    TIMER2_TASKS_START = 1;
}

static void wake_at(uint32_t microseconds)
{
    /* microseconds: of TIMER2, which counts already; then TIMER2_EVENTS_COMPARE0 ends a sleep */
    TIMER2_CC0 = microseconds;
    TIMER2_EVENTS_COMPARE0 = 0;
    TIMER2_INTENSET = TIMER2_INT_COMPARE0;
    NVIC_ISER0 = 1u << TIMER2_INTERRUPT;
}

static void wake_no_more(void)
{
    /* no arguments */
    TIMER2_INTENCLR = TIMER2_INT_COMPARE0;
    TIMER2_EVENTS_COMPARE0 = 0;
    (void)TIMER2_EVENTS_COMPARE0;
    NVIC_ICPR0 = 1u << TIMER2_INTERRUPT;
}

static void sleep_until(uint32_t microseconds)
{
    /* microseconds: of TIMER2, which counts already */
    wake_at(microseconds);
    while (TIMER2_EVENTS_COMPARE0 == 0) {
        wait_for_interrupt();
    }
    wake_no_more();
}

static uint32_t line_microseconds(void)
{
    /* no arguments; of the lines of the whole picture, 510 a frame */
    return size == CAMERA_320 ? 2u * LINE_OF_160 : LINE_OF_160;
}

static camera_status wait_for_frame(void)
{
    /* no arguments; TIMER2 counts microseconds from the rise of VSYNC on. CAMERA_LOST: none in the
     * time of two frames. */
    count_from_now();
    wake_at(2u * LINES * line_microseconds());
    while (pin_level(VSYNC) != 0 && TIMER2_EVENTS_COMPARE0 == 0) { /* a frame that has begun */
    }
    GPIOTE_EVENTS_PORT = 0;
    GPIOTE_INTENSET = GPIOTE_INT_PORT;
    NVIC_ISER0 = 1u << GPIOTE_INTERRUPT;
    PIN_CONFIGURATION(VSYNC) = PIN_INPUT_PULLDOWN | PIN_SENSE_HIGH;
    while (pin_level(VSYNC) == 0 && TIMER2_EVENTS_COMPARE0 == 0) {
        wait_for_interrupt();
        GPIOTE_EVENTS_PORT = 0; /* another sensed pin may have woken the core */
        (void)GPIOTE_EVENTS_PORT;
        NVIC_ICPR0 = 1u << GPIOTE_INTERRUPT;
    }
    const camera_status status = TIMER2_EVENTS_COMPARE0 == 0 ? CAMERA_OK : CAMERA_LOST;
    count_from_now();
    wake_no_more();
    PIN_CONFIGURATION(VSYNC) = PIN_INPUT_PULLDOWN;
    GPIOTE_INTENCLR = GPIOTE_INT_PORT;
    return status;
}

static camera_status read_row(uint8_t *row, uint32_t bytes, uint32_t passed)
{
    /* row: (bytes), behind each of which `passed` go by; HREF is due soon. PCLK is high in the
     * second half of each byte; a camera that is unplugged meanwhile ends the row by HREF. */
    const uint32_t inside = 1u << HREF;
    const uint32_t both = 1u << HREF | 1u << PCLK;
    for (uint32_t looks = LOOKS; (P0_IN & inside) == 0; looks--) {
        if (looks == 0) {
            return CAMERA_LOST;
        }
    }
    for (uint32_t i = 0; i < bytes; i++) {
        while ((P0_IN & both) == inside) {
        }
        const uint32_t pins = P1_IN; /* D0 and D1 are bits 2 and 3, D2 to D7 bits 10 to 15 */
        row[i] = (uint8_t)(((pins >> 2) & 3u) | ((pins >> 8) & 0xFCu));
        while ((P0_IN & both) == both) {
        }
        if (passed != 0) {
            while ((P0_IN & both) == inside) {
            }
            while ((P0_IN & both) == both) {
            }
        }
    }
    return CAMERA_OK;
}

camera_status camera_read(uint8_t *picture)
{
    /* picture: (CAMERA_ROWS(size), CAMERA_COLUMNS(size)) of `colour` bytes each. Waits for the next
     * frame, and takes it: up to twice CAMERA_FRAME_MICROSECONDS, and twice that for CAMERA_320,
     * asleep but for the rows themselves. CAMERA_LOST: no frame came, or it broke off. */
    const uint32_t bytes = CAMERA_COLUMNS(size) * (uint32_t)colour;
    const uint32_t before = interrupts_masked();
    camera_status status = wait_for_frame();
    for (uint32_t row = 0; row < CAMERA_ROWS(size) && status == CAMERA_OK; row++) {
        sleep_until(line_microseconds() * (LINES_TO_FIRST + (row << size)) - EARLY);
        status = read_row(picture + bytes * row, bytes, colour == CAMERA_GREY);
    }
    TIMER2_TASKS_STOP = 1;
    interrupts_restored(before);
    return status;
}

camera_status camera_skip(uint32_t frames)
{
    /* frames: to let pass, asleep; exposure settles in about ten. CAMERA_LOST: one did not come. */
    const uint32_t before = interrupts_masked();
    camera_status status = CAMERA_OK;
    for (uint32_t i = 0; i < frames && status == CAMERA_OK; i++) {
        status = wait_for_frame();
    }
    TIMER2_TASKS_STOP = 1;
    interrupts_restored(before);
    return status;
}

const char *camera_message(camera_status status)
{
    /* status: any */
    static const char *const messages[] = {
        "fine",
        "no camera answers at 0x21 on P0.31 and P0.02",
        "the camera is not an OV7675 (0x7673)",
        "P0.10, the camera's VSYNC, is NFC's until UICR.NFCPINS is written",
        "the camera stopped answering",
    };
    return (uint32_t)status < sizeof messages / sizeof messages[0] ? messages[status] : "?";
}
