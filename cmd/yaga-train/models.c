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

static void print_model_line(const struct yaga_setup *setup,
                             const char *service,
                             const char *run_id,
                             enum yaga_period period)
{
    const char *dir = yaga_config_string(setup->config, "model.models_directory");
    YAGA_AUTO(yaga_model) model = NULL;
    struct yaga_error err;
    char when[YAGA_TIME_TEXT_MAX];
    enum yaga_status st = yaga_registry_load(dir, service, run_id, period, &model, &err);
    if (st == YAGA_OK) {
        (void)printf(
            "%-24s %-16s own model, %s, %.0f rows over %.0f days, grade %c, alpha %.3g, "
            "gate %s\n",
            service, yaga_period_name(period), yaga_time_text(model->trained_at_s, when),
            model->n_rows, model->n_days, model->quality_grade, model->alpha,
            model->gate.forced ? "forced" : yaga_gate_verdict_name(model->gate.verdict));
        return;
    }
    if (st != YAGA_E_NO_DATA) {
        (void)printf("%-24s %-16s unusable: %s\n", service, yaga_period_name(period),
                     err.text);
        return;
    }
    const enum yaga_period *f = yaga_period_fallbacks(setup->calendar.scheme, period);
    for (; *f != YAGA_N_PERIODS; f++) {
        if (yaga_registry_load(dir, service, run_id, *f, &model, &err) == YAGA_OK) {
            (void)printf(
                "%-24s %-16s served by %s: the period has too little data of its own\n",
                service, yaga_period_name(period), yaga_period_name(*f));
            return;
        }
    }
    (void)printf("%-24s %-16s NOT served: no model of this or a fallback period\n",
                 service, yaga_period_name(period));
}

/* What kind of service it is taken for, now: a training may have meant another. */
static void print_class(const struct yaga_setup *setup, const char *service)
{
    struct yaga_service_class class;
    yaga_setup_service_class(setup, service, &class);
    (void)printf("%-24s %-16s category %s (%s)\n", service, "-",
                 yaga_category_name(class.category), yaga_service_kind_name(class.kind));
}

/* What the version's training left out, when it left out anything. */
static void print_left_out(const char *dir, const char *service, const char *run_id)
{
    static const char *const members[][2] = {{"excluded_periods", "excluded periods"},
                                             {"maintenance", "maintenance"},
                                             {"own_incidents", "own incidents"}};
    YAGA_AUTO(yaga_json) manifest = NULL;
    struct yaga_error err;
    if (yaga_registry_manifest(dir, service, run_id, &manifest, &err) != YAGA_OK)
        return;
    const struct yaga_json *left_out = yaga_json_get(manifest, "rows_left_out");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        int64_t n = 0;
        if (yaga_json_int(yaga_json_get(left_out, members[i][0]), &n) && n > 0)
            (void)printf("%-24s %-16s %lld rows not learned from: %s\n", service, "-",
                         (long long)n, members[i][1]);
    }
}

/* Models of the configured variants; a period without one is the baseline's. */
static void print_variants(const struct yaga_setup *setup,
                           const char *dir,
                           const char *service,
                           const char *run_id)
{
    for (size_t i = 0; i < setup->excluded.n_variants; i++) {
        const char *variant = setup->excluded.variants[i];
        size_t n = 0;
        for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
            YAGA_AUTO(yaga_model) model = NULL;
            struct yaga_error err;
            char when[YAGA_TIME_TEXT_MAX];
            enum yaga_status st = yaga_registry_variant_load(
                dir, service, run_id, variant, (enum yaga_period)p, &model, &err);
            if (st == YAGA_OK)
                (void)printf("%-24s %-16s variant %s, %s, %.0f rows over %.0f days\n",
                             service, yaga_period_name((enum yaga_period)p), variant,
                             yaga_time_text(model->trained_at_s, when), model->n_rows,
                             model->n_days);
            else if (st != YAGA_E_NO_DATA)
                (void)printf("%-24s %-16s variant %s unusable: %s\n", service,
                             yaga_period_name((enum yaga_period)p), variant, err.text);
            n += st == YAGA_OK;
        }
        if (n == 0)
            (void)printf("%-24s %-16s variant %s: none, the baseline serves\n", service,
                         "-", variant);
    }
}

int train_list_models(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_names found = {.n = 0};
    const char **names = NULL;
    size_t n = 0;
    struct yaga_error err;
    const char *dir = yaga_config_string(setup->config, "model.models_directory");
    if (services_with_models(a, setup, &found, &names, &n, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    for (size_t i = 0; i < n; i++) {
        char run_id[YAGA_RUN_ID_MAX];
        print_class(setup, names[i]);
        if (yaga_registry_current(dir, names[i], run_id, &err) != YAGA_OK) {
            (void)printf("%-24s %-16s NOT served: %s\n", names[i], "-", err.text);
            continue;
        }
        for (size_t p = 0; p < yaga_period_count(setup->calendar.scheme); p++)
            print_model_line(setup, names[i], run_id, (enum yaga_period)p);
        print_variants(setup, dir, names[i], run_id);
        print_left_out(dir, names[i], run_id);
    }
    yaga_free(names);
    yaga_names_clear(&found);
    return EXIT_SUCCESS;
}

static bool roll_back(const struct arguments *a, const char *dir, const char *service)
{
    struct yaga_error err;
    char run_id[YAGA_RUN_ID_MAX];
    enum yaga_status st = yaga_registry_rollback(dir, service, a->rollback_run, &err);
    if (st == YAGA_OK)
        st = yaga_registry_current(dir, service, run_id, &err);
    if (st == YAGA_OK)
        (void)printf("%s: now served by %s\n", service, run_id);
    else
        (void)fprintf(stderr, "yaga-train: %s: rollback: %s\n", service, err.text);
    return st == YAGA_OK;
}

/* Under the lock: a training would prune the version that becomes the current one. */
int train_rollback(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_names found = {.n = 0};
    struct yaga_lock lock = {.fd = -1};
    const char **names = NULL;
    size_t n = 0;
    size_t n_failed = 0;
    struct yaga_error err;
    const char *dir = yaga_config_string(setup->config, "model.models_directory");
    if (services_with_models(a, setup, &found, &names, &n, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    enum yaga_status st = yaga_train_lock(setup, &lock, &err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++)
        n_failed += !roll_back(a, dir, names[i]);
    yaga_lock_release(&lock);
    yaga_free(names);
    yaga_names_clear(&found);
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    return n_failed == 0 && n > 0 ? EXIT_SUCCESS : EXIT_ROLLBACK;
}
