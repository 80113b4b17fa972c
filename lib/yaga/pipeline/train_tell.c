/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the log says of a service when its training is over. */
#include <math.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/train_internal.h"

static void log_left_out(const struct yaga_train_service *r)
{
    if (r->n_excluded + r->n_maintenance + r->n_incident > 0)
        yaga_log(YAGA_LOG_INFO, "ROWS_LEFT_OUT", r->name,
                 "%zu rows of excluded periods, %zu of maintenance, %zu of own incidents",
                 r->n_excluded, r->n_maintenance, r->n_incident);
    if (r->n_lent > 0)
        yaga_log(YAGA_LOG_INFO, "ROWS_LENT", r->name,
                 "%zu rows of variants with too few days seen by the baseline's forests, "
                 "less often than others (training.model_variants.holiday_data_weight)",
                 r->n_lent);
    if (r->n_incident_kept > 0)
        yaga_log(YAGA_LOG_WARN, "INCIDENTS_KEPT", r->name,
                 "%zu rows, more than a tenth, are in high or critical incidents: they "
                 "count as usual now",
                 r->n_incident_kept);
}

/* Where there is nothing to grade, or the grade is why it was not trained, another line
 * says so. */
static void log_quality(const struct yaga_train_service *r)
{
    bool told = r->outcome == YAGA_TRAIN_NO_DATA || r->outcome == YAGA_TRAIN_SOURCE ||
                r->outcome == YAGA_TRAIN_QUALITY || r->grade == '\0';
    enum yaga_log_level level = r->grade <= 'B'   ? YAGA_LOG_INFO
                                : r->grade == 'C' ? YAGA_LOG_WARN
                                                  : YAGA_LOG_ERROR;
    if (!told && r->issues[0] != '\0')
        yaga_log(level, "DATA_QUALITY", r->name, "grade %c: %s", r->grade, r->issues);
}

static void log_variants(const struct yaga_train *run, const struct yaga_train_service *r)
{
    for (size_t i = 0; i < run->report->n_variants; i++) {
        const struct yaga_train_variant *v = &r->variants[i];
        if (v->trained)
            yaga_log(YAGA_LOG_INFO, "VARIANT_TRAINED", r->name,
                     "%s: %zu rows, %zu of %zu periods", run->report->variants[i],
                     v->n_rows, v->n_periods, r->n_periods_wanted);
        else if (v->message[0] != '\0')
            yaga_log(YAGA_LOG_WARN, "VARIANT_NOT_TRAINED", r->name, "%s: %s",
                     run->report->variants[i], v->message);
    }
}

/* "gate warning: 3 passed, 1 warned, 0 failed; night_hours: inconclusive" */
static void gate_text(const struct yaga_train_service *r, char *text, size_t size)
{
    static const char *const words[] = {"not asked", "passed", "warning", "failed"};
    (void)yaga_format(text, size, "gate %s: %zu passed, %zu warned, %zu failed%s%s",
                      r->forced ? "forced" : words[r->verdict], r->n_passed, r->n_warned,
                      r->n_failed, r->findings[0] != '\0' ? "; " : "", r->findings);
}

void yaga_train_tell(const struct yaga_train *run, const struct yaga_train_service *r)
{
    log_left_out(r);
    log_quality(r);
    if (r->outcome != YAGA_TRAINED) {
        yaga_log(r->outcome == YAGA_TRAIN_PROMOTION || r->outcome == YAGA_TRAIN_ERROR
                     ? YAGA_LOG_ERROR
                     : YAGA_LOG_WARN,
                 "NOT_TRAINED", r->name, "%s: %s", yaga_train_outcome_name(r->outcome),
                 r->message);
        return;
    }
    char achieved[64] = "too short a past for alarm levels";
    if (!isnan(r->achieved_per_week))
        (void)yaga_format(achieved, sizeof achieved,
                          "%.2f false incidents per week in its past scores",
                          r->achieved_per_week);
    char gate[sizeof r->findings + 96];
    gate_text(r, gate, sizeof gate);
    yaga_log(YAGA_LOG_INFO, "TRAINED", r->name,
             "grade %c, %zu rows, %zu of %zu periods%s, alpha %.3g, %s, %s", r->grade,
             r->n_rows, r->n_periods, r->n_periods_wanted, r->pooled ? " + pooled" : "",
             r->alpha, achieved, gate);
    log_variants(run, r);
}
