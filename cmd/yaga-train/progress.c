/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line that rewrites itself; only on a terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "train.h"
#include "yaga/base/log.h"
#include "yaga/base/str.h"

#define ERASE_LINE "\r\033[K"

/* "40 s", "3 min", "1 h 20 min"; rounded up, for nobody minds it being done early. */
static void time_left(double seconds, char *out, size_t size)
{
    long long s = (long long)ceil(seconds);
    long long minutes = (s + 59) / 60;
    if (s < 60)
        (void)yaga_format(out, size, "%lld s", s);
    else if (minutes < 60)
        (void)yaga_format(out, size, "%lld min", minutes);
    else
        (void)yaga_format(out, size, "%lld h %02lld min", minutes / 60, minutes % 60);
}

/* A line that is longer than the terminal is wide could not be erased. */
static void cut(char *line)
{
    struct winsize size;
    size_t columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    if (strlen(line) >= columns)
        line[columns - 1] = '\0';
}

static void show(void *context, const struct yaga_train_progress *p)
{
    char left[48] = "";
    char line[256];
    (void)context;
    if (isfinite(p->remaining_s) && p->remaining_s > 0.0) {
        char text[32];
        time_left(p->remaining_s, text, sizeof text);
        (void)yaga_format(left, sizeof left, ", about %s left", text);
    }
    if (p->service == NULL)
        (void)yaga_format(line, sizeof line, "reading %zu/%zu%s", p->done, p->total,
                          left);
    else
        (void)yaga_format(line, sizeof line, "%zu/%zu services%s: %s", p->done, p->total,
                          left, p->service);
    cut(line);
    (void)fprintf(stderr, ERASE_LINE "%s%s", line, p->done == p->total ? ERASE_LINE : "");
    (void)fflush(stderr);
}

void (*progress_on_terminal(void))(void *, const struct yaga_train_progress *)
{
    if (!isatty(STDERR_FILENO))
        return NULL;
    yaga_log_before(ERASE_LINE);
    return show;
}
