/* SPDX-License-Identifier: Apache-2.0
 *
 * A log in flash whose last complete record survives a cut of the power at any moment. Records go
 * into slots that were erased beforehand, page after page around the ring, so that all pages wear
 * alike; a page is erased only while a newer record lies in another one. docs/flash_log.md
 * describes the bytes. The same source runs on the board and on the host.
 */
#ifndef COINCELL_FLASH_LOG_H
#define COINCELL_FLASH_LOG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COINCELL_FLASH_PAGE_WORDS 1024 /* 4,096 bytes, of the nRF52840 */
#define COINCELL_FLASH_LOG_SLOTS 3     /* a page */
#define COINCELL_FLASH_LOG_MOST_WORDS 280 /* of a record's payload */

/* The flash below it. Functions are called with words and pages from the log's first one on. */
typedef struct {
    const volatile uint32_t *words; /* [pages][COINCELL_FLASH_PAGE_WORDS] */
    uint32_t pages;                 /* at least 2 */
    void (*write)(uint32_t word, uint32_t value); /* clears bits of an erased word, waits for it */
    int (*erase)(uint32_t page); /* a part of erasing; 1 when the page is erased */
    int (*may_write)(void);      /* 0 once the power is known to fail */
} coincell_flash;

typedef struct {
    coincell_flash flash;
    uint32_t sequence; /* of the newest record; 0: there is none */
    uint32_t given;    /* the greatest sequence of any record, complete or not */
    uint32_t page, slot; /* that the next record goes into; slot SLOTS: the page is full */
    uint32_t newest;     /* word of the newest record */
    uint32_t erases;     /* of the page that was erased most often */
    uint32_t erasing;    /* of the page that is being erased, what this makes it; 0: none is */
    uint32_t ready;      /* 1: the page that comes next was seen to be erased */
} coincell_flash_log;

/* What a record says beside its payload. */
typedef struct {
    uint32_t boot; /* the caller's: starts so far */
    uint32_t kind; /* the caller's: what the payload is; another kind's is not read */
} coincell_flash_log_mark;

/* Finds the newest complete record. Returns 1 and *mark, or 0 when there is none. */
int coincell_flash_log_open(coincell_flash_log *log, const coincell_flash *flash,
                            coincell_flash_log_mark *mark);

/* payload[count] of the newest record, if it is of that kind and length. Returns whether. */
int coincell_flash_log_read(const coincell_flash_log *log, uint32_t kind, uint32_t *payload,
                            uint32_t count);

/* Keeps payload[count], count at most MOST_WORDS. Returns 1 when it is kept; 0 when the power
 * fails, or no slot is erased: coincell_flash_log_work has not had its time. */
int coincell_flash_log_append(coincell_flash_log *log, const coincell_flash_log_mark *mark,
                              const uint32_t *payload, uint32_t count);

/* A part of erasing the page that comes next, if that is not erased. Returns 1 when there is more
 * to do. */
int coincell_flash_log_work(coincell_flash_log *log);

#ifdef __cplusplus
}
#endif

#endif
