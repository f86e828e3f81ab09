/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_BLUETOOTH_H
#define SAMPLE_BLUETOOTH_H

/* Advertises the reports' service. Returns 0, or the code of what failed. */
int bluetooth_begin(void);

/* Offers the report that waits, when there is one; call it after a decision. */
void bluetooth_offer(void);

#endif
