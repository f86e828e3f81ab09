/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole firmware: answer one message after the other.
 */
#include "application/application.h"
#include "firmware/protocol.h"
#include "firmware/transport.h"

int main(void)
{
    transport_init();
    const int status = application_init();
    for (;;) {
        protocol_serve(status);
    }
}
