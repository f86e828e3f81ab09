/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * What the emulator's worker calls natively at every basic block of the guest: virtual time, exact
 * counts by (owner, address, size), a budget, and loads from a watched region. No memory is
 * allocated here; the worker owns every buffer. The worker knows the layout of the structures.
 */
#include <stdint.h>
#include <string.h>

#define OWNERS 4096
#define OWNER_KEEP 0 /* code that is shared: it counts for whoever called it */
#define TAKEN_CYCLES 2 /* refill of the pipeline after a jump */
#define BLOCK_SETS_EVENT 0x8000u /* in block_time.size: the block holds SEV */
#define BLOCK_CHECKED 0x4000u    /* there: `checks` tells registers that must be multiples of 4 */
#define BLOCK_SIZE 0x3FFFu
#define PENDING_UNMASKABLE 2u

enum stop_reason {
    RUNNING = 0,
    BUDGET_SPENT = 1,
    TABLE_FULL = 2,
    WATCHED_WRITTEN = 3,
    DEADLINE = 4,  /* virtual time has come to what is scheduled next */
    INTERRUPT = 5, /* masks no longer hold back what is pending */
    UNALIGNED = 6, /* the block that comes has several words at once that lie at no multiple of 4 */
    UNALIGNED_BEFORE = 7, /* the block before did */
    UNALIGNED_HERE = 8,   /* the instruction that comes */
    AGAIN = 9, /* the block that comes is new, and is to be translated once more */
};

typedef struct {
    uint32_t address;
    uint16_t size;  /* bytes; 0 marks a free entry */
    uint16_t owner;
    uint64_t runs;
    uint64_t taken; /* times it was left for elsewhere than the address behind it */
} block_count;

/* Of the block that begins at one halfword of code; size 0: not yet known. */
typedef struct {
    uint16_t size;
    uint16_t cycles;    /* waits for literals included */
    uint32_t wait_q8;   /* cycles of waiting for constants in flash, in 1/256: an average */
} block_time;

/* Code in one memory. */
typedef struct {
    uint32_t begin;
    uint32_t halfwords;
    block_time *times;  /* block_time[halfwords] */
    uint32_t *runs;     /* uint32[halfwords], while learning */
    uint32_t *loads;    /* uint32[halfwords], while learning */
    uint32_t *checks;   /* uint32[halfwords]: registers to check before a block, << 16 after it */
} code_region;

typedef struct {
    int64_t now;      /* cycles since power on, at the end of the block that runs */
    int64_t begun;    /* at its begin */
    int64_t deadline; /* when to stop */
    int64_t budget;   /* bytes of code that may still run */
    int (*stop)(void *emulator);
    int (*read_register)(void *emulator, int number, void *value);
    uint32_t (*price)(uint32_t address, uint32_t size); /* cycles, the flags of a block << 16 */
    block_count *table;        /* block_count[entries], a power of two, zeroed */
    const uint16_t *owner_of;  /* uint16[halfwords of flash]: the owner of each address of code */
    const uint8_t *watched;    /* uint8[]: content of the watched region */
    block_count *previous;
    uint32_t entries;
    uint32_t used;
    uint32_t previous_end;
    uint32_t block;    /* address of the block that runs */
    uint32_t size;     /* of it */
    uint32_t owner;    /* the current one */
    uint32_t counting;
    uint32_t learning; /* how many loads of constants each block makes */
    uint32_t stopped;  /* enum stop_reason */
    uint32_t event;    /* the event register of WFE and SEV */
    uint32_t pending;  /* 1: an exception of `pending_priority` waits for open masks; 2: NMI */
    uint32_t pending_priority;
    uint32_t group_mask; /* the bits of a priority that decide about preemption */
    uint32_t wait_fraction; /* of a cycle, in 1/256 */
    uint32_t from;    /* the end of the block before one that is new */
    uint32_t after;   /* registers to check when the block that runs is done */
    uint32_t checked; /* the block that `after` belongs to */
    uint32_t again;   /* set by `price`: stop with AGAIN */
    uint32_t misaligned; /* where UNALIGNED_HERE found it, and the base there */
    uint32_t misaligned_base;
    int32_t xpsr; /* number of the register */
    int32_t primask, basepri, faultmask; /* numbers of registers */
    int32_t general[16];                 /* of r0 to r15 */
    code_region regions[2]; /* flash, RAM */
    uint64_t loads[OWNERS]; /* from the watched region */
} block_hook;

/* A load or store that is looked at each time. */
typedef struct {
    block_hook *hook;
    int32_t base;       /* number of the register, 0 to 15 */
    uint32_t condition; /* under which it runs, as instructions encode it */
} aligned_access;

static block_count *find(block_hook *hook, uint32_t address, uint32_t size)
{
    const uint32_t mask = hook->entries - 1;
    uint32_t slot = ((address >> 1) * 2654435761u) ^ (hook->owner * 40503u);
    for (;; slot++) {
        block_count *entry = &hook->table[slot & mask];
        if (entry->address == address && entry->size == size && entry->owner == hook->owner) {
            return entry;
        }
        if (entry->size == 0) {
            if (++hook->used > mask - mask / 4) {
                return 0;
            }
            entry->address = address;
            entry->size = (uint16_t)size;
            entry->owner = (uint16_t)hook->owner;
            return entry;
        }
    }
}

static void stop(block_hook *hook, void *emulator, enum stop_reason reason)
{
    hook->stopped = reason;
    hook->stop(emulator);
}

static uint32_t special(const block_hook *hook, void *emulator, int32_t number)
{
    uint32_t value = 0;
    hook->read_register(emulator, number, &value);
    return value;
}

/* Whether the masks let through what is pending. */
static int unmasked(const block_hook *hook, void *emulator)
{
    if (hook->pending == PENDING_UNMASKABLE) {
        return 1;
    }
    if ((special(hook, emulator, hook->primask) | special(hook, emulator, hook->faultmask)) & 1) {
        return 0;
    }
    const uint32_t basepri = special(hook, emulator, hook->basepri);
    return basepri == 0 || hook->pending_priority < (basepri & hook->group_mask);
}

/* Whether one of the registers of `mask` is no multiple of 4. */
static int unaligned(const block_hook *hook, void *emulator, uint32_t mask)
{
    for (int i = 0; mask != 0; i++, mask >>= 1) {
        if ((mask & 1) != 0 && (special(hook, emulator, hook->general[i]) & 3) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether `condition` holds with the flags N, Z, C, V in the upper bits of `xpsr`. */
static int holds(uint32_t condition, uint32_t xpsr)
{
    const uint32_t n = xpsr >> 31, z = xpsr >> 30 & 1, c = xpsr >> 29 & 1, v = xpsr >> 28 & 1;
    const uint32_t values[7] = {z, c, n, v, c && !z, n == v, n == v && !z};
    return condition >= 14 || values[condition >> 1] != (condition & 1);
}

/* The memory that holds the block at `address`, 0 where none is known, and its halfword there in
 * `index`. A block that is new is priced. */
static const code_region *region_of(block_hook *hook, uint32_t address, uint32_t size,
                                    uint32_t *index)
{
    for (int i = 0; i < 2; i++) {
        const code_region *region = &hook->regions[i];
        *index = (address - region->begin) >> 1;
        if (*index >= region->halfwords) {
            continue;
        }
        block_time *time = &region->times[*index];
        if ((time->size & BLOCK_SIZE) != size) {
            hook->from = hook->previous_end;
            const uint32_t priced = hook->price(address, size);
            time->size = (uint16_t)(size | (priced >> 16));
            time->cycles = (uint16_t)priced;
            time->wait_q8 = 0;
        }
        return region;
    }
    return 0;
}

/* region: of the block, with its halfword there; 0: its time is guessed from its size in bytes. */
static void pass_time(block_hook *hook, void *emulator, uint32_t address, uint32_t size,
                      const code_region *region, uint32_t index)
{
    hook->begun = hook->now;
    if (address != hook->previous_end) {
        hook->now += TAKEN_CYCLES;
        hook->begun = hook->now;
    }
    hook->previous_end = address + size;
    if (region == 0) {
        hook->now += size / 2;
        return;
    }
    const block_time *time = &region->times[index];
    hook->event |= time->size >> 15;
    if ((time->size & BLOCK_CHECKED) != 0) {
        const uint32_t checks = region->checks[index];
        hook->after = checks >> 16;
        hook->checked = address;
        if (unaligned(hook, emulator, checks & 0xFFFFu)) {
            stop(hook, emulator, UNALIGNED);
        }
    }
    hook->wait_fraction += time->wait_q8;
    hook->now += time->cycles + (hook->wait_fraction >> 8);
    hook->wait_fraction &= 255u;
    if (hook->learning) {
        region->runs[index]++;
    }
}

/* Called before each block runs. A block at which it stops has not run: the emulator calls again
 * for it when it resumes, so nothing is counted before that. */
void coincell_on_block(void *emulator, uint64_t address64, uint32_t size, void *user)
{
    block_hook *hook = user;
    const uint32_t address = (uint32_t)address64;
    if (hook->stopped == UNALIGNED_HERE) { /* the emulator goes on behind an IT block */
        stop(hook, emulator, UNALIGNED_HERE);
        return;
    }
    if (hook->budget < (int64_t)size) {
        stop(hook, emulator, BUDGET_SPENT);
        return;
    }
    if (hook->now >= hook->deadline) {
        stop(hook, emulator, DEADLINE);
        return;
    }
    if (hook->pending && unmasked(hook, emulator)) {
        stop(hook, emulator, INTERRUPT);
        return;
    }
    uint32_t place = 0;
    const code_region *region = region_of(hook, address, size, &place);
    if (hook->again) {
        hook->again = 0;
        stop(hook, emulator, AGAIN);
        return;
    }
    if (hook->counting) {
        if (hook->previous != 0 && address != hook->previous_end) {
            hook->previous->taken++;
        }
        const uint32_t index = (address - hook->regions[0].begin) >> 1;
        if (index < hook->regions[0].halfwords && hook->owner_of[index] != OWNER_KEEP) {
            hook->owner = hook->owner_of[index];
        }
        block_count *entry = find(hook, address, size);
        if (entry == 0) {
            stop(hook, emulator, TABLE_FULL);
            return;
        }
        entry->runs++;
        hook->previous = entry;
    }
    hook->budget -= size;
    hook->block = address;
    hook->size = size;
    if (hook->after != 0 && unaligned(hook, emulator, hook->after)) {
        stop(hook, emulator, UNALIGNED_BEFORE);
        return;
    }
    hook->after = 0;
    pass_time(hook, emulator, address, size, region, place);
}

/* Called before a load or store of several words that the hook on blocks cannot check. */
void coincell_on_aligned(void *emulator, uint64_t address, uint32_t size, void *user)
{
    (void)size;
    const aligned_access *access = user;
    block_hook *hook = access->hook;
    const uint32_t base = special(hook, emulator, hook->general[access->base]);
    if ((base & 3) == 0 || hook->stopped == UNALIGNED_HERE) {
        return;
    }
    if (holds(access->condition, special(hook, emulator, hook->xpsr))) {
        hook->misaligned = (uint32_t)address;
        hook->misaligned_base = base;
        stop(hook, emulator, UNALIGNED_HERE);
    }
}

/* Called for each load from the watched region; offset from its begin, size in bytes. */
uint64_t coincell_on_load(void *emulator, uint64_t offset, unsigned size, void *user)
{
    (void)emulator;
    block_hook *hook = user;
    uint64_t value = 0;
    memcpy(&value, hook->watched + offset, size);
    const uint32_t words = size > 4 ? 2 : 1;
    hook->loads[hook->owner] += words;
    if (hook->learning) {
        for (int i = 0; i < 2; i++) {
            const uint32_t index = (hook->block - hook->regions[i].begin) >> 1;
            if (index < hook->regions[i].halfwords) {
                hook->regions[i].loads[index] += words;
            }
        }
    }
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

/* What was learned becomes part of each block's time, `wait` cycles for each load, and is
 * forgotten as a count. */
void coincell_learn(block_hook *hook, uint32_t wait)
{
    for (int i = 0; i < 2; i++) {
        const code_region *region = &hook->regions[i];
        for (uint32_t index = 0; index < region->halfwords; index++) {
            const uint64_t loads = region->loads[index];
            if (loads != 0 && region->runs[index] != 0) {
                region->times[index].wait_q8 = (uint32_t)(256 * wait * loads / region->runs[index]);
            }
        }
        memset(region->runs, 0, sizeof(uint32_t) * region->halfwords);
        memset(region->loads, 0, sizeof(uint32_t) * region->halfwords);
    }
}
