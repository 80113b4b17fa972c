/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is announced by whom, and who waits a little to be. A caller often shows trouble
 * some minutes before all services between it and the root do, and some minutes after the
 * root is in order again: one episode, one announcement.
 */
#include <string.h>

#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/infer_internal.h"

/* What the incidents of a service, open or just over, have told so far. */
struct told {
    bool is_announced;      /* one that is not over was */
    int64_t untold_since_s; /* confirmed then, and not announced since; 0 = none */
};

static struct told
told_of(const struct yaga_infer *infer, const struct yaga_cascades *c, size_t service)
{
    struct told out = {.is_announced = false};
    for (size_t k = 0; k < c->n_lately; k++) {
        const struct yaga_incident *incident = &c->lately[k];
        if (strcmp(incident->service, c->calls.names[service]) != 0)
            continue;
        if (incident->announced_at_s != 0) {
            out.is_announced = out.is_announced || incident->status != YAGA_CLOSED;
            continue;
        }
        if (incident->peak_severity < infer->setup->alert.threshold)
            continue;
        if (out.untold_since_s == 0 || incident->confirmed_at_s < out.untold_since_s)
            out.untold_since_s = incident->confirmed_at_s;
    }
    return out;
}

static bool is_anomalous(const struct yaga_judgement *j)
{
    return j->outcome == YAGA_EVALUATED && j->verdict.n_anomalies > 0;
}

/* Now or lately. */
static bool is_announced(const struct yaga_infer *infer,
                         const struct yaga_judgement *j,
                         const struct yaga_incident *was)
{
    for (size_t a = 0; is_anomalous(j) && a < j->verdict.n_anomalies; a++) {
        if (yaga_alert_passes(&infer->setup->alert, &j->verdict.anomalies[a]))
            return true;
    }
    return was != NULL && was->announced_at_s != 0;
}

/* How long an announcement may wait for the services in between to show it. */
static int64_t patience_s(const struct yaga_infer *infer)
{
    return infer->setup->cascade.hop_s + infer->setup->step_s;
}

void yaga_cascades_group(const struct yaga_infer *infer,
                         const struct yaga_judgement *judgements,
                         int64_t at_s,
                         struct yaga_cascades *c)
{
    if (c->found == NULL || !infer->setup->group_cascades)
        return;
    for (size_t i = 0; i < c->calls.graph.n; i++) {
        const struct yaga_cascade *found = &c->found[i];
        struct told told = told_of(infer, c, i);
        int64_t untold_s = told.untold_since_s == 0 ? 0 : at_s - told.untold_since_s;
        bool may_wait = untold_s < patience_s(infer);
        /* Untold for longer than it may wait, and not told then: it was known to suffer.
         */
        bool is_tail = !told.is_announced && untold_s > 2 * patience_s(infer);
        bool is_sure = found->confidence >= infer->setup->detect.cascade_confidence;
        int root = found->root, suspect = found->suspect;
        if (root != YAGA_CASCADE_NONE_AT && (is_sure || is_tail) &&
            is_announced(infer, &judgements[root], c->was[root]))
            c->grouped_under[i] = root;
        else if (suspect != YAGA_CASCADE_NONE_AT && !told.is_announced && may_wait &&
                 infer->store != NULL &&
                 is_announced(infer, &judgements[suspect], c->was[suspect]))
            c->held[i] = true;
    }
}
