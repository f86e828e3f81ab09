/* SPDX-License-Identifier: Apache-2.0
 *
 * Once a period: power to the accelerometer, a window of 128 samples, a decision, power off, sleep.
 * With CASCADE, a detector of a few additions looks at the first 32 samples; where nothing shakes,
 * the window is not finished and the network not asked.
 */
#include "firmware/nrf52840.h"
#include "firmware/system.h"
#include "sensors/imu.h"
#include "sensors/pins.h"
#include "settings.h"
#include "vibration.h"

#define WINDOW 128u
#define FIRST 32u
#define AXES 3u
#define CLASSES 3u
#define STILL 0u
#define WORN 2u
#define FAILED 255u
#define LOOKS 1024u
#define LIGHT 13u /* P0.13 */

#define CLOCK_TASKS_LFCLKSTART REGISTER(0x40000008u)
#define CLOCK_EVENTS_LFCLKSTARTED REGISTER(0x40000104u)
#define CLOCK_LFCLKSRC REGISTER(0x40000518u)
#define LFCLKSRC_RC 0u
#define RTC0_TASKS_START REGISTER(0x4000B000u)
#define RTC0_EVENTS_COMPARE0 REGISTER(0x4000B140u)
#define RTC0_INTENSET REGISTER(0x4000B304u)
#define RTC0_COUNTER REGISTER(0x4000B504u)
#define RTC0_CC0 REGISTER(0x4000B540u)
#define RTC0_INT_COMPARE0 (1u << 16)
#define RTC0_INTERRUPT 11u
#define TICKS_A_SECOND 32768u
#define TICKS_BETWEEN_READS (TICKS_A_SECOND / 20u) /* 24 samples; the sensor keeps 32 */
#define TICKS_OF_LIGHT (TICKS_A_SECOND / 100u)

/* What was decided, for who reads memory: the state, and whether the network was asked. */
typedef struct {
    uint8_t state;
    uint8_t asked;
} look_result;

volatile uint32_t looks;
look_result results[LOOKS];

/* No configuration for a BMI270: this machine's sensor is an LSM9DS1. */
const uint8_t bmi270_configuration[1] = {0};
const uint32_t bmi270_configuration_bytes = 0;

static imu_device device;
static int16_t samples[WINDOW * 6];
static volatile uint32_t due;

void interrupt_rtc0(void);
void interrupt_rtc0(void)
{
    RTC0_EVENTS_COMPARE0 = 0;
    (void)RTC0_EVENTS_COMPARE0; /* the write must have arrived before the handler returns */
    due = 1;
}

static void sleep_until_tick(uint32_t tick)
{
    /* tick: of the counter, two or more ahead of it; its lower 24 bits count */
    due = 0;
    RTC0_CC0 = tick & 0xFFFFFFu;
    sleep_until(&due);
}

static void start_clock(void)
{
    /* no arguments; a bare module may have no 32.768 kHz crystal */
    CLOCK_LFCLKSRC = LFCLKSRC_RC;
    CLOCK_TASKS_LFCLKSTART = 1;
    while (CLOCK_EVENTS_LFCLKSTARTED == 0) {
    }
    RTC0_INTENSET = RTC0_INT_COMPARE0;
    NVIC_ISER0 = 1u << RTC0_INTERRUPT;
    RTC0_TASKS_START = 1;
}

static uint32_t gather(uint32_t from, uint32_t to)
{
    /* samples: (WINDOW, 6), rows from .. to - 1 are filled, or more; returns how many there are
     * then, fewer than `to` if the sensor failed */
    while (from < to) {
        sleep_until_tick(RTC0_COUNTER + TICKS_BETWEEN_READS);
        const int32_t count = imu_read(&device, samples + 6u * from, WINDOW - from);
        if (count < 0) {
            break;
        }
        from += (uint32_t)count;
    }
    return from;
}

static int32_t mean_of(uint32_t axis, uint32_t count, uint32_t shift)
{
    /* axis: 0 to 2; count: the first samples, 2 to the power of shift */
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += samples[6 * i + axis];
    }
    return sum >> shift;
}

static int shakes(void)
{
    /* no arguments; the detector: how far the first samples are from their mean */
    int32_t moved = 0;
    for (uint32_t axis = 0; axis < AXES; axis++) {
        const int32_t mean = mean_of(axis, FIRST, 5);
        for (uint32_t i = 0; i < FIRST; i++) {
            const int32_t away = samples[6 * i + axis] - mean;
            moved += away < 0 ? -away : away;
        }
    }
    return moved > SHAKES;
}

static uint8_t classify(void)
{
    /* no arguments; samples to int8 (WINDOW, 3), to the class of the highest score */
    int8_t *input = vibration_input(0);
    for (uint32_t axis = 0; axis < AXES; axis++) {
        const int32_t mean = mean_of(axis, WINDOW, 7);
        for (uint32_t i = 0; i < WINDOW; i++) {
            const int32_t away = samples[6 * i + axis] - mean;
            const int32_t value = INPUT_ZERO + ((away * INPUT_Q16 + (1 << 15)) >> 16);
            input[AXES * i + axis] = (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
        }
    }
    if (vibration_invoke() != 0) {
        return FAILED;
    }
    const int8_t *scores = vibration_output(0);
    uint8_t best = 0;
    for (uint8_t i = 1; i < CLASSES; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

static look_result look(void)
{
    /* no arguments; the sensor has power only meanwhile */
    look_result result = {FAILED, 0};
    uint32_t count = 0;
    if (imu_begin(&device, IMU_ACCELERATION, 476) == IMU_OK) {
        count = gather(0, FIRST);
    }
    if (count >= FIRST) {
        result.asked = !CASCADE || shakes();
        result.state = STILL;
        count = result.asked ? gather(count, WINDOW) : count;
    }
    imu_end(&device);
    if (result.asked) {
        result.state = count == WINDOW ? classify() : FAILED;
    }
    return result;
}

static void warn(void)
{
    /* no arguments; a flash of light stands for a message by radio */
    pin_set(LIGHT, 1);
    sleep_until_tick(RTC0_COUNTER + TICKS_OF_LIGHT);
    pin_set(LIGHT, 0);
}

int main(void)
{
    uint8_t before = STILL;
    system_init();
    start_clock();
    if (vibration_init() != 0) {
        return 1;
    }
    unmask_interrupts();
    uint32_t next = RTC0_COUNTER;
    for (;;) {
        const look_result result = look();
        results[looks % LOOKS] = result;
        looks = looks + 1u;
        if (result.state == WORN && before == WORN) {
            warn();
        }
        before = result.state;
        next += PERIOD_S * TICKS_A_SECOND;
        sleep_until_tick(next);
    }
}
