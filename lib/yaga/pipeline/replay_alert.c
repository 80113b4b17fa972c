/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/pipeline/replay_alert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/deliver/deliver.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/replay_alert_internal.h"
#include "yaga/state/state.h"

enum { MODEL_BYTES_MAX = 256 << 20, MISSING_TEXT_MAX = 600 };

void yaga_alert_replay_clear(struct yaga_alert_replay *replay)
{
    yaga_free(replay->text);
    replay->missing = yaga_json_free(replay->missing);
    replay->differs = yaga_json_free(replay->differs);
    *replay = (struct yaga_alert_replay){.identical = false};
}

void replay_miss(const struct again *a, const char *format, ...)
{
    char text[MISSING_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    yaga_json_push_string(a->out->missing, text);
}

const char *replay_text(const struct yaga_json *object, const char *key)
{
    const char *text = yaga_json_get_string(object, key);
    return text == NULL ? "" : text;
}

int64_t replay_int(const struct yaga_json *object, const char *key)
{
    int64_t value = 0;
    return yaga_json_int(yaga_json_get(object, key), &value) ? value : 0;
}

static enum yaga_status read_document(struct again *a, struct yaga_error *err)
{
    a->provenance = yaga_json_get(a->document, "provenance");
    a->service = replay_text(a->document, "service_name");
    a->alert_id = replay_text(a->document, "alert_id");
    a->cycle_id = replay_int(a->provenance, "cycle_id");
    if (a->alert_id[0] == '\0' || a->service[0] == '\0')
        return yaga_error_set(
            err, YAGA_E_INPUT,
            "no document of yaga-infer: alert_id and service_name are missing");
    if (a->cycle_id <= 0)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s has no provenance: a document that no values were "
                              "judged for (closed by hand or swept, "
                              "metrics_unavailable, error), that had no state database, "
                              "or is of an older version",
                              a->alert_id);
    return YAGA_OK;
}

/* --- what is there
 * --------------------------------------------------------------------------- */

static enum yaga_status read_record(struct again *a, struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) store = NULL;
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error why = {.status = YAGA_OK};
    enum yaga_status st = yaga_state_look(a->path, &store, &why);
    if (st == YAGA_OK)
        st = yaga_recorded_get(store, a->cycle_id, &text, &why);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st == YAGA_E_NO_DATA && store != NULL)
        replay_miss(a,
                    "record: %s knows nothing of cycle %" PRId64
                    " (kept for inference.alerts_retention_days)",
                    a->path, a->cycle_id);
    else if (st != YAGA_OK)
        replay_miss(a, "record: %s", why.text);
    else
        return yaga_json_parse(text, strlen(text), (size_t)64 << 20, &a->record, err);
    return YAGA_OK;
}

/* "yaga-lab 1.0.0": a replay makes the same documents as a cycle, but for its name. */
static void check_version(struct again *a)
{
    const char *then = replay_text(yaga_json_get(a->document, "metadata"), "generator");
    const char *version_then = strchr(then, ' ');
    const char *version_now = strchr(a->setup.generator, ' ');
    if (version_then != NULL && version_now != NULL &&
        strcmp(version_then, version_now) == 0)
        a->setup.alert.generator = then;
    else
        replay_miss(a, "version: it was made by %s, this is %s", then,
                    a->setup.generator);
}

static void check_configuration(const struct again *a)
{
    const char *then = replay_text(a->provenance, "configuration_digest");
    if (strcmp(then, a->setup.config_digest) != 0)
        replay_miss(
            a,
            "configuration: settings that decide results are others than then (digest "
            "%.12s, now %.12s)",
            then, a->setup.config_digest);
}

const struct yaga_json *replay_recorded_service(const struct yaga_json *record,
                                                const char *name)
{
    const struct yaga_json *list = yaga_json_get(record, "services");
    for (size_t i = 0; i < yaga_json_size(list); i++)
        if (strcmp(replay_text(yaga_json_at(list, i), "name"), name) == 0)
            return yaga_json_at(list, i);
    return NULL;
}

/* A model of the service itself: is it there, and the same file? */
static enum yaga_status
check_model(const struct again *a, const struct yaga_json *model, struct yaga_error *err)
{
    const char *models_dir =
        yaga_config_string(a->setup.config, "model.models_directory");
    const char *run_id =
        replay_text(replay_recorded_service(a->record, a->service), "run_id");
    const char *variant = replay_text(model, "variant"),
               *period = replay_text(model, "period");
    enum yaga_period which;
    char path[YAGA_PATH_MAX];
    char digest[YAGA_SHA256_HEX];
    YAGA_AUTO_MEM(char) bytes = NULL;
    size_t n = 0;
    struct yaga_error why;
    if (!yaga_period_parse(period, &which))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "provenance.models: no period is called \"%.40s\"", period);
    enum yaga_status st = yaga_registry_variant_path(models_dir, a->service, run_id,
                                                     variant, which, path, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_file_read(path, MODEL_BYTES_MAX, &bytes, &n, &why);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st != YAGA_OK) {
        replay_miss(
            a,
            "model: %s %s of run %s is not kept (digest %.12s; model.keep_versions): %s",
            variant, period, run_id, replay_text(model, "digest"), why.text);
        return YAGA_OK;
    }
    yaga_sha256_hex(bytes, n, digest);
    if (strcmp(digest, replay_text(model, "digest")) != 0)
        replay_miss(a, "model: %s is another file than then (digest %.12s, now %.12s)",
                    path, replay_text(model, "digest"), digest);
    return YAGA_OK;
}

static enum yaga_status check_models(const struct again *a, struct yaga_error *err)
{
    const char *models_dir =
        yaga_config_string(a->setup.config, "model.models_directory");
    const struct yaga_json *models = yaga_json_get(a->provenance, "models");
    const struct yaga_json *services = yaga_json_get(a->record, "services");
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(models); i++)
        st = check_model(a, yaga_json_at(models, i), err);
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(services); i++) {
        const char *name = replay_text(yaga_json_at(services, i), "name");
        const char *run_id = replay_text(yaga_json_at(services, i), "run_id");
        char path[YAGA_PATH_MAX];
        if (run_id[0] == '\0' || strcmp(name, a->service) == 0)
            continue;
        st = yaga_registry_version_path(models_dir, name, run_id, path, err);
        if (st == YAGA_OK && access(path, R_OK) != 0)
            replay_miss(a, "model: run %s of %s, judged in the same cycle, is not kept",
                        run_id, name);
    }
    return st;
}

static enum yaga_status
conclude(const struct again *a, const char *text, size_t length, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) made = NULL;
    if (a->out->text == NULL) {
        if (yaga_json_size(a->out->missing) == 0)
            replay_miss(a, "state: the same cycle tells nothing of %s now", a->service);
        return YAGA_OK;
    }
    size_t n = strlen(a->out->text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    a->out->identical = n == length && memcmp(a->out->text, text, n) == 0;
    if (a->out->identical) {
        a->out->missing = yaga_json_free(a->out->missing);
        a->out->missing = yaga_json_array_new();
        return YAGA_OK;
    }
    enum yaga_status st = yaga_json_parse(a->out->text, n, YAGA_PAYLOAD_MAX, &made, err);
    if (st == YAGA_OK && replay_same_text(a->document, made))
        replay_differ(a, "white space");
    else if (st == YAGA_OK)
        replay_compare(a, a->document, made, "");
    return st;
}

static enum yaga_status
replay(struct again *a, const char *text, size_t length, struct yaga_error *err)
{
    enum yaga_status st = read_document(a, err);
    if (st == YAGA_OK)
        st = read_record(a, err);
    if (st != YAGA_OK)
        return st;
    check_version(a);
    check_configuration(a);
    if (a->record == NULL)
        return YAGA_OK;
    if (replay_recorded_service(a->record, a->service) == NULL) {
        replay_miss(a,
                    "record: cycle %" PRId64
                    " of %s did not judge %s: another state database?",
                    a->cycle_id, a->path, a->service);
        return YAGA_OK;
    }
    st = check_models(a, err);
    if (st == YAGA_OK)
        st = replay_cycle(a, err);
    return st == YAGA_OK ? conclude(a, text, length, err) : st;
}

enum yaga_status yaga_replay_alert(const struct yaga_setup *setup,
                                   const char *text,
                                   size_t length,
                                   bool (*interrupted)(void),
                                   struct yaga_alert_replay *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) document = NULL;
    *out = (struct yaga_alert_replay){.missing = yaga_json_array_new(),
                                      .differs = yaga_json_array_new()};
    struct again a = {.setup = *setup,
                      .interrupted = interrupted,
                      .out = out,
                      .path =
                          yaga_config_string(setup->config, "fingerprinting.db_path")};
    enum yaga_status st = yaga_json_parse(text, length, YAGA_PAYLOAD_MAX, &document, err);
    a.document = document;
    if (st == YAGA_OK)
        st = replay(&a, text, length, err);
    a.record = yaga_json_free(a.record);
    if (st != YAGA_OK)
        yaga_alert_replay_clear(out);
    return st;
}
