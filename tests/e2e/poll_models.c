/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reader as yaga-infer is one: link, version, models, again and again until SIGTERM.
 * Every look must find every service with a whole version, whose models are those of its
 * manifest. Usage: poll_models once|poll MODELS_DIR SERVICE... */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = number;
}

/* "holiday/night_hours.yaga" as variant and period. */
static bool parse_path(const char *path, char variant[64], enum yaga_period *period)
{
    char name[64];
    char *dot = NULL;
    if (path == NULL || sscanf(path, "%63[^/]/%63s", variant, name) != 2)
        return false;
    dot = strstr(name, ".yaga");
    if (dot == NULL)
        return false;
    *dot = '\0';
    return yaga_period_parse(name, period);
}

static enum yaga_status look_at_model(const char *dir,
                                      const char *service,
                                      const char *run_id,
                                      const struct yaga_json *entry,
                                      struct yaga_error *err)
{
    char variant[64];
    char digest[YAGA_SHA256_HEX];
    enum yaga_period period;
    YAGA_AUTO(yaga_model) model = NULL;
    const char *want = yaga_json_get_string(entry, "sha256");
    if (!parse_path(yaga_json_get_string(entry, "path"), variant, &period) ||
        want == NULL)
        return yaga_error_set(err, YAGA_E_CORRUPT, "manifest of run %s", run_id);
    enum yaga_status st =
        yaga_registry_variant_load(dir, service, run_id, variant, period, &model, err);
    if (st != YAGA_OK)
        return st;
    yaga_sha256_hex(model->mapping, model->mapping_bytes, digest);
    if (strcmp(digest, want) != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "run %s: %s %s is not the file of the manifest", run_id,
                              variant, yaga_period_name(period));
    return YAGA_OK;
}

static enum yaga_status look(const char *dir,
                             const char *service,
                             char run_id[YAGA_RUN_ID_MAX],
                             struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    enum yaga_status st = yaga_registry_current(dir, service, run_id, err);
    if (st == YAGA_OK)
        st = yaga_registry_manifest(dir, service, run_id, &manifest, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_json *files = yaga_json_get(manifest, "files");
    const char *run = yaga_json_get_string(manifest, "run_id");
    if (yaga_json_size(files) == 0 || run == NULL || strcmp(run, run_id) != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "manifest of run %s", run_id);
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(files); i++)
        st = look_at_model(dir, service, run_id, yaga_json_at(files, i), err);
    return st;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    size_t n_looks = 0;
    size_t n_changes = 0;
    if (argc < 4)
        return 2;
    YAGA_AUTO_MEM(char) last = yaga_calloc((size_t)argc, YAGA_RUN_ID_MAX);
    if (last == NULL)
        return 2;
    (void)sigaction(SIGTERM, &action, NULL);
    bool once = strcmp(argv[1], "once") == 0;
    do {
        for (int i = 3; i < argc; i++) {
            char run_id[YAGA_RUN_ID_MAX] = "";
            char *before = last + (size_t)i * YAGA_RUN_ID_MAX;
            struct yaga_error err;
            if (look(argv[2], argv[i], run_id, &err) != YAGA_OK) {
                (void)fprintf(stderr, "%s, look %zu: %s\n", argv[i], n_looks, err.text);
                return 1;
            }
            n_changes += before[0] != '\0' && strcmp(before, run_id) != 0;
            memcpy(before, run_id, YAGA_RUN_ID_MAX);
            if (once)
                (void)printf("%s %s\n", argv[i], run_id);
        }
        n_looks++;
    } while (!once && stop == 0);
    if (!once)
        (void)printf("%zu looks, %zu changes\n", n_looks, n_changes);
    return 0;
}
