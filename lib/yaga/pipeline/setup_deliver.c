/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings -> where documents go. */
#include <unistd.h>

#include "yaga-version.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/setup.h"

static void set_instance(const struct yaga_config *c, char out[128])
{
    const char *given = yaga_config_string(c, "instance");
    char host[128] = "";
    if (given[0] == '\0' && gethostname(host, sizeof host - 1) == 0)
        given = host;
    (void)yaga_format(out, 128, "%s", given[0] == '\0' ? "yaga" : given);
}

static void set_api(const struct yaga_config *c, struct yaga_api_params *api)
{
    *api = (struct yaga_api_params){
        .enabled = yaga_config_bool(c, "observability_api.enabled"),
        .base_url = yaga_config_string(c, "observability_api.base_url"),
        .anomalies_path = yaga_config_string(c, "observability_api.anomalies_endpoint"),
        .resolutions_path =
            yaga_config_string(c, "observability_api.resolutions_endpoint"),
        .heartbeat_path = yaga_config_string(c, "observability_api.heartbeat_endpoint"),
        .token_file = yaga_config_string(c, "observability_api.token_file"),
        .ca_file = yaga_config_string(c, "observability_api.ca_file"),
        .timeout_ms =
            1000 * yaga_config_int(c, "observability_api.request_timeout_seconds"),
        .retry_wait_s = 0.4,
        .envelope = yaga_config_string(c, "observability_api.envelope")[0] == 'o',
        .max_batch_items =
            (size_t)yaga_config_int(c, "observability_api.max_batch_items"),
    };
}

static void set_alertmanager(const struct yaga_config *c,
                             struct yaga_alertmanager_params *am)
{
    *am = (struct yaga_alertmanager_params){
        .token_file = yaga_config_string(c, "alertmanager.token_file"),
        .ca_file = yaga_config_string(c, "alertmanager.ca_file"),
        .timeout_ms = 1000 * yaga_config_int(c, "alertmanager.timeout_seconds"),
        .retry_wait_s = 0.4,
    };
    am->urls = yaga_config_strings(c, "alertmanager.urls", &am->n_urls);
}

static void set_scores(const struct yaga_config *c, struct yaga_scores_params *scores)
{
    *scores = (struct yaga_scores_params){
        .url = yaga_config_string(c, "score_writeback.url"),
        .path = yaga_config_string(c, "score_writeback.path"),
        .token_file = yaga_config_string(c, "score_writeback.token_file"),
        .ca_file = yaga_config_string(c, "score_writeback.ca_file"),
        .timeout_ms = 1000 * yaga_config_int(c, "score_writeback.timeout_seconds"),
    };
}

static void
set_webhook(const struct yaga_config *c, size_t i, struct yaga_webhook_params *hook)
{
    *hook = (struct yaga_webhook_params){
        .name = yaga_config_item_string(c, "webhooks[].name", i),
        .url = yaga_config_item_string(c, "webhooks[].url", i),
        .url_file = yaga_config_item_string(c, "webhooks[].url_file", i),
        .tmpl = yaga_config_item_string(c, "webhooks[].template", i),
        .content_type = yaga_config_item_string(c, "webhooks[].content_type", i),
        .updates = yaga_config_item_bool(c, "webhooks[].send_updates", i),
        .token_file = yaga_config_item_string(c, "webhooks[].token_file", i),
        .ca_file = yaga_config_item_string(c, "webhooks[].ca_file", i),
        .timeout_ms = 1000 * yaga_config_item_int(c, "webhooks[].timeout_seconds", i),
        .retry_wait_s = 0.4,
    };
}

void yaga_setup_deliver(struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    struct yaga_deliver_params *p = &setup->deliver;
    *p = (struct yaga_deliver_params){
        .alerts_dir = yaga_config_string(c, "inference.alerts_directory"),
        .budget_ms =
            1000 * yaga_config_int(c, "observability_api.delivery_budget_seconds"),
        .interval_s = yaga_config_int(c, "inference.expected_interval_seconds"),
        .max_rows = yaga_config_int(c, "observability_api.outbox_max_rows"),
    };
    set_instance(c, p->instance);
    (void)yaga_format(p->user_agent, sizeof p->user_agent, "%s/" YAGA_VERSION,
                      setup->program);
    set_api(c, &p->api);
    set_alertmanager(c, &p->alertmanager);
    set_scores(c, &p->scores);
    p->n_webhooks = yaga_config_list_size(c, "webhooks"); /* at most YAGA_WEBHOOKS_MAX */
    for (size_t i = 0; i < p->n_webhooks; i++)
        set_webhook(c, i, &p->webhooks[i]);
}
