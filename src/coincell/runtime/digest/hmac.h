/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4, section 6.2) and HMAC with it (RFC 2104), without tables but SHA's own.
 */
#ifndef COINCELL_DIGEST_HMAC_H
#define COINCELL_DIGEST_HMAC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COINCELL_SHA256_BYTES 32
#define COINCELL_HMAC_KEY_BYTES 32

/* data[count] -> digest[COINCELL_SHA256_BYTES]. */
void coincell_sha256(const uint8_t *data, uint32_t count, uint8_t *digest);

/* key[COINCELL_HMAC_KEY_BYTES], data[count] -> tag[COINCELL_SHA256_BYTES]. */
void coincell_hmac_sha256(const uint8_t *key, const uint8_t *data, uint32_t count, uint8_t *tag);

#ifdef __cplusplus
}
#endif

#endif
