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

/* While the power-fail comparator is on, an operation that meets a falling supply hangs the core
 * (anomaly 242 of the nRF52840's errata): it is off meanwhile. Switched on again below its
 * threshold it warns, so that the next operation is left out. */
static void begin_operation(uint32_t mode)
{
    POWER_POFCON = 0;
    NVMC_CONFIG = mode;
    barrier();
}

static void end_operation(void)
{
    wait_until_ready();
    NVMC_CONFIG = NVMC_CONFIG_READ;
    barrier();
    POWER_POFCON = POWER_POFCON_2V1;
}

static void write_flash(volatile uint32_t *word, uint32_t value)
{
    begin_operation(NVMC_CONFIG_WRITE);
    *word = value;
    end_operation();
}

static void write_word(uint32_t word, uint32_t value)
{
    write_flash(image_log_begin + word, value);
}

/* Parts add up in the flash itself; a reset begins them anew, which erases for longer. */
static int erase_part(uint32_t page)
{
    static uint32_t done_ms;
    begin_operation(NVMC_CONFIG_ERASE);
    NVMC_ERASEPAGEPARTIALCFG = PART_MS;
    NVMC_ERASEPAGEPARTIAL =
        (uint32_t)(uintptr_t)(image_log_begin + page * COINCELL_FLASH_PAGE_WORDS);
    end_operation();
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

/* A key's place: its words, then the mark that is written when all of them read back. A cut leaves
 * a place without its mark; the next try takes the next place. The last one with a mark counts,
 * since a mark that a cut left half written may turn up later. */
enum { KEY_WORDS = 8, KEY_MARK = KEY_WORDS, KEY_PLACE_WORDS, KEY_PLACES = 3 };
#define MARK 0x4B6E6F43u /* "ConK" */
#define ERASED 0xFFFFFFFFu

static volatile uint32_t *key_place(uint32_t place)
{
    return &UICR_CUSTOMER(place * KEY_PLACE_WORDS);
}

static int is_blank(const volatile uint32_t *place)
{
    uint32_t all = ERASED;
    for (uint32_t i = 0; i < KEY_PLACE_WORDS; i++) all &= place[i];
    return all == ERASED;
}

int flash_key_read(uint32_t *key)
{
    for (uint32_t number = KEY_PLACES; number-- > 0;) {
        const volatile uint32_t *const place = key_place(number);
        if (place[KEY_MARK] != MARK) continue;
        for (uint32_t i = 0; i < KEY_WORDS; i++) key[i] = place[i];
        return 1;
    }
    return 0;
}

int flash_key_keep(const uint32_t *key)
{
    uint32_t there[KEY_WORDS], number = 0, apart = 0;
    if (flash_key_read(there)) return 0;
    while (number < KEY_PLACES && !is_blank(key_place(number))) number++;
    if (number == KEY_PLACES) return 0;
    volatile uint32_t *const place = key_place(number);
    for (uint32_t i = 0; i < KEY_WORDS; i++) {
        if (!may_write()) return 0;
        if (key[i] != ERASED) write_flash(place + i, key[i]);
    }
    for (uint32_t i = 0; i < KEY_WORDS; i++) apart |= place[i] ^ key[i];
    if (apart || !may_write()) return 0;
    write_flash(place + KEY_MARK, MARK);
    return flash_key_read(there);
}

void flash_pages_begin(void)
{
    flash_pages_forget_warning();
}

/* The event comes when the supply falls, and when the comparator is switched on below its
 * threshold: so it is cleared first, and a supply that is still low warns anew. */
void flash_pages_forget_warning(void)
{
    POWER_POFCON = 0;
    POWER_EVENTS_POFWARN = 0;
    POWER_POFCON = POWER_POFCON_2V1;
}

#endif
