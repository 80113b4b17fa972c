/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known answers: FIPS 180-4 examples, the CRC-32C check value of RFC 3720. */
#include "assert.h"

#include <string.h>

#include "yaga/base/hash.h"

static void sha256_agrees_with_published_examples(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[YAGA_SHA256_HEX];
        yaga_sha256_hex(cases[i].text, strlen(cases[i].text), hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void sha256_does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    char whole[YAGA_SHA256_HEX];
    yaga_sha256_hex(data, sizeof data, whole);
    for (size_t cut = 0; cut <= sizeof data; cut += 13) {
        struct yaga_sha256 hash;
        uint8_t digest[YAGA_SHA256_BYTES];
        char hex[YAGA_SHA256_HEX];
        yaga_sha256_init(&hash);
        yaga_sha256_update(&hash, data, cut);
        yaga_sha256_update(&hash, data + cut, sizeof data - cut);
        yaga_sha256_final(&hash, digest);
        yaga_hex(digest, sizeof digest, hex);
        assert_string_equal(hex, whole);
    }
}

static void crc32c_gives_the_check_value(void **state)
{
    (void)state;
    assert_int_equal(yaga_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(yaga_crc32c(yaga_crc32c(0, "12345", 5), "6789", 4), 0xe3069283u);
}

static void seeds_differ_when_texts_move_between_parts(void **state)
{
    (void)state;
    uint64_t a = yaga_hash_text(yaga_hash_text(1, "ab"), "c");
    uint64_t b = yaga_hash_text(yaga_hash_text(1, "a"), "bc");
    assert_true(a != b);
    assert_true(yaga_hash_u64(1, 2) != yaga_hash_u64(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_agrees_with_published_examples),
        cmocka_unit_test(sha256_does_not_depend_on_the_pieces),
        cmocka_unit_test(crc32c_gives_the_check_value),
        cmocka_unit_test(seeds_differ_when_texts_move_between_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
