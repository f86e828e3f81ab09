/* SPDX-License-Identifier: Apache-2.0
 *
 * A central as a phone or a gateway is one: connects, reads the value by Read and Read Blob of its
 * packets' size until one is not full (Bluetooth Core Specification, Vol 3, Part G, 4.8.3), keeps
 * the report that is in it in a file, writes its CRC-32. One request a turn, as one connection
 * event has it. A read that is answered with an error ends the program, as BlueZ gives up on one.
 *
 * $SHIM_CENTRAL names the file; without it nobody connects. $SHIM_CENTRAL_IS: `mtu=N`, bytes of a
 * packet (23); `from=N`, the turn it comes near; `leaves=N`, each Nth request finds the connection
 * gone, which is made anew 5 turns later; `forgets=N`, each Nth report is kept and not told so;
 * `lies=N`, before each Nth report's CRC a wrong one is written.
 */
#ifndef SHIM_CENTRAL_H
#define SHIM_CENTRAL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    /* offset -> buffer[room]: bytes read, less on an error. */
    int (*read)(int offset, uint8_t *buffer, int room);
    /* bytes[count] to the characteristic `taken`. */
    void (*write)(const uint8_t *bytes, int count);
    /* It is there, or gone. */
    void (*connected)(int is_there);
} shim_peripheral;

static int shim_fact(const char *name, int otherwise)
{
    const char *facts = getenv("SHIM_CENTRAL_IS");
    const char *found = facts ? strstr(facts, name) : NULL;
    return found ? atoi(found + strlen(name)) : otherwise;
}

/* report[count] -> its CRC-32 of IEEE 802.3. */
static uint32_t shim_crc(const uint8_t *report, int count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (int i = 0; i < count; i++) {
        crc ^= report[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void shim_acknowledge(const shim_peripheral *peripheral, uint32_t right, int is_wrong)
{
    const uint32_t crc = is_wrong ? ~right : right;
    const uint8_t bytes[4] = {(uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16),
                              (uint8_t)(crc >> 24)};
    peripheral->write(bytes, is_wrong == 2 ? 3 : 4);
}

/* One connection event. */
static void shim_central_turn(const shim_peripheral *peripheral)
{
    static int turn = 0, requests = 0, reports = 0, has = 0, away = 0, is_there = 0;
    static uint8_t value[512];
    const uint8_t *const report = value + 6;
    const char *const path = getenv("SHIM_CENTRAL");
    const int room = shim_fact("mtu=", 23) - 1;
    if (path == NULL || turn++ < shim_fact("from=", 0) || away-- > 0) return;
    if (!is_there) peripheral->connected(is_there = 1);
    const int leaves = shim_fact("leaves=", 0);
    if (leaves && ++requests % leaves == 0) {
        peripheral->connected(is_there = 0);
        has = 0, away = 5;
        return;
    }
    const int got = peripheral->read(has, value + has, room);
    if (got < 0) exit(5);
    has += got;
    if (got == room) return; /* the rest another time */
    const int count = value[0] | value[1] << 8;
    if (has < 6 + count) exit(12);
    has = 0;
    if (count == 0) return; /* none waits */
    const uint32_t crc = shim_crc(report, count);
    for (int i = 0; i < 4; i++)
        if (value[2 + i] != (uint8_t)(crc >> (8 * i))) exit(13);
    FILE *file = fopen(path, "ab");
    if (file == NULL || fwrite(report, 1, (size_t)count, file) != (size_t)count ||
        fclose(file) != 0)
        exit(6);
    const int lies = shim_fact("lies=", 0), forgets = shim_fact("forgets=", 0);
    reports++;
    if (lies && reports % lies == 0)
        for (int kind = 1; kind <= 2; kind++) shim_acknowledge(peripheral, crc, kind);
    if (!forgets || reports % forgets != 0) shim_acknowledge(peripheral, crc, 0);
}

#endif
