/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes: SHA-256 (FIPS 180-4) for identities, CRC-32C for file checks, a 64-bit mix for seeds. */
#ifndef YAGA_BASE_HASH_H
#define YAGA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { YAGA_SHA256_BYTES = 32, YAGA_SHA256_HEX = 65 };

struct yaga_sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
};

void yaga_sha256_init(struct yaga_sha256 *hash);
void yaga_sha256_update(struct yaga_sha256 *hash, const void *data, size_t n_bytes);
void yaga_sha256_final(struct yaga_sha256 *hash, uint8_t digest[YAGA_SHA256_BYTES]);
/* Lower-case hex of the digest of one block of bytes, NUL-terminated. */
void yaga_sha256_hex(const void *data, size_t n_bytes, char hex[YAGA_SHA256_HEX]);
void yaga_hex(const uint8_t *bytes, size_t n_bytes, char *hex /* 2 n + 1 */);

/* CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected); continue with the previous result, start with 0. */
uint32_t yaga_crc32c(uint32_t crc, const void *data, size_t n_bytes);

/* Fold text or a number into a 64-bit seed; order matters. Stable across machines. */
uint64_t yaga_hash_text(uint64_t seed, const char *text);
uint64_t yaga_hash_u64(uint64_t seed, uint64_t value);

#endif
