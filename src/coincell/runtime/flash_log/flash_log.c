/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_log/flash_log.h"

#define PAGE COINCELL_FLASH_PAGE_WORDS
#define SLOTS COINCELL_FLASH_LOG_SLOTS
#define ERASED 0xFFFFFFFFu
#define RETIRED 0u
#define LOOKS 32
#define MOST_AHEAD 4096

/* A page's first words. A page is whole when its magic is there and it is not retired: the magic is
 * written when erasing has ended, and it is retired before erasing begins. */
enum { PAGE_MAGIC, PAGE_ERASES, PAGE_RETIRED, PAGE_HEADER_WORDS };
#define MAGIC 0x4C6E6F43u /* "ConL" */

/* A slot: these words, the payload, the checksum of both. */
enum { SLOT_SEQUENCE, SLOT_BOOT, SLOT_KIND, SLOT_COUNT, SLOT_HEADER_WORDS };
#define SLOT_WORDS (SLOT_HEADER_WORDS + COINCELL_FLASH_LOG_MOST_WORDS + 1)

_Static_assert(PAGE_HEADER_WORDS + SLOTS * SLOT_WORDS <= PAGE, "the slots fit a page");

static uint32_t word_at(const coincell_flash *flash, uint32_t word)
{
    return flash->words[word];
}

static uint32_t place_of(uint32_t page, uint32_t slot)
{
    return page * PAGE + PAGE_HEADER_WORDS + slot * SLOT_WORDS;
}

/* CRC-32 as of ISO 3309, bit by bit, low bit first: small, and fast enough for once an hour. */
static uint32_t add_to_crc(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (int bit = 0; bit < 32; bit++) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    return crc;
}

/* Whether a complete record begins at this word. */
static int is_record(const coincell_flash *flash, uint32_t word)
{
    const uint32_t count = word_at(flash, word + SLOT_COUNT);
    if (word_at(flash, word + SLOT_SEQUENCE) == ERASED) return 0;
    if (count > COINCELL_FLASH_LOG_MOST_WORDS) return 0;
    uint32_t crc = ERASED;
    for (uint32_t i = 0; i < SLOT_HEADER_WORDS + count; i++)
        crc = add_to_crc(crc, word_at(flash, word + i));
    return word_at(flash, word + SLOT_HEADER_WORDS + count) == ~crc;
}

/* Whether words [first, first + count) are erased. */
static int is_blank(const coincell_flash *flash, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (word_at(flash, first + i) != ERASED) return 0;
    return 1;
}

/* A cell that a cut left between 0 and 1 reads as either, each time anew. Only the first word of a
 * slot can be torn with all after it erased; what reads as erased so often in a row is. */
static int is_free(const coincell_flash *flash, uint32_t word)
{
    for (int look = 0; look < LOOKS; look++)
        if (word_at(flash, word) != ERASED) return 0;
    return is_blank(flash, word, SLOT_WORDS);
}

/* Whether erasing of this page ended, and has not begun again. */
static int is_whole(const coincell_flash *flash, uint32_t page)
{
    return word_at(flash, page * PAGE + PAGE_MAGIC) == MAGIC &&
           word_at(flash, page * PAGE + PAGE_RETIRED) == ERASED;
}

static int is_ready(const coincell_flash *flash, uint32_t page)
{
    return is_whole(flash, page) && is_free(flash, place_of(page, 0)) &&
           is_blank(flash, page * PAGE + PAGE_HEADER_WORDS, PAGE - PAGE_HEADER_WORDS);
}

static uint32_t page_after(const coincell_flash_log *log)
{
    return log->page + 1 < log->flash.pages ? log->page + 1 : 0;
}

/* The first slot of the current page, from log->slot on, that can be written; SLOTS: none. */
static void find_slot(coincell_flash_log *log)
{
    while (log->slot < SLOTS &&
           !(is_whole(&log->flash, log->page) &&
             is_free(&log->flash, place_of(log->page, log->slot))))
        log->slot++;
}

/* Of two complete records: whether (sequence, boot) is newer than what the log has as its newest.
 * A record that a cut left between complete and not can turn complete later, when its sequence has
 * been given anew; the start after the cut wrote the other one. */
static int is_newer(const coincell_flash_log *log, uint32_t word)
{
    const uint32_t sequence = word_at(&log->flash, word + SLOT_SEQUENCE);
    if (sequence != log->sequence) return sequence > log->sequence;
    return sequence > 0 && word_at(&log->flash, word + SLOT_BOOT) >
                               word_at(&log->flash, log->newest + SLOT_BOOT);
}

/* The next record goes behind the newest one: slots and pages after it that failed are tried again,
 * the page after it is looked at again. */
static void go_behind_newest(coincell_flash_log *log)
{
    log->ready = 0;
    if (log->sequence == 0) return;
    log->page = log->newest / PAGE;
    log->slot = (log->newest % PAGE - PAGE_HEADER_WORDS) / SLOT_WORDS + 1;
}

/* The greatest sequence that was given, also to records that cuts left incomplete: one of those
 * that turns complete later must not be newer than what is written from now on. Where the count
 * stands there, the sequence was written to its end; what is far from the newest is no record's. */
static uint32_t greatest_given(const coincell_flash_log *log)
{
    uint32_t ahead = 0;
    for (uint32_t page = 0; page < log->flash.pages; page++)
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            const uint32_t word = place_of(page, slot);
            const uint32_t more = word_at(&log->flash, word + SLOT_SEQUENCE) - log->sequence;
            if (word_at(&log->flash, word + SLOT_COUNT) > COINCELL_FLASH_LOG_MOST_WORDS) continue;
            if (more <= MOST_AHEAD && more > ahead) ahead = more;
        }
    return log->sequence + ahead;
}

int coincell_flash_log_open(coincell_flash_log *log, const coincell_flash *flash,
                            coincell_flash_log_mark *mark)
{
    *log = (coincell_flash_log){.flash = *flash, .page = flash->pages - 1, .slot = SLOTS};
    for (uint32_t page = 0; page < flash->pages; page++) {
        const uint32_t erases = word_at(flash, page * PAGE + PAGE_ERASES);
        if (is_whole(flash, page) && erases != ERASED && erases > log->erases) log->erases = erases;
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            const uint32_t word = place_of(page, slot);
            if (!is_record(flash, word)) continue;
            if (!is_newer(log, word)) continue;
            log->sequence = word_at(flash, word + SLOT_SEQUENCE);
            log->newest = word;
        }
    }
    log->given = greatest_given(log);
    if (log->sequence == 0) return 0;
    go_behind_newest(log);
    mark->boot = word_at(flash, log->newest + SLOT_BOOT);
    mark->kind = word_at(flash, log->newest + SLOT_KIND);
    return 1;
}

int coincell_flash_log_read(const coincell_flash_log *log, uint32_t kind, uint32_t *payload,
                            uint32_t count)
{
    const coincell_flash *const flash = &log->flash;
    if (log->sequence == 0 || word_at(flash, log->newest + SLOT_KIND) != kind ||
        word_at(flash, log->newest + SLOT_COUNT) != count)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        payload[i] = word_at(flash, log->newest + SLOT_HEADER_WORDS + i);
    return 1;
}

/* Returns 0 when the power fails. */
static int write_word(const coincell_flash *flash, uint32_t word, uint32_t value)
{
    if (!flash->may_write()) return 0;
    if (value != ERASED) flash->write(word, value);
    return 1;
}

/* Writes a slot word by word, the checksum last. Returns 1 when all of it reads back. */
static int fill(coincell_flash_log *log, uint32_t word, const uint32_t *header,
                const uint32_t *payload, uint32_t count)
{
    uint32_t crc = ERASED;
    for (uint32_t i = 0; i < SLOT_HEADER_WORDS + count; i++) {
        const uint32_t value = i < SLOT_HEADER_WORDS ? header[i] : payload[i - SLOT_HEADER_WORDS];
        crc = add_to_crc(crc, value);
        if (!write_word(&log->flash, word + i, value)) return 0;
    }
    if (!write_word(&log->flash, word + SLOT_HEADER_WORDS + count, ~crc)) return 0;
    return is_record(&log->flash, word);
}

int coincell_flash_log_append(coincell_flash_log *log, const coincell_flash_log_mark *mark,
                              const uint32_t *payload, uint32_t count)
{
    if (count > COINCELL_FLASH_LOG_MOST_WORDS || !log->flash.may_write()) return 0;
    find_slot(log);
    if (log->slot == SLOTS) {
        if (!is_ready(&log->flash, page_after(log))) {
            if (log->erasing == 0) go_behind_newest(log);
            return 0;
        }
        log->page = page_after(log);
        log->slot = 0;
        log->ready = 0;
    }
    if (log->given >= ERASED - 1) return 0;
    const uint32_t header[SLOT_HEADER_WORDS] = {++log->given, mark->boot, mark->kind, count};
    const uint32_t word = place_of(log->page, log->slot);
    log->slot++; /* used, complete or not */
    if (!fill(log, word, header, payload, count)) return 0;
    log->sequence = log->given;
    log->newest = word;
    return 1;
}

int coincell_flash_log_work(coincell_flash_log *log)
{
    const coincell_flash *const flash = &log->flash;
    const uint32_t page = page_after(log), first = page * PAGE;
    if (log->ready) return 0;
    /* With few pages a record that failed can leave the newest one in the page that comes next. */
    if (log->sequence > 0 && log->newest / PAGE == page) return 0;
    if (log->erasing == 0) {
        log->ready = (uint32_t)is_ready(flash, page);
        if (log->ready) return 0;
        if (!flash->may_write()) return 1;
        const int whole = is_whole(flash, page);
        /* A page that a cut left half erased is taken to be as worn as any. */
        log->erasing = whole              ? word_at(flash, first + PAGE_ERASES) + 1
                       : log->erases > 0 ? log->erases
                                         : 1;
        if (whole) flash->write(first + PAGE_RETIRED, RETIRED);
    }
    if (!flash->may_write() || !flash->erase(page) || !flash->may_write()) return 1;
    flash->write(first + PAGE_ERASES, log->erasing);
    flash->write(first + PAGE_MAGIC, MAGIC);
    if (log->erasing > log->erases) log->erases = log->erasing;
    log->erasing = 0;
    log->ready = 1;
    return 0;
}
