/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * What the emulator's worker calls natively at every basic block of the guest: exact counts by
 * (owner, address, size), a budget, and loads from a watched region. No memory is allocated here;
 * the worker owns every buffer. The layout of the structures is known to the worker.
 */
#include <stdint.h>
#include <string.h>

#define OWNERS 4096
#define OWNER_KEEP 0 /* code that is shared: it counts for whoever called it */

enum stop_reason { RUNNING = 0, BUDGET_SPENT = 1, TABLE_FULL = 2, WATCHED_WRITTEN = 3 };

typedef struct {
    uint32_t address;
    uint16_t size;  /* bytes; 0 marks a free entry */
    uint16_t owner;
    uint64_t runs;
    uint64_t taken; /* times it was left for elsewhere than the address behind it */
} block_count;

typedef struct {
    int64_t budget; /* bytes of code that may still run */
    int (*stop)(void *emulator);
    block_count *table;        /* block_count[entries], a power of two, zeroed */
    const uint16_t *owner_of;  /* uint16[code_halfwords]: the owner of each address of code */
    const uint8_t *watched;    /* uint8[]: content of the watched region */
    block_count *previous;
    uint32_t entries;
    uint32_t used;
    uint32_t code_begin;
    uint32_t code_halfwords;
    uint32_t previous_end;
    uint32_t owner; /* the current one */
    uint32_t counting;
    uint32_t stopped; /* enum stop_reason */
    uint64_t loads[OWNERS]; /* from the watched region */
} block_counter;

static block_count *find(block_counter *counter, uint32_t address, uint32_t size)
{
    const uint32_t mask = counter->entries - 1;
    uint32_t slot = ((address >> 1) * 2654435761u) ^ (counter->owner * 40503u);
    for (;; slot++) {
        block_count *entry = &counter->table[slot & mask];
        if (entry->address == address && entry->size == size && entry->owner == counter->owner) {
            return entry;
        }
        if (entry->size == 0) {
            if (++counter->used > mask - mask / 4) {
                return 0;
            }
            entry->address = address;
            entry->size = (uint16_t)size;
            entry->owner = (uint16_t)counter->owner;
            return entry;
        }
    }
}

static void stop(block_counter *counter, void *emulator, enum stop_reason reason)
{
    counter->stopped = reason;
    counter->stop(emulator);
}

/* Called before each block runs. A block at which it stops has not run: the emulator calls again
 * for it when it resumes, so nothing is counted before that. */
void coincell_on_block(void *emulator, uint64_t address64, uint32_t size, void *user)
{
    block_counter *counter = user;
    const uint32_t address = (uint32_t)address64;
    if (counter->budget < (int64_t)size) {
        stop(counter, emulator, BUDGET_SPENT);
        return;
    }
    counter->budget -= size;
    if (!counter->counting) {
        return;
    }
    if (counter->previous != 0 && address != counter->previous_end) {
        counter->previous->taken++;
    }
    const uint32_t index = (address - counter->code_begin) >> 1;
    if (index < counter->code_halfwords && counter->owner_of[index] != OWNER_KEEP) {
        counter->owner = counter->owner_of[index];
    }
    block_count *entry = find(counter, address, size);
    if (entry == 0) {
        stop(counter, emulator, TABLE_FULL);
        return;
    }
    entry->runs++;
    counter->previous = entry;
    counter->previous_end = address + size;
}

/* Called for each load from the watched region; offset from its begin, size in bytes. */
uint64_t coincell_on_load(void *emulator, uint64_t offset, unsigned size, void *user)
{
    (void)emulator;
    block_counter *counter = user;
    uint64_t value = 0;
    memcpy(&value, counter->watched + offset, size);
    counter->loads[counter->owner] += size > 4 ? 2 : 1;
    return value;
}

/* Called for each store into the watched region, which is flash. */
void coincell_on_store(void *emulator, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    (void)offset;
    (void)size;
    (void)value;
    stop(user, emulator, WATCHED_WRITTEN);
}
