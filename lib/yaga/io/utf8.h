/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 as Unicode's table 3-7 defines it: no surrogates, no overlong forms, at most U+10FFFF. */
#ifndef YAGA_IO_UTF8_H
#define YAGA_IO_UTF8_H

/* A copy with every byte that is not part of a valid sequence replaced by U+FFFD; NULL without
 * memory. Caller frees with yaga_free. */
char *yaga_utf8_repair(const char *text);

#endif
