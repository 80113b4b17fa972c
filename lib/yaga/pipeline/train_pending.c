/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services for which inference asked for a training. */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/train.h"
#include "yaga/state/state.h"

static bool is_listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Without those that are no longer configured: nobody would train them. */
static enum yaga_status keep_configured(const struct yaga_setup *setup,
                                        struct yaga_retrain_list *list,
                                        struct yaga_error *err)
{
    const char **names = NULL;
    size_t n = 0, kept = 0;
    enum yaga_status st = yaga_setup_services(setup, NULL, 0, &names, &n, err);
    for (size_t i = 0; st == YAGA_OK && i < list->n; i++) {
        if (n == 0 || is_listed(names, n, list->items[i].service))
            list->items[kept++] = list->items[i];
    }
    if (st == YAGA_OK)
        list->n = kept;
    yaga_free(names);
    return st;
}

enum yaga_status yaga_train_pending(const struct yaga_setup *setup,
                                    struct yaga_retrain_list *out,
                                    struct yaga_error *err)
{
    const char *path = yaga_config_string(setup->config, "fingerprinting.db_path");
    struct yaga_store *store = NULL;
    *out = (struct yaga_retrain_list){.n = 0};
    enum yaga_status st = yaga_state_look(path, &store, err);
    if (st == YAGA_E_NO_DATA) {
        yaga_error_clear(err);
        return YAGA_OK;
    }
    if (st == YAGA_OK) {
        (void)yaga_store_close(store);
        st = yaga_state_open(path, true, &store, err); /* which upgrades an older one */
    }
    if (st == YAGA_OK) {
        st = yaga_retrain_pending(store, out, err);
        (void)yaga_store_close(store);
    }
    if (st == YAGA_OK)
        st = keep_configured(setup, out, err);
    if (st != YAGA_OK) {
        yaga_retrain_list_clear(out);
        return yaga_error_wrap(err, "--pending");
    }
    for (size_t i = 0; i < out->n; i++)
        yaga_log(YAGA_LOG_INFO, "RETRAIN_PENDING", out->items[i].service, "%s",
                 out->items[i].reason);
    return YAGA_OK;
}
