/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of problems of one load: a named number of lines, the first error kept apart.
 */
#include <stdarg.h>
#include <stdio.h>

#include "yaga/config/config_internal.h"

enum { LINE_MAX_BYTES = 1000 };

void yaga_config_problems_init(struct config_problems *problems)
{
    *problems = (struct config_problems){.n_lines = 0};
    yaga_str_init(&problems->lines,
                  (size_t)(YAGA_CONFIG_PROBLEMS_MAX + 1) * (LINE_MAX_BYTES + 1));
}

void yaga_config_problems_clear(struct config_problems *problems)
{
    yaga_str_clear(&problems->lines);
}

bool yaga_config_problems_full(const struct config_problems *problems)
{
    return problems->n_lines > YAGA_CONFIG_PROBLEMS_MAX;
}

/* Control characters could forge a line of the list or of the log. */
static void replace_controls(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void append(struct config_problems *problems, const char *line)
{
    if (yaga_config_problems_full(problems))
        return;
    bool last = problems->n_lines++ == YAGA_CONFIG_PROBLEMS_MAX;
    if (yaga_str_appendf(&problems->lines, "%s%s", problems->lines.length > 0 ? "\n" : "",
                         last ? "more problems are not shown" : line) == YAGA_E_NOMEM)
        problems->no_memory = true;
}

static void report(struct config_problems *problems,
                   const char *where,
                   const char *level,
                   const char *format,
                   va_list args) YAGA_PRINTF(4, 0);
static void report(struct config_problems *problems,
                   const char *where,
                   const char *level,
                   const char *format,
                   va_list args)
{
    char message[LINE_MAX_BYTES / 2], line[LINE_MAX_BYTES];
    (void)vsnprintf(message, sizeof message, format, args);
    (void)snprintf(line, sizeof line, "%.*s: %s%s", LINE_MAX_BYTES / 2 - 20, where, level,
                   message);
    replace_controls(line);
    if (level[0] == '\0' && problems->n_errors++ == 0)
        (void)yaga_error_set(&problems->first, YAGA_E_CONFIG, "%s", line);
    append(problems, line);
}

void yaga_config_error(struct config_problems *problems,
                       const char *where,
                       const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    report(problems, where, "", format, args);
    va_end(args);
}

void yaga_config_warning(struct config_problems *problems,
                         const char *where,
                         const char *format,
                         ...)
{
    va_list args;
    va_start(args, format);
    report(problems, where, "warning: ", format, args);
    va_end(args);
}
