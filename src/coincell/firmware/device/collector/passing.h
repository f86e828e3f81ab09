/* SPDX-License-Identifier: Apache-2.0
 *
 * What a sensor gives -> frames that say their place in time, between headings.
 */
#ifndef COINCELL_PASSING_H
#define COINCELL_PASSING_H

#include <stdint.h>

#include "application/chain.h"

/* values: application_sample[count], whole steps; lost: steps lost right before them. Returns when
 * they have left. */
void pass_on(const application_sample *values, uint32_t count, uint32_t lost);

/* steps: missing from here on, for a sensor that failed; none in a stream that has not begun. */
void pass_gap(uint32_t steps);

#endif
