/* SPDX-License-Identifier: Apache-2.0 */
#include "application/chain.h"

#if APPLICATION_TELEMETRY

#include "firmware/board.h"
#include "firmware/flash_pages.h"
#include "firmware/telemetry_registers.h"

#define PART_MS 2u
#define ERASE_MS 86u /* of a page at most 85 (section 4.3.11), in whole parts */

/* Set by the linker script. */
extern uint32_t image_log_begin[];

static void wait_until_ready(void)
{
    while (NVMC_READY == 0) {
    }
}

static void configure(uint32_t mode)
{
    NVMC_CONFIG = mode;
    barrier();
}

static void write_word(uint32_t word, uint32_t value)
{
    configure(NVMC_CONFIG_WRITE);
    *(volatile uint32_t *)(image_log_begin + word) = value;
    wait_until_ready();
    configure(NVMC_CONFIG_READ);
}

/* Parts add up in the flash itself; a reset begins them anew, which erases for longer. */
static int erase_part(uint32_t page)
{
    static uint32_t done_ms;
    configure(NVMC_CONFIG_ERASE);
    NVMC_ERASEPAGEPARTIALCFG = PART_MS;
    NVMC_ERASEPAGEPARTIAL =
        (uint32_t)(uintptr_t)(image_log_begin + page * COINCELL_FLASH_PAGE_WORDS);
    wait_until_ready();
    configure(NVMC_CONFIG_READ);
    done_ms += PART_MS;
    if (done_ms < ERASE_MS) return 0;
    done_ms = 0;
    return 1;
}

/* The event stays until it is cleared. */
static int may_write(void)
{
    return POWER_EVENTS_POFWARN == 0;
}

const coincell_flash flash_pages = {
    .words = image_log_begin,
    .pages = BOARD_LOG_PAGES,
    .write = write_word,
    .erase = erase_part,
    .may_write = may_write,
};

#define KEY_WORDS 8u
#define NO_KEY 0xFFFFFFFFu

int flash_key_read(uint32_t *key)
{
    uint32_t all = NO_KEY;
    for (uint32_t i = 0; i < KEY_WORDS; i++) {
        key[i] = UICR_CUSTOMER(i);
        all &= key[i];
    }
    return all != NO_KEY;
}

int flash_key_keep(const uint32_t *key)
{
    uint32_t there[KEY_WORDS];
    if (flash_key_read(there) || !may_write()) return 0;
    configure(NVMC_CONFIG_WRITE);
    for (uint32_t i = 0; i < KEY_WORDS; i++) {
        UICR_CUSTOMER(i) = key[i];
        wait_until_ready();
    }
    configure(NVMC_CONFIG_READ);
    uint32_t apart = 0;
    (void)flash_key_read(there);
    for (uint32_t i = 0; i < KEY_WORDS; i++) apart |= there[i] ^ key[i];
    return apart == 0;
}

void flash_pages_begin(void)
{
    flash_pages_forget_warning();
}

/* The event comes when the supply falls, and when the comparator is switched on below its
 * threshold (section 5.3.3): so it is cleared first, and a supply that is still low warns anew. */
void flash_pages_forget_warning(void)
{
    POWER_POFCON = 0;
    POWER_EVENTS_POFWARN = 0;
    POWER_POFCON = POWER_POFCON_2V1;
}

#endif
