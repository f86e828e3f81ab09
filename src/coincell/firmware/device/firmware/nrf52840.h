/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of the nRF52840 and of the Cortex-M4 that this firmware touches. Addresses and bits
 * are facts of the nRF52840 Product Specification and of the Armv7-M Architecture Reference Manual.
 */
#ifndef COINCELL_NRF52840_H
#define COINCELL_NRF52840_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* CLOCK, POWER */
#define CLOCK_TASKS_HFCLKSTART REGISTER(0x40000000u)
#define CLOCK_TASKS_HFCLKSTOP REGISTER(0x40000004u)
#define CLOCK_EVENTS_HFCLKSTARTED REGISTER(0x40000100u)
#define POWER_DCDCEN REGISTER(0x40000578u)

/* NVMC: the instruction cache is off after reset */
#define NVMC_ICACHECNF REGISTER(0x4001E540u)
#define NVMC_ICACHECNF_CACHEEN 1u

/* GPIO: pins by number, 0 to 31 of port 0, 32 to 47 of port 1 */
#define GPIO_PORT(pin) (0x50000000u + 0x300u * ((pin) >> 5))
#define GPIO_OUTSET(pin) REGISTER(GPIO_PORT(pin) + 0x508u)
#define GPIO_OUTCLR(pin) REGISTER(GPIO_PORT(pin) + 0x50Cu)
#define GPIO_BIT(pin) (1u << ((pin) & 31u))
#define GPIO_PIN_CNF(pin) REGISTER(GPIO_PORT(pin) + 0x700u + 4u * ((pin) & 31u))
#define PIN_CNF_DISCONNECTED 2u  /* as after reset */
#define PIN_CNF_OUTPUT 3u        /* direction output, input buffer disconnected */
#define PIN_CNF_INPUT 0u         /* direction input, no pull */
#define PIN_CNF_INPUT_PULLUP 12u /* direction input, pull-up */

/* UARTE0: the UART with EasyDMA; its transfers must lie in RAM */
#define UARTE0_TASKS_STARTRX REGISTER(0x40002000u)
#define UARTE0_TASKS_STARTTX REGISTER(0x40002008u)
#define UARTE0_TASKS_STOPTX REGISTER(0x4000200Cu)
#define UARTE0_EVENTS_ENDRX REGISTER(0x40002110u)
#define UARTE0_EVENTS_ENDTX REGISTER(0x40002120u)
#define UARTE0_INTENSET REGISTER(0x40002304u)
#define UARTE0_INT_ENDRX (1u << 4)
#define UARTE0_INT_ENDTX (1u << 8)
#define UARTE0_ENABLE REGISTER(0x40002500u)
#define UARTE0_ENABLE_ENABLED 8u
#define UARTE0_PSEL_TXD REGISTER(0x4000250Cu)
#define UARTE0_PSEL_RXD REGISTER(0x40002514u)
#define UARTE0_BAUDRATE REGISTER(0x40002524u)
#define UARTE0_BAUDRATE_1M 0x10000000u
#define UARTE0_RXD_PTR REGISTER(0x40002534u)
#define UARTE0_RXD_MAXCNT REGISTER(0x40002538u)
#define UARTE0_TXD_PTR REGISTER(0x40002544u)
#define UARTE0_TXD_MAXCNT REGISTER(0x40002548u)
#define UARTE0_CONFIG REGISTER(0x4000256Cu)
#define UARTE0_INTERRUPT 2u

/* PDM: a digital microphone, decimated, by EasyDMA; section 6.15 */
#define PDM_TASKS_START REGISTER(0x4001D000u)
#define PDM_TASKS_STOP REGISTER(0x4001D004u)
#define PDM_EVENTS_STARTED REGISTER(0x4001D100u)
#define PDM_EVENTS_STOPPED REGISTER(0x4001D104u)
#define PDM_EVENTS_END REGISTER(0x4001D108u)
#define PDM_INTENSET REGISTER(0x4001D304u)
#define PDM_INTENCLR REGISTER(0x4001D308u)
#define PDM_INT_STARTED (1u << 0)
#define PDM_INT_END (1u << 2)
#define PDM_ENABLE REGISTER(0x4001D500u)
#define PDM_PDMCLKCTRL REGISTER(0x4001D504u)
#define PDM_PDMCLKCTRL_1280K 0x0A000000u /* 32 MHz / 25 */
#define PDM_MODE REGISTER(0x4001D508u)
#define PDM_MODE_MONO_LEFT_FALLING 1u
#define PDM_GAINL REGISTER(0x4001D518u)
#define PDM_GAINR REGISTER(0x4001D51Cu)
#define PDM_GAIN_0_DB 0x28 /* in steps of half a decibel */
#define PDM_RATIO REGISTER(0x4001D520u)
#define PDM_RATIO_80 1u
#define PDM_PSEL_CLK REGISTER(0x4001D540u)
#define PDM_PSEL_DIN REGISTER(0x4001D544u)
#define PSEL_DISCONNECTED 0xFFFFFFFFu
#define PDM_SAMPLE_PTR REGISTER(0x4001D560u)
#define PDM_SAMPLE_MAXCNT REGISTER(0x4001D564u)
#define PDM_INTERRUPT 29u

/* Cortex-M4: interrupt controller, system control block */
#define NVIC_ISER0 REGISTER(0xE000E100u)
#define NVIC_ICER(bank) REGISTER(0xE000E180u + 4u * (bank))
#define NVIC_ICPR0 REGISTER(0xE000E280u)
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)
#define SCB_AIRCR_RESET 0x05FA0004u
#define SCB_CPACR REGISTER(0xE000ED88u)
#define SCB_CPACR_FPU (0xFu << 20)

static inline void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

static inline void mask_interrupts(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void unmask_interrupts(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

static inline void barrier(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory");
}

#endif
