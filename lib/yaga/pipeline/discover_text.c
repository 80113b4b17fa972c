/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What discovery found: a table for people, and a configuration. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/discover_internal.h"

enum { LINE_MAX_BYTES = 512 };

/* The text under construction; the first failure sticks. */
struct text {
    struct yaga_str str;
    enum yaga_status status;
};

static void put(struct text *text, const char *format, ...) YAGA_PRINTF(2, 3);
static void put(struct text *text, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (text->status == YAGA_OK && (n < 0 || (size_t)n >= sizeof line))
        text->status = YAGA_E_INTERNAL;
    if (text->status == YAGA_OK)
        text->status = yaga_str_append(&text->str, line);
}

static void put_text(struct text *text, const char *bytes, size_t n)
{
    if (text->status == YAGA_OK)
        text->status = yaga_str_append_bytes(&text->str, bytes, n);
}

static void put_quoted(struct text *text, const char *string)
{
    if (text->status == YAGA_OK)
        text->status = yaga_config_quote(&text->str, string);
}

static enum yaga_status finish(struct text *text, char **out, struct yaga_error *err)
{
    enum yaga_status st = text->status;
    char *taken = st == YAGA_OK ? yaga_str_take(&text->str) : NULL;
    yaga_str_clear(&text->str);
    if (st == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "what was found does not fit into a configuration file");
    if (st == YAGA_E_INTERNAL)
        return yaga_error_set(err, st, "a line of the discovery is too long");
    if (taken == NULL)
        return yaga_error_nomem(err);
    *out = taken;
    return YAGA_OK;
}

/* --- the table --------------------------------------------------------------------- */

static int widest(const struct yaga_probe *probe)
{
    size_t width = 0;
    for (size_t i = 0; i < probe->n_services; i++)
        if (strlen(probe->services[i]) > width)
            width = strlen(probe->services[i]);
    return (int)width;
}

static void put_services(struct text *text, const struct yaga_probe *probe)
{
    int width = widest(probe);
    for (size_t i = 0; i < probe->n_services; i++) {
        put(text, "    %-*s ", width, probe->services[i]);
        for (size_t m = 0; m < probe->n_metrics; m++)
            if (yaga_probe_has(probe, m, probe->services[i]))
                put(text, " %s", probe->metrics[m].name);
        put(text, "\n");
    }
}

enum yaga_status yaga_discover_table(const struct yaga_probe *probes,
                                     size_t n,
                                     char **out,
                                     struct yaga_error *err)
{
    struct text text = {.status = YAGA_OK};
    yaga_str_init(&text.str, YAGA_CONFIG_FILE_MAX);
    put(&text, "%-24s %8s %8s\n", "preset", "services", "metrics");
    for (size_t i = 0; i < n; i++) {
        put(&text, "%-24s %8zu %5zu/%zu%s%s%s\n", probes[i].preset->name,
            probes[i].n_services, probes[i].n_answered, probes[i].n_metrics,
            probes[i].n_services > 0 ? "" : "  does not fit",
            probes[i].refused[0] == '\0' ? "" : "; refused: ", probes[i].refused);
        put_services(&text, &probes[i]);
    }
    return finish(&text, out, err);
}

/* --- the configuration ---------------------------------------------------------------
 */

static void put_head(struct text *text,
                     const struct yaga_setup *setup,
                     const struct yaga_probe *probes,
                     size_t n,
                     const struct yaga_probe *chosen,
                     int64_t now_s)
{
    char when[YAGA_TIME_TEXT_MAX];
    put(text,
        "# Found by yaga-train --discover at %s: preset %s, %zu service%s, %zu of %zu "
        "metrics.\n",
        yaga_time_text(now_s, when), chosen->preset->name, chosen->n_services,
        chosen->n_services == 1 ? "" : "s", chosen->n_answered, chosen->n_metrics);
    for (size_t i = 0; i < n; i++)
        if (&probes[i] != chosen && probes[i].n_services > 0)
            put(text,
                "# Also fits: %s, %zu service%s, %zu of %zu metrics (--discover=%s).\n",
                probes[i].preset->name, probes[i].n_services,
                probes[i].n_services == 1 ? "" : "s", probes[i].n_answered,
                probes[i].n_metrics, probes[i].preset->name);
    put(text, "# Keys that are not here stay at their default; yaga.conf(5) lists every "
              "key.\n\n");
    if (!yaga_config_is_set(setup->config, "timezone"))
        put(text,
            "# Zone of business hours, nights and weekends.\ntimezone = \"UTC\";\n");
}

static enum yaga_status
put_settings(struct text *text, const struct yaga_setup *setup, struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) settings = NULL;
    enum yaga_status st = yaga_config_dump_set(setup->config, &settings, err);
    if (st == YAGA_OK)
        put_text(text, settings, strlen(settings));
    return st;
}

/* The entries of the preset as they are written there, without those that nobody has. */
static void put_metrics(struct text *text, const struct yaga_probe *probe)
{
    if (probe->any_environment)
        put(text, "\n# No series has a fitting deployment_environment_name, so the "
                  "queries do not ask for it.");
    put(text, "\n# $S matches the services asked for, $W is the window of "
              "rates.\nmetrics = (\n");
    const char *at = probe->text;
    bool first = true;
    for (size_t m = 0; m < probe->n_metrics && (at = strstr(at, "\n  {\n")) != NULL;
         m++) {
        const char *begin = ++at;
        at = strstr(at, "\n  }");
        if (at == NULL)
            break;
        if (!yaga_probe_answered(probe, m))
            continue;
        put(text, "%s", first ? "" : ",\n");
        put_text(text, begin, (size_t)(at - begin) + strlen("\n  }"));
        first = false;
    }
    put(text, "\n);\n");
}

/* A service that lacks a metric which the preset expects says what it has, so that the
 * others are not missed. */
static void
put_expected(struct text *text, const struct yaga_probe *probe, const char *service)
{
    size_t n = 0;
    bool lacks = false;
    for (size_t m = 0; m < probe->n_metrics; m++) {
        bool has = yaga_probe_has(probe, m, service);
        n += probe->metrics[m].expected && has;
        lacks = lacks ||
                (probe->metrics[m].expected && !has && yaga_probe_answered(probe, m));
    }
    if (!lacks || n == 0)
        return;
    put(text, " expected_metrics = [");
    for (size_t m = 0, k = 0; m < probe->n_metrics; m++)
        if (probe->metrics[m].expected && yaga_probe_has(probe, m, service))
            put(text, "%s\"%s\"", k++ == 0 ? " " : ", ", probe->metrics[m].name);
    put(text, " ];");
}

static void put_service_list(struct text *text, const struct yaga_probe *probe)
{
    put(text, "\n# Without this list every service that the server knows is "
              "watched.\nservices = (\n");
    for (size_t i = 0; i < probe->n_services; i++) {
        put(text, "  { name = ");
        put_quoted(text, probe->services[i]);
        put(text, ";");
        put_expected(text, probe, probe->services[i]);
        put(text, " }%s\n", i + 1 < probe->n_services ? "," : "");
    }
    put(text, ");\n");
}

/* What is printed must load. */
static enum yaga_status check(const char *configuration, struct yaga_error *err)
{
    YAGA_AUTO(yaga_config) config = NULL;
    enum yaga_status st =
        yaga_config_parse(configuration, "discovered", &config, NULL, err);
    if (st == YAGA_OK || st == YAGA_E_NOMEM)
        return st;
    err->status = YAGA_E_INTERNAL;
    return yaga_error_wrap(err, "the discovered configuration is not valid");
}

enum yaga_status yaga_discover_configuration(const struct yaga_setup *setup,
                                             const struct yaga_probe *probes,
                                             size_t n,
                                             const struct yaga_probe *chosen,
                                             int64_t now_s,
                                             char **out,
                                             struct yaga_error *err)
{
    struct text text = {.status = YAGA_OK};
    yaga_str_init(&text.str, YAGA_CONFIG_FILE_MAX);
    put_head(&text, setup, probes, n, chosen, now_s);
    enum yaga_status st = put_settings(&text, setup, err);
    put_metrics(&text, chosen);
    put_service_list(&text, chosen);
    YAGA_AUTO_MEM(char) configuration = NULL;
    if (st != YAGA_OK)
        yaga_str_clear(&text.str);
    else
        st = finish(&text, &configuration, err);
    if (st == YAGA_OK)
        st = check(configuration, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(configuration);
    return st;
}
