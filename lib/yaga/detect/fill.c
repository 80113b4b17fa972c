/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Placeholders -> values (detection.md 6.8). A value that is missing reads n/a, and no brace gets through, wherever a name or
 * a unit brought it from.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

enum { PLACE_MAX = 24, VALUE_MAX = 340, PATH_NAMES = 3 };

typedef void writer(const struct yaga_case *it, enum yaga_metric_role role, char *out);

static void not_known(char *out)
{
    (void)yaga_format(out, VALUE_MAX, "n/a");
}

static void metric_value(const struct yaga_case *it,
                         enum yaga_metric_role role,
                         bool expected,
                         char *out)
{
    int at = yaga_metric_by_role(it->metrics, it->found->n_metrics, role);
    not_known(out);
    if (at < 0)
        return;
    const struct yaga_evidence *cell = &it->found->now[at];
    yaga_text_value(&it->metrics[at], expected ? cell->expected : cell->value, out,
                    VALUE_MAX);
}

static void write_now(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    metric_value(it, role, false, out);
}

static void
write_expected(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    metric_value(it, role, true, out);
}

static void write_share(double share, char *out)
{
    not_known(out);
    if (!isnan(share))
        (void)yaga_format(out, VALUE_MAX, "%.*f%%", fabs(share) < 0.01 ? 2 : 1,
                          100.0 * share);
}

static void write_clients(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    write_share(it->circumstances->client_error_rate.now, out);
}

static void
write_clients_expected(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    write_share(it->circumstances->client_error_rate.usual, out);
}

static void write_drop(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    int at = yaga_metric_by_role(it->metrics, it->found->n_metrics, role);
    not_known(out);
    if (at < 0 || !(it->found->now[at].expected > 0.0) || isnan(it->found->now[at].value))
        return;
    double left = it->found->now[at].value / it->found->now[at].expected;
    (void)yaga_format(out, VALUE_MAX, "%.0f%%", fmax(0.0, 100.0 * (1.0 - left)));
}

/* Shares of calls made side by side add up to more than the whole. */
static void
write_ratio(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    enum yaga_quantity quantity = role == YAGA_ROLE_DATABASE
                                      ? YAGA_QUANTITY_DATABASE_RATIO
                                      : YAGA_QUANTITY_DEPENDENCY_RATIO;
    double share = yaga_quantity_of(it, quantity);
    write_share(isnan(share) ? share : fmin(share, 1.0), out);
}

static void write_times(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    int at = yaga_metric_by_role(it->metrics, it->found->n_metrics, role);
    not_known(out);
    if (at < 0 || !(it->found->now[at].expected > 0.0) || isnan(it->found->now[at].value))
        return;
    (void)yaga_format(out, VALUE_MAX, "%.1f times",
                      it->found->now[at].value / it->found->now[at].expected);
}

static void write_root(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    not_known(out);
    if (it->circumstances->cascade.root != NULL)
        (void)yaga_format(out, VALUE_MAX, "%s", it->circumstances->cascade.root);
}

static void write_path(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    const struct yaga_cascade_finding *cascade = &it->circumstances->cascade;
    size_t n = cascade->n_path < PATH_NAMES ? cascade->n_path : PATH_NAMES;
    not_known(out);
    for (size_t i = 0, used = 0; i < n; i++) {
        (void)yaga_format(out + used, VALUE_MAX - used, "%s%s", i > 0 ? ", " : "",
                          cascade->path[i]);
        used = strlen(out);
    }
}

static void
write_path_length(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    not_known(out);
    if (it->circumstances->cascade.n_path > 0)
        (void)yaga_format(out, VALUE_MAX, "%zu", it->circumstances->cascade.n_path);
}

/* Of the latency, else of the first signal. */
static const struct yaga_signal *signal_with_onset(const struct yaga_case *it)
{
    const struct yaga_findings *found = it->found;
    for (size_t i = 0; i < found->n_signals; i++)
        if (it->metrics[found->signals[i].metric].role == YAGA_ROLE_LATENCY)
            return &found->signals[i];
    return found->n_signals > 0 ? &found->signals[0] : NULL;
}

static void write_onset(const struct yaga_case *it, enum yaga_metric_role role, char *out)
{
    (void)role;
    const struct yaga_signal *signal = signal_with_onset(it);
    not_known(out);
    if (signal == NULL)
        return;
    struct yaga_civil civil = yaga_civil_from_unix(signal->onset_s);
    (void)yaga_format(out, VALUE_MAX, "%s%02d:%02d",
                      signal->onset_censored ? "before " : "", civil.hour, civil.minute);
}

static const struct place {
    const char *name;
    enum yaga_metric_role role;
    writer *write;
} places[] = {
    {"rr", YAGA_ROLE_TRAFFIC, write_now},
    {"al", YAGA_ROLE_LATENCY, write_now},
    {"dl", YAGA_ROLE_DEPENDENCY, write_now},
    {"db", YAGA_ROLE_DATABASE, write_now},
    {"er", YAGA_ROLE_ERRORS, write_now},
    {"cer", YAGA_ROLE_NONE, write_clients},
    {"rr_expected", YAGA_ROLE_TRAFFIC, write_expected},
    {"al_expected", YAGA_ROLE_LATENCY, write_expected},
    {"dl_expected", YAGA_ROLE_DEPENDENCY, write_expected},
    {"db_expected", YAGA_ROLE_DATABASE, write_expected},
    {"er_expected", YAGA_ROLE_ERRORS, write_expected},
    {"cer_expected", YAGA_ROLE_NONE, write_clients_expected},
    {"drop", YAGA_ROLE_TRAFFIC, write_drop},
    {"dl_share", YAGA_ROLE_DEPENDENCY, write_ratio},
    {"db_share", YAGA_ROLE_DATABASE, write_ratio},
    {"db_ratio", YAGA_ROLE_DATABASE, write_times},
    {"root", YAGA_ROLE_NONE, write_root},
    {"path", YAGA_ROLE_NONE, write_path},
    {"path_len", YAGA_ROLE_NONE, write_path_length},
    {"onset", YAGA_ROLE_NONE, write_onset},
};

/* The placeholder whose name is length bytes long, or NULL. */
static const struct place *place_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strlen(places[i].name) == length && strncmp(places[i].name, name, length) == 0)
            return &places[i];
    return NULL;
}

void yaga_text_without_braces(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '{')
            *text = '(';
        else if (*text == '}')
            *text = ')';
    }
}

void yaga_text_expand(const struct yaga_case *it, const char *text, char *out, size_t size)
{
    size_t used = 0;
    char value[VALUE_MAX];
    out[0] = '\0';
    while (*text != '\0' && used + 1 < size) {
        size_t plain = strcspn(text, "{");
        (void)yaga_format(out + used, size - used, "%.*s", (int)plain, text);
        used += strlen(out + used);
        text += plain;
        if (*text == '\0')
            break;
        size_t length = strcspn(text + 1, "}");
        const struct place *place = place_of(text + 1, length);
        if (place != NULL)
            place->write(it, place->role, value);
        else
            not_known(value);
        (void)yaga_format(out + used, size - used, "%s", value);
        used += strlen(out + used);
        text += 1 + length;
        text += *text == '}';
    }
    yaga_text_without_braces(out);
}

enum yaga_status yaga_pattern_check_text(const char *text, struct yaga_error *err)
{
    for (const char *p = text; (p = strpbrk(p, "{}")) != NULL;) {
        size_t length = strcspn(p + 1, "{}");
        if (*p == '}' || p[1 + length] != '}')
            return yaga_error_set(err, YAGA_E_CONFIG, "\"%.100s\": a brace without its other",
                                  text);
        if (place_of(p + 1, length) == NULL)
            return yaga_error_set(err, YAGA_E_CONFIG, "{%.*s} is not a placeholder",
                                  (int)(length < PLACE_MAX ? length : PLACE_MAX), p + 1);
        p += length + 2;
    }
    return YAGA_OK;
}
