/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of services and metrics as names of folders and files. */
#include <stdio.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"

static const char plain_bytes[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* A leading dot is encoded too: names with one are ours (".versions"). */
static bool stays(const char *text, size_t i)
{
    return strchr(plain_bytes, text[i]) != NULL && !(i == 0 && text[i] == '.');
}

bool yaga_path_encode(const char *name, char out[YAGA_PATH_NAME_MAX + 1])
{
    size_t n = 0;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; name[i] != '\0'; i++) {
        size_t need = stays(name, i) ? 1 : 3;
        if (n + need > YAGA_PATH_NAME_MAX)
            return false;
        if (need == 1)
            out[n] = name[i];
        else
            (void)snprintf(out + n, 4, "%%%02X", (unsigned char)name[i]);
        n += need;
    }
    out[n] = '\0';
    return true;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

bool yaga_path_decode(const char *encoded, char out[YAGA_PATH_NAME_MAX + 1])
{
    size_t n = 0;
    for (const char *p = encoded; *p != '\0'; p++) {
        if (n == YAGA_PATH_NAME_MAX)
            return false;
        if (*p != '%') {
            out[n++] = *p;
            continue;
        }
        int high = hex_digit(p[1]);
        int low = high < 0 ? -1 : hex_digit(p[2]);
        if (low < 0)
            return false;
        out[n++] = (char)(high * 16 + low);
        p += 2;
    }
    out[n] = '\0';
    char again[YAGA_PATH_NAME_MAX + 1];
    return yaga_path_encode(out, again) && strcmp(again, encoded) == 0;
}
