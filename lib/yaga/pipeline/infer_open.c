/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing what cycles share. What cannot be used becomes a standing
 * condition, not a refusal. */
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

void yaga_infer_stand(struct yaga_infer *infer,
                      unsigned condition,
                      const struct yaga_error *err)
{
    infer->standing |= condition;
    if (infer->standing_error[0] == '\0')
        (void)yaga_format(infer->standing_error, sizeof infer->standing_error, "%s",
                          err->text);
    yaga_log(YAGA_LOG_ERROR,
             condition == YAGA_COND_STATE ? "STATE_UNUSABLE" : "OUTPUT_UNUSABLE", NULL,
             "%s", err->text);
}

static enum yaga_status take_lock(struct yaga_infer *infer, struct yaga_error *err)
{
    char path[4200];
    (void)yaga_format(path, sizeof path, "%s/infer.lock", infer->setup->state_dir);
    enum yaga_status st = yaga_dir_make(infer->setup->state_dir, err);
    if (st == YAGA_OK)
        st = yaga_lock_take(path, &infer->lock, err);
    if (st == YAGA_E_LOCKED)
        return yaga_error_wrap(err, "another cycle is still running");
    if (st != YAGA_OK)
        yaga_infer_stand(infer, YAGA_COND_OUTPUT, err);
    return YAGA_OK;
}

/* Only behind the lock: two writers would announce twice. Without it cycles run
 * untracked. */
static void open_state(struct yaga_infer *infer)
{
    struct yaga_error err;
    if (infer->lock.fd < 0)
        return;
    const char *path = yaga_config_string(infer->setup->config, "fingerprinting.db_path");
    if (yaga_state_open(path, infer->options.durable, &infer->store, &err) != YAGA_OK) {
        yaga_infer_stand(
            infer, err.status == YAGA_E_NO_SPACE ? YAGA_COND_OUTPUT : YAGA_COND_STATE,
            &err);
        return;
    }
    if (yaga_cycle_last_end(infer->store, &infer->last_at_s, &err) != YAGA_OK)
        yaga_infer_stand(infer, YAGA_COND_STATE, &err);
}

static void check_alerts_dir(struct yaga_infer *infer)
{
    struct yaga_error err;
    infer->alerts_unusable = yaga_alerts_check(infer->alerts_dir, &err) != YAGA_OK;
    if (infer->alerts_unusable)
        yaga_infer_stand(infer, YAGA_COND_OUTPUT, &err);
}

static enum yaga_status open_source(struct yaga_infer *infer, struct yaga_error *err)
{
    infer->source = infer->options.source;
    if (infer->source == NULL) {
        enum yaga_status st = yaga_setup_source(infer->setup, infer->options.interrupted,
                                                &infer->own_source, err);
        if (st != YAGA_OK)
            return st;
        infer->source = infer->own_source;
    }
    struct yaga_http *http = yaga_source_http(infer->source);
    if (http == NULL || infer->store == NULL)
        return YAGA_OK;
    struct yaga_breaker breaker;
    enum yaga_status st = yaga_breaker_get(
        infer->store,
        yaga_config_string(infer->setup->config, "victoria_metrics.endpoint"), &breaker,
        err);
    if (st == YAGA_OK)
        yaga_http_set_breaker(http, breaker);
    return st;
}

enum yaga_status yaga_infer_open(const struct yaga_setup *setup,
                                 const struct yaga_infer_options *options,
                                 struct yaga_infer **out,
                                 struct yaga_error *err)
{
    YAGA_AUTO(yaga_infer) infer = yaga_calloc(1, sizeof *infer);
    if (infer == NULL)
        return yaga_error_nomem(err);
    infer->setup = setup;
    infer->options = *options;
    infer->lock.fd = -1;
    infer->alerts_dir = yaga_config_string(setup->config, "inference.alerts_directory");
    enum yaga_status st = YAGA_OK;
    if (options->store != NULL) {
        infer->store = options->store;
        st = yaga_cycle_last_end(infer->store, &infer->last_at_s, err);
        if (st == YAGA_OK)
            st = yaga_sinks_new(&setup->deliver, true, &infer->sinks, err);
    } else if (!options->dry_run) {
        st = take_lock(infer, err);
        if (st == YAGA_OK) {
            open_state(infer);
            check_alerts_dir(infer);
            struct yaga_deliver_params params = setup->deliver;
            params.interrupted = options->interrupted;
            st = yaga_sinks_new(&params, options->offline, &infer->sinks, err);
        }
    }
    if (st == YAGA_OK)
        st = yaga_book_init(&infer->book, setup, err);
    if (st == YAGA_OK)
        st = open_source(infer, err);
    if (st == YAGA_OK)
        st = yaga_shelf_new(setup, &infer->shelf, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(infer);
    return st;
}

struct yaga_infer *yaga_infer_free(struct yaga_infer *infer)
{
    if (infer == NULL)
        return NULL;
    infer->untracked = yaga_json_free(infer->untracked);
    infer->shelf = yaga_shelf_free(infer->shelf);
    yaga_found_calls_clear(&infer->found_calls);
    yaga_book_clear(&infer->book);
    infer->sinks = yaga_sinks_free(infer->sinks);
    infer->own_source = yaga_source_free(infer->own_source);
    if (infer->options.store == NULL)
        infer->store = yaga_store_close(infer->store);
    yaga_lock_release(&infer->lock);
    yaga_free(infer);
    return NULL;
}
