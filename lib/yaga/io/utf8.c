/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts from outside end in documents that must be valid UTF-8. */
#include "yaga/io/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "yaga/base/mem.h"

static bool within(unsigned char byte, unsigned low, unsigned high)
{
    return byte >= low && byte <= high;
}

/* Bytes of the valid sequence at s, 0 when there is none. The second byte has the narrow
 * range that rules out overlong forms (E0, F0), surrogates (ED) and values beyond
 * U+10FFFF (F4). The NUL at the end of the text is in no range, so nothing behind it is
 * read. */
static size_t sequence_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    if (within(s[0], 0xc2, 0xdf))
        return within(s[1], 0x80, 0xbf) ? 2 : 0;
    if (within(s[0], 0xe0, 0xef)) {
        unsigned low = s[0] == 0xe0 ? 0xa0 : 0x80;
        unsigned high = s[0] == 0xed ? 0x9f : 0xbf;
        return within(s[1], low, high) && within(s[2], 0x80, 0xbf) ? 3 : 0;
    }
    if (within(s[0], 0xf0, 0xf4)) {
        unsigned low = s[0] == 0xf0 ? 0x90 : 0x80;
        unsigned high = s[0] == 0xf4 ? 0x8f : 0xbf;
        bool ok = within(s[1], low, high) && within(s[2], 0x80, 0xbf) &&
                  within(s[3], 0x80, 0xbf);
        return ok ? 4 : 0;
    }
    return 0;
}

char *yaga_utf8_repair(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n_bad = 0;
    size_t n = 0;
    for (size_t step; s[n] != '\0'; n += step == 0 ? 1 : step) {
        step = sequence_length(s + n);
        n_bad += step == 0 ? 1 : 0;
    }
    char *out = yaga_alloc(n + 2 * n_bad + 1, 1);
    if (out == NULL)
        return NULL;
    char *to = out;
    while (*s != '\0') {
        size_t step = sequence_length(s);
        const void *from = step == 0 ? "\xef\xbf\xbd" : (const void *)s;
        size_t bytes = step == 0 ? 3 : step;
        memcpy(to, from, bytes);
        to += bytes;
        s += step == 0 ? 1 : step;
    }
    *to = '\0';
    return out;
}
