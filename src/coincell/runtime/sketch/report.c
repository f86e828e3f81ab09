/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch/report.h"

#include <string.h>

#define VERSION 1

/* Keys of the body. */
enum {
    KEY_VERSION,
    KEY_DEVICE,
    KEY_REFERENCE,
    KEY_BOOT,
    KEY_SEQUENCE,
    KEY_UPTIME,
    KEY_SECONDS,
    KEY_WINDOWS,
    KEY_QUIET,
    KEY_RESET,
    KEY_LATENCY,
    KEY_SECTIONS,
    KEY_TIME,
};

/* Sections in the order of the ring, and their numbers in a report. */
enum { PREDICTED, EVENTS, SCORE, DISTANCE, FIRST_HEALTH };
#define NUMBER_OF_PLAIN(section) (1 + (section))
#define NUMBER_OF_HEALTH(channel) (16 + (channel))
#define NUMBER_OF_FEATURE(feature) (64 + (feature))
#define MOST_SECTIONS \
    (FIRST_HEALTH + COINCELL_SKETCH_MOST_CHANNELS + COINCELL_SKETCH_MOST_CELLS)

/* CBOR's major types, in the first byte's upper three bits. */
enum { UNSIGNED = 0, BYTES = 2, ARRAY = 4, MAP = 5 };

#define ENVELOPE_BYTES 4 /* array of two, the body's length in two bytes, the tag's in one */
#define SMALL 24u        /* below it a number stands in CBOR's first byte */
#define LONGEST_SECTION (3 * COINCELL_SKETCH_SCORE_BINS)

/* Bytes to be filled. Every place is checked beforehand by what is counted to fit. */
typedef struct {
    uint8_t *bytes;
    uint32_t filled;
} writer;

static void put(writer *to, uint32_t byte)
{
    to->bytes[to->filled++] = (uint8_t)byte;
}

/* The shortest head that CBOR has for a type and a number. */
static void put_head(writer *to, uint32_t type, uint32_t number)
{
    if (number < SMALL) {
        put(to, type << 5 | number);
        return;
    }
    const uint32_t more = number > 0xFFFF ? 2 : number > 0xFF ? 1 : 0;
    put(to, type << 5 | (SMALL + more));
    for (int32_t shift = (8 << more) - 8; shift >= 0; shift -= 8) put(to, number >> shift & 0xFF);
}

static void put_bytes(writer *to, const uint8_t *bytes, uint32_t count)
{
    put_head(to, BYTES, count);
    memcpy(to->bytes + to->filled, bytes, count);
    to->filled += count;
}

static void put_pair(writer *to, uint32_t key, uint32_t number)
{
    put_head(to, UNSIGNED, key);
    put_head(to, UNSIGNED, number);
}

/* LEB128: the least group of seven bits first. */
static void put_counter(writer *to, uint32_t value)
{
    for (; value > 0x7F; value >>= 7) put(to, (value & 0x7F) | 0x80);
    put(to, value);
}

/* bins[count] -> whether one of them is above 0. */
static int put_bins(writer *to, const uint16_t *bins, int32_t count)
{
    uint32_t all = 0;
    for (int32_t i = 0; i < count; i++) {
        put_counter(to, bins[i]);
        all |= bins[i];
    }
    return all != 0;
}

static int put_health(writer *to, const coincell_sketch_health *health)
{
    const uint32_t zigzag =
        ((uint32_t)health->offset << 1) ^ (health->offset < 0 ? UINT32_MAX : 0u);
    put_counter(to, health->windows);
    put_counter(to, health->clipped);
    put_counter(to, zigzag);
    put_counter(to, health->level);
    put_counter(to, health->stuck);
    put_counter(to, health->floor);
    return health->windows != 0;
}

/* Where the bins of a section stand, and how many: bins of the sections of health are none. */
static uint16_t *bins_at(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                         int32_t section, int32_t *count)
{
    uint16_t *const bins = coincell_sketch_bins_of(plan, sketch);
    *count = section <= EVENTS   ? plan->classes
             : section == SCORE ? COINCELL_SKETCH_SCORE_BINS
                                : COINCELL_SKETCH_BINS;
    const int32_t before_distance = 2 * plan->classes + COINCELL_SKETCH_SCORE_BINS;
    if (section < SCORE) return bins + section * plan->classes;
    if (section == SCORE) return bins + 2 * plan->classes;
    if (section == DISTANCE) return bins + before_distance;
    const int32_t feature = section - FIRST_HEALTH - plan->channels;
    return bins + before_distance + (1 + feature) * COINCELL_SKETCH_BINS;
}

static int is_health(const coincell_sketch_plan *plan, int32_t section)
{
    return section >= FIRST_HEALTH && section < FIRST_HEALTH + plan->channels;
}

static uint32_t number_of(const coincell_sketch_plan *plan, int32_t section)
{
    if (section < FIRST_HEALTH) return (uint32_t)NUMBER_OF_PLAIN(section);
    const int32_t channel = section - FIRST_HEALTH;
    if (channel < plan->channels) return (uint32_t)NUMBER_OF_HEALTH(channel);
    return (uint32_t)NUMBER_OF_FEATURE(channel - plan->channels);
}

/* Returns whether the section has counted anything. */
static int put_section(const coincell_sketch_plan *plan, coincell_sketch *sketch, int32_t section,
                       writer *to)
{
    if (is_health(plan, section))
        return put_health(to, coincell_sketch_health_of(sketch) + section - FIRST_HEALTH);
    int32_t count;
    const uint16_t *const bins = bins_at(plan, sketch, section, &count);
    const int counted = put_bins(to, bins, count);
    if (section == DISTANCE) put_counter(to, sketch->margins);
    return counted;
}

static void forget(const coincell_sketch_plan *plan, coincell_sketch *sketch, int32_t section)
{
    if (is_health(plan, section)) {
        coincell_sketch_health *const health =
            coincell_sketch_health_of(sketch) + section - FIRST_HEALTH;
        *health = (coincell_sketch_health){.floor = UINT16_MAX};
        return;
    }
    int32_t count;
    uint16_t *const bins = bins_at(plan, sketch, section, &count);
    memset(bins, 0, (uint32_t)count * sizeof *bins);
    if (section == DISTANCE) sketch->margins = 0;
}

/* Chooses sections from sketch->next_section on, as many as have room: told[MOST_SECTIONS] is 1 for
 * those to be written. Returns how many that is, and moves next_section behind them. */
static uint32_t choose(const coincell_sketch_plan *plan, coincell_sketch *sketch, uint32_t room,
                       uint8_t *told)
{
    const int32_t sections =
        FIRST_HEALTH + plan->channels + plan->row_groups * plan->column_groups;
    uint32_t chosen = 0;
    memset(told, 0, MOST_SECTIONS);
    for (int32_t i = 0; i < sections; i++) {
        const int32_t section = sketch->next_section;
        uint8_t text[LONGEST_SECTION];
        writer packed = {text, 0};
        if (put_section(plan, sketch, section, &packed)) {
            const uint32_t head =
                (number_of(plan, section) < SMALL ? 1u : 2u) + (packed.filled < SMALL ? 1u : 2u);
            if (head + packed.filled > room) break;
            room -= head + packed.filled;
            told[section] = 1;
            chosen++;
        }
        sketch->next_section = (uint16_t)(section + 1 < sections ? section + 1 : 0);
    }
    return chosen;
}

static void put_sections(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                         const uint8_t *told, writer *to)
{
    for (int32_t section = 0; section < MOST_SECTIONS; section++) {
        if (!told[section]) continue;
        uint8_t text[LONGEST_SECTION];
        writer packed = {text, 0};
        (void)put_section(plan, sketch, section, &packed);
        put_head(to, UNSIGNED, number_of(plan, section));
        put_bytes(to, text, packed.filled);
        forget(plan, sketch, section);
    }
}

/* All keys before the sections. */
static void put_facts(const coincell_sketch_plan *plan, const coincell_sketch *sketch,
                      const coincell_report_facts *facts, writer *to)
{
    const int timed = sketch->least_latency <= sketch->most_latency;
    const uint32_t keys = 10u + (sketch->quiet > 0) + (timed != 0) +
                          (facts->time != COINCELL_REPORT_NO_TIME);
    put_head(to, MAP, keys);
    put_pair(to, KEY_VERSION, VERSION);
    put_head(to, UNSIGNED, KEY_DEVICE);
    put_bytes(to, facts->device, sizeof facts->device);
    put_head(to, UNSIGNED, KEY_REFERENCE);
    put_bytes(to, plan->reference, sizeof plan->reference);
    put_pair(to, KEY_BOOT, facts->boot);
    put_pair(to, KEY_SEQUENCE, facts->sequence);
    put_pair(to, KEY_UPTIME, facts->uptime);
    put_pair(to, KEY_SECONDS, facts->seconds);
    put_pair(to, KEY_WINDOWS, sketch->windows);
    if (sketch->quiet > 0) put_pair(to, KEY_QUIET, sketch->quiet);
    put_pair(to, KEY_RESET, facts->reset);
    if (timed) {
        put_head(to, UNSIGNED, KEY_LATENCY);
        put_head(to, ARRAY, 2);
        put_head(to, UNSIGNED, sketch->least_latency);
        put_head(to, UNSIGNED, sketch->most_latency);
    }
}

uint32_t coincell_report_write(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                               const coincell_report_facts *facts, coincell_report_sign sign,
                               uint8_t *report)
{
    const uint32_t tag_bytes = sign ? COINCELL_REPORT_TAG_BYTES : 0;
    const int has_time = facts->time != COINCELL_REPORT_NO_TIME;
    /* The body's length is told in front of it: it is written where it stands with two bytes of
     * head, which a body of 24 to 255 bytes has, as every body is. */
    writer body = {report + 3, 0};
    put_facts(plan, sketch, facts, &body);
    const uint32_t around = 3u + (has_time ? 6u : 0u); /* heads of sections; time behind them */
    uint8_t told[MOST_SECTIONS];
    const uint32_t room =
        COINCELL_REPORT_MOST_BYTES - ENVELOPE_BYTES - tag_bytes - body.filled - around;
    const uint32_t chosen = choose(plan, sketch, room, told);
    put_head(&body, UNSIGNED, KEY_SECTIONS);
    put_head(&body, MAP, chosen);
    put_sections(plan, sketch, told, &body);
    if (has_time) put_pair(&body, KEY_TIME, facts->time);

    writer whole = {report, 0};
    put_head(&whole, ARRAY, 2);
    put_head(&whole, BYTES, body.filled);
    whole.filled += body.filled;
    put_head(&whole, BYTES, tag_bytes);
    if (sign) sign(body.bytes, body.filled, whole.bytes + whole.filled);
    sketch->windows = sketch->quiet = 0;
    sketch->least_latency = UINT32_MAX;
    sketch->most_latency = 0;
    return whole.filled + tag_bytes;
}
