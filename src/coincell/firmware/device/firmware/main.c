/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole firmware: listen, decide, answer messages; sleep when there is nothing of these to do.
 */
#include "application/application.h"
#include "firmware/live.h"
#include "firmware/nrf52840.h"
#include "firmware/protocol.h"
#include "firmware/reporting.h"
#include "firmware/system.h"
#include "firmware/transport.h"

/* Masked, an interrupt wakes the core and is not taken: one that comes between the look and the
 * sleep is not missed. */
static void sleep_until_work(void)
{
    mask_interrupts();
    if (!protocol_ready() && !live_ready()) wait_for_interrupt();
    unmask_interrupts();
}

int main(void)
{
    system_init();
    transport_init();
    const int status = application_init();
    reporting_begin();
    unmask_interrupts();
    protocol_begin();
    if (status == 0) (void)live_listen(LIVE_CHANGES);
    for (;;) {
        sleep_until_work();
        protocol_serve(status);
        live_work();
    }
}
