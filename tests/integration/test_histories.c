/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long random histories against a plain model of the state machine: anomalies that come
 * and go, services nobody could judge, pauses, clocks set back, restarts, closings by
 * hand, and a consumer that is away for hours. After every cycle the state database holds
 * what the model says; at the end, the journal and the consumer have been told about
 * every incident in the right order: announcement, updates, resolution, return, ...
 *
 *     test_histories SEED CYCLES
 */
#include "assert.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_fixture.h"
#include "stub_server.h"
#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/numeric/rng.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/pipeline/operate.h"

enum { SERVICES = 2, PATTERNS = 3, T0 = 1772409600, CYCLE_S = 120, STEP_S = 300 };

static const char *services[SERVICES] = {"cart", "shop"};
static const char *const patterns[PATTERNS] = {"latency_high", "errors_high",
                                               "traffic_low"};

static uint64_t seed = 1;
static int64_t n_cycles = 2000;

/* --- the plain model
 * ---------------------------------------------------------------------- */

enum status { NONE, SUSPECTED, OPEN, RECOVERING };

struct pattern {
    enum status status;
    int det, mis, occ, reopened;
    int64_t first, last, step, confirmed, announced;
    bool sev_changed;
    int severity, skipped;
    char id[YAGA_INCIDENT_ID_MAX]; /* as the database gave it */
    /* the newest closed one */
    bool was_resolved; /* reason resolved */
    int64_t closed_at, closed_confirmed, closed_announced, closed_first;
    int closed_occ, closed_reopened, closed_severity;
    char closed_id[YAGA_INCIDENT_ID_MAX];
};

struct rules {
    int c, gap, g, update_every, threshold;
    int64_t separation, window, carry, orphan;
    bool as_new;
};

struct model {
    struct rules rules;
    int64_t clock;
    int64_t evaluated[SERVICES]; /* last time */
    struct pattern at[SERVICES][PATTERNS];
    int64_t announcements, resolutions; /* that must have been told */
};

static void model_close(struct model *m, struct pattern *p, const char *reason)
{
    p->was_resolved = strcmp(reason, "resolved") == 0;
    p->closed_at = m->clock;
    p->closed_confirmed = p->confirmed;
    p->closed_announced = p->announced;
    p->closed_first = p->first;
    p->closed_occ = p->occ;
    p->closed_reopened = p->reopened;
    p->closed_severity = p->severity;
    memcpy(p->closed_id, p->id, sizeof p->id);
    m->resolutions += p->announced != 0;
    p->status = NONE;
}

static void model_miss(struct model *m, struct pattern *p)
{
    p->mis++;
    if (p->mis >= m->rules.g) {
        model_close(m, p, p->status == SUSPECTED ? "suspected_expired" : "resolved");
        return;
    }
    if (p->status == SUSPECTED && p->mis > m->rules.gap)
        p->det = 0;
    if (p->status != SUSPECTED) {
        p->status = RECOVERING;
        p->det = 0;
    }
}

static void model_new(struct model *m, struct pattern *p, int64_t step, int severity)
{
    bool back = p->was_resolved && p->closed_confirmed != 0 && m->rules.window > 0 &&
                p->closed_at >= m->clock - m->rules.window;
    bool same = back && !m->rules.as_new;
    p->det = 1;
    p->mis = 0;
    p->occ = same ? p->closed_occ + 1 : 1;
    p->reopened = same ? p->closed_reopened + 1 : 0;
    p->first = same ? p->closed_first : m->clock;
    p->confirmed = same ? p->closed_confirmed : back || m->rules.c <= 1 ? m->clock : 0;
    p->announced = same ? p->closed_announced : 0;
    p->last = m->clock;
    p->step = step;
    p->sev_changed = same && severity != p->closed_severity;
    p->severity = severity;
    p->status = p->confirmed != 0 ? OPEN : SUSPECTED;
    p->skipped = 0;
    if (same)
        p->was_resolved = false;
    if (!same)
        p->id[0] = '\0'; /* to be learned */
}

static void
model_seen(struct model *m, struct pattern *p, int64_t step, bool sustained, int severity)
{
    if (sustained || step != p->step) {
        p->det++;
        p->occ++;
        p->step = step;
    }
    p->mis = 0;
    p->last = m->clock;
    p->sev_changed = severity != p->severity;
    p->severity = severity;
    if (p->status == RECOVERING) {
        p->status = OPEN;
        p->det = p->det == 0 ? 1 : p->det;
    } else if (p->status == SUSPECTED && p->det >= m->rules.c) {
        p->status = OPEN;
        p->confirmed = m->clock;
    }
}

/* What leaves for an incident that is open and seen. */
static void model_tell(struct model *m, struct pattern *p)
{
    if (p->status == OPEN && p->announced == 0 && p->severity >= m->rules.threshold) {
        p->announced = m->clock;
        m->announcements++;
    }
}

static void model_sighting(
    struct model *m, struct pattern *p, int64_t step, bool sustained, int severity)
{
    if (p->status != NONE) {
        int64_t gap = (m->clock - p->last) / 60;
        bool stale =
            gap > m->rules.separation / 60 && (p->mis >= 1 || gap > m->rules.carry / 60);
        if (stale)
            model_close(m, p,
                        p->status == SUSPECTED ? "suspected_expired" : "auto_stale");
    }
    if (p->status != NONE)
        model_seen(m, p, step, sustained, severity);
    else
        model_new(m, p, step, severity);
    model_tell(m, p);
}

static void model_sweep(struct model *m)
{
    for (int s = 0; s < SERVICES; s++) {
        for (int k = 0; k < PATTERNS; k++) {
            struct pattern *p = &m->at[s][k];
            int64_t heard = p->last > m->evaluated[s] ? p->last : m->evaluated[s];
            if (p->status != NONE && m->clock - heard > m->rules.orphan)
                model_close(m, p, "orphaned");
        }
    }
}

/* --- what was told
 * ------------------------------------------------------------------------- */

/* Order of what is told about each incident, from the journal or at the consumer. */
struct told {
    char id[YAGA_INCIDENT_ID_MAX];
    bool open;
    int alerts, resolutions;
};
struct audience {
    const char *name;
    struct told *list;
    size_t n, capacity;
    int64_t announcements, resolutions;
};

static struct told *told_of(struct audience *a, const char *id)
{
    for (size_t i = a->n; i-- > 0;)
        if (strcmp(a->list[i].id, id) == 0)
            return &a->list[i];
    if (a->n == a->capacity) {
        a->capacity = a->capacity == 0 ? 1024 : 2 * a->capacity;
        a->list = realloc(a->list, a->capacity * sizeof *a->list);
        if (a->list == NULL)
            abort();
    }
    struct told *t = &a->list[a->n++];
    *t = (struct told){.open = false};
    (void)snprintf(t->id, sizeof t->id, "%s", id);
    return t;
}

static bool flag(const struct yaga_json *object, const char *key)
{
    bool value = false;
    return yaga_json_bool(yaga_json_get(object, key), &value) && value;
}

static void broken(const struct audience *a, const char *id, const char *what)
{
    (void)fprintf(stderr, "seed %" PRIu64 ", %s: incident %s: %s\n", seed, a->name, id,
                  what);
    abort(); /* may be on a thread of the server */
}

static void hear_anomaly(struct audience *a, const struct yaga_json *anomaly)
{
    const char *id = yaga_json_get_string(anomaly, "incident_id");
    struct told *t = told_of(a, id);
    bool first = flag(anomaly, "newly_confirmed");
    bool back = flag(anomaly, "reopened");
    if (strcmp(yaga_json_get_string(anomaly, "status"), "OPEN") != 0)
        broken(a, id, "an alert about one that is not open");
    if (first != (t->alerts == 0))
        broken(a, id, first ? "announced twice" : "an update before the announcement");
    if (t->alerts > 0 && !t->open && !back)
        broken(a, id, "alerts go on after a resolution");
    t->alerts++;
    t->open = true;
    a->announcements += first;
}

static void hear(struct audience *a, const struct yaga_json *document)
{
    const char *type = yaga_json_get_string(document, "alert_type");
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    if (strcmp(type, "anomaly_detected") == 0) {
        for (size_t i = 0; i < yaga_json_size(anomalies); i++)
            hear_anomaly(a, yaga_json_at(anomalies, i));
    } else if (strcmp(type, "incident_resolved") == 0) {
        const char *id = yaga_json_get_string(document, "incident_id");
        struct told *t = told_of(a, id);
        if (t->alerts == 0)
            broken(a, id, "a resolution of what was never announced");
        if (!t->open)
            broken(a, id, "two resolutions of one closing");
        t->open = false;
        t->resolutions++;
        a->resolutions++;
    }
}

/* A consumer knows documents by their id: one that a slow machine did not answer in time
 * is sent again. */
enum { LATELY = 512, ALERT_ID_MAX = 240 };

struct consumer {
    struct audience audience;
    char lately[LATELY][ALERT_ID_MAX];
    size_t n_lately;
    bool away;
};

static bool is_known(struct consumer *c, const char *alert_id)
{
    for (size_t i = 0; i < LATELY && i < c->n_lately; i++)
        if (strcmp(c->lately[i], alert_id) == 0)
            return true;
    (void)snprintf(c->lately[c->n_lately++ % LATELY], ALERT_ID_MAX, "%s", alert_id);
    return false;
}

static bool
answer(void *context, const struct stub_request *request, struct stub_response *response)
{
    struct consumer *c = context;
    struct yaga_json *list = NULL;
    *response = (struct stub_response){.status = c->away ? 503 : 200};
    if (c->away)
        return true;
    if (yaga_json_parse(request->form, strlen(request->form), 64 << 20, &list, NULL) !=
        YAGA_OK)
        abort();
    for (size_t i = 0; i < yaga_json_size(list); i++) {
        const struct yaga_json *document = yaga_json_at(list, i);
        if (!is_known(c, yaga_json_get_string(document, "alert_id")))
            hear(&c->audience, document);
    }
    (void)yaga_json_free(list);
    return true;
}

/* --- the world
 * ----------------------------------------------------------------------------- */

struct world {
    struct yaga_config *config;
    struct yaga_setup setup;
    struct yaga_infer *infer;
    struct yaga_model *model_file;
    struct yaga_judgement *judgement;
    struct yaga_evidence *cells;
    double *values;
    struct yaga_rng rng;
    struct stub_server *server;
    struct consumer consumer;
    struct model model;
    int64_t now;
    bool present[SERVICES][PATTERNS];
    int severity[SERVICES][PATTERNS];
    int64_t blind_until[SERVICES], away_until;
    char dir[128];
};

static double unit(struct world *w)
{
    return yaga_rng_uniform(&w->rng);
}

static int below(struct world *w, int n)
{
    return (int)(unit(w) * n) % n;
}

static void open_infer(struct world *w)
{
    struct yaga_infer_options options = {.durable = false};
    struct yaga_error err;
    w->infer = yaga_infer_free(w->infer);
    assert_ok(yaga_infer_open(&w->setup, &options, &w->infer, &err), &err);
    assert_int_equal(w->infer->standing, 0);
}

static void read_rules(struct world *w)
{
    const struct yaga_incident_params *p = &w->setup.incident;
    w->model.rules = (struct rules){.c = p->confirmation_cycles,
                                    .gap = p->confirmation_max_gap,
                                    .g = p->resolution_grace_cycles,
                                    .threshold = (int)w->setup.alert.threshold,
                                    .separation = p->separation_s,
                                    .window = p->reopen_window_s,
                                    .carry = p->carry_over_s,
                                    .orphan = p->orphan_close_s,
                                    .as_new = p->reopen_as_new};
}

static void open_world(struct world *w)
{
    static const char text[] =
        "source: { type = \"archive\"; files = [\"%s/none.jsonl\"]; };\n"
        "inference: { alerts_directory = \"%s/alerts\"; alerts_retention_days = 3650; "
        "};\n"
        "fingerprinting: { db_path = \"%s/state.db\"; confirmation_cycles = %d;"
        " confirmation_max_gap = %d; resolution_grace_cycles = %d;"
        " reopen_mode = \"%s\"; incident_separation_minutes = %d; };\n"
        "alerting: { severity_threshold = \"%s\"; update_every_cycles = 15; };\n"
        "observability_api: { enabled = true; base_url = \"%s\"; };\n"
        "services = ( { name = \"cart\"; }, { name = \"shop\"; } );\n"
        "metrics = ( { name = \"latency\"; kind = \"gauge\"; }, { name = \"errors\"; "
        "kind "
        "= \"gauge\"; }, { name = \"traffic\"; kind = \"gauge\"; } );\n";
    static const char *const thresholds[] = {"low", "medium", "high"};
    char config[4096];
    struct yaga_error err;
    (void)snprintf(w->dir, sizeof w->dir, "%s", test_tmpdir());
    yaga_rng_init(&w->rng, seed);
    w->server = stub_server_start();
    stub_server_set_handler(w->server, answer, &w->consumer);
    (void)snprintf(config, sizeof config, text, w->dir, w->dir, w->dir, 1 + below(w, 4),
                   below(w, 3), 1 + below(w, 4),
                   below(w, 2) == 0 ? "reopen" : "new_incident", 10 + 10 * below(w, 5),
                   thresholds[below(w, 3)], stub_server_url(w->server));
    assert_ok(yaga_config_parse(config, "t.cfg", &w->config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&w->setup, w->config, "yaga-infer", &err), &err);
    w->setup.deliver.api.retry_wait_s = 0.0001;
    read_rules(w);
    w->model_file = test_model_new("shop", "train_0123456789ab", YAGA_BUSINESS_HOURS, T0);
    w->judgement = yaga_calloc(1, sizeof *w->judgement);
    w->cells = yaga_calloc(PATTERNS, sizeof *w->cells);
    w->values = yaga_calloc(PATTERNS, sizeof *w->values);
    assert_true(w->judgement != NULL && w->cells != NULL && w->values != NULL);
    for (int k = 0; k < PATTERNS; k++)
        w->cells[k].value = w->values[k] = 120;
    w->consumer.audience.name = "consumer";
    w->now = T0;
    open_infer(w);
}

static void close_world(struct world *w)
{
    w->infer = yaga_infer_free(w->infer);
    w->config = yaga_config_free(w->config);
    w->model_file = yaga_model_free(w->model_file);
    yaga_free(w->judgement);
    yaga_free(w->cells);
    yaga_free(w->values);
    stub_server_stop(w->server);
    free(w->consumer.audience.list);
}

/* Anomalies live for a while, and change their severity now and then. */
static void weather(struct world *w)
{
    for (int s = 0; s < SERVICES; s++) {
        for (int k = 0; k < PATTERNS; k++) {
            double p = unit(w);
            w->present[s][k] = w->present[s][k] ? p > 0.12 : p < 0.03;
            if (unit(w) < 0.1)
                w->severity[s][k] = 1 + below(w, 4);
            if (w->severity[s][k] == 0)
                w->severity[s][k] = 1;
        }
        if (w->now >= w->blind_until[s] && unit(w) < 0.01)
            w->blind_until[s] = w->now + (unit(w) < 0.1 ? 30 * 3600 : 60 * below(w, 90));
    }
    if (w->now >= w->away_until && unit(w) < 0.005)
        w->away_until = w->now + 60 * below(w, 300);
    w->consumer.away = w->now < w->away_until;
}

static void judge(struct world *w, int s, bool sustained)
{
    struct yaga_judgement *j = w->judgement;
    bool blind = w->now < w->blind_until[s];
    j->outcome = blind ? YAGA_METRICS_UNAVAILABLE : YAGA_EVALUATED;
    (void)snprintf(j->reason, sizeof j->reason, "%s", blind ? "no_data" : "");
    memcpy(j->metrics, w->setup.metrics, PATTERNS * sizeof j->metrics[0]);
    j->row = 0;
    j->row_time_s = w->now;
    j->period = YAGA_BUSINESS_HOURS;
    j->choice =
        (struct yaga_choice){.current = w->model_file, .confidence = 0.9, .n_loaded = 1};
    j->grid = (struct yaga_evidence_grid){
        .n_rows = 1, .n_metrics = PATTERNS, .cells = w->cells};
    j->verdict.n_anomalies = 0;
    for (int k = 0; k < PATTERNS; k++) {
        if (!w->present[s][k])
            continue;
        struct yaga_anomaly *a = &j->verdict.anomalies[j->verdict.n_anomalies++];
        *a = (struct yaga_anomaly){.type = "ml_isolation",
                                   .severity = (enum yaga_severity)w->severity[s][k],
                                   .confidence = 0.5,
                                   .root_metric = k, /* troubles of their own */
                                   .direction = YAGA_HIGH,
                                   .value = 120,
                                   .n_signals = 1,
                                   .sustained = sustained};
        a->signals[0] = (struct yaga_signal){.metric = (size_t)k,
                                             .method = YAGA_METHOD_FOREST,
                                             .severity = a->severity,
                                             .value = 120,
                                             .direction = YAGA_HIGH};
        (void)snprintf(a->name, sizeof a->name, "%s", patterns[k]);
        (void)snprintf(a->pattern_name, sizeof a->pattern_name, "%s", patterns[k]);
        (void)snprintf(a->description, sizeof a->description, "slow");
        (void)snprintf(a->interpretation, sizeof a->interpretation, "slow");
    }
}

static void
service_cycle(struct world *w, struct yaga_cycle_work *c, int s, bool sustained)
{
    struct yaga_frame frame = {.n_rows = 1,
                               .n_metrics = PATTERNS,
                               .step_s = STEP_S,
                               .start_s = w->now,
                               .values = w->values};
    struct yaga_infer_service *out = &c->result->services[c->result->n_services++];
    struct yaga_error err;
    judge(w, s, sustained);
    assert_ok(yaga_announce(w->infer, &frame, services[s], w->judgement, c->clock_s,
                            c->result->cycle_id, NULL, &c->announced, &err),
              &err);
    *out = (struct yaga_infer_service){.outcome = w->judgement->outcome};
    (void)snprintf(out->name, sizeof out->name, "%s", services[s]);
    if (w->judgement->outcome != YAGA_EVALUATED)
        return;
    w->model.evaluated[s] = w->model.clock;
    for (int k = 0; k < PATTERNS; k++) {
        struct pattern *p = &w->model.at[s][k];
        if (w->present[s][k])
            model_sighting(&w->model, p, w->now / STEP_S, sustained, w->severity[s][k]);
        else if (p->status != NONE)
            model_miss(&w->model, p);
    }
}

static void cycle(struct world *w)
{
    struct yaga_infer_result result = {.n_services = 0};
    struct yaga_cycle_work c = {.infer = w->infer,
                                .result = &result,
                                .at_s = w->now,
                                .clock_s = w->now,
                                .n_services = SERVICES};
    c.services = services;
    result.services = yaga_calloc(SERVICES, sizeof *result.services);
    assert_non_null(result.services);
    w->model.clock = w->now > w->model.clock ? w->now : w->model.clock;
    yaga_cycle_open(&c);
    assert_int_equal(c.clock_s, w->model.clock);
    yaga_cycle_deliver(&c, true);
    bool sustained = unit(w) < 0.2;
    for (int s = 0; s < SERVICES; s++)
        service_cycle(w, &c, s, sustained);
    yaga_cycle_close(&c);
    model_sweep(&w->model);
    yaga_cycle_deliver(&c, false);
    w->infer->last_at_s = c.clock_s;
    assert_int_equal(result.conditions & ~(unsigned)YAGA_COND_PENDING, 0);
    yaga_infer_result_clear(&result);
}

/* --- comparing
 * ------------------------------------------------------------------------------ */

static struct pattern *pattern_of(struct world *w, const struct yaga_incident *i)
{
    for (int s = 0; s < SERVICES; s++)
        for (int k = 0; k < PATTERNS; k++)
            if (strcmp(services[s], i->service) == 0 &&
                strcmp(patterns[k], i->pattern_name) == 0)
                return &w->model.at[s][k];
    fail_msg("an incident of %s %s", i->service, i->pattern_name);
    return NULL;
}

#define SAME(what, is, should)                                                           \
    if ((int64_t)(is) != (int64_t)(should))                                              \
    fail_msg("seed %" PRIu64 ", cycle %" PRId64 ", %s %s: %s is %" PRId64                \
             ", should be %" PRId64,                                                     \
             seed, number, i->service, i->pattern_name, what, (int64_t)(is),             \
             (int64_t)(should))

static void compare(struct world *w, int64_t number)
{
    static const enum yaga_incident_status words[] = {YAGA_CLOSED, YAGA_SUSPECTED,
                                                      YAGA_OPEN, YAGA_RECOVERING};
    YAGA_AUTO_MEM(struct yaga_incident) list = NULL;
    size_t n = 0;
    size_t wanted = 0;
    struct yaga_error err;
    unsigned active = 1u << YAGA_SUSPECTED | 1u << YAGA_OPEN | 1u << YAGA_RECOVERING;
    assert_ok(yaga_incidents_list(w->infer->store, active, NULL, &list, &n, &err), &err);
    for (int s = 0; s < SERVICES; s++)
        for (int k = 0; k < PATTERNS; k++)
            wanted += w->model.at[s][k].status != NONE;
    if (n != wanted)
        fail_msg("seed %" PRIu64 ", cycle %" PRId64 ": %zu active, should be %zu", seed,
                 number, n, wanted);
    for (size_t r = 0; r < n; r++) {
        const struct yaga_incident *i = &list[r];
        struct pattern *p = pattern_of(w, i);
        SAME("status", i->status, words[p->status]);
        SAME("consecutive detections", i->consecutive_detections, p->det);
        SAME("missed cycles", i->missed_cycles, p->mis);
        SAME("occurrences", i->occurrence_count, p->occ);
        SAME("reopenings", i->reopen_count, p->reopened);
        SAME("first seen", i->first_seen_s, p->first);
        SAME("last seen", i->last_seen_s, p->last);
        SAME("confirmed at", i->confirmed_at_s, p->confirmed);
        SAME("announced at", i->announced_at_s, p->announced);
        SAME("severity", i->severity, p->severity);
        if (p->id[0] == '\0')
            memcpy(p->id, i->incident_id, sizeof p->id);
        if (strcmp(p->id, i->incident_id) != 0)
            fail_msg("seed %" PRIu64 ", cycle %" PRId64 ": id %s, should be %s", seed,
                     number, i->incident_id, p->id);
    }
}

static void close_by_hand(struct world *w)
{
    int s = below(w, SERVICES);
    struct yaga_close_request request = {.service = services[s], .reason = "enough"};
    struct yaga_json *closed = NULL;
    struct yaga_error err;
    assert_ok(yaga_operate_close(&w->setup, w->infer->store, &request, w->model.clock,
                                 &closed, &err),
              &err);
    for (int k = 0; k < PATTERNS; k++)
        if (w->model.at[s][k].status != NONE)
            model_close(&w->model, &w->model.at[s][k], "manual");
    (void)yaga_json_free(closed);
}

static void hear_journal(struct audience *a, const char *path)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    const char *line = NULL;
    size_t length = 0;
    struct yaga_error err;
    assert_ok(yaga_lines_open(path, 2 << 20, &lines, &err), &err);
    for (;;) {
        YAGA_AUTO(yaga_json) document = NULL;
        assert_ok(yaga_lines_next(lines, &line, &length, &err), &err);
        if (line == NULL)
            return;
        assert_ok(yaga_json_parse(line, length, 2 << 20, &document, &err), &err);
        hear(a, document);
    }
}

static void hear_journals(struct world *w, struct audience *a)
{
    struct yaga_names names = {.n = 0};
    struct yaga_error err;
    char dir[160];
    (void)snprintf(dir, sizeof dir, "%s/alerts", w->dir);
    assert_ok(yaga_dir_list(dir, 100000, &names, &err), &err);
    for (size_t i = 0; i < names.n; i++) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names.names[i]);
        if (strstr(names.names[i], ".jsonl") != NULL)
            hear_journal(a, path);
    }
    yaga_names_clear(&names);
}

static void histories_agree_with_a_plain_model(void **state)
{
    (void)state;
    static struct world w;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    yaga_file_set_durable(false);
    open_world(&w);
    for (int64_t i = 0; i < n_cycles; i++) {
        weather(&w);
        cycle(&w);
        compare(&w, i);
        double p = unit(&w);
        if (p < 0.002)
            close_by_hand(&w);
        else if (p < 0.01)
            open_infer(&w);
        w.now += CYCLE_S;
        if (p > 0.995)
            w.now += 60 * below(&w, 400); /* yaga was off */
        else if (p > 0.9945)
            w.now -= below(&w, 3600); /* the clock was set back */
    }
    w.consumer.away = false;
    w.away_until = 0;
    struct yaga_infer_result result;
    yaga_infer_flush(w.infer, w.now, &result);
    assert_int_equal(result.n_pending, 0);
    struct audience journal = {.name = "journal"};
    hear_journals(&w, &journal);
    struct audience *consumer = &w.consumer.audience;
    print_message("%" PRId64 " announcements, %" PRId64 " resolutions\n",
                  w.model.announcements, w.model.resolutions);
    assert_int_equal(journal.announcements, w.model.announcements);
    assert_int_equal(journal.resolutions, w.model.resolutions);
    assert_int_equal(consumer->announcements, w.model.announcements);
    assert_int_equal(consumer->resolutions, w.model.resolutions);
    assert_true(w.model.resolutions > n_cycles / 200);
    free(journal.list);
    close_world(&w);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        seed = strtoull(argv[1], NULL, 10);
        n_cycles = strtoll(argv[2], NULL, 10);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_agree_with_a_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
