/* SPDX-License-Identifier: Apache-2.0
 *
 * wait_for_interrupt of the chip; links for other processors, which never run, bring their own.
 */
#ifndef COINCELL_BARE_WAIT_H
#define COINCELL_BARE_WAIT_H

#include "firmware/nrf52840.h"

#endif
