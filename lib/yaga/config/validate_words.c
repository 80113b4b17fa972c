/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What single words must look like, wherever they stand. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/config/validate_rules.h"

bool yaga_check_only_has(const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (!plain && strchr(others, *text) == NULL)
            return false;
    }
    return true;
}

bool yaga_check_has_placeholders(const char *query, const char *letters)
{
    bool service = query[0] == '\0'; /* empty: the series itself */
    for (const char *p = query; (p = strchr(p, '$')) != NULL; p++) {
        if (p[1] >= 'A' && p[1] <= 'Z' && strchr(letters, p[1]) == NULL)
            return false;
        service = service || p[1] == 'S';
    }
    return service;
}

bool yaga_check_is_label(const char *label)
{
    return yaga_check_only_has(label, "._:/-") && (label[0] < '0' || label[0] > '9');
}

bool yaga_check_is_date(const char *text)
{
    int64_t at_s, day;
    bool only_date = false;
    if (strlen(text) != 10 || !yaga_time_parse(text, &at_s, &only_date) || !only_date)
        return false;
    return yaga_parse_int64(text + 8, 2, &day) && yaga_civil_from_unix(at_s).day == day;
}

bool yaga_config_read_time(const struct yaga_config *config,
                           struct config_problems *problems,
                           const char *key,
                           size_t index,
                           bool end,
                           int64_t *out_s)
{
    const char *text = yaga_config_item_string(config, key, index);
    bool only_date = false;
    bool valid = yaga_time_parse(text, out_s, &only_date) &&
                 (!only_date || yaga_check_is_date(text));
    if (!valid)
        yaga_config_error(problems, yaga_config_where(config, key, index),
                          "%s: \"%.40s\" is not a day or a time", key, text);
    else if (end && only_date)
        *out_s += 86400;
    return valid;
}

static bool is_local_host(const char *host, size_t length)
{
    static const char *const locals[] = {"localhost", "[::1]"};
    for (size_t i = 0; i < sizeof locals / sizeof locals[0]; i++)
        if (strlen(locals[i]) == length && strncasecmp(locals[i], host, length) == 0)
            return true;
    return length > 4 && strncmp(host, "127.", 4) == 0;
}

/* Messages never repeat the URL: it may hold what it must not. instead: where a user and
 * a password belong. */
void yaga_check_url(const struct check *check,
                    const char *key,
                    size_t index,
                    const char *url,
                    const char *instead)
{
    bool tls = strncasecmp(url, "https://", 8) == 0;
    if (!tls && strncasecmp(url, "http://", 7) != 0) {
        error_at(check, key, index, "not a URL that starts with http:// or https://");
        return;
    }
    const char *host = url + (tls ? 8 : 7);
    size_t authority = strcspn(host, "/?#");
    if (memchr(host, '@', authority) != NULL) {
        char message[128];
        (void)yaga_format(message, sizeof message,
                          "no user or password in the URL, use %s", instead);
        error_at(check, key, index, message);
        return;
    }
    size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    bool printable = true;
    for (const char *p = url; *p != '\0'; p++)
        printable = printable && isgraph((unsigned char)*p);
    if (name == 0 || name > authority || !printable || strpbrk(url, "?#") != NULL)
        error_at(check, key, index,
                 "not a base URL: scheme, host, optional port and path");
    else if (!tls && !is_local_host(host, name))
        warning_at(check, key, index, "http to another host is not encrypted");
}
