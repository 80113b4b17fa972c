/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What serves what, what is in a file, and the way back. */
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/serving.h"

int train_inspect(const struct arguments *a)
{
    YAGA_AUTO(yaga_model) model = NULL;
    YAGA_AUTO(yaga_json) json = NULL;
    struct yaga_error err;
    char *text = NULL;
    enum yaga_status st = yaga_model_load(a->inspect, &model, &err);
    if (st != YAGA_OK) {
        int code = program_fail(&a->program, &err);
        return st == YAGA_E_NO_DATA ? EXIT_USAGE
                                    : code; /* no such file: a wrong argument */
    }
    json = yaga_model_json(model);
    if (yaga_json_dump(json, true, &text, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    bool ok = puts(text) >= 0 && fflush(stdout) == 0;
    yaga_free(text);
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "yaga-train: --inspect: standard output cannot be written\n");
    return EXIT_DISK;
}

/* Configured services, else those that have models. */
static enum yaga_status services_with_models(const struct arguments *a,
                                             const struct yaga_setup *setup,
                                             struct yaga_names *found,
                                             const char ***names,
                                             size_t *n,
                                             struct yaga_error *err)
{
    enum yaga_status st =
        yaga_setup_services(setup, a->program.n_services > 0 ? a->program.services : NULL,
                            a->program.n_services, names, n, err);
    if (st != YAGA_OK || *n > 0)
        return st;
    st = yaga_registry_services(
        yaga_config_string(setup->config, "model.models_directory"), found, err);
    if (st != YAGA_OK)
        return st;
    const char **grown = yaga_realloc(*names, found->n, sizeof *grown);
    if (grown == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < found->n; i++)
        grown[i] = found->names[i];
    *names = grown;
    *n = found->n;
    return YAGA_OK;
}

static enum yaga_status list_text(const struct arguments *a,
                                  const struct yaga_serving_fleet *fleet,
                                  char **out,
                                  struct yaga_error *err)
{
    if (!a->json)
        return yaga_serving_text(fleet, out, err);
    YAGA_AUTO(yaga_json) json = yaga_serving_json(fleet);
    return yaga_json_dump(json, true, out, err);
}

int train_list_models(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_serving_options options = {
        .now_s = a->now != NULL ? program_time(&a->program, "--now", a->now, false)
                                : yaga_clock_now_s(),
        .only = a->program.n_services > 0 ? a->program.services : NULL,
        .n_only = a->program.n_services,
    };
    struct yaga_serving_fleet fleet;
    struct yaga_error err;
    YAGA_AUTO_MEM(char) text = NULL;
    if (yaga_serving_read(setup, &options, &fleet, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    enum yaga_status st = list_text(a, &fleet, &text, &err);
    yaga_serving_fleet_clear(&fleet);
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    bool ok = printf(a->json ? "%s\n" : "%s", text) >= 0 && fflush(stdout) == 0;
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr,
                  "yaga-train: --list-models: standard output cannot be written\n");
    return EXIT_DISK;
}

/* Which versions a rollback goes to. */
struct way_back {
    const char *run_id; /* NULL: see below */
    bool by_time;       /* the newest one trained by at_s; else the previous one */
    int64_t at_s;
};

static struct way_back parse_way_back(const struct arguments *a)
{
    struct way_back way = {.run_id = a->rollback_run};
    int64_t at_s;
    if (a->rollback_run == NULL || !yaga_time_parse(a->rollback_run, &at_s, NULL))
        return way;
    return (struct way_back){
        .by_time = true,
        .at_s = program_time(&a->program, "--rollback", a->rollback_run, true)};
}

static enum yaga_status roll_back(const char *dir,
                                  const char *service,
                                  const struct way_back *way,
                                  struct yaga_error *err)
{
    char run_id[YAGA_RUN_ID_MAX];
    enum yaga_status st = YAGA_OK;
    if (way->by_time)
        st = yaga_registry_version_by(dir, service, way->at_s, run_id, err);
    if (st == YAGA_OK)
        st = yaga_registry_rollback(dir, service, way->by_time ? run_id : way->run_id,
                                    err);
    if (st == YAGA_OK)
        st = yaga_registry_current(dir, service, run_id, err);
    if (st == YAGA_OK)
        (void)printf("%s: now served by %s\n", service, run_id);
    return st;
}

/* Ids of runs are a service's own: with a named one, and no service, only whose it is. */
static bool roll_all_back(const struct arguments *a,
                          const char *dir,
                          const char *const *names,
                          size_t n)
{
    struct way_back way = parse_way_back(a);
    bool whose = way.run_id != NULL && a->program.n_services == 0;
    size_t n_done = 0;
    size_t n_failed = 0;
    for (size_t i = 0; i < n; i++) {
        struct yaga_error err;
        enum yaga_status st = roll_back(dir, names[i], &way, &err);
        n_done += st == YAGA_OK;
        if (st == YAGA_OK || (st == YAGA_E_NO_DATA && whose))
            continue;
        n_failed++;
        (void)fprintf(stderr, "yaga-train: %s: rollback: %s\n", names[i], err.text);
    }
    if (n_done == 0 && n_failed == 0)
        (void)fprintf(stderr, "yaga-train: --rollback: %s\n",
                      whose ? "no service has this version; with --service its versions "
                              "are named"
                            : "there are no models");
    return n_failed == 0 && n_done > 0;
}

/* Under the lock: a training would prune the version that becomes the current one. */
int train_rollback(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_names found = {.n = 0};
    struct yaga_lock lock = {.fd = -1};
    const char **names = NULL;
    size_t n = 0;
    struct yaga_error err;
    const char *dir = yaga_config_string(setup->config, "model.models_directory");
    if (services_with_models(a, setup, &found, &names, &n, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    enum yaga_status st = yaga_train_lock(setup, &lock, &err);
    bool ok = st == YAGA_OK && roll_all_back(a, dir, names, n);
    yaga_lock_release(&lock);
    yaga_free(names);
    yaga_names_clear(&found);
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    return ok ? EXIT_SUCCESS : EXIT_ROLLBACK;
}

static void tell_promoted(void *context,
                          const char *service,
                          const char *run_id,
                          bool forced,
                          const struct yaga_error *why)
{
    (void)context;
    if (run_id != NULL)
        (void)printf("%s: now served by %s%s\n", service, run_id,
                     forced ? ", which failed the gate" : "");
    else
        (void)fprintf(stderr, "yaga-train: %s: promote: %s\n", service, why->text);
}

int train_promote(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_train_options options = train_options(a);
    struct yaga_train_promoted promoted = {.tell = tell_promoted};
    struct yaga_error err;
    if (yaga_train_promote(setup, &options, &promoted, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    if (promoted.n_promoted == 0 && promoted.n_failed == 0)
        (void)fprintf(stderr, "yaga-train: --promote: nothing is staged in %s\n",
                      yaga_config_string(setup->config, "model.staging_directory"));
    return promoted.n_failed == 0 && promoted.n_promoted > 0 ? EXIT_SUCCESS
                                                             : EXIT_PROMOTION;
}
