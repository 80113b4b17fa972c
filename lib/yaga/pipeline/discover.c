/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking a server for the metrics of every preset. */
#include "yaga/pipeline/discover.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/discover_internal.h"

#define ENVIRONMENT "$E,"

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

bool yaga_probe_has(const struct yaga_probe *probe, size_t metric, const char *service)
{
    const struct yaga_seen *seen = &probe->seen[metric];
    return seen->n > 0 &&
           bsearch(&service, seen->names, seen->n, sizeof *seen->names, by_text) != NULL;
}

bool yaga_probe_answered(const struct yaga_probe *probe, size_t metric)
{
    for (size_t i = 0; i < probe->n_services; i++)
        if (yaga_probe_has(probe, metric, probe->services[i]))
            return true;
    return false;
}

static void forget(struct yaga_probe *probe)
{
    for (size_t m = 0; m < YAGA_METRICS_MAX; m++) {
        yaga_source_services_free(probe->seen[m].names, probe->seen[m].n);
        probe->seen[m] = (struct yaga_seen){.n = 0};
    }
    yaga_free(probe->services);
    yaga_free(probe->text);
    probe->config = yaga_config_free(probe->config);
    *probe = (struct yaga_probe){.preset = probe->preset};
}

static enum yaga_status
parse_preset(struct yaga_probe *probe, const char *endpoint, struct yaga_error *err)
{
    struct yaga_str text;
    yaga_str_init(&text, YAGA_CONFIG_FILE_MAX);
    enum yaga_status st = yaga_str_append(&text, "victoria_metrics = { endpoint = ");
    if (st == YAGA_OK)
        st = yaga_config_quote(&text, endpoint);
    if (st == YAGA_OK)
        st = yaga_str_appendf(&text, "; };\n%s", probe->text);
    st = st != YAGA_OK ? yaga_error_nomem(err)
                       : yaga_config_parse(yaga_str_get(&text), probe->preset->name,
                                           &probe->config, NULL, err);
    yaga_str_clear(&text);
    return st == YAGA_OK
               ? yaga_setup_metrics(probe->config, probe->metrics, &probe->n_metrics, err)
               : st;
}

/* --- asking ------------------------------------------------------------------------ */

/* A configuration cannot hold names with control characters. */
static void drop_unwritable(struct yaga_seen *seen)
{
    size_t kept = 0;
    for (size_t i = 0; i < seen->n; i++) {
        const char *p = seen->names[i];
        while (*p != '\0' && !iscntrl((unsigned char)*p))
            p++;
        if (*p == '\0')
            seen->names[kept++] = seen->names[i];
        else
            yaga_free(seen->names[i]);
    }
    seen->n = kept;
}

static enum yaga_status ask_at(struct yaga_source *source,
                               struct yaga_probe *probe,
                               size_t metric,
                               int64_t at_s,
                               struct yaga_error *err)
{
    struct yaga_seen seen = {.n = 0};
    enum yaga_status st = yaga_source_services(source, &probe->metrics[metric], 1, at_s,
                                               &seen.names, &seen.n, err);
    if (st == YAGA_E_QUERY) {
        /* Prometheus does not read names with dots, for one. */
        (void)yaga_format(probe->refused, sizeof probe->refused, "%s", err->text);
        return YAGA_OK;
    }
    if (st != YAGA_OK)
        return st;
    drop_unwritable(&seen);
    yaga_source_services_free(probe->seen[metric].names, probe->seen[metric].n);
    probe->seen[metric] = seen;
    return YAGA_OK;
}

static enum yaga_status ask(struct yaga_source *source,
                            struct yaga_probe *probe,
                            int64_t now_s,
                            struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t m = 0; st == YAGA_OK && m < probe->n_metrics; m++) {
        st = ask_at(source, probe, m, now_s, err);
        if (st == YAGA_OK && probe->seen[m].n == 0)
            st = ask_at(source, probe, m, now_s - YAGA_DISCOVER_BACK_S, err);
    }
    return st;
}

/* --- judging ----------------------------------------------------------------------- */

static size_t metrics_of(const struct yaga_probe *probe, const char *service)
{
    size_t n = 0;
    for (size_t m = 0; m < probe->n_metrics; m++)
        n += yaga_probe_has(probe, m, service);
    return n;
}

static void choose_services(struct yaga_probe *probe)
{
    int traffic =
        yaga_metric_by_role(probe->metrics, probe->n_metrics, YAGA_ROLE_TRAFFIC);
    size_t n = 0;
    for (size_t m = 0; m < probe->n_metrics; m++)
        for (size_t i = 0; i < probe->seen[m].n; i++) {
            const char *name = probe->seen[m].names[i];
            if (traffic < 0 ? 2 * metrics_of(probe, name) >= probe->n_metrics
                            : (size_t)traffic == m)
                probe->services[n++] = name;
        }
    if (n > 0)
        qsort(probe->services, n, sizeof *probe->services, by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 ||
            strcmp(probe->services[i], probe->services[probe->n_services - 1]) != 0)
            probe->services[probe->n_services++] = probe->services[i];
}

static enum yaga_status judge(struct yaga_probe *probe, struct yaga_error *err)
{
    size_t n = 0;
    for (size_t m = 0; m < probe->n_metrics; m++)
        n += probe->seen[m].n;
    probe->services = yaga_calloc(n + 1, sizeof *probe->services);
    if (probe->services == NULL)
        return yaga_error_nomem(err);
    choose_services(probe);
    for (size_t m = 0; m < probe->n_metrics; m++)
        probe->n_answered += yaga_probe_answered(probe, m);
    return YAGA_OK;
}

static enum yaga_status probe_text(const struct yaga_setup *setup,
                                   struct yaga_source *source,
                                   struct yaga_probe *probe,
                                   int64_t now_s,
                                   struct yaga_error *err)
{
    const char *endpoint = yaga_config_string(setup->config, "victoria_metrics.endpoint");
    if (probe->text == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = parse_preset(probe, endpoint, err);
    if (st == YAGA_OK)
        st = ask(source, probe, now_s, err);
    if (st == YAGA_OK)
        st = judge(probe, err);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "preset %s", probe->preset->name);
}

/* The text without its environment matchers. */
static char *without_environment(const char *text)
{
    char *copy = yaga_strdup(text);
    char *to = copy;
    for (const char *from = copy; to != NULL; from++) {
        while (strncmp(from, ENVIRONMENT, sizeof ENVIRONMENT - 1) == 0)
            from += sizeof ENVIRONMENT - 1;
        *to++ = *from;
        if (*from == '\0')
            break;
    }
    return copy;
}

/* Many servers hold one environment and no label that says so: when nobody asked for a
 * certain environment and (but for a recording rule) nothing has it, the question is put
 * without it. */
static enum yaga_status probe_preset(const struct yaga_setup *setup,
                                     struct yaga_source *source,
                                     struct yaga_probe *probe,
                                     int64_t now_s,
                                     struct yaga_error *err)
{
    const char *text = probe->preset->text;
    probe->text = yaga_strdup(text);
    enum yaga_status st = probe_text(setup, source, probe, now_s, err);
    if (st != YAGA_OK || probe->n_answered > 1 || strstr(text, ENVIRONMENT) == NULL ||
        yaga_config_is_set(setup->config, "victoria_metrics.environment"))
        return st;
    forget(probe);
    probe->any_environment = true;
    probe->text = without_environment(text);
    return probe_text(setup, source, probe, now_s, err);
}

/* --- the run -------------------------------------------------------------------------
 */

static const struct yaga_probe *best(const struct yaga_probe *probes, size_t n)
{
    const struct yaga_probe *found = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct yaga_probe *p = &probes[i];
        if (p->n_services > 0 &&
            (found == NULL || p->n_services > found->n_services ||
             (p->n_services == found->n_services && p->n_answered > found->n_answered)))
            found = p;
    }
    return found;
}

static enum yaga_status tell(const struct yaga_setup *setup,
                             const struct yaga_probe *probes,
                             size_t n,
                             int64_t now_s,
                             struct yaga_discovery *out,
                             struct yaga_error *err)
{
    struct yaga_discovery told = {.table = NULL};
    const struct yaga_probe *chosen = best(probes, n);
    enum yaga_status st = yaga_discover_table(probes, n, &told.table, err);
    if (st == YAGA_OK && chosen != NULL)
        st = yaga_discover_configuration(setup, probes, n, chosen, now_s,
                                         &told.configuration, err);
    if (st == YAGA_OK)
        *out = told;
    else
        yaga_discovery_clear(&told);
    return st;
}

static enum yaga_status select_presets(const char *name,
                                       const struct yaga_preset **out,
                                       size_t *n_out,
                                       struct yaga_error *err)
{
    *out = yaga_presets(n_out);
    if (name == NULL)
        return YAGA_OK;
    char known[512] = "";
    for (size_t i = 0, used = 0; i < *n_out; i++) {
        (void)yaga_format(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                          (*out)[i].name);
        used = strlen(known);
    }
    *out = yaga_preset_find(name);
    *n_out = 1;
    return *out != NULL ? YAGA_OK
                        : yaga_error_set(err, YAGA_E_ARG,
                                         "there is no preset \"%.60s\"; there are %s",
                                         name, known);
}

enum yaga_status yaga_discover_run(const struct yaga_setup *setup,
                                   const struct yaga_discover_options *options,
                                   struct yaga_discovery *out,
                                   struct yaga_error *err)
{
    if (strcmp(yaga_config_string(setup->config, "source.type"), "prometheus") != 0)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "source.type: discovery needs a server");
    const struct yaga_preset *presets;
    size_t n;
    enum yaga_status st = select_presets(options->preset, &presets, &n, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_source) source = NULL;
    st = yaga_setup_source(setup, options->interrupted, &source, err);
    if (st == YAGA_OK)
        st = yaga_source_health(source, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_probe *probes = yaga_calloc(n, sizeof *probes);
    if (probes == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++) {
        probes[i].preset = &presets[i];
        st = probe_preset(setup, source, &probes[i], options->now_s, err);
    }
    if (st == YAGA_OK)
        st = tell(setup, probes, n, options->now_s, out, err);
    for (size_t i = 0; i < n; i++)
        forget(&probes[i]);
    yaga_free(probes);
    return st;
}

void yaga_discovery_clear(struct yaga_discovery *discovery)
{
    yaga_free(discovery->table);
    yaga_free(discovery->configuration);
    *discovery = (struct yaga_discovery){.table = NULL};
}
