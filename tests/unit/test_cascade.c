/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/cascade/cascade.h"
#include "yaga/numeric/rng.h"

enum { N_MAX = 12, CALLS_MAX = 64, ROWS = 13, STEP_S = 300 };

/* Services by letter, calls by pairs of them: "ab" = a calls b. */
struct scene {
    size_t n, first[N_MAX + 1], callee[CALLS_MAX];
    struct yaga_cascade_graph graph;
    struct yaga_cascade_params params;
    struct yaga_cascade_node nodes[N_MAX];
    struct yaga_cascade found[N_MAX];
    double log_latency[N_MAX][ROWS];
};

static void set_calls(struct scene *s, bool calls[N_MAX][N_MAX])
{
    size_t e = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->first[i] = e;
        for (size_t j = 0; j < s->n; j++) {
            if (calls[i][j])
                s->callee[e++] = j;
        }
    }
    s->first[s->n] = e;
    s->graph =
        (struct yaga_cascade_graph){.n = s->n, .first = s->first, .callee = s->callee};
}

static void scene(struct scene *s, size_t n, const char *const *pairs)
{
    bool calls[N_MAX][N_MAX] = {{false}};
    memset(s, 0, sizeof *s);
    s->n = n;
    for (; *pairs != NULL; pairs++)
        calls[(*pairs)[0] - 'a'][(*pairs)[1] - 'a'] = true;
    set_calls(s, calls);
    yaga_cascade_params_init(&s->params);
    for (size_t i = 0; i < n; i++) {
        s->nodes[i] = (struct yaga_cascade_node){.state = YAGA_CASCADE_STATE_OK,
                                                 .latency = 100,
                                                 .latency_usual = 100,
                                                 .waiting = 50,
                                                 .waiting_usual = 50,
                                                 .error_rate = (double)NAN,
                                                 .error_rate_usual = (double)NAN};
    }
}

/* Slow by 200 ms since `minute`, of which it waits `waits` for others. */
static void slow(struct scene *s, char who, int minute, double waits)
{
    struct yaga_cascade_node *node = &s->nodes[who - 'a'];
    node->state = YAGA_CASCADE_STATE_ANOMALOUS;
    node->suffers = node->propagates = true;
    node->severity = YAGA_SEVERITY_HIGH;
    node->onset_s = 60 * (int64_t)minute;
    node->latency = 300;
    node->waiting = 50 + waits;
}

static const struct yaga_cascade *ask(struct scene *s, char who)
{
    struct yaga_error err;
    assert_ok(yaga_cascade_analyse(&s->params, &s->graph, s->nodes, s->found, &err),
              &err);
    return &s->found[who - 'a'];
}

static void assert_path(const struct yaga_cascade *c, const char *path)
{
    assert_int_equal(c->n_path, strlen(path));
    for (size_t i = 0; i < c->n_path; i++)
        assert_int_equal(c->path[i], path[i] - 'a');
    assert_int_equal(c->root, path[0] - 'a');
}

static void a_chain_begins_at_its_end(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 5, (const char *const[]){"ab", "bc", "cd", "de", NULL});
    slow(&s, 'd', 0, 0);
    slow(&s, 'c', 5, 190);
    slow(&s, 'b', 5, 190);
    slow(&s, 'a', 10, 190);
    const struct yaga_cascade *c = ask(&s, 'a');
    assert_int_equal(c->type, YAGA_CASCADE_CHAIN_DEGRADED);
    assert_path(c, "dcb");
    assert_true(c->in_time && c->contributes && !c->shared_dependency && !c->in_cycle);
    assert_near(c->explained, 0.95, 1e-9);
    assert_near(c->confidence, 0.90, 1e-9); /* 0.50 + 0.15 + 0.15 + 0.10 */
    assert_int_equal(c->blast_radius, 3);
    c = ask(&s, 'c');
    assert_int_equal(c->type, YAGA_CASCADE_UPSTREAM_ANOMALY);
    assert_path(c, "d");
    /* the root itself: its callee is in order */
    c = ask(&s, 'd');
    assert_int_equal(c->type, YAGA_CASCADE_DEPENDENCIES_HEALTHY);
    assert_int_equal(c->root, YAGA_CASCADE_NONE_AT);
    assert_near(c->confidence, 0.9, 0);
    /* a service without callees has nobody to ask */
    assert_int_equal(ask(&s, 'e')->type, YAGA_CASCADE_UNKNOWN);
}

static void a_diamond_has_one_root_and_no_healthy_sibling(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 5, (const char *const[]){"ab", "ac", "ae", "bd", "cd", NULL});
    slow(&s, 'd', 0, 0);
    slow(&s, 'b', 0, 150);
    slow(&s, 'c', 0, 150);
    slow(&s, 'a', 5, 150);
    const struct yaga_cascade *c = ask(&s, 'a');
    assert_path(c, "db"); /* the shortest, once; not c, not the healthy e */
    assert_int_equal(c->n_others, 0);
    assert_true(c->shared_dependency);
    assert_int_equal(c->blast_radius, 3);
}

static void a_cycle_is_answered_with_less_confidence(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 3, (const char *const[]){"ab", "bc", "cb", "ca", NULL});
    slow(&s, 'a', 5, 150);
    slow(&s, 'b', 0, 150);
    slow(&s, 'c', 0, 150);
    const struct yaga_cascade *c = ask(&s, 'a');
    assert_true(c->root >= 1 && c->in_cycle);
    assert_int_equal(c->n_others, 1);
    assert_near(c->confidence, 0.90 - 0.15 - 0.10, 1e-9);
}

static void an_unknown_callee_leaves_it_open(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 3, (const char *const[]){"ab", "ac", NULL});
    slow(&s, 'a', 0, 150);
    s.nodes[1].state = YAGA_CASCADE_STATE_UNKNOWN;
    assert_int_equal(ask(&s, 'a')->type, YAGA_CASCADE_UNKNOWN);
    assert_near(ask(&s, 'a')->confidence, 0, 0);
    slow(&s, 'c', 0, 0); /* another one explains it all the same */
    assert_path(ask(&s, 'a'), "c");
}

static void a_callee_that_came_later_is_no_cause(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'a', 0, 100); /* half of it is not explained */
    slow(&s, 'b', 5, 0);
    assert_true(ask(&s, 'a')->in_time); /* within one step */
    slow(&s, 'b', 6, 0);
    assert_false(ask(&s, 'a')->in_time);
    slow(&s, 'a', 0, 190); /* explained: two steps */
    slow(&s, 'b', 10, 0);
    assert_true(ask(&s, 'a')->in_time);
    slow(&s, 'b', 11, 0);
    assert_false(ask(&s, 'a')->in_time);
    assert_near(ask(&s, 'a')->confidence, 0.5, 0);
    s.params.require_temporal = false;
    assert_near(ask(&s, 'a')->confidence, 0.75, 1e-9);
}

static void a_callee_that_came_long_before_is_none_either(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 10, 100); /* one call of five minutes and a step */
    assert_true(ask(&s, 'a')->in_time);
    slow(&s, 'a', 11, 100);
    assert_false(ask(&s, 'a')->in_time);
    slow(&s, 'a', 25, 190); /* where the call explains it, the time of three more */
    assert_true(ask(&s, 'a')->in_time);
    slow(&s, 'a', 26, 190);
    assert_false(ask(&s, 'a')->in_time);
    s.params.hop_s = 360;
    assert_true(ask(&s, 'a')->in_time);
}

static void an_onset_before_the_window_passes_while_the_trouble_is_young(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 50, 190);
    s.nodes[1].onset_censored = true;
    assert_false(ask(&s, 'a')->in_time);
    s.nodes[1].is_young = true;
    assert_true(ask(&s, 'a')->in_time);
}

static void what_is_handled_is_not_passed_on(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'a', 0, 0);
    s.nodes[1].state = YAGA_CASCADE_STATE_ANOMALOUS; /* a surge that it serves */
    s.nodes[1].severity = YAGA_SEVERITY_LOW;
    assert_int_equal(ask(&s, 'a')->type, YAGA_CASCADE_NONE);
}

static void of_two_roots_the_better_one_is_named_and_the_other_kept(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 3, (const char *const[]){"ab", "ac", NULL});
    slow(&s, 'a', 5, 190);
    slow(&s, 'b', 5, 0);
    slow(&s, 'c', 0, 0); /* the earlier one */
    const struct yaga_cascade *c = ask(&s, 'a');
    assert_path(c, "c");
    assert_int_equal(c->n_others, 1);
    assert_int_equal(c->others[0], 1);
    assert_near(c->confidence, 0.75, 1e-9);
    s.nodes[1].severity = YAGA_SEVERITY_CRITICAL;
    s.nodes[2].severity = YAGA_SEVERITY_MEDIUM; /* 0.3 (4 - 2)/4 - 0.2 < 0 */
    assert_path(ask(&s, 'a'), "c");
    s.nodes[2].severity = YAGA_SEVERITY_LOW;
    assert_path(ask(&s, 'a'), "b");
}

static void only_so_many_calls_are_followed(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 5, (const char *const[]){"ab", "bc", "cd", "de", NULL});
    for (char who = 'a'; who <= 'e'; who++)
        slow(&s, who, 0, 190);
    assert_path(ask(&s, 'a'), "edcb");
    s.params.max_depth = 2;
    assert_path(ask(&s, 'a'), "cb");
}

static void the_waiting_must_explain_enough(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 120); /* 120 of 200 ms */
    assert_true(ask(&s, 'a')->contributes);
    slow(&s, 'a', 0, 119);
    assert_false(ask(&s, 'a')->contributes);
    s.params.explained_min = 0.595;
    assert_true(ask(&s, 'a')->contributes);
    s.nodes[0].latency = s.nodes[0].latency_usual; /* nothing to explain */
    assert_false(ask(&s, 'a')->contributes);
    assert_true(isnan(ask(&s, 'a')->explained));
}

static void errors_of_a_callee_explain_those_of_its_callers(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 0);
    s.nodes[0].error_rate = 0.10, s.nodes[0].error_rate_usual = 0;
    s.nodes[1].error_rate = 0.09, s.nodes[1].error_rate_usual = 0.01;
    assert_near(ask(&s, 'a')->explained, 0.8, 1e-9);
    assert_true(ask(&s, 'a')->contributes);
    s.nodes[1].error_rate = 0.02;
    assert_false(ask(&s, 'a')->contributes);
}

static void a_service_that_only_waits_is_explained_by_its_calls(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 150);
    s.nodes[0].latency = s.nodes[0].latency_usual;
    assert_false(ask(&s, 'a')->contributes);
    s.nodes[0].only_waits = true;
    assert_true(ask(&s, 'a')->contributes);
}

/* Waits for its calls, which is little beside its own time: not passed on by itself. */
static void only_wait(struct scene *s, char who, int minute)
{
    slow(s, who, minute, 150);
    s->nodes[who - 'a'].propagates = false;
    s->nodes[who - 'a'].only_waits = true;
}

static void who_only_waits_lies_on_the_way_and_is_no_root(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 5, (const char *const[]){"ab", "bc", "ad", "de", NULL});
    slow(&s, 'a', 5, 190);
    only_wait(&s, 'b', 5);
    slow(&s, 'c', 0, 0);
    only_wait(&s, 'd', 0); /* nobody behind it is in trouble */
    const struct yaga_cascade *c = ask(&s, 'a');
    assert_path(c, "cb");
    assert_int_equal(c->n_others, 0);
    assert_near(c->confidence, 0.90, 1e-9);
    s.nodes[2].propagates = false; /* nor behind the other */
    assert_int_equal(ask(&s, 'a')->root, YAGA_CASCADE_NONE_AT);
    assert_int_equal(ask(&s, 'a')->type, YAGA_CASCADE_NONE);
}

static void a_suspect_is_seen_through_calls_that_do_not_show_it_yet(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 3, (const char *const[]){"ab", "bc", NULL});
    slow(&s, 'a', 5, 190);
    slow(&s, 'c', 0, 0);
    assert_int_equal(ask(&s, 'a')->root, YAGA_CASCADE_NONE_AT);
    assert_int_equal(ask(&s, 'a')->suspect, 'c' - 'a');
    assert_int_equal(ask(&s, 'c')->suspect, YAGA_CASCADE_NONE_AT);
    slow(&s, 'a', 5, 100); /* its calls do not explain it */
    assert_int_equal(ask(&s, 'a')->suspect, YAGA_CASCADE_NONE_AT);
    slow(&s, 'a', 5, 190);
    slow(&s, 'c', 11, 0); /* it came later */
    assert_int_equal(ask(&s, 'a')->suspect, YAGA_CASCADE_NONE_AT);
    slow(&s, 'c', 0, 0);
    s.params.max_depth = 1;
    assert_int_equal(ask(&s, 'a')->suspect, YAGA_CASCADE_NONE_AT);
}

/* The root is in order again, its caller not yet. */
static void what_began_while_it_lasted_is_its_consequence(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'a', 20, 190);
    s.nodes[1] = (struct yaga_cascade_node){.state = YAGA_CASCADE_STATE_OK,
                                            .propagates = true,
                                            .severity = YAGA_SEVERITY_HIGH,
                                            .onset_censored = true,
                                            .is_young = true,
                                            .ended_s = 20 * 60};
    assert_true(ask(&s, 'a')->in_time);
    slow(&s, 'a', 25, 190); /* it takes the time of a call to get there */
    assert_true(ask(&s, 'a')->in_time);
    slow(&s, 'a', 26, 190); /* it began when that was over */
    assert_false(ask(&s, 'a')->in_time);
}

static void latencies_that_move_together_are_worth_a_tenth(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 190);
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    s.params.n_rows = ROWS;
    for (size_t t = 0; t < ROWS; t++)
        s.log_latency[0][t] = s.log_latency[1][t] = yaga_rng_normal(&rng);
    s.nodes[0].log_latency = s.log_latency[0];
    s.nodes[1].log_latency = s.log_latency[1];
    assert_near(ask(&s, 'a')->correlation, 1, 1e-9);
    assert_near(ask(&s, 'a')->confidence, 0.95, 0); /* never more */
    for (size_t t = ROWS - 1; t > 0; t--)           /* one row later */
        s.log_latency[0][t] = s.log_latency[0][t - 1];
    assert_near(ask(&s, 'a')->correlation, 1, 1e-9);
    s.params.hop_s = 299; /* which is too late */
    assert_true(ask(&s, 'a')->correlation < 0.7);
}

/* What a missing row would have shown stands in the step over it. */
static void a_missing_row_or_two_do_not_hide_that_latencies_move_together(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 190);
    s.params.n_rows = 12;
    s.params.hop_s = 299;
    for (size_t t = 0; t < s.params.n_rows; t++)
        s.log_latency[0][t] = s.log_latency[1][t] = t < 9 ? 0.01 * (double)(t % 3) : 2.0;
    s.nodes[0].log_latency = s.log_latency[0];
    s.nodes[1].log_latency = s.log_latency[1];
    double whole = ask(&s, 'a')->confidence;
    s.log_latency[0][8] = (double)NAN; /* the last one before the rise */
    assert_true(ask(&s, 'a')->correlation > 0.99);
    s.log_latency[1][2] = (double)NAN;
    s.log_latency[1][4] = (double)NAN;
    assert_true(ask(&s, 'a')->correlation > 0.99);
    assert_near(ask(&s, 'a')->confidence, whole, 1e-9);
    s.log_latency[1][5] = (double)NAN; /* seven differences are too few */
    assert_true(isnan(ask(&s, 'a')->correlation));
    assert_near(ask(&s, 'a')->confidence, 0.90, 1e-9);
}

static void a_weak_model_and_a_mild_root_count_less(void **state)
{
    (void)state;
    static struct scene s;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    slow(&s, 'b', 0, 0);
    slow(&s, 'a', 0, 190);
    s.nodes[1].severity = YAGA_SEVERITY_MEDIUM;
    assert_near(ask(&s, 'a')->confidence, 0.80, 1e-9);
    s.nodes[1].weak_model = true;
    assert_near(ask(&s, 'a')->confidence, 0.60, 1e-9);
}

/* --- any graph */

static void draw(struct scene *s, struct yaga_rng *rng, bool calls[N_MAX][N_MAX])
{
    static const char *const none[] = {NULL};
    scene(s, 2 + (size_t)(yaga_rng_uniform(rng) * (N_MAX - 2)), none);
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < s->n; j++)
            calls[i][j] = i != j && yaga_rng_uniform(rng) < 0.25;
        double fate = yaga_rng_uniform(rng);
        if (fate < 0.6)
            slow(s, (char)('a' + i), (int)(yaga_rng_uniform(rng) * 30),
                 200 * yaga_rng_uniform(rng));
        else if (fate < 0.7)
            only_wait(s, (char)('a' + i), (int)(yaga_rng_uniform(rng) * 30));
        else if (fate < 0.8)
            s->nodes[i].state = YAGA_CASCADE_STATE_UNKNOWN;
        s->nodes[i].severity = (enum yaga_severity)(1 + (int)(yaga_rng_uniform(rng) * 4));
    }
    while (true) { /* no more calls than there is room for */
        size_t n = 0;
        for (size_t i = 0; i < s->n; i++) {
            for (size_t j = 0; j < s->n; j++)
                n += calls[i][j];
        }
        if (n <= CALLS_MAX)
            break;
        calls[(size_t)(yaga_rng_uniform(rng) * (double)s->n)]
             [(size_t)(yaga_rng_uniform(rng) * (double)s->n)] = false;
    }
    set_calls(s, calls);
}

static void assert_sound(const struct scene *s, size_t service, bool calls[N_MAX][N_MAX])
{
    const struct yaga_cascade *c = &s->found[service];
    assert_true(c->confidence >= 0 && c->confidence <= 0.95);
    if (c->root == YAGA_CASCADE_NONE_AT) {
        assert_int_equal(c->n_path, 0);
        return;
    }
    assert_true(s->nodes[service].suffers);
    assert_true(c->n_path >= 1 && c->n_path <= s->params.max_depth);
    assert_int_equal(c->path[0], c->root);
    size_t caller = service;
    for (size_t i = c->n_path; i-- > 0; caller = c->path[i]) {
        assert_true(calls[caller][c->path[i]]);
        assert_true(s->nodes[c->path[i]].propagates ||
                    (i > 0 && s->nodes[c->path[i]].only_waits));
        assert_int_not_equal(c->path[i], service);
    }
    assert_true(c->blast_radius >= 1);
    if (!c->in_time)
        assert_true(c->confidence <= 0.5);
}

/* 2000 graphs of up to twelve services: some 10,000 answers. */
static void every_answer_is_sound(void **state)
{
    (void)state;
    static struct scene s;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 7);
    size_t n_roots = 0;
    for (int i = 0; i < 2000; i++) {
        bool calls[N_MAX][N_MAX] = {{false}};
        draw(&s, &rng, calls);
        (void)ask(&s, 'a');
        for (size_t k = 0; k < s.n; k++) {
            assert_sound(&s, k, calls);
            n_roots += s.found[k].root != YAGA_CASCADE_NONE_AT;
        }
    }
    assert_true(n_roots > 2000);
}

/* The same services in another order: the same answer, where no two are equally good. */
static void the_order_of_services_does_not_matter(void **state)
{
    (void)state;
    static struct scene s, turned;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 11);
    for (int i = 0; i < 2000; i++) {
        bool calls[N_MAX][N_MAX] = {{false}}, other[N_MAX][N_MAX] = {{false}};
        draw(&s, &rng, calls);
        turned = s;
        for (size_t a = 0; a < s.n; a++) {
            turned.nodes[s.n - 1 - a] = s.nodes[a];
            for (size_t b = 0; b < s.n; b++)
                other[s.n - 1 - a][s.n - 1 - b] = calls[a][b];
        }
        set_calls(&turned, other);
        (void)ask(&s, 'a');
        (void)ask(&turned, 'a');
        for (size_t k = 0; k < s.n; k++) {
            const struct yaga_cascade *x = &s.found[k], *y = &turned.found[s.n - 1 - k];
            assert_int_equal(x->type == YAGA_CASCADE_UNKNOWN,
                             y->type == YAGA_CASCADE_UNKNOWN);
            assert_int_equal(x->n_others, y->n_others);
            if (x->n_others == 0 && x->root != YAGA_CASCADE_NONE_AT) {
                assert_int_equal(x->root, (int)s.n - 1 - y->root);
                assert_int_equal(x->blast_radius, y->blast_radius);
            }
        }
    }
}

static void a_lack_of_memory_is_said(void **state)
{
    (void)state;
    static struct scene s;
    struct yaga_error err;
    scene(&s, 2, (const char *const[]){"ab", NULL});
    for (int nth = 1; nth <= 2; nth++) {
        yaga_mem_fail_nth(nth);
        assert_int_equal(
            yaga_cascade_analyse(&s.params, &s.graph, s.nodes, s.found, &err),
            YAGA_E_NOMEM);
    }
    yaga_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_begins_at_its_end),
        cmocka_unit_test(a_diamond_has_one_root_and_no_healthy_sibling),
        cmocka_unit_test(a_cycle_is_answered_with_less_confidence),
        cmocka_unit_test(an_unknown_callee_leaves_it_open),
        cmocka_unit_test(a_callee_that_came_later_is_no_cause),
        cmocka_unit_test(a_callee_that_came_long_before_is_none_either),
        cmocka_unit_test(an_onset_before_the_window_passes_while_the_trouble_is_young),
        cmocka_unit_test(what_is_handled_is_not_passed_on),
        cmocka_unit_test(of_two_roots_the_better_one_is_named_and_the_other_kept),
        cmocka_unit_test(only_so_many_calls_are_followed),
        cmocka_unit_test(the_waiting_must_explain_enough),
        cmocka_unit_test(errors_of_a_callee_explain_those_of_its_callers),
        cmocka_unit_test(a_service_that_only_waits_is_explained_by_its_calls),
        cmocka_unit_test(who_only_waits_lies_on_the_way_and_is_no_root),
        cmocka_unit_test(a_suspect_is_seen_through_calls_that_do_not_show_it_yet),
        cmocka_unit_test(what_began_while_it_lasted_is_its_consequence),
        cmocka_unit_test(latencies_that_move_together_are_worth_a_tenth),
        cmocka_unit_test(a_missing_row_or_two_do_not_hide_that_latencies_move_together),
        cmocka_unit_test(a_weak_model_and_a_mild_root_count_less),
        cmocka_unit_test(every_answer_is_sound),
        cmocka_unit_test(the_order_of_services_does_not_matter),
        cmocka_unit_test(a_lack_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
