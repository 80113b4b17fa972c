/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules for what yaga talks to beside the source: who is asked about an alert, and who is
 * told. */
#include <ctype.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/config/validate_rules.h"
#include "yaga/io/template.h"

/* ---- enrichment ---- */

void yaga_check_enrichment(const struct check *check)
{
    static const char *const queries[] = {
        "enrichment.queries.exceptions",     "enrichment.queries.graph_requests",
        "enrichment.queries.graph_failures", "enrichment.queries.graph_latency",
        "enrichment.queries.status_codes",   "enrichment.queries.versions"};
    static const char label[] = "enrichment.version_label";
    static const char calls[] = "dependencies.discover_query";
    static const char endpoint[] = "envoy_enrichment.endpoint";
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (!yaga_check_has_placeholders(string(check, queries[i]), "SEWL"))
            error_at(check, queries[i], 0,
                     "must contain $S, and no placeholder but $S, $E, $W and $L");
    if (strchr(string(check, calls), '$') != NULL)
        error_at(check, calls, 0, "must not contain a placeholder ($)");
    if (!yaga_check_is_label(string(check, label)))
        error_at(check, label, 0,
                 "not a label: characters outside of A-Z a-z 0-9 . _ : / -, or a digit "
                 "first");
    if (yaga_config_is_set(check->config, endpoint))
        yaga_check_url(check, endpoint, 0, string(check, endpoint),
                       "a proxy that needs none");
    else if (yaga_config_bool(check->config, "envoy_enrichment.enabled"))
        error_at(check, endpoint, 0, "required by envoy_enrichment.enabled");
}

/* ---- where documents go ---- */

static void check_path(const struct check *check, const char *key)
{
    const char *path = string(check, key);
    bool plain = path[0] == '/';
    for (const char *p = path; *p != '\0'; p++)
        plain = plain && isgraph((unsigned char)*p) && *p != '#';
    if (!plain)
        error_at(check, key, 0, "a path starts with / and has no blanks");
}

static void check_webhook(const struct check *check, size_t i)
{
    const struct yaga_config *c = check->config;
    const char *name = yaga_config_item_string(c, "webhooks[].name", i);
    const char *url = yaga_config_item_string(c, "webhooks[].url", i);
    const char *url_file = yaga_config_item_string(c, "webhooks[].url_file", i);
    YAGA_AUTO(yaga_template) tmpl = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    for (size_t k = 0; k < i; k++)
        if (strcmp(name, yaga_config_item_string(c, "webhooks[].name", k)) == 0)
            error_at(check, "webhooks[].name", i, "the same name twice");
    if (!yaga_check_only_has(name, "._-"))
        error_at(check, "webhooks[].name", i, "characters outside of A-Z a-z 0-9 . _ -");
    if ((url[0] == '\0') == (url_file[0] == '\0'))
        error_at(check, "webhooks[].url", i, "either url or url_file");
    else if (url[0] != '\0')
        yaga_check_url(check, "webhooks[].url", i, url, "webhooks[].token_file");
    if (yaga_template_parse(yaga_config_item_string(c, "webhooks[].template", i), &tmpl,
                            &err) != YAGA_OK)
        error_at(check, "webhooks[].template", i, err.text);
    for (const char *p = yaga_config_item_string(c, "webhooks[].content_type", i);
         *p != '\0'; p++) {
        if (iscntrl((unsigned char)*p)) {
            error_at(check, "webhooks[].content_type", i, "control character");
            break;
        }
    }
}

void yaga_check_deliver(const struct check *check)
{
    for (const char *p = string(check, "instance"); *p != '\0'; p++) {
        if (!isgraph((unsigned char)*p)) {
            error_at(check, "instance", 0, "blanks or control characters");
            break;
        }
    }
    size_t n;
    const char *const *urls = yaga_config_strings(check->config, "alertmanager.urls", &n);
    for (size_t i = 0; i < n; i++) {
        yaga_check_url(check, "alertmanager.urls", 0, urls[i], "alertmanager.token_file");
        for (size_t k = 0; k < i; k++)
            if (strcmp(urls[i], urls[k]) == 0)
                error_at(check, "alertmanager.urls", 0, "the same URL twice");
    }
    if (string(check, "score_writeback.url")[0] != '\0') {
        yaga_check_url(check, "score_writeback.url", 0,
                       string(check, "score_writeback.url"),
                       "score_writeback.token_file");
        check_path(check, "score_writeback.path");
    }
    for (size_t i = 0; i < yaga_config_list_size(check->config, "webhooks"); i++)
        check_webhook(check, i);
    if (!yaga_config_bool(check->config, "observability_api.enabled"))
        return;
    yaga_check_url(check, "observability_api.base_url", 0,
                   string(check, "observability_api.base_url"),
                   "observability_api.token_file");
    check_path(check, "observability_api.anomalies_endpoint");
    check_path(check, "observability_api.resolutions_endpoint");
    if (string(check, "observability_api.heartbeat_endpoint")[0] != '\0')
        check_path(check, "observability_api.heartbeat_endpoint");
}
