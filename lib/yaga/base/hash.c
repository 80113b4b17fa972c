/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 after FIPS 180-4, CRC-32C by table, seed mixing by the splitmix64 finaliser. */
#include "yaga/base/hash.h"

#include <string.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32 - n));
}

static void sha256_block(uint32_t state[8], const uint8_t block[64])
{
    uint32_t w[64];
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < 64; i++) {
        uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + round_constants[i] + w[i];
        uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(&v[1], &v[0], 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

void yaga_sha256_init(struct yaga_sha256 *hash)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    *hash = (struct yaga_sha256){.n_bytes = 0};
    memcpy(hash->state, initial, sizeof initial);
}

void yaga_sha256_update(struct yaga_sha256 *hash, const void *data, size_t n_bytes)
{
    const uint8_t *bytes = data;
    while (n_bytes > 0) {
        size_t used = hash->n_bytes % 64;
        size_t take = n_bytes < 64 - used ? n_bytes : 64 - used;
        memcpy(hash->block + used, bytes, take);
        hash->n_bytes += take;
        bytes += take;
        n_bytes -= take;
        if (hash->n_bytes % 64 == 0)
            sha256_block(hash->state, hash->block);
    }
}

void yaga_sha256_final(struct yaga_sha256 *hash, uint8_t digest[YAGA_SHA256_BYTES])
{
    uint64_t n_bits = hash->n_bytes * 8;
    yaga_sha256_update(hash, "\x80", 1);
    while (hash->n_bytes % 64 != 56)
        yaga_sha256_update(hash, "", 1);
    uint8_t length[8];
    for (size_t i = 0; i < 8; i++)
        length[i] = (uint8_t)(n_bits >> (56 - 8 * i));
    yaga_sha256_update(hash, length, sizeof length);
    for (size_t i = 0; i < YAGA_SHA256_BYTES; i++)
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void yaga_hex(const uint8_t *bytes, size_t n_bytes, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n_bytes; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * n_bytes] = '\0';
}

void yaga_sha256_hex(const void *data, size_t n_bytes, char hex[YAGA_SHA256_HEX])
{
    struct yaga_sha256 hash;
    uint8_t digest[YAGA_SHA256_BYTES];
    yaga_sha256_init(&hash);
    yaga_sha256_update(&hash, data, n_bytes);
    yaga_sha256_final(&hash, digest);
    yaga_hex(digest, sizeof digest, hex);
}

/* One step of the reflected polynomial; the 256 entries are cheap enough to make per
 * table use. */
static uint32_t crc_entry(uint32_t byte)
{
    for (int bit = 0; bit < 8; bit++)
        byte = (byte >> 1) ^ ((byte & 1) != 0 ? 0x82f63b78u : 0u);
    return byte;
}

uint32_t yaga_crc32c(uint32_t crc, const void *data, size_t n_bytes)
{
    uint32_t table[256];
    for (uint32_t i = 0; i < 256; i++)
        table[i] = crc_entry(i);
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < n_bytes; i++)
        crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t yaga_hash_u64(uint64_t seed, uint64_t value)
{
    return mix(mix(seed + 0x9e3779b97f4a7c15u) + value);
}

uint64_t yaga_hash_text(uint64_t seed, const char *text)
{
    for (; *text != '\0'; text++)
        seed = yaga_hash_u64(seed, (unsigned char)*text);
    return yaga_hash_u64(seed, 0x100); /* ends the text: "ab"+"c" differs from "a"+"bc" */
}
