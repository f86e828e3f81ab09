/* SPDX-License-Identifier: Apache-2.0
 *
 * microphone.h over the PDM interface of the nRF52840. It takes the address of a buffer when it
 * begins to fill it (STARTED), so the next one is given then; at the end of each (END) it goes on
 * with that at once. 1.28 MHz / 80 is 16 kHz exactly; both come from the crystal.
 */
#include "firmware/microphone.h"

#if MICROPHONE

#include "firmware/nrf52840.h"
#include "firmware/system.h"

static int16_t blocks[MICROPHONE_BLOCKS][MICROPHONE_BLOCK_SAMPLES];
static uint32_t lost_before[MICROPHONE_BLOCKS];

/* What is filled when no block is free; its samples are lost. */
static int16_t discarded[MICROPHONE_BLOCK_SAMPLES];

/* Counts go round at a multiple of the blocks, so that each number keeps its block: of 2^32, which
 * blocks of 20 ms reach in 2.7 years, some would take one that is not yet read. */
#define ROUND (UINT32_MAX / MICROPHONE_BLOCKS * MICROPHONE_BLOCKS)

static volatile uint32_t filled; /* blocks, modulo ROUND; the interrupt's */
static volatile uint32_t taken;  /* of them; the reader's */
static uint32_t lost;            /* samples since the last block */
static int16_t *running, *queued;

/* number: below ROUND. */
static uint32_t following(uint32_t number)
{
    return number + 1u == ROUND ? 0u : number + 1u;
}

/* The block behind the one that is being filled, if it is free. */
static int16_t *next_block(void)
{
    const uint32_t number = running != discarded ? following(filled) : filled;
    const uint32_t waiting = number - taken + (number < taken ? ROUND : 0u);
    return waiting < MICROPHONE_BLOCKS ? blocks[number % MICROPHONE_BLOCKS] : discarded;
}

void interrupt_pdm(void);
void interrupt_pdm(void)
{
    if (PDM_EVENTS_END != 0) {
        PDM_EVENTS_END = 0;
        if (running == discarded) {
            lost += MICROPHONE_BLOCK_SAMPLES;
        } else {
            lost_before[filled % MICROPHONE_BLOCKS] = lost;
            lost = 0;
            filled = following(filled);
        }
        running = queued;
    }
    if (PDM_EVENTS_STARTED != 0) {
        PDM_EVENTS_STARTED = 0;
        queued = next_block();
        PDM_SAMPLE_PTR = (uint32_t)(uintptr_t)queued;
    }
    (void)PDM_EVENTS_STARTED; /* the writes must have arrived before the handler returns */
}

void microphone_start(void)
{
    clock_need(CLOCK_MICROPHONE);
    GPIO_OUTSET(BOARD_MICROPHONE_POWER) = GPIO_BIT(BOARD_MICROPHONE_POWER);
    GPIO_PIN_CNF(BOARD_MICROPHONE_POWER) = PIN_CNF_OUTPUT;
    GPIO_OUTCLR(BOARD_MICROPHONE_CLOCK) = GPIO_BIT(BOARD_MICROPHONE_CLOCK);
    GPIO_PIN_CNF(BOARD_MICROPHONE_CLOCK) = PIN_CNF_OUTPUT;
    GPIO_PIN_CNF(BOARD_MICROPHONE_DATA) = PIN_CNF_INPUT;
    PDM_PSEL_CLK = BOARD_MICROPHONE_CLOCK;
    PDM_PSEL_DIN = BOARD_MICROPHONE_DATA;
    PDM_PDMCLKCTRL = PDM_PDMCLKCTRL_1280K;
    PDM_RATIO = PDM_RATIO_80;
    PDM_MODE = PDM_MODE_MONO_LEFT_FALLING;
    PDM_GAINL = PDM_GAIN_0_DB + BOARD_MICROPHONE_GAIN_HALF_DB;
    PDM_GAINR = PDM_GAIN_0_DB + BOARD_MICROPHONE_GAIN_HALF_DB;
    filled = taken = lost = 0;
    running = queued = blocks[0];
    PDM_SAMPLE_PTR = (uint32_t)(uintptr_t)running;
    PDM_SAMPLE_MAXCNT = MICROPHONE_BLOCK_SAMPLES;
    PDM_EVENTS_STARTED = PDM_EVENTS_STOPPED = PDM_EVENTS_END = 0;
    PDM_INTENSET = PDM_INT_STARTED | PDM_INT_END;
    NVIC_ISER0 = 1u << PDM_INTERRUPT;
    PDM_ENABLE = 1;
    barrier();
    PDM_TASKS_START = 1;
}

void microphone_stop(void)
{
    PDM_INTENCLR = PDM_INT_STARTED | PDM_INT_END;
    PDM_TASKS_STOP = 1;
    while (PDM_EVENTS_STOPPED == 0) { /* one sample at the most */
    }
    NVIC_ICPR0 = 1u << PDM_INTERRUPT;
    PDM_ENABLE = 0;
    PDM_PSEL_CLK = PSEL_DISCONNECTED;
    PDM_PSEL_DIN = PSEL_DISCONNECTED;
    GPIO_OUTCLR(BOARD_MICROPHONE_POWER) = GPIO_BIT(BOARD_MICROPHONE_POWER);
    GPIO_PIN_CNF(BOARD_MICROPHONE_DATA) = PIN_CNF_DISCONNECTED;
    clock_release(CLOCK_MICROPHONE);
    filled = taken = 0;
}

int microphone_ready(void)
{
    return filled != taken;
}

const int16_t *microphone_block(uint32_t *missed)
{
    if (filled == taken) return 0;
    barrier(); /* the samples after the count of blocks, for the compiler as for the core */
    *missed = lost_before[taken % MICROPHONE_BLOCKS];
    return blocks[taken % MICROPHONE_BLOCKS];
}

void microphone_release(void)
{
    barrier();
    taken = following(taken);
}

#endif
