/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several metrics together mean: levels, patterns, their severity and their texts, through yaga_detect_decide. */
#include "detect_fixture.h"

enum { N_ROWS = 14, LAST = N_ROWS - 1, N_GENERATED = 12000 };

/* A row of cells made by hand; all else is ordinary. */
struct made {
    struct yaga_metric metrics[N_SHOP];
    struct yaga_detect_params params;
    struct yaga_circumstances around;
    struct yaga_frame frame;
    struct yaga_evidence_grid grid;
    struct yaga_evidence cells[N_ROWS * N_SHOP];
    double p_mv[N_ROWS], decision_mv[N_ROWS];
    bool partial[N_ROWS];
    struct yaga_metric_model models[N_SHOP];
    struct yaga_model model;
    const struct yaga_model *by_row[N_ROWS];
    struct yaga_verdict verdict;
};

static struct made made;

static struct yaga_evidence *cell(size_t row, size_t metric)
{
    return &made.cells[row * N_SHOP + metric];
}

static struct yaga_evidence ordinary(double value)
{
    return (struct yaga_evidence){.value = value,
                                  .expected = value,
                                  .p_forest = 1.0,
                                  .p_tail = 1.0,
                                  .p = 1.0,
                                  .decision = 0.1,
                                  .percentile = 50.0,
                                  .method = YAGA_METHOD_FOREST,
                                  .direction = YAGA_HIGH,
                                  .tail_supported = true};
}

/* 2026-03-03, a Tuesday, 10:00 UTC at the last row. */
enum { START_S = 1772532000 - LAST * SHOP_STEP_S };

static void make(void)
{
    memset(&made, 0, sizeof made);
    memcpy(made.metrics, shop_metrics, sizeof shop_metrics);
    yaga_detect_params_init(&made.params, SHOP_STEP_S);
    yaga_circumstances_init(&made.around);
    made.frame = (struct yaga_frame){
        .start_s = START_S, .step_s = SHOP_STEP_S, .n_rows = N_ROWS, .n_metrics = N_SHOP};
    made.model = (struct yaga_model){
        .n_metrics = N_SHOP, .metrics = made.models, .alpha = (double)NAN};
    made.grid = (struct yaga_evidence_grid){.n_rows = N_ROWS,
                                            .n_metrics = N_SHOP,
                                            .cells = made.cells,
                                            .p_mv = made.p_mv,
                                            .decision_mv = made.decision_mv,
                                            .mv_partial = made.partial,
                                            .model = made.by_row};
    for (size_t m = 0; m < N_SHOP; m++) {
        made.models[m] = (struct yaga_metric_model){.cls = YAGA_CLASS_DENSE};
        memcpy(made.models[m].name, made.metrics[m].name, sizeof made.models[m].name);
        made.models[m].stats.p99 = 1e9;
    }
    for (size_t row = 0; row < N_ROWS; row++) {
        made.p_mv[row] = 1.0;
        made.decision_mv[row] = (double)NAN;
        made.by_row[row] = &made.model;
        for (size_t m = 0; m < N_SHOP; m++)
            *cell(row, m) = ordinary(shop_usual[m]);
    }
}

/* A signal of this percentile in the last two rows; p 0.01 is of low severity. */
static void put(size_t metric, double percentile, double value, double p)
{
    for (size_t row = LAST - 1; row <= LAST; row++) {
        struct yaga_evidence *c = cell(row, metric);
        c->p = p;
        c->percentile = percentile;
        c->value = value;
        c->direction = percentile < 50.0 ? YAGA_LOW : YAGA_HIGH;
        c->decision = -0.1;
    }
}

static double percentile_of(enum yaga_level level)
{
    static const double percentiles[] = {NAN,  1.0,  7.0,  50.0,
                                         75.0, 85.0, 93.0, 99.9};
    return percentiles[level];
}

static void put_level(size_t metric, enum yaga_level level)
{
    double usual = metric == ERRORS ? 0.02 : shop_usual[metric];
    if (level == YAGA_LEVEL_UNKNOWN)
        cell(LAST, metric)->value = (double)NAN;
    else if (level < YAGA_LEVEL_NORMAL)
        put(metric, percentile_of(level), 0.3 * usual, 0.01);
    else if (level > YAGA_LEVEL_NORMAL)
        put(metric, percentile_of(level), 3.0 * usual, 0.01);
}

static const struct yaga_verdict *judge(void)
{
    memset(&made.verdict, 0xa5, sizeof made.verdict);
    yaga_detect_decide(&made.params, made.metrics, &made.frame, &made.grid, LAST, 0.9,
                       &made.around, &made.verdict);
    return &made.verdict;
}

static const struct yaga_anomaly *only(void)
{
    const struct yaga_verdict *v = judge();
    assert_int_equal(v->n_anomalies, 1);
    return &v->anomalies[0];
}

static const char *const path[] = {"ledger", "bank", "vault", "cellar"};

static void set_cascade(enum yaga_cascade_type type)
{
    made.around.cascade =
        (struct yaga_cascade_finding){.type = type, .confidence = 0.9};
    if (type == YAGA_CASCADE_DEPENDENCIES_HEALTHY || type == YAGA_CASCADE_NONE)
        return;
    made.around.cascade.root = path[0];
    made.around.cascade.n_path = type == YAGA_CASCADE_CHAIN_DEGRADED ? 4 : 1;
    memcpy(made.around.cascade.path, path, sizeof path);
}

/* One input for each row of the catalogue. Levels: 'V' very high, 'H' high, 'E' elevated, 'M' moderate, '.' normal,
 * 'l' low, 'v' very low, '?' missing; of traffic, latency, dependency, database, errors. */
struct sample {
    const char *name, *levels;
    enum yaga_severity severity;
    enum yaga_cascade_type cascade;
    double error_rate, dependency_share, database_share, client_errors;
    bool censored;
};

#define CRITICAL YAGA_SEVERITY_CRITICAL
#define GRAVE YAGA_SEVERITY_HIGH
#define MEDIUM YAGA_SEVERITY_MEDIUM
static const struct sample samples[] = {
    {"request_rate_surge_failing", "HH..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"reduced_traffic_with_errors", "ll..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"reduced_traffic_with_errors", "vv..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"application_latency_failing", ".H..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"application_latency_failing", "vH..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"error_rate_fast_rejection", ".v..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"error_rate_fast_failure", ".l..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_cliff", "v....", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_surge_rejecting", "H...V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_surge_rejecting", "H...H", GRAVE, 0, 0, 0, 0, 0, false},
    {"error_rate_critical", "....V", CRITICAL, 0, 0.10, 0, 0, 0, false},
    {"error_rate_critical", "....V", GRAVE, 0, 0.09, 0, 0, 0, false},
    {"upstream_cascade", ".HH..", GRAVE, YAGA_CASCADE_UPSTREAM_ANOMALY, 0, 0, 0, 0,
     false},
    {"dependency_chain_degradation", ".H...", GRAVE, YAGA_CASCADE_CHAIN_DEGRADED, 0, 0,
     0, 0, false},
    {"request_rate_surge_degrading", "HH..E", GRAVE, 0, 0, 0, 0, 0, false},
    {"latency_compound_bottleneck", ".HHH.", GRAVE, 0, 0, 0.4, 0.35, 0, false},
    {"error_rate_elevated", "...?H", GRAVE, 0, 0, 0, 0, 0, false},
    {"database_latency_bottleneck", ".H.H.", GRAVE, 0, 0, 0.1, 0.75, 0, false},
    {"dependency_latency_cascade", ".HH..", GRAVE, 0, 0, 0.65, 0.1, 0, false},
    {"internal_latency_issue", "?H...", GRAVE, YAGA_CASCADE_DEPENDENCIES_HEALTHY, 0, 0,
     0, 0, false},
    {"application_latency_bottleneck", "lHE..", GRAVE, 0, 0, 0, 0, 0, false},
    {"latency_spike_recent", ".H?..", GRAVE, 0, 0, 0, 0, 0, false},
    {"application_latency_degraded", ".H?..", MEDIUM, 0, 0, 0, 0, 0, true},
    {"error_rate_partial_rejection", ".l..M", GRAVE, 0, 0, 0, 0, 0, false},
    {"database_latency_degraded", "...H.", MEDIUM, 0, 0, 0, 0, 0, false},
    {"dependency_latency_degraded", "..H..", MEDIUM, 0, 0, 0, 0, 0, false},
    {"error_rate_client_errors", ".l...", GRAVE, 0, 0, 0, 0, 0.2, false},
    {"error_rate_client_errors", ".....", MEDIUM, 0, 0, 0, 0, 0.2, false},
    {"request_rate_surge_healthy", "H....", YAGA_SEVERITY_LOW, 0, 0, 0, 0, 0, false},
};
enum { N_SAMPLES = sizeof samples / sizeof *samples };

static enum yaga_level level_of(char letter)
{
    static const char letters[] = "?vl.MEHV";
    const char *at = strchr(letters, letter);
    assert_non_null(at);
    return (enum yaga_level)(at - letters);
}

static void make_sample(const struct sample *sample)
{
    make();
    for (size_t m = 0; m < 5; m++)
        put_level(m, level_of(sample->levels[m]));
    if (sample->error_rate > 0)
        cell(LAST, ERRORS)->value = sample->error_rate;
    for (size_t row = 0; sample->censored && row <= LAST; row++)
        *cell(row, LATENCY) = *cell(LAST, LATENCY);
    set_cascade(sample->cascade);
    if (sample->dependency_share > 0)
        made.around.dependency_time_share =
            (struct yaga_reading){sample->dependency_share, sample->dependency_share, 0.1};
    if (sample->database_share > 0)
        made.around.database_time_share =
            (struct yaga_reading){sample->database_share, sample->database_share, 0.1};
    if (sample->client_errors > 0)
        made.around.client_error_rate =
            (struct yaga_reading){sample->client_errors, sample->client_errors, 0.05};
}

static void every_pattern_is_reached(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_pattern *patterns = yaga_patterns(&n);
    bool reached[64] = {false};
    for (size_t i = 0; i < N_SAMPLES; i++) {
        make_sample(&samples[i]);
        const struct yaga_verdict *v = judge();
        if (v->n_anomalies != 1 ||
            strcmp(v->anomalies[0].pattern_name, samples[i].name) != 0 ||
            v->anomalies[0].severity != samples[i].severity)
            fail_msg("sample %zu, %s %s: got %s %s", i, samples[i].name,
                     yaga_severity_name(samples[i].severity),
                     v->n_anomalies == 0 ? "nothing" : v->anomalies[0].pattern_name,
                     yaga_severity_name(v->severity));
        assert_true(v->anomalies[0].is_named);
        for (size_t k = 0; k < n; k++)
            if (strcmp(patterns[k].name, samples[i].name) == 0 &&
                patterns[k].severity == samples[i].severity)
                reached[k] = true;
    }
    for (size_t k = 0; k < n; k++)
        if (!reached[k])
            fail_msg("row %zu, %s, is not reached", k, patterns[k].name);
}

/* --- generated cases --- */

static struct yaga_rng rng;

static double uniform(void)
{
    return yaga_rng_uniform(&rng);
}

static size_t below(size_t n)
{
    return (size_t)(uniform() * (double)n);
}

/* How bad each metric is, 0..1; evidence that agrees with it. */
struct badness {
    double of[N_SHOP];
    bool low[N_SHOP];
    bool missing[N_SHOP];
    bool censored;
};

static void put_badness(const struct badness *b)
{
    for (size_t m = 0; m < N_SHOP; m++) {
        if (b->missing[m]) {
            cell(LAST, m)->value = (double)NAN;
            continue;
        }
        double p = pow(10.0, -8.0 * b->of[m]), tail = 50.0 * p;
        double factor = b->low[m] ? 1.0 - b->of[m] : 1.0 + 4.0 * b->of[m];
        double value = m == ERRORS ? 0.3 * b->of[m] * b->of[m] : shop_usual[m] * factor;
        put(m, b->low[m] ? tail : 100.0 - tail, value, p);
        for (size_t row = 0; b->censored && row < LAST; row++)
            *cell(row, m) = *cell(LAST, m);
    }
}

static void draw_around(void)
{
    struct yaga_circumstances *a = &made.around;
    yaga_circumstances_init(a);
    if (below(2) == 0) {
        a->error_acceptable = 0.005;
        a->error_warning = 0.01;
        a->error_critical = 0.02;
    }
    set_cascade((enum yaga_cascade_type)below(5));
    made.around.cascade.confidence = uniform();
    if (below(2) == 0) {
        double share = uniform();
        a->dependency_time_share = (struct yaga_reading){share, share, 0.1};
    }
    if (below(2) == 0) {
        double share = uniform();
        a->database_time_share = (struct yaga_reading){share, share, 0.1};
    }
    if (below(4) == 0) {
        double rate = 0.3 * uniform();
        a->client_error_rate = (struct yaga_reading){rate, rate, 0.06};
    }
    made.params.off_hours_downgrade = below(2) == 0;
    made.frame.start_s = START_S + (int64_t)below(168) * 3600;
    made.models[TRAFFIC].stats.p99 = 150.0 + 200.0 * uniform();
}

static struct badness draw_badness(void)
{
    struct badness b = {.censored = below(3) == 0};
    for (size_t m = 0; m < N_SHOP; m++) {
        b.of[m] = below(2) == 0 ? 0.0 : uniform();
        b.low[m] = (m == TRAFFIC || m == LATENCY) && below(3) == 0;
        b.missing[m] = below(12) == 0;
    }
    return b;
}

/* Error limits and callees included; more traffic and faster answers are not worse. */
static void worse_values_never_lower_the_severity(void **state)
{
    (void)state;
    size_t n_named = 0;
    yaga_rng_init(&rng, 20260303);
    make();
    for (int i = 0; i < N_GENERATED; i++) {
        draw_around();
        struct badness b = draw_badness();
        size_t worse = below(N_SHOP);
        if (b.missing[worse] || (worse == TRAFFIC && !b.low[worse]) ||
            (worse == LATENCY && b.low[worse]))
            continue;
        put_badness(&b);
        struct yaga_verdict before = *judge();
        double step = below(2) == 0 ? uniform() : 0.05;
        b.of[worse] = fmin(1.0, b.of[worse] + step);
        put_badness(&b);
        const struct yaga_verdict *after = judge();
        n_named += before.n_anomalies > 0 && before.anomalies[0].is_named;
        if (after->severity < before.severity)
            fail_msg("case %d: %s %s became %s %s when %s got worse", i,
                     before.anomalies[0].name, yaga_severity_name(before.severity),
                     after->n_anomalies > 0 ? after->anomalies[0].name : "nothing",
                     yaga_severity_name(after->severity), made.metrics[worse].name);
    }
    assert_true(n_named > N_GENERATED / 4);
}

static void permute(size_t order[N_SHOP])
{
    for (size_t m = 0; m < N_SHOP; m++)
        order[m] = m;
    for (size_t m = N_SHOP - 1; m > 0; m--) {
        size_t other = below(m + 1), kept = order[m];
        order[m] = order[other];
        order[other] = kept;
    }
}

static void the_order_of_metrics_changes_nothing(void **state)
{
    (void)state;
    static struct made straight;
    yaga_rng_init(&rng, 7);
    make();
    for (int i = 0; i < N_GENERATED; i++) {
        size_t order[N_SHOP];
        draw_around();
        struct badness b = draw_badness();
        put_badness(&b);
        struct yaga_verdict first = *judge();
        straight = made;
        permute(order);
        for (size_t m = 0; m < N_SHOP; m++) {
            made.metrics[m] = straight.metrics[order[m]];
            made.models[m] = straight.models[order[m]];
            for (size_t row = 0; row < N_ROWS; row++)
                *cell(row, m) = straight.cells[row * N_SHOP + order[m]];
        }
        const struct yaga_verdict *again = judge();
        assert_int_equal(first.n_anomalies, again->n_anomalies);
        for (size_t k = 0; k < first.n_anomalies; k++) {
            const struct yaga_anomaly *a = &first.anomalies[k], *c = &again->anomalies[k];
            assert_string_equal(a->name, c->name);
            assert_int_equal(a->severity, c->severity);
            assert_near(a->confidence, c->confidence, 0.0);
            assert_string_equal(a->description, c->description);
            assert_string_equal(a->interpretation, c->interpretation);
        }
        made = straight;
    }
}

static void assert_text(const char *text)
{
    assert_true(strlen(text) > 0 && strlen(text) <= YAGA_TEXT_MAX);
    if (strpbrk(text, "{}") != NULL || strstr(text, "nan") != NULL ||
        strstr(text, "inf ") != NULL)
        fail_msg("%s", text);
}

static void assert_texts(const struct yaga_anomaly *a)
{
    assert_text(a->description);
    assert_text(a->interpretation);
    assert_text(a->impact);
    assert_true(a->n_actions > 0 && a->n_actions <= YAGA_ACTIONS_MAX);
    for (size_t i = 0; i < a->n_actions; i++)
        assert_text(a->actions[i]);
    for (size_t i = 0; i < a->n_adjustments; i++)
        assert_text(a->adjustments[i]);
    for (size_t i = 0; i < a->n_causes; i++)
        assert_text(a->causes[i]);
}

/* Each sample with each subset of what it knows taken away. */
static void whatever_is_missing_is_no_signal_and_leaves_no_placeholder(void **state)
{
    (void)state;
    enum { SHARES = N_SHOP, CLIENTS, CASCADE, MODEL, N_PARTS };
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (unsigned subset = 0; subset < 1U << N_PARTS; subset++) {
            make_sample(&samples[i]);
            struct yaga_reading none = {NAN, NAN, NAN};
            for (size_t m = 0; m < N_SHOP; m++) {
                made.metrics[m].unit[0] = '{';
                if (subset & 1U << m)
                    cell(LAST, m)->value = (double)NAN;
                if (subset & 1U << MODEL)
                    cell(LAST, m)->expected = (double)NAN;
            }
            if (subset & 1U << SHARES)
                made.around.dependency_time_share = made.around.database_time_share =
                    none;
            if (subset & 1U << CLIENTS)
                made.around.client_error_rate = none;
            if (subset & 1U << CASCADE)
                made.around.cascade.root = NULL;
            const struct yaga_verdict *v = judge();
            for (size_t k = 0; k < v->n_anomalies; k++) {
                assert_texts(&v->anomalies[k]);
                for (size_t s = 0; s < v->anomalies[k].n_signals; s++)
                    assert_false(isnan(v->anomalies[k].signals[s].value));
            }
            for (size_t m = 0; m < N_SHOP; m++)
                if (subset & 1U << m)
                    assert_int_equal(v->level[m], YAGA_LEVEL_UNKNOWN);
        }
    }
}

/* Every text of the catalogue names only placeholders that there are, and every placeholder
 * is filled. */
static void texts_of_the_catalogue_are_sound(void **state)
{
    (void)state;
    struct yaga_error err = {.status = YAGA_OK};
    size_t n;
    const struct yaga_pattern *patterns = yaga_patterns(&n);
    for (size_t i = 0; i < n; i++) {
        const struct yaga_pattern_words *words = patterns[i].words;
        assert_ok(yaga_pattern_check_text(words->headline, &err), &err);
        assert_ok(yaga_pattern_check_text(words->meaning, &err), &err);
        for (size_t k = 0; words->actions[k] != NULL; k++)
            assert_ok(yaga_pattern_check_text(words->actions[k], &err), &err);
    }
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"plain", true},     {"{al} of {al_expected}", true}, {"{al", false},
                 {"al}", false},      {"{latency}", false},            {"{}", false},
                 {"{{al}}", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(yaga_pattern_check_text(cases[i].text, &err) == YAGA_OK,
                         cases[i].good);
}

static void placeholders_read_as_values(void **state)
{
    (void)state;
    static const struct yaga_pattern_words words = {
        "{rr}|{al}|{dl}|{db}|{er}|{cer}|{rr_expected}|{al_expected}|{dl_expected}|"
        "{db_expected}|{er_expected}|{cer_expected}",
        "{drop}|{dl_share}|{db_share}|{db_ratio}|{root}|{path}|{path_len}|{onset}",
        {"CHECK {root}", NULL}};
    make_sample(&samples[13]);
    assert_string_equal(samples[13].name, "dependency_chain_degradation");
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    put_level(TRAFFIC, YAGA_LEVEL_LOW);
    made.around.dependency_time_share = (struct yaga_reading){1.2, 1.2, 0.4};
    made.around.client_error_rate = (struct yaga_reading){0.0012, 0.0012, 0.001};
    struct yaga_pattern own = {
        .name = "request_rate_low_odd", .family = "traffic", .severity = MEDIUM,
        .levels = {{YAGA_ROLE_LATENCY, "", 1U << YAGA_LEVEL_HIGH}}, .words = &words};
    made.params.patterns = &own;
    made.params.n_patterns = 1;
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->description,
                        "30.0 req/s|360 ms|40 ms|60 ms|0.00%|0.12%|100.0 req/s|120 ms|"
                        "40 ms|20 ms|0.00%|0.10%");
    assert_string_equal(
        a->interpretation,
        "70%|100.0%|16.7%|3.0 times|ledger|ledger, bank, vault|4|09:55");
    assert_string_equal(a->actions[1], "CHECK ledger"); /* behind a VERIFY */
}

/* --- thresholds --- */

static enum yaga_level level_at(size_t metric, double percentile)
{
    make();
    put(metric, percentile, 3.0 * shop_usual[metric], 0.01);
    return judge()->level[metric];
}

static void levels_change_just_beyond_their_percentiles(void **state)
{
    (void)state;
    static const struct {
        double at;
        enum yaga_level below, at_it, above;
    } cases[] = {
        {95, YAGA_LEVEL_HIGH, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
        {90, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {80, YAGA_LEVEL_MODERATE, YAGA_LEVEL_MODERATE, YAGA_LEVEL_ELEVATED},
        {70, YAGA_LEVEL_NORMAL, YAGA_LEVEL_NORMAL, YAGA_LEVEL_MODERATE},
        {10, YAGA_LEVEL_LOW, YAGA_LEVEL_NORMAL, YAGA_LEVEL_NORMAL},
        {5, YAGA_LEVEL_VERY_LOW, YAGA_LEVEL_LOW, YAGA_LEVEL_LOW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(level_at(LATENCY, cases[i].at - 1e-9), cases[i].below);
        assert_int_equal(level_at(LATENCY, cases[i].at), cases[i].at_it);
        assert_int_equal(level_at(LATENCY, cases[i].at + 1e-9), cases[i].above);
    }
    make();
    put(DATABASE, 60.0, 60.0, 0.01);
    for (size_t row = LAST - 1; row <= LAST; row++)
        cell(row, DATABASE)->method = YAGA_METHOD_ACTIVATION;
    assert_int_equal(judge()->level[DATABASE], YAGA_LEVEL_HIGH);
    make();
    cell(LAST, CPU)->value = (double)NAN;
    assert_int_equal(judge()->level[CPU], YAGA_LEVEL_UNKNOWN);
    made.models[CPU].cls = YAGA_CLASS_SPARSE; /* never had it */
    assert_int_equal(judge()->level[CPU], YAGA_LEVEL_NORMAL);
}

static enum yaga_level errors_at(double value, double percentile)
{
    make();
    made.around.error_acceptable = 0.005;
    made.around.error_warning = 0.01;
    made.around.error_critical = 0.02;
    put(ERRORS, percentile, value, 0.01);
    return judge()->level[ERRORS];
}

static void error_levels_respect_the_objective(void **state)
{
    (void)state;
    static const struct {
        double at, percentile;
        enum yaga_level below, at_it;
    } cases[] = {
        {0.005, 99.9, YAGA_LEVEL_NORMAL, YAGA_LEVEL_ELEVATED},
        {0.01, 99.9, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {0.02, 99.9, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
        {0.02, 60.0, YAGA_LEVEL_NORMAL, YAGA_LEVEL_HIGH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double at = cases[i].at, eps = 1e-9;
        assert_int_equal(errors_at(at - eps, cases[i].percentile), cases[i].below);
        assert_int_equal(errors_at(at, cases[i].percentile), cases[i].at_it);
        assert_int_equal(errors_at(at + eps, cases[i].percentile), cases[i].at_it);
    }
}

static enum yaga_level traffic_at(double ratio, double percentile, double cliff)
{
    make();
    made.around.cliff_ratio = cliff;
    put(TRAFFIC, percentile, ratio * shop_usual[TRAFFIC], 0.01);
    return judge()->level[TRAFFIC];
}

static void traffic_levels_need_a_change_that_matters(void **state)
{
    (void)state;
    double unknown = (double)NAN;
    assert_int_equal(traffic_at(0.5 - 1e-9, 1.0, unknown), YAGA_LEVEL_VERY_LOW);
    assert_int_equal(traffic_at(0.5, 1.0, unknown), YAGA_LEVEL_VERY_LOW);
    assert_int_equal(traffic_at(0.5 + 1e-9, 1.0, unknown), YAGA_LEVEL_LOW);
    assert_int_equal(traffic_at(0.4, 1.0, 0.3), YAGA_LEVEL_LOW);
    assert_int_equal(traffic_at(1.5 - 1e-9, 99.9, unknown), YAGA_LEVEL_ELEVATED);
    assert_int_equal(traffic_at(1.5, 99.9, unknown), YAGA_LEVEL_VERY_HIGH);
    assert_int_equal(traffic_at(1.5 + 1e-9, 99.9, unknown), YAGA_LEVEL_VERY_HIGH);
}

static const char *slow_with_shares(double dependency, double database)
{
    make();
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    put_level(DEPENDENCY, YAGA_LEVEL_HIGH);
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    made.around.dependency_time_share = (struct yaga_reading){dependency, dependency, 0};
    made.around.database_time_share = (struct yaga_reading){database, database, 0};
    return only()->name;
}

static const char *rejecting_clients(double rate, double usual)
{
    make();
    made.around.client_error_rate = (struct yaga_reading){rate, rate, usual};
    return judge()->n_anomalies == 0 ? "" : made.verdict.anomalies[0].name;
}

static enum yaga_severity failing_at(double rate, enum yaga_level level)
{
    make();
    put(ERRORS, percentile_of(level), rate, 0.01);
    return only()->severity;
}

static const char *blamed_with(double confidence)
{
    make_sample(&samples[13]);
    made.around.cascade.confidence = confidence;
    return only()->name;
}

static void numbers_are_compared_as_they_are_written(void **state)
{
    (void)state;
    double eps = 1e-9;
    assert_string_equal(slow_with_shares(0.0, 0.7 - eps), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.0, 0.7), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.0, 0.7 + eps), "database_latency_bottleneck");
    assert_string_equal(slow_with_shares(0.6 - eps, 0.0), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.6, 0.0), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.6 + eps, 0.0), "dependency_latency_cascade");
    assert_string_equal(slow_with_shares(0.3, 0.55), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.3 + eps, 0.55), "latency_compound_bottleneck");
    assert_string_equal(slow_with_shares(0.55, 0.3), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.55, 0.3 + eps), "latency_compound_bottleneck");
    assert_string_equal(slow_with_shares(0.35, 0.35 - eps), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.35, 0.35 + eps),
                        "latency_compound_bottleneck");
    assert_string_equal(rejecting_clients(0.10 - eps, 0.05), "");
    assert_string_equal(rejecting_clients(0.10, 0.05), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.10 + eps, 0.05), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2 - eps, 0.1), "");
    assert_string_equal(rejecting_clients(0.2, 0.1), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2, 0.0), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2, NAN), "");
    assert_int_equal(failing_at(0.10 - eps, YAGA_LEVEL_VERY_HIGH), GRAVE);
    assert_int_equal(failing_at(0.10, YAGA_LEVEL_VERY_HIGH), CRITICAL);
    assert_int_equal(failing_at(0.10, YAGA_LEVEL_HIGH), GRAVE); /* error_rate_elevated */
    assert_int_equal(failing_at(0.10 + eps, YAGA_LEVEL_HIGH), CRITICAL);
    assert_string_equal(blamed_with(0.8 - eps), "application_latency_bottleneck");
    assert_string_equal(blamed_with(0.8), "dependency_chain_degradation:ledger");
}

/* --- severity --- */

static void what_is_rare_raises_a_pattern_unless_it_is_locked(void **state)
{
    (void)state;
    static const struct {
        size_t metric;
        double p;
        enum yaga_severity want;
    } cases[] = {
        {DATABASE, 0.01, MEDIUM},    {DATABASE, 2e-4, MEDIUM},
        {DATABASE, 3e-5, CRITICAL},  {TRAFFIC, 3e-5, YAGA_SEVERITY_LOW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        put(cases[i].metric, 99.9, 3.0 * shop_usual[cases[i].metric], cases[i].p);
        made.models[TRAFFIC].stats.p99 = 1.0;
        const struct yaga_anomaly *a = only();
        assert_int_equal(a->severity, cases[i].want);
        assert_int_equal(a->n_adjustments, cases[i].want == CRITICAL);
        assert_near(a->severity_confidence, a->n_adjustments > 0 ? 0.8 : 0.9, 0.0);
    }
}

static void traffic_beyond_the_training_raises_what_is_slow(void **state)
{
    (void)state;
    make();
    put_level(TRAFFIC, YAGA_LEVEL_HIGH);
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    made.models[TRAFFIC].stats.p99 = 300.0;
    assert_int_equal(only()->severity, GRAVE); /* not above */
    made.models[TRAFFIC].stats.p99 = 299.9;
    const struct yaga_anomaly *a = only();
    assert_int_equal(a->severity, CRITICAL);
    assert_int_equal(a->n_adjustments, 1);
    assert_non_null(strstr(a->adjustments[0], "high to critical: traffic"));
}

static void nights_and_weekends_lower_only_when_asked(void **state)
{
    (void)state;
    static const struct {
        int64_t hours; /* from Tuesday 10:00 */
        bool off;
    } cases[] = {{0, false},  {11, false}, {12, true},  {19, true}, {20, false},
                 {72, false}, {96, true},  {120, true}, {144, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int asked = 0; asked < 2; asked++) {
            make();
            put_level(DATABASE, YAGA_LEVEL_HIGH);
            made.frame.start_s += cases[i].hours * 3600;
            made.params.off_hours_downgrade = asked;
            assert_int_equal(only()->severity,
                             asked && cases[i].off ? YAGA_SEVERITY_LOW : MEDIUM);
        }
    }
    make_sample(&samples[7]); /* a cliff stays critical */
    made.frame.start_s += 12 * 3600;
    made.params.off_hours_downgrade = true;
    assert_int_equal(only()->severity, CRITICAL);
}

static void a_slower_database_makes_nothing_milder(void **state)
{
    (void)state;
    make_sample(&samples[22]);
    assert_string_equal(only()->name, "application_latency_degraded");
    *cell(LAST, DEPENDENCY) = ordinary(40.0);
    assert_string_equal(only()->name, "application_latency_bottleneck");
    assert_int_equal(only()->severity, GRAVE);
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->name, "application_latency_degraded");
    assert_int_equal(a->severity, GRAVE);
    assert_string_equal(a->adjustments[0],
                        "medium to high: a part of it alone is application_latency_bottleneck");
}

static void grave_signals_of_other_families_are_told(void **state)
{
    (void)state;
    make();
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    put(CPU, 99.9, 6.0, 1e-4);
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->name, "database_latency_degraded");
    assert_true(a->also_affected[CPU]);
    assert_false(a->also_affected[DATABASE]);
    assert_int_equal(a->severity, GRAVE); /* as CPU alone */
    assert_string_equal(made.metrics[a->root_metric].name, "database_latency");
    put(CPU, 99.9, 6.0, 0.01);
    assert_false(only()->also_affected[CPU]);
}

static void harmless_is_not_said_of_what_hides_something_grave(void **state)
{
    (void)state;
    make();
    put_level(TRAFFIC, YAGA_LEVEL_HIGH);
    put(CPU, 99.9, 6.0, 0.01);
    assert_string_equal(only()->name, "request_rate_surge_healthy");
    assert_true(only()->locked);
    put(CPU, 99.9, 6.0, 1e-4);
    assert_string_equal(only()->name, "request_rate_high");
    assert_int_equal(only()->severity, GRAVE);
}

static void confidence_counts_signals_and_grave_ones(void **state)
{
    (void)state;
    make();
    put(DATABASE, 99.9, 60.0, 0.01);
    assert_near(only()->confidence, 0.70, 1e-12); /* 0.50 + 0.15 + 0.05 sustained */
    put(DATABASE, 99.9, 60.0, 1e-4);
    assert_near(only()->confidence, 0.80, 1e-12);
    made.p_mv[LAST] = 0.01;
    assert_near(only()->confidence, 0.90, 1e-12);
    *cell(LAST - 1, DATABASE) = ordinary(20.0);
    cell(LAST, DATABASE)->p = 1e-5;
    assert_near(only()->confidence, 0.75, 1e-12);
    made.p_mv[LAST] = 1.0;
    put(CPU, 99.9, 6.0, 0.01);
    put(DEPENDENCY, 99.9, 120.0, 0.01);
    assert_near(only()->confidence, 0.95, 1e-12);
}

/* --- what users read --- */

static void the_impact_counts_failed_requests_and_names_critical_services(void **state)
{
    (void)state;
    make_sample(&samples[10]);
    made.around.category = "critical";
    assert_string_equal(only()->impact,
                        "Service of the category critical: A large part of the requests "
                        "fails. About 600 failed requests per minute.");
    made.around.category = "standard";
    cell(LAST, ERRORS)->value = 0.09;
    assert_string_equal(only()->impact,
                        "Failures that users notice. About 540 failed requests per minute.");
    cell(LAST, TRAFFIC)->value = (double)NAN;
    assert_string_equal(only()->impact, "Failures that users notice.");
    struct yaga_anomaly *a = &made.verdict.anomalies[0];
    a->severity = MEDIUM;
    yaga_detect_impact(made.metrics, &made.around, &made.verdict.found, a);
    assert_string_equal(a->impact, "Few failures.");
}

static void actions_come_most_urgent_first_and_once(void **state)
{
    (void)state;
    make_sample(&samples[17]);
    const struct yaga_anomaly *a = only();
    static const char *const want[] = {
        "CHECK slow queries and their plans",
        "CHECK waits for connections of the pool",
        "CHECK load of the database",
        "CHECK slow queries",
        "CHECK utilisation, pauses and queues",
        "FOCUS on the database, most of the time is there",
        "CONSIDER caching",
    };
    assert_int_equal(a->n_actions, sizeof want / sizeof *want);
    for (size_t i = 0; i < a->n_actions; i++)
        assert_string_equal(a->actions[i], want[i]);
}

/* --- what operators write --- */

static void old_names_read_as_the_current_ones(void **state)
{
    (void)state;
    assert_string_equal(yaga_pattern_alias("traffic_cliff"), "request_rate_cliff");
    assert_string_equal(yaga_pattern_alias("request_rate_cliff"), "request_rate_cliff");
    assert_string_equal(yaga_pattern_alias("anything"), "anything");
}

static void conditions_are_read_or_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem; /* NULL = none */
    } cases[] = {
        {"error_rate high", NULL},
        {"errors not_high", NULL},
        {" cpu   very_high ", NULL},
        {"db_latency_ratio > 0.5", NULL},
        {"client_error_rate >= 0.1", NULL},
        {"cascade dependencies_healthy", NULL},
        {"request_rate any", NULL},
        {"error_rate extreme", "\"extreme\" is not a level"},
        {"disk high", "\"disk\" is neither a metric nor a role"},
        {"db_latency_ratio = 0.5", "\"=\" is not one of"},
        {"db_latency_ratio > x", "\"x\" is not a number"},
        {"db_ratio > 0.5", "\"db_ratio\" is not a number that patterns know"},
        {"cascade broken", "\"broken\" is not a state of the callees"},
        {"", "neither"},
        {"error_rate", "neither"},
        {"error_rate high and more", "neither"},
    };
    struct yaga_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaga_pattern pattern = {.name = "x"};
        enum yaga_status st = yaga_pattern_add_condition(&pattern, cases[i].text,
                                                         shop_metrics, N_SHOP, &err);
        if (cases[i].problem == NULL) {
            assert_ok(st, &err);
        } else {
            assert_int_equal(st, YAGA_E_CONFIG);
            if (strstr(err.text, cases[i].problem) == NULL)
                fail_msg("%s: %s", cases[i].text, err.text);
        }
    }
    struct yaga_pattern pattern = {.name = "x"};
    for (size_t i = 0; i < YAGA_PATTERN_LEVELS_MAX; i++)
        assert_ok(yaga_pattern_add_condition(&pattern, "cpu high", shop_metrics, N_SHOP,
                                             &err),
                  &err);
    assert_int_equal(yaga_pattern_add_condition(&pattern, "cpu high", shop_metrics,
                                                N_SHOP, &err),
                     YAGA_E_CONFIG);
    for (size_t i = 0; i < YAGA_PATTERN_NUMBERS_MAX; i++)
        assert_ok(yaga_pattern_add_condition(&pattern, "error_ratio > 1", shop_metrics,
                                             N_SHOP, &err),
                  &err);
    assert_int_equal(yaga_pattern_add_condition(&pattern, "error_ratio > 1",
                                                shop_metrics, N_SHOP, &err),
                     YAGA_E_CONFIG);
}

static void names_have_a_metric_a_state_and_a_modifier(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {{"cpu_high_nightly", true},     {"error_rate_burst_from_jobs", true},
                 {"cpu_high", false},            {"cpu", false},
                 {"disk_full_soon", false},      {"cpu_High_x", false},
                 {"cpu__high", false},           {"cpu_high_", false},
                 {"cpu_high_x:root", false},     {"", false}};
    struct yaga_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if ((yaga_pattern_check_name(cases[i].name, shop_metrics, N_SHOP, &err) ==
             YAGA_OK) != cases[i].good)
            fail_msg("%s", cases[i].name);
}

static void a_configured_pattern_of_any_metric_keeps_its_severity(void **state)
{
    (void)state;
    static const struct yaga_pattern_words words = {"busy", "as every night", {NULL}};
    struct yaga_error err;
    struct yaga_pattern own = {.name = "cpu_high_nightly",
                               .family = "other",
                               .severity = YAGA_SEVERITY_LOW,
                               .is_configured = true,
                               .words = &words};
    make();
    assert_ok(yaga_pattern_add_condition(&own, "cpu high", made.metrics, N_SHOP, &err),
              &err);
    assert_ok(yaga_pattern_add_condition(&own, "application_latency high", made.metrics,
                                         N_SHOP, &err),
              &err);
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    put_level(CPU, YAGA_LEVEL_HIGH);
    assert_string_equal(only()->name, "application_latency_bottleneck");
    made.params.patterns = &own;
    made.params.n_patterns = 1;
    assert_string_equal(only()->name, "cpu_high_nightly");
    assert_int_equal(only()->severity, YAGA_SEVERITY_LOW);
    assert_string_equal(made.metrics[only()->root_metric].name, "cpu");
}

static void a_reading_is_now_against_the_past(void **state)
{
    (void)state;
    double values[20];
    for (size_t i = 0; i < 20; i++)
        values[i] = 0.01 * (double)i;
    struct yaga_reading r = yaga_reading_make(values, 19, 3, values, 16, 0.5);
    assert_near(r.now, 0.19, 0.0);
    assert_near(r.lasting, 0.17, 1e-12);
    assert_near(r.usual, 0.075, 1e-12);
    assert_near(yaga_reading_make(values, 19, 3, values, 11, 0.5).usual, NAN, 0.0);
    assert_near(yaga_reading_make(values, 19, 3, values, 12, 0.5).usual, 0.055, 1e-12);
    assert_near(yaga_reading_make(values, 1, 3, values, 0, 0.5).lasting, NAN, 0.0);
    values[18] = (double)INFINITY;
    values[3] = -1.0;
    r = yaga_reading_make(values, 19, 2, values, 12, 0.5);
    assert_near(r.now, 0.19, 0.0);
    assert_near(r.lasting, NAN, 0.0);
    assert_near(r.usual, NAN, 0.0); /* eleven are known */
    assert_near(yaga_reading_make(values, 18, 1, values, 0, 0.5).now, NAN, 0.0);
}

/* Answers in half of the time are no signal by themselves. */
static void refused_requests_make_fast_answers_suspicious(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    double refused[3] = {0.0, 0.0, 0.10 - 1e-9};
    for (size_t row = 1; row < 3; row++)
        *shop_at(shop, row, LATENCY) = 40.0;
    shop->params.client_errors = refused;
    shop_decide(shop, &made.verdict);
    assert_int_equal(made.verdict.n_anomalies, 0);
    refused[2] = 0.10;
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "application_latency_low");
    shop_free(shop);
}

/* Every night fewer requests: what is usual at the hour is no cliff, though far below the
 * mean. */
static void the_night_minimum_of_a_normal_week_is_no_cliff(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    struct yaga_metric_model *traffic = &shop->models[TRAFFIC];
    traffic->stats.mean = 60.0;
    for (size_t d = 0; d < YAGA_DAY_TYPES; d++)
        for (size_t i = 0; i < YAGA_SLOTS_PER_DAY; i++)
            traffic->profile.bucket[d][i] = log1p(13.0);
    for (size_t row = 0; row < 3; row++)
        *shop_at(shop, row, TRAFFIC) = 12.0;
    shop_decide(shop, &made.verdict);
    assert_int_equal(made.verdict.n_anomalies, 0);
    for (size_t row = 0; row < 3; row++)
        *shop_at(shop, row, TRAFFIC) = 0.5;
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "request_rate_cliff");
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_is_reached),
        cmocka_unit_test(worse_values_never_lower_the_severity),
        cmocka_unit_test(the_order_of_metrics_changes_nothing),
        cmocka_unit_test(whatever_is_missing_is_no_signal_and_leaves_no_placeholder),
        cmocka_unit_test(texts_of_the_catalogue_are_sound),
        cmocka_unit_test(placeholders_read_as_values),
        cmocka_unit_test(levels_change_just_beyond_their_percentiles),
        cmocka_unit_test(error_levels_respect_the_objective),
        cmocka_unit_test(traffic_levels_need_a_change_that_matters),
        cmocka_unit_test(numbers_are_compared_as_they_are_written),
        cmocka_unit_test(what_is_rare_raises_a_pattern_unless_it_is_locked),
        cmocka_unit_test(traffic_beyond_the_training_raises_what_is_slow),
        cmocka_unit_test(nights_and_weekends_lower_only_when_asked),
        cmocka_unit_test(a_slower_database_makes_nothing_milder),
        cmocka_unit_test(grave_signals_of_other_families_are_told),
        cmocka_unit_test(harmless_is_not_said_of_what_hides_something_grave),
        cmocka_unit_test(confidence_counts_signals_and_grave_ones),
        cmocka_unit_test(the_impact_counts_failed_requests_and_names_critical_services),
        cmocka_unit_test(actions_come_most_urgent_first_and_once),
        cmocka_unit_test(old_names_read_as_the_current_ones),
        cmocka_unit_test(conditions_are_read_or_explained),
        cmocka_unit_test(names_have_a_metric_a_state_and_a_modifier),
        cmocka_unit_test(a_configured_pattern_of_any_metric_keeps_its_severity),
        cmocka_unit_test(a_reading_is_now_against_the_past),
        cmocka_unit_test(refused_requests_make_fast_answers_suspicious),
        cmocka_unit_test(the_night_minimum_of_a_normal_week_is_no_cliff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
