/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cycle once more, from what it had found, in a database of its own. */
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/pipeline/replay_alert_internal.h"
#include "yaga/state/state.h"

static enum yaga_status
pin_models(const struct again *a, struct yaga_infer *infer, struct yaga_error *err)
{
    const struct yaga_json *services = yaga_json_get(a->record, "services");
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(services); i++)
        st = yaga_shelf_pin(infer->shelf, replay_text(yaga_json_at(services, i), "name"),
                            replay_text(yaga_json_at(services, i), "run_id"), err);
    return st;
}

/* Which values are others than then: those of the service first. */
static void compare_inputs(const struct again *a, const struct yaga_json *now)
{
    const struct yaga_json *services = yaga_json_get(a->record, "services");
    for (size_t i = 0; i < yaga_json_size(services); i++) {
        const struct yaga_json *then = yaga_json_at(services, i);
        const char *name = replay_text(then, "name");
        const struct yaga_json *same = replay_recorded_service(now, name);
        if (strcmp(replay_text(then, "inputs_digest"),
                   replay_text(same, "inputs_digest")) != 0)
            replay_miss(a, "inputs: the source has other values of %s than then", name);
    }
}

static enum yaga_status keep_made(const struct again *a,
                                  const struct yaga_json *documents,
                                  struct yaga_error *err)
{
    for (size_t i = 0; i < yaga_json_size(documents); i++) {
        const struct yaga_json *document = yaga_json_at(documents, i);
        if (strcmp(replay_text(document, "alert_id"), a->alert_id) == 0)
            return yaga_json_dump(document, false, &a->out->text, err);
    }
    return YAGA_OK;
}

static enum yaga_status look_at_result(const struct again *a,
                                       struct yaga_store *store,
                                       const struct yaga_infer_result *result,
                                       struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    YAGA_AUTO(yaga_json) now = NULL;
    enum yaga_status st = yaga_recorded_get(store, a->cycle_id, &text, err);
    if (st == YAGA_E_NO_DATA) {
        replay_miss(a, "inputs: %s", result->error);
        yaga_error_clear(err);
        return YAGA_OK;
    }
    if (st == YAGA_OK)
        st = yaga_json_parse(text, strlen(text), (size_t)64 << 20, &now, err);
    if (st == YAGA_OK)
        compare_inputs(a, now);
    return st == YAGA_OK ? keep_made(a, result->documents, err) : st;
}

static enum yaga_status
run_cycle(const struct again *a, struct yaga_store *store, struct yaga_error *err)
{
    const struct yaga_json *services = yaga_json_get(a->record, "services");
    size_t n = yaga_json_size(services);
    bool offline = false;
    YAGA_AUTO_MEM(const char *) names = yaga_alloc(n + 1, sizeof *names);
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_result result;
    if (names == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        names[i] = replay_text(yaga_json_at(services, i), "name");
    (void)yaga_json_bool(yaga_json_get(a->record, "offline"), &offline);
    struct yaga_infer_options options = {.only = names,
                                         .n_only = n,
                                         .store = store,
                                         .offline = offline,
                                         .collect = true,
                                         .interrupted = a->interrupted};
    enum yaga_status st = yaga_infer_open(&a->setup, &options, &infer, err);
    if (st == YAGA_OK)
        st = pin_models(a, infer, err);
    if (st == YAGA_OK)
        st = yaga_infer_cycle(infer, replay_int(a->record, "at"), &result, err);
    if (st == YAGA_E_ARG) { /* a service that is not configured any more */
        replay_miss(a, "configuration: %s", err->text);
        yaga_error_clear(err);
        return YAGA_OK;
    }
    if (st != YAGA_OK)
        return st;
    st = look_at_result(a, store, &result, err);
    yaga_infer_result_clear(&result);
    return st;
}

static enum yaga_status
run_in(const struct again *a, const char *folder, struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    YAGA_AUTO(yaga_store) store = NULL;
    (void)yaga_format(path, sizeof path, "%s/state.db", folder);
    enum yaga_status st = yaga_state_open(path, false, &store, err);
    if (st == YAGA_OK)
        st = yaga_recorded_restore(store, a->path, a->cycle_id,
                                   replay_int(a->record, "clock"),
                                   replay_int(a->record, "last_end"), err);
    return st == YAGA_OK ? run_cycle(a, store, err) : st;
}

enum yaga_status replay_cycle(const struct again *a, struct yaga_error *err)
{
    char folder[YAGA_PATH_MAX];
    const char *tmp = getenv("TMPDIR");
    struct yaga_error gone;
    (void)yaga_format(folder, sizeof folder, "%s/yaga-replay-XXXXXX",
                      tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
    if (mkdtemp(folder) == NULL)
        return yaga_error_set(
            err, YAGA_E_IO, "%s: no temporary folder can be made there (TMPDIR)", folder);
    enum yaga_status st = run_in(a, folder, err);
    if (yaga_dir_remove(folder, &gone) != YAGA_OK && st == YAGA_OK) {
        *err = gone;
        st = gone.status;
    }
    return st;
}
