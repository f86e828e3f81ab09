/* SPDX-License-Identifier: Apache-2.0
 *
 * The last pages of the application's flash, written and erased through the NVMC, and the warning
 * that the power fails: nRF52840 Product Specification, section 4.3 (NVMC), and POWER's power-fail
 * comparator. The core stands still while a word is written (41 us) or a page erased; erasing is
 * done in parts, so that no sample is lost meanwhile.
 */
#ifndef COINCELL_FLASH_PAGES_H
#define COINCELL_FLASH_PAGES_H

#include "flash_log/flash_log.h"

/* Switches the warning on. */
void flash_pages_begin(void);

/* What the log takes. */
extern const coincell_flash flash_pages;

/* key[8]: of the words that sign reports, once for the life of the chip. Returns 1 when it is kept,
 * 0 when there is one already, the power fails, or three tries were cut before. */
int flash_key_keep(const uint32_t *key);

/* key[8] -> whether there is one. */
int flash_key_read(uint32_t *key);

/* The power did not fail after all: the next record may be tried. */
void flash_pages_forget_warning(void);

#endif
