/* SPDX-License-Identifier: Apache-2.0
 *
 * From reset to main(): the vector table, memory, the core's switches. The stack lies at the bottom
 * of RAM, so that running out of it is a bus fault and never silently changed data.
 */
#include <stdint.h>

#include "firmware/nrf52840.h"
#include "firmware/startup.h"

#define VECTORS (16 + 48) /* the core's exceptions, then the chip's interrupts */

/* Set by the linker script; only the addresses mean something. */
extern uint32_t image_stack_bottom[], image_stack_top[];
extern uint32_t image_data_begin[], image_data_end[], image_data_load[];
extern uint32_t image_bss_begin[], image_bss_end[];

int main(void);
void image_reset(void);
void image_fault(void);

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} vector;

/* Drivers define the handlers that they need; the others are the fault. Interrupts stay masked
 * until main() opens the mask: a masked one wakes the core and is not taken. */
#define HANDLER(name) __attribute__((weak, alias("image_fault"))) void name(void)
HANDLER(interrupt_power_clock);
HANDLER(interrupt_uarte0);
HANDLER(interrupt_twim0);
HANDLER(interrupt_twim1);
HANDLER(interrupt_gpiote);
HANDLER(interrupt_timer0);
HANDLER(interrupt_rtc0);
HANDLER(interrupt_wdt);
HANDLER(interrupt_rtc1);
HANDLER(interrupt_pdm);
HANDLER(interrupt_rtc2);
HANDLER(interrupt_usbd);

#define INTERRUPT(number) [16 + (number)]

__attribute__((section(".vectors"), used)) const vector image_vectors[VECTORS] = {
    {.stack = image_stack_top},
    {.handler = image_reset},
    {.handler = image_fault}, /* NMI */
    {.handler = image_fault}, /* HardFault, and every other fault, which escalates to it */
    [11] = {.handler = image_fault}, /* SVC, then PendSV and SysTick: nothing here uses them */
    [14] = {.handler = image_fault},
    [15] = {.handler = image_fault},
    INTERRUPT(0) = {.handler = interrupt_power_clock},
    INTERRUPT(2) = {.handler = interrupt_uarte0},
    INTERRUPT(3) = {.handler = interrupt_twim0},
    INTERRUPT(4) = {.handler = interrupt_twim1},
    INTERRUPT(6) = {.handler = interrupt_gpiote},
    INTERRUPT(8) = {.handler = interrupt_timer0},
    INTERRUPT(11) = {.handler = interrupt_rtc0},
    INTERRUPT(16) = {.handler = interrupt_wdt},
    INTERRUPT(17) = {.handler = interrupt_rtc1},
    INTERRUPT(29) = {.handler = interrupt_pdm},
    INTERRUPT(36) = {.handler = interrupt_rtc2},
    INTERRUPT(39) = {.handler = interrupt_usbd},
};

/* Everything below the caller's frame is filled, so that the deepest use can be seen later. */
static void paint_stack(void)
{
    uint32_t *end = __builtin_frame_address(0);
    for (volatile uint32_t *word = image_stack_bottom; word < end - 16; word++) {
        *word = STACK_PAINT;
    }
}

uint32_t stack_peak_bytes(void)
{
    const volatile uint32_t *word = image_stack_bottom;
    while (word < image_stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)image_stack_top - (uintptr_t)word);
}

/* Reset enters here with the stack pointer of the vector table; so does the bootloader, which
 * leaves its own table, and perhaps its interrupts, switched on. */
void image_reset(void)
{
    mask_interrupts();
    NVIC_ICER(0) = 0xFFFFFFFFu;
    NVIC_ICER(1) = 0xFFFFFFFFu;
    SCB_VTOR = (uint32_t)(uintptr_t)image_vectors;
    SCB_CPACR |= SCB_CPACR_FPU;
    barrier();
    NVMC_ICACHECNF = NVMC_ICACHECNF_CACHEEN;
    paint_stack();
    const uint32_t *from = image_data_load;
    for (uint32_t *to = image_data_begin; to < image_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = image_bss_begin; to < image_bss_end; to++) {
        *to = 0;
    }
    main();
    image_fault();
}

void image_fault(void)
{
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}
