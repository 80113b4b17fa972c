/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates into PromQL; every name from outside is escaped for where it lands. */
#include "yaga/source/query.h"

#include <string.h>

#include "yaga/source/labels.h"
#include "yaga/source/source.h"

const char *yaga_query_series(const struct yaga_metric *metric)
{
    return metric->series == NULL || metric->series[0] == '\0' ? metric->name
                                                               : metric->series;
}

const char *yaga_query_service_label(const struct yaga_metric *metric)
{
    return metric->service_label == NULL || metric->service_label[0] == '\0'
               ? YAGA_SERVICE_LABEL
               : metric->service_label;
}

enum yaga_status yaga_query_append_label(struct yaga_str *out, const char *label)
{
    enum yaga_status st = YAGA_OK;
    for (; st == YAGA_OK && *label != '\0'; label++) {
        bool plain = *label == '_' || (*label >= 'a' && *label <= 'z') ||
                     (*label >= 'A' && *label <= 'Z') || (*label >= '0' && *label <= '9');
        st = yaga_str_appendf(out, plain ? "%c" : "\\%c", *label);
    }
    return st;
}

/* Inside a double-quoted PromQL string. */
static enum yaga_status append_quoted(struct yaga_str *out, const char *text)
{
    enum yaga_status st = YAGA_OK;
    for (; st == YAGA_OK && *text != '\0'; text++) {
        if (*text == '\n')
            st = yaga_str_append(out, "\\n");
        else if (*text == '"' || *text == '\\')
            st = yaga_str_appendf(out, "\\%c", *text);
        else
            st = yaga_str_append_bytes(out, text, 1);
    }
    return st;
}

/* A literal inside an RE2 pattern inside a quoted string: the escape's backslash is
 * doubled for the string. */
static enum yaga_status append_literal(struct yaga_str *out, const char *text)
{
    enum yaga_status st = YAGA_OK;
    for (; st == YAGA_OK && *text != '\0'; text++) {
        const char one[2] = {*text, '\0'};
        if (strchr("\\.+*?()|[]{}^$", *text) != NULL)
            st = yaga_str_append(out, "\\\\");
        if (st == YAGA_OK)
            st = append_quoted(out, one);
    }
    return st;
}

static enum yaga_status append_services(struct yaga_str *out,
                                        const char *label,
                                        const struct yaga_query_context *context)
{
    enum yaga_status st = yaga_query_append_label(out, label);
    if (st != YAGA_OK || context->services == NULL)
        return st == YAGA_OK ? yaga_str_append(out, "!=\"\"") : st;
    bool one = context->n_services == 1;
    st = yaga_str_append(out, one ? "=\"" : "=~\"");
    for (size_t i = 0; st == YAGA_OK && i < context->n_services; i++) {
        if (i > 0)
            st = yaga_str_append(out, "|");
        if (st == YAGA_OK)
            st = one ? append_quoted(out, context->services[i].name)
                     : append_literal(out, context->services[i].name);
    }
    return st == YAGA_OK ? yaga_str_append(out, "\"") : st;
}

static enum yaga_status append_environment(struct yaga_str *out, const char *environment)
{
    enum yaga_status st = yaga_str_append(out, "deployment_environment_name=~\"");
    if (st == YAGA_OK)
        st = append_quoted(
            out, environment == NULL || environment[0] == '\0' ? ".*" : environment);
    return st == YAGA_OK ? yaga_str_append(out, "\"") : st;
}

static bool is_placeholder(const char *at)
{
    if (at[0] != '$' || at[1] == '\0' || strchr("SEW", at[1]) == NULL)
        return false;
    char next = at[2];
    return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
             (next >= '0' && next <= '9') || next == '_');
}

static enum yaga_status expand(const struct yaga_metric *metric,
                               const struct yaga_query_context *context,
                               struct yaga_str *out)
{
    const char *text = metric->query;
    enum yaga_status st = YAGA_OK;
    while (st == YAGA_OK && *text != '\0') {
        if (!is_placeholder(text)) {
            st = yaga_str_append_bytes(out, text++, 1);
            continue;
        }
        if (text[1] == 'S')
            st = append_services(out, yaga_query_service_label(metric), context);
        else if (text[1] == 'E')
            st = append_environment(out, context->environment);
        else
            st = yaga_str_append(out, context->rate_window);
        text += 2;
    }
    return st;
}

/* {__name__="x",label="v",<services>}: the form that also takes names which are no
 * identifiers. Not aggregated, so that a second series of a service is seen and reported.
 */
static enum yaga_status expand_series(const struct yaga_selector *selector,
                                      const char *service_label,
                                      const struct yaga_query_context *context,
                                      struct yaga_str *out)
{
    const struct yaga_labels *labels = &selector->labels;
    enum yaga_status st = yaga_str_append(out, "last_over_time({");
    for (size_t i = 0; st == YAGA_OK && i < labels->n; i++) {
        st = yaga_str_appendf(out, "%s=\"", labels->text.data + labels->name[i]);
        if (st == YAGA_OK)
            st = append_quoted(out, labels->text.data + labels->value[i]);
        if (st == YAGA_OK)
            st = yaga_str_append(out, "\",");
    }
    if (st == YAGA_OK)
        st = append_services(out, service_label, context);
    return st == YAGA_OK
               ? yaga_str_appendf(out, "}[%llds])", (long long)context->window_s)
               : st;
}

enum yaga_status yaga_query_expand(const struct yaga_metric *metric,
                                   const struct yaga_query_context *context,
                                   struct yaga_str *out,
                                   struct yaga_error *err)
{
    enum yaga_status st;
    if (metric->query != NULL && metric->query[0] != '\0') {
        st = expand(metric, context, out);
    } else {
        struct yaga_selector selector;
        st = yaga_selector_parse(yaga_query_series(metric), &selector, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "metric %s", metric->name);
        st = expand_series(&selector, yaga_query_service_label(metric), context, out);
        yaga_selector_clear(&selector);
    }
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st != YAGA_OK)
        return yaga_error_set(err, YAGA_E_QUERY, "metric %s: query longer than %zu bytes",
                              metric->name, out->max_length);
    return YAGA_OK;
}
