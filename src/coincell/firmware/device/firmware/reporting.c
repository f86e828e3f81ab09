/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/reporting.h"

#if APPLICATION_TELEMETRY

#include <string.h>

#include "digest/hmac.h"
#include "firmware/board.h"
#include "firmware/bytes.h"
#include "firmware/cycle_counter.h"
#include "firmware/flash_pages.h"
#include "firmware/protocol.h"
#include "firmware/telemetry_registers.h"
#include "telemetry/telemetry.h"

/* Why the board started, as docs/telemetry.md numbers it. */
enum { RESET_POWER, RESET_PIN, RESET_WATCHDOG, RESET_SOFTWARE, RESET_LOCKUP, RESET_OTHER };

static telemetry counts;
static coincell_flash_log kept;
static uint32_t start; /* this one's number in the log */

#define STATE_WORDS (sizeof(telemetry) / sizeof(uint32_t))
_Static_assert(sizeof(telemetry) % sizeof(uint32_t) == 0, "a record is of whole words");
_Static_assert(STATE_WORDS <= COINCELL_FLASH_LOG_MOST_WORDS, "the counters fit a record");

/* Counters of another reference, or of another length, are none of this image. */
static uint32_t kind_of_state(void)
{
    return get_u32(coincell_plan.reference) ^ get_u32(coincell_plan.reference + 4) ^ STATE_WORDS;
}

/* What is counted and told so far outlives a cut of the power. Returns 1 when it is kept. */
static int keep_state(void)
{
    const coincell_flash_log_mark mark = {start, kind_of_state()};
    return coincell_flash_log_append(&kept, &mark, (const uint32_t *)(const void *)&counts,
                                     STATE_WORDS);
}

/* The log's newest record, and one more start; its own record, so that no start has the number of
 * another. Where that cannot be kept, the next start will have this one's number: so reports tell
 * none. */
static void begin_from_log(const uint8_t *device, uint32_t reset)
{
    coincell_flash_log_mark newest = {0, 0};
    flash_pages_begin();
    (void)coincell_flash_log_open(&kept, &flash_pages, &newest);
    const int is_there = coincell_flash_log_read(&kept, kind_of_state(),
                                                 (uint32_t *)(void *)&counts, STATE_WORDS);
    start = newest.boot + 1;
    if (is_there)
        telemetry_resume(&counts, device, start, reset);
    else
        telemetry_begin(&counts, device, start, reset);
    while (coincell_flash_log_work(&kept) && flash_pages.may_write()) {
    }
    if (!keep_state()) counts.facts.boot = 0;
}

/* The register keeps the reasons of all resets since the power came; cleared, it tells one. */
static uint32_t reset_reason(void)
{
    const uint32_t reasons = POWER_RESETREAS;
    POWER_RESETREAS = reasons;
    if (reasons == 0) return RESET_POWER;
    if (reasons & POWER_RESETREAS_WATCHDOG) return RESET_WATCHDOG;
    if (reasons & POWER_RESETREAS_LOCKUP) return RESET_LOCKUP;
    if (reasons & POWER_RESETREAS_SOFTWARE) return RESET_SOFTWARE;
    if (reasons & POWER_RESETREAS_PIN) return RESET_PIN;
    return RESET_OTHER;
}

void reporting_begin(void)
{
    uint8_t device[COINCELL_SKETCH_IDENTITY_BYTES];
    /* As they are read aloud: the most significant byte first. */
    put_u32(device, __builtin_bswap32(FICR_DEVICEID(0)));
    put_u32(device + 4, __builtin_bswap32(FICR_DEVICEID(1)));
    cycle_counter_start();
    begin_from_log(device, reset_reason());
}

void reporting_watch(application_stream *stream)
{
    telemetry_watch(&counts, stream);
}

void reporting_advance(uint32_t steps)
{
    telemetry_advance(&counts, steps);
}

uint32_t reporting_clock(void)
{
    return cycle_counter();
}

void reporting_decided(uint32_t begin)
{
    const uint32_t microseconds = (cycle_counter() - begin) / BOARD_CLOCK_MHZ;
    if (CYCLE_COUNTER) coincell_sketch_time(&counts.counted.sketch, microseconds);
}

static void sign(const uint8_t *body, uint32_t count, uint8_t *tag)
{
    uint32_t key[COINCELL_HMAC_KEY_BYTES / 4];
    uint8_t whole[COINCELL_SHA256_BYTES];
    (void)flash_key_read(key);
    coincell_hmac_sha256((const uint8_t *)key, body, count, whole);
    memcpy(tag, whole, COINCELL_REPORT_TAG_BYTES);
}

int reporting_keep_key(const uint8_t *key)
{
    uint32_t words[COINCELL_HMAC_KEY_BYTES / 4];
    memcpy(words, key, sizeof words);
    return flash_key_keep(words);
}

/* Kept before it is sent: what a cut takes is told late or not at all, and never twice. */
uint32_t reporting_tell(uint8_t *report)
{
    uint32_t key[COINCELL_HMAC_KEY_BYTES / 4];
    const uint32_t count = telemetry_report(&counts, flash_key_read(key) ? sign : 0, report);
    (void)keep_state();
    return count;
}

void reporting_work(void)
{
    (void)coincell_flash_log_work(&kept);
    if (!telemetry_due(&counts)) return;
    uint8_t report[COINCELL_REPORT_MOST_BYTES];
    protocol_send_report(report, reporting_tell(report));
    flash_pages_forget_warning(); /* which kept this record from the log, if the power was low */
}

#endif
