/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers that flash_pages.c touches, in memory: the power goes at a chosen operation, and
 * leaves the word that was being written with some of its bits.
 */
#include <setjmp.h>
#include <string.h>

#include "firmware/flash_pages.h"
#include "firmware/telemetry_registers.h"

uint32_t sim_uicr[SIM_WORDS], sim_pofcon, sim_pofwarn, sim_config, sim_partial, sim_page;
uint32_t image_log_begin[4 * COINCELL_FLASH_PAGE_WORDS];

static uint32_t before[SIM_WORDS], left_over;
static int cut_after, hangs;
static jmp_buf power;

/* After each operation. */
uint32_t sim_ready(void)
{
    hangs |= sim_pofcon != 0;
    if (cut_after > 0 && --cut_after == 0) {
        for (int i = 0; i < SIM_WORDS; i++) sim_uicr[i] |= before[i] & left_over & ~sim_uicr[i];
        longjmp(power, 1);
    }
    for (int i = 0; i < SIM_WORDS; i++) sim_uicr[i] &= before[i];
    memcpy(before, sim_uicr, sizeof before);
    return 1;
}

void sim_begin(void)
{
    memset(sim_uicr, 0xFF, sizeof sim_uicr);
    memcpy(before, sim_uicr, sizeof before);
    sim_pofwarn = 0;
    hangs = cut_after = 0;
    flash_pages_begin();
}

/* key[8], kept until `operation` (from 1; 0: without a cut), which leaves the bits of `rest` set.
 * Returns what flash_key_keep says, -1 where the power went. */
int sim_keep(const uint32_t *key, int operation, uint32_t rest)
{
    cut_after = operation;
    left_over = rest;
    if (setjmp(power)) {
        memcpy(before, sim_uicr, sizeof before);
        flash_pages_begin();
        return -1;
    }
    const int kept = flash_key_keep(key);
    cut_after = 0;
    return kept;
}

int sim_hangs(void)
{
    return hangs;
}

void sim_warn(uint32_t is_low)
{
    sim_pofwarn = is_low;
}
