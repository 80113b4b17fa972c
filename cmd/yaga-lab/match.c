/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab match: tells how the incidents of a run compare with the faults that were
 * planted. */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "lab.h"
#include "options.h"
#include "table.h"
#include "yaga/base/civil.h"
#include "yaga/evaluate/match.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

static const char help[] =
    "Usage: yaga-lab match --labels FILE --alerts DIR [OPTIONS]\n"
    "\n"
    "Puts planted faults (or labels of real ones) beside the incidents that were "
    "raised.\n"
    "\n"
    "  --labels FILE      JSON lines: service, kind, start, end, ...\n"
    "  --alerts DIR       folder with the journals alerts_<date>.jsonl\n"
    "  --from TIME        count only from here on (first label or incident)\n"
    "  --to TIME          and before this (after the last label or incident)\n"
    "  --within DURATION  a fault is met by an incident this soon after its start (15m)\n"
    "  --services N       services that were watched (those that are named anywhere)\n"
    "  --svg FILE         draw a picture, too\n"
    "  --json             print JSON instead of tables\n"
    "\n"
    "met: announced in time. late: announced later, at most 60 minutes after the end.\n"
    "false: an incident without a fault of its service or of one that it calls.\n"
    "The exit status says nothing about the result: 0 done, 2 unusable input, 1 "
    "failed.\n";

struct arguments {
    const char *labels, *alerts, *svg;
    struct yaga_match_params params;
    bool json, help;
};

enum { LABELS = 256, ALERTS, FROM, TO, WITHIN, SERVICES, SVG, JSON, HELP };

static const struct option options[] = {
    {"alerts", required_argument, NULL, ALERTS},
    {"from", required_argument, NULL, FROM},
    {"help", no_argument, NULL, HELP},
    {"json", no_argument, NULL, JSON},
    {"labels", required_argument, NULL, LABELS},
    {"services", required_argument, NULL, SERVICES},
    {"svg", required_argument, NULL, SVG},
    {"to", required_argument, NULL, TO},
    {"within", required_argument, NULL, WITHIN},
    {NULL, 0, NULL, 0},
};

struct result {
    struct yaga_truths labels;
    struct yaga_raised_list raised;
    struct yaga_match match;
};

static enum yaga_status
take_services(const char *text, size_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int("--services", text, 1, 1000000, &value, err);
    if (st == YAGA_OK)
        *out = (size_t)value;
    return st;
}

static enum yaga_status
take(int option, const char *text, struct arguments *arguments, struct yaga_error *err)
{
    switch (option) {
    case LABELS:
        arguments->labels = text;
        return YAGA_OK;
    case ALERTS:
        arguments->alerts = text;
        return YAGA_OK;
    case SVG:
        arguments->svg = text;
        return YAGA_OK;
    case JSON:
        arguments->json = true;
        return YAGA_OK;
    case HELP:
        arguments->help = true;
        return YAGA_OK;
    case FROM:
        return lab_option_time("--from", text, &arguments->params.from_s, err);
    case TO:
        return lab_option_time("--to", text, &arguments->params.to_s, err);
    case WITHIN:
        return lab_option_duration("--within", text, &arguments->params.within_s, err);
    case SERVICES:
        return take_services(text, &arguments->params.n_services, err);
    default:
        return yaga_error_set(err, YAGA_E_ARG, "see yaga-lab match --help");
    }
}

static enum yaga_status
parse(int argc, char **argv, struct arguments *arguments, struct yaga_error *err)
{
    arguments->params = (struct yaga_match_params){
        .from_s = INT64_MIN, .to_s = INT64_MAX, .within_s = 15 * 60};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        enum yaga_status st = take(c, optarg, arguments, err);
        if (st != YAGA_OK || arguments->help)
            return st;
    }
    if (optind < argc)
        return yaga_error_set(err, YAGA_E_ARG, "\"%s\" is one argument too many",
                              argv[optind]);
    if (arguments->labels == NULL || arguments->alerts == NULL)
        return yaga_error_set(err, YAGA_E_ARG,
                              "--labels FILE and --alerts DIR are needed");
    if (arguments->params.from_s >= arguments->params.to_s)
        return yaga_error_set(err, YAGA_E_ARG, "--from must be earlier than --to");
    return YAGA_OK;
}

/* Ends that were not given: where labels and incidents begin and end. */
static void settle_range(const struct result *result, struct yaga_match_params *params)
{
    int64_t first_s = INT64_MAX, last_s = INT64_MIN;
    for (size_t i = 0; i < result->labels.n; i++) {
        const struct yaga_truth *label = &result->labels.items[i];
        first_s = label->start_s < first_s ? label->start_s : first_s;
        last_s = label->end_s > last_s ? label->end_s : last_s;
    }
    for (size_t i = 0; i < result->raised.n; i++) {
        int64_t at_s = result->raised.items[i].announced_s;
        first_s = at_s < first_s ? at_s : first_s;
        last_s = at_s > last_s ? at_s : last_s;
    }
    if (first_s > last_s)
        first_s = last_s = 0; /* nothing planted, nothing raised */
    if (params->from_s == INT64_MIN)
        params->from_s = first_s;
    if (params->to_s == INT64_MAX)
        params->to_s = last_s + 1;
}

static void fill_fault(const struct result *result, size_t i, struct lab_table *table)
{
    const struct yaga_truth *label = &result->labels.items[i];
    size_t found = result->match.incidents[i];
    char start[YAGA_TIME_TEXT_MAX];
    lab_table_row(table);
    lab_table_cell(table, 0, "%.16s", yaga_time_text(label->start_s, start));
    lab_table_cell(table, 1, "%s", label->service);
    lab_table_cell(table, 2, "%s", label->kind);
    lab_table_cell(table, 3, "%lld", (long long)((label->end_s - label->start_s) / 60));
    lab_table_cell(table, 4, "%s", yaga_match_outcome_name(result->match.outcomes[i]));
    if (found == YAGA_MATCH_NONE)
        return;
    const struct yaga_raised *raised = &result->raised.items[found];
    lab_table_cell(table, 5, "%lld",
                   (long long)((raised->announced_s - label->start_s) / 60));
    lab_table_cell(table, 6, "%s", raised->severity);
    lab_table_cell(table, 7, "%s: %s", raised->service, raised->name);
}

static enum yaga_status print_faults(const struct result *result)
{
    static const char *const heads[] = {"planted (UTC)", "service", "fault",
                                        ">minutes",      "outcome", ">after",
                                        "severity",      "incident"};
    struct lab_table table;
    lab_table_init(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < result->labels.n; i++)
        if (result->match.counted[i])
            fill_fault(result, i, &table);
    enum yaga_status st = lab_table_print(&table, stdout);
    lab_table_clear(&table);
    return st;
}

static double share(size_t part, size_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static enum yaga_status print_kinds(const struct yaga_match *match)
{
    static const char *const heads[] = {"fault", ">planted", ">met",
                                        ">late", ">missed",  ">share"};
    struct lab_table table;
    lab_table_init(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < match->n_kinds; i++) {
        const struct yaga_match_kind *kind = &match->kinds[i];
        lab_table_row(&table);
        lab_table_cell(&table, 0, "%s", kind->kind);
        lab_table_cell(&table, 1, "%zu", kind->planted);
        lab_table_cell(&table, 2, "%zu", kind->met);
        lab_table_cell(&table, 3, "%zu", kind->late);
        lab_table_cell(&table, 4, "%zu", kind->planted - kind->met - kind->late);
        lab_table_cell(&table, 5, "%.0f %%", share(kind->met, kind->planted));
    }
    enum yaga_status st = lab_table_print(&table, stdout);
    lab_table_clear(&table);
    return st;
}

static enum yaga_status print_false(const struct result *result)
{
    static const char *const heads[] = {"announced (UTC)", "service", "severity",
                                        "incident"};
    struct lab_table table;
    lab_table_init(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < result->raised.n; i++) {
        const struct yaga_raised *raised = &result->raised.items[i];
        char at[YAGA_TIME_TEXT_MAX];
        if (!result->match.is_false[i])
            continue;
        lab_table_row(&table);
        lab_table_cell(&table, 0, "%.16s", yaga_time_text(raised->announced_s, at));
        lab_table_cell(&table, 1, "%s", raised->service);
        lab_table_cell(&table, 2, "%s", raised->severity);
        lab_table_cell(&table, 3, "%s", raised->name);
    }
    printf("\nFalse incidents: %zu\n", result->match.n_false);
    enum yaga_status st = YAGA_OK;
    if (result->match.n_false > 0)
        st = lab_table_print(&table, stdout);
    lab_table_clear(&table);
    return st;
}

static void print_verdict(const struct arguments *arguments,
                          const struct yaga_match *match)
{
    printf("\nVerdict: %zu of %zu planted faults met within %lld min (%.0f %%), %zu "
           "late, %zu "
           "missed; ",
           match->met, match->planted, (long long)(arguments->params.within_s / 60),
           share(match->met, match->planted), match->late,
           match->planted - match->met - match->late);
    if (isnan(match->false_per_week))
        printf("no quiet part to count false incidents in.\n");
    else
        printf("%zu false in %.1f quiet weeks of %zu services = %.2f per service and "
               "week.\n",
               match->n_quiet_false, match->quiet_weeks, match->n_services,
               match->false_per_week);
}

static enum yaga_status print_tables(const struct arguments *arguments,
                                     const struct result *result,
                                     struct yaga_error *err)
{
    enum yaga_status st = print_faults(result);
    printf("\n");
    if (st == YAGA_OK)
        st = print_kinds(&result->match);
    if (st == YAGA_OK)
        st = print_false(result);
    if (st != YAGA_OK)
        return yaga_error_set(err, st, "tables: %s", yaga_status_name(st));
    print_verdict(arguments, &result->match);
    return YAGA_OK;
}

static struct yaga_json *incident_json(const struct yaga_raised *raised)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "incident_id", raised->incident_id);
    yaga_json_set_string(object, "service", raised->service);
    yaga_json_set_string(object, "name", raised->name);
    yaga_json_set_string(object, "severity", raised->severity);
    yaga_json_set_time(object, "announced", raised->announced_s);
    return object;
}

static struct yaga_json *fault_json(const struct result *result, size_t i)
{
    const struct yaga_truth *label = &result->labels.items[i];
    size_t found = result->match.incidents[i];
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "service", label->service);
    yaga_json_set_string(object, "kind", label->kind);
    yaga_json_set_time(object, "start", label->start_s);
    yaga_json_set_time(object, "end", label->end_s);
    yaga_json_set_string(object, "outcome",
                         yaga_match_outcome_name(result->match.outcomes[i]));
    if (found == YAGA_MATCH_NONE)
        return object;
    const struct yaga_raised *raised = &result->raised.items[found];
    yaga_json_set_int(object, "after_minutes",
                      (raised->announced_s - label->start_s) / 60);
    yaga_json_set(object, "incident", incident_json(raised));
    return object;
}

static struct yaga_json *kinds_json(const struct yaga_match *match)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < match->n_kinds; i++) {
        struct yaga_json *kind = yaga_json_object_new();
        yaga_json_set_string(kind, "kind", match->kinds[i].kind);
        yaga_json_set_int(kind, "planted", (int64_t)match->kinds[i].planted);
        yaga_json_set_int(kind, "met", (int64_t)match->kinds[i].met);
        yaga_json_set_int(kind, "late", (int64_t)match->kinds[i].late);
        yaga_json_push(list, kind);
    }
    return list;
}

static struct yaga_json *document(const struct arguments *arguments,
                                  const struct result *result)
{
    const struct yaga_match *match = &result->match;
    struct yaga_json *root = yaga_json_object_new();
    struct yaga_json *faults = yaga_json_array_new();
    struct yaga_json *wrong = yaga_json_array_new();
    yaga_json_set_time(root, "from", arguments->params.from_s);
    yaga_json_set_time(root, "to", arguments->params.to_s);
    yaga_json_set_int(root, "within_minutes", arguments->params.within_s / 60);
    yaga_json_set_int(root, "planted", (int64_t)match->planted);
    yaga_json_set_int(root, "met", (int64_t)match->met);
    yaga_json_set_int(root, "late", (int64_t)match->late);
    yaga_json_set_int(root, "false_incidents", (int64_t)match->n_false);
    yaga_json_set_int(root, "quiet_false_incidents", (int64_t)match->n_quiet_false);
    yaga_json_set_int(root, "services", (int64_t)match->n_services);
    yaga_json_set_rounded(root, "quiet_weeks", match->quiet_weeks, 4);
    yaga_json_set_rounded(root, "false_per_service_and_week", match->false_per_week, 4);
    yaga_json_set(root, "kinds", kinds_json(match));
    for (size_t i = 0; i < result->labels.n; i++)
        if (match->counted[i])
            yaga_json_push(faults, fault_json(result, i));
    for (size_t i = 0; i < result->raised.n; i++)
        if (match->is_false[i])
            yaga_json_push(wrong, incident_json(&result->raised.items[i]));
    yaga_json_set(root, "faults", faults);
    yaga_json_set(root, "false", wrong);
    return root;
}

static enum yaga_status print_json(const struct arguments *arguments,
                                   const struct result *result,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) root = document(arguments, result);
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(root, true, &text, err);
    if (st == YAGA_OK)
        printf("%s\n", text);
    return st;
}

static enum yaga_status draw(const struct arguments *arguments,
                             const struct result *result,
                             struct yaga_error *err)
{
    struct yaga_str picture;
    yaga_str_init(&picture, (size_t)64 << 20);
    enum yaga_status st = yaga_match_svg(&result->labels, &result->raised, &result->match,
                                         &arguments->params, &picture, err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(arguments->svg, yaga_str_get(&picture),
                                    picture.length, err);
    yaga_str_clear(&picture);
    return st;
}

static enum yaga_status
run(struct arguments *arguments, struct result *result, struct yaga_error *err)
{
    enum yaga_status st = yaga_truths_read(arguments->labels, &result->labels, err);
    if (st == YAGA_OK)
        st = yaga_journal_read(arguments->alerts, arguments->params.from_s,
                               arguments->params.to_s, &result->raised, err);
    if (st != YAGA_OK)
        return st;
    settle_range(result, &arguments->params);
    st = yaga_match(&result->labels, &result->raised, &arguments->params, &result->match,
                    err);
    if (st == YAGA_OK && arguments->svg != NULL)
        st = draw(arguments, result, err);
    if (st != YAGA_OK)
        return st;
    return arguments->json ? print_json(arguments, result, err)
                           : print_tables(arguments, result, err);
}

int yaga_lab_match(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct yaga_error err = {0};
    struct result result = {0};
    enum yaga_status st = parse(argc, argv, &arguments, &err);
    if (st == YAGA_OK && arguments.help) {
        (void)fputs(help, stdout);
        return LAB_OK;
    }
    if (st == YAGA_OK)
        st = run(&arguments, &result, &err);
    yaga_match_clear(&result.match);
    yaga_raised_clear(&result.raised);
    yaga_truths_clear(&result.labels);
    return st == YAGA_OK ? LAB_OK : yaga_lab_fail("match", &err);
}
