/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab synth: arguments of the generator. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "options.h"
#include "yaga/evaluate/labels.h"
#include "yaga/synth/synth.h"

static const char help[] =
    "Usage: yaga-lab synth --out DIR [OPTIONS]\n"
    "\n"
    "Writes a synthetic shop of services: days of metrics with daily and weekly rhythm,\n"
    "noise, gaps and a holiday; first days without faults, then days with planted "
    "faults.\n"
    "The same options give the same bytes.\n"
    "\n"
    "  --out DIR         folder to write to (made when missing)\n"
    "  --days N          days in all (51)\n"
    "  --train-days N    first days, without faults, to train on (30, or all)\n"
    "  --quiet-days N    days after them, without faults, to count false alarms (14, or\n"
    "                    what leaves a week for faults)\n"
    "  --services N      1 to 200 services (12)\n"
    "  --seed N          another shop of the same kind (42)\n"
    "  --start TIME      first sample, a UTC midnight (2026-01-05T00:00:00Z, a Monday)\n"
    "  --step DURATION   distance of samples, 1m to 15m (5m)\n"
    "  --faults FILE     plant these faults instead of the default plan\n"
    "  --scenario odd    an odd fleet: a level shift, a trend, gaps, incidents, a "
    "closing "
    "of\n"
    "                    eight days, services without errors, history or data; 38 days,\n"
    "                    without a plan of faults\n"
    "  --gzip            write archive.jsonl.gz instead of archive.jsonl\n"
    "\n"
    "Files in DIR:\n"
    "  archive.jsonl     samples as VictoriaMetrics /api/v1/export writes them; load "
    "with\n"
    "                    curl -T archive.jsonl http://127.0.0.1:8428/api/v1/import\n"
    "  labels.jsonl      what was planted, and what it touches\n"
    "  faults.jsonl      the same as a plan: edit it and give it to --faults\n"
    "  oddities.jsonl    of the odd fleet: what is odd, and its maintenance.jsonl\n"
    "  yaga.cfg          trains and infers on the archive\n"
    "\n"
    "A line of a plan; factor may be left out:\n"
    "  "
    "{\"service\":\"payment\",\"kind\":\"cascade\",\"start\":\"2026-02-19T09:00:00Z\",\n"
    "   \"end\":\"2026-02-19T09:40:00Z\",\"factor\":3}\n"
    "Kinds: latency_degradation error_burst traffic_loss traffic_surge "
    "database_slowdown\n"
    "       total_outage cascade\n";

struct arguments {
    struct yaga_synth_params params;
    const char *out, *faults;
    bool gzip, help, odd, days_given;
};

enum {
    OUT = 256,
    DAYS,
    TRAIN,
    QUIET,
    SERVICES,
    SEED,
    START,
    STEP,
    FAULTS,
    SCENARIO,
    GZIP,
    HELP
};

static const struct option options[] = {
    {"days", required_argument, NULL, DAYS},
    {"faults", required_argument, NULL, FAULTS},
    {"gzip", no_argument, NULL, GZIP},
    {"help", no_argument, NULL, HELP},
    {"out", required_argument, NULL, OUT},
    {"quiet-days", required_argument, NULL, QUIET},
    {"scenario", required_argument, NULL, SCENARIO},
    {"seed", required_argument, NULL, SEED},
    {"services", required_argument, NULL, SERVICES},
    {"start", required_argument, NULL, START},
    {"step", required_argument, NULL, STEP},
    {"train-days", required_argument, NULL, TRAIN},
    {NULL, 0, NULL, 0},
};

static enum yaga_status
take_count(const char *option, const char *text, size_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int(option, text, YAGA_SYNTH_SERVICES_MIN,
                                         YAGA_SYNTH_SERVICES_MAX, &value, err);
    if (st == YAGA_OK)
        *out = (size_t)value;
    return st;
}

static enum yaga_status take_seed(const char *text, uint64_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int("--seed", text, 0, INT64_MAX, &value, err);
    if (st == YAGA_OK)
        *out = (uint64_t)value;
    return st;
}

static enum yaga_status
take(int option, const char *text, struct arguments *arguments, struct yaga_error *err)
{
    struct yaga_synth_params *params = &arguments->params;
    switch (option) {
    case OUT:
        arguments->out = text;
        return YAGA_OK;
    case FAULTS:
        arguments->faults = text;
        return YAGA_OK;
    case GZIP:
        arguments->gzip = true;
        return YAGA_OK;
    case HELP:
        arguments->help = true;
        return YAGA_OK;
    case SCENARIO:
        arguments->odd = strcmp(text, "odd") == 0;
        if (!arguments->odd)
            return yaga_error_set(err, YAGA_E_ARG, "--scenario: \"%s\" is not \"odd\"",
                                  text);
        return YAGA_OK;
    case DAYS:
        arguments->days_given = true;
        return lab_option_int("--days", text, 1, YAGA_SYNTH_DAYS_MAX, &params->days, err);
    case TRAIN:
        return lab_option_int("--train-days", text, 0, YAGA_SYNTH_DAYS_MAX,
                              &params->train_days, err);
    case QUIET:
        return lab_option_int("--quiet-days", text, 0, YAGA_SYNTH_DAYS_MAX,
                              &params->quiet_days, err);
    case SERVICES:
        return take_count("--services", text, &params->n_services, err);
    case SEED:
        return take_seed(text, &params->seed, err);
    case START:
        return lab_option_time("--start", text, &params->start_s, err);
    case STEP:
        return lab_option_duration("--step", text, &params->step_s, err);
    default:
        return yaga_error_set(err, YAGA_E_ARG, "see yaga-lab synth --help");
    }
}

/* What is not said is the odd fleet's: all days are for training but those beyond. */
static void prepare_odd(struct arguments *arguments)
{
    struct yaga_synth_params *params = &arguments->params;
    if (!arguments->days_given)
        params->days = YAGA_SYNTH_ODD_DAYS;
    if (params->train_days == YAGA_SYNTH_AUTO)
        params->train_days = YAGA_SYNTH_ODD_DAYS;
    if (params->quiet_days == YAGA_SYNTH_AUTO && params->days > params->train_days)
        params->quiet_days = params->days - params->train_days;
}

static enum yaga_status
parse(int argc, char **argv, struct arguments *arguments, struct yaga_error *err)
{
    yaga_synth_params_init(&arguments->params);
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        enum yaga_status st = take(c, optarg, arguments, err);
        if (st != YAGA_OK || arguments->help)
            return st;
    }
    if (optind < argc)
        return yaga_error_set(err, YAGA_E_ARG, "\"%s\" is one argument too many",
                              argv[optind]);
    if (arguments->out == NULL)
        return yaga_error_set(err, YAGA_E_ARG, "--out DIR is missing");
    if (arguments->odd && arguments->faults != NULL)
        return yaga_error_set(err, YAGA_E_ARG,
                              "--scenario odd brings its own faults: not with --faults");
    if (arguments->odd)
        prepare_odd(arguments);
    yaga_synth_params_settle(&arguments->params);
    return yaga_synth_params_check(&arguments->params, err);
}

static enum yaga_status convert(const struct yaga_synth_params *params,
                                const struct yaga_synth_shop *shop,
                                const struct yaga_truth *label,
                                struct yaga_synth_fault *out,
                                struct yaga_error *err)
{
    int service = yaga_synth_find(shop, label->service);
    if (service < 0)
        return yaga_error_set(err, YAGA_E_INPUT, "the shop has no service \"%s\"",
                              label->service);
    out->service = (size_t)service;
    if (!yaga_fault_kind_parse(label->kind, &out->kind))
        return yaga_error_set(err, YAGA_E_INPUT, "\"%s\" is not a kind of fault",
                              label->kind);
    out->start_s = label->start_s;
    out->end_s = label->end_s;
    bool given = label->factor == label->factor; /* not NaN */
    out->factor = given ? label->factor : yaga_fault_default_factor(out->kind);
    return yaga_synth_fault_check(params, shop, out, err);
}

static enum yaga_status convert_all(const struct arguments *arguments,
                                    const struct yaga_synth_shop *shop,
                                    const struct yaga_truths *labels,
                                    struct yaga_synth_faults *out,
                                    struct yaga_error *err)
{
    if (labels->n > YAGA_SYNTH_FAULTS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: more than %d faults",
                              arguments->faults, YAGA_SYNTH_FAULTS_MAX);
    for (size_t i = 0; i < labels->n; i++) {
        const struct yaga_truth *label = &labels->items[i];
        enum yaga_status st =
            convert(&arguments->params, shop, label, &out->items[i], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s: %s at %s", arguments->faults, label->kind,
                                   label->service);
    }
    out->n = labels->n;
    return YAGA_OK;
}

static enum yaga_status make_plan(const struct arguments *arguments,
                                  struct yaga_synth_shop *shop,
                                  struct yaga_synth_faults *out,
                                  struct yaga_error *err)
{
    if (arguments->odd)
        return yaga_synth_odd_fleet(&arguments->params, shop, out, err);
    if (arguments->faults == NULL) {
        yaga_synth_plan(&arguments->params, shop, out);
        if (out->n < out->n_wanted)
            (void)fprintf(stderr,
                          "yaga-lab synth: room for %zu of the %zu faults of the default "
                          "plan; more fault days or services hold more\n",
                          out->n, out->n_wanted);
        return YAGA_OK;
    }
    struct yaga_truths labels = {0};
    enum yaga_status st = yaga_truths_read(arguments->faults, &labels, err);
    if (st == YAGA_OK)
        st = convert_all(arguments, shop, &labels, out, err);
    yaga_truths_clear(&labels);
    return st;
}

static enum yaga_status run(const struct arguments *arguments, struct yaga_error *err)
{
    struct yaga_synth_shop shop;
    struct yaga_synth_faults faults = {.n = 0};
    yaga_synth_shop(&arguments->params, &shop);
    enum yaga_status st = make_plan(arguments, &shop, &faults, err);
    if (st == YAGA_OK)
        st = yaga_synth_write(&arguments->params, &shop, &faults, arguments->out,
                              arguments->gzip, err);
    if (st == YAGA_OK)
        printf("%s: %zu services, %lld days, %zu planted faults\n", arguments->out,
               shop.n, (long long)arguments->params.days, faults.n);
    return st;
}

int yaga_lab_synth(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct yaga_error err = {0};
    enum yaga_status st = parse(argc, argv, &arguments, &err);
    if (st == YAGA_OK && arguments.help) {
        (void)fputs(help, stdout);
        return LAB_OK;
    }
    if (st == YAGA_OK)
        st = run(&arguments, &err);
    return st == YAGA_OK ? LAB_OK : yaga_lab_fail("synth", &err);
}
