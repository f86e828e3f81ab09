/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/reporting.h"

#if APPLICATION_TELEMETRY

#include "firmware/board.h"
#include "firmware/bytes.h"
#include "firmware/cycle_counter.h"
#include "firmware/nrf52840.h"
#include "firmware/protocol.h"
#include "telemetry/telemetry.h"

/* Why the board started, as docs/telemetry.md numbers it. */
enum { RESET_POWER, RESET_PIN, RESET_WATCHDOG, RESET_SOFTWARE, RESET_LOCKUP, RESET_OTHER };

static telemetry state;

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
    telemetry_begin(&state, device, 0, reset_reason());
}

void reporting_watch(application_stream *stream)
{
    telemetry_watch(&state, stream);
}

void reporting_advance(uint32_t steps)
{
    telemetry_advance(&state, steps);
}

uint32_t reporting_clock(void)
{
    return cycle_counter();
}

void reporting_decided(uint32_t begin)
{
    const uint32_t microseconds = (cycle_counter() - begin) / BOARD_CLOCK_MHZ;
    if (CYCLE_COUNTER) coincell_sketch_time(&state.counted.sketch, microseconds);
}

uint32_t reporting_tell(uint8_t *report)
{
    return telemetry_report(&state, 0, report);
}

void reporting_work(void)
{
    if (!telemetry_due(&state)) return;
    uint8_t report[COINCELL_REPORT_MOST_BYTES];
    protocol_send_report(report, reporting_tell(report));
}

#endif
