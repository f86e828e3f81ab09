/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/hmac.h"

#include <string.h>

#define BLOCK 64u
#define WORDS 16

typedef struct {
    uint32_t state[8];
    uint32_t bytes; /* taken so far; messages here are far below 2^29 */
    uint8_t block[BLOCK];
} sha256;

static const uint32_t first_state[8] = {
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
    0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u,
};

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u,
};

static uint32_t turned(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

/* The message's words, sixteen at a time: word `i` follows from those before it. */
static uint32_t next_word(uint32_t *words, int i)
{
    if (i < WORDS) return words[i];
    const uint32_t two = words[(i - 2) % WORDS], fifteen = words[(i - 15) % WORDS];
    const uint32_t far = turned(fifteen, 7) ^ turned(fifteen, 18) ^ fifteen >> 3;
    const uint32_t near = turned(two, 17) ^ turned(two, 19) ^ two >> 10;
    words[i % WORDS] += near + words[(i - 7) % WORDS] + far;
    return words[i % WORDS];
}

/* block[BLOCK] -> state[8]. */
static void mix(uint32_t *state, const uint8_t *block)
{
    uint32_t words[WORDS], s[8];
    for (int i = 0; i < WORDS; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        const uint32_t one = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25);
        const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const uint32_t first = s[7] + one + choice + constants[i] + next_word(words, i);
        const uint32_t zero = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22);
        const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + zero + majority;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

static void begin(sha256 *hash)
{
    memcpy(hash->state, first_state, sizeof first_state);
    hash->bytes = 0;
}

static void take(sha256 *hash, const uint8_t *data, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        hash->block[hash->bytes++ % BLOCK] = data[i];
        if (hash->bytes % BLOCK == 0) mix(hash->state, hash->block);
    }
}

static void end(sha256 *hash, uint8_t *digest)
{
    static const uint8_t one = 0x80, zero = 0;
    const uint32_t bytes = hash->bytes;
    take(hash, &one, 1);
    while (hash->bytes % BLOCK != BLOCK - 8) take(hash, &zero, 1);
    for (int shift = 56; shift >= 0; shift -= 8) {
        const uint8_t part = (uint8_t)(((uint64_t)bytes << 3) >> shift);
        take(hash, &part, 1);
    }
    for (int i = 0; i < COINCELL_SHA256_BYTES; i++)
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void coincell_sha256(const uint8_t *data, uint32_t count, uint8_t *digest)
{
    sha256 hash;
    begin(&hash);
    take(&hash, data, count);
    end(&hash, digest);
}

/* key ^ pad, a block. */
static void take_padded_key(sha256 *hash, const uint8_t *key, uint8_t pad)
{
    for (uint32_t i = 0; i < BLOCK; i++) {
        const uint8_t byte = (uint8_t)((i < COINCELL_HMAC_KEY_BYTES ? key[i] : 0) ^ pad);
        take(hash, &byte, 1);
    }
}

void coincell_hmac_sha256(const uint8_t *key, const uint8_t *data, uint32_t count, uint8_t *tag)
{
    sha256 hash;
    begin(&hash);
    take_padded_key(&hash, key, 0x36);
    take(&hash, data, count);
    end(&hash, tag);
    begin(&hash);
    take_padded_key(&hash, key, 0x5c);
    take(&hash, tag, COINCELL_SHA256_BYTES);
    end(&hash, tag);
}
