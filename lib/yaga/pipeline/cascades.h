/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second pass of a cycle: when every service is judged, those that are slow or failing are asked who makes them
 * so, are named again in this light, and are announced together with the service where it begins (detection.md 8).
 */
#ifndef YAGA_PIPELINE_CASCADES_H
#define YAGA_PIPELINE_CASCADES_H

#include "yaga/alert/alert.h"
#include "yaga/pipeline/call_graph.h"
#include "yaga/pipeline/infer.h"

struct yaga_infer;
struct yaga_judgement;

struct yaga_cascades {
    struct yaga_call_graph calls;
    struct yaga_cascade *found;      /* owned [calls.graph.n]; NULL = nobody calls anybody, or switched off */
    size_t n_lately;
    struct yaga_incident *lately;    /* owned [n_lately]; incidents that are not long over */
    const struct yaga_incident **was; /* owned [n]: the latest incident of a service; NULL = none lately */
    int *grouped_under;              /* owned [n]: service whose announcement stands for this one's; -1 = none */
    bool *held;                      /* owned [n]: not announced yet, a service behind its calls is in trouble */
    struct yaga_alert_cascade *view; /* owned [1]: of the service looked at last */
    const char **affected;           /* owned [n] */
};

/* Analyse, then name the anomalies of every service that has an answer again. judgements [fleet->n_services]. */
enum yaga_status yaga_cascades_find(const struct yaga_infer *infer, const struct yaga_fleet *fleet,
                                    struct yaga_judgement *judgements, int64_t at_s, struct yaga_cascades *out,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* With final severities: who is announced by whom (cascades_group.c). A service without an announcement of its own stands for nobody. Who was
 * known to suffer stays so while its root is told of, however sure the analysis still is; who may turn out to suffer waits at most the time of
 * a call and a step. */
void yaga_cascades_group(const struct yaga_infer *infer, const struct yaga_judgement *judgements, int64_t at_s,
                         struct yaga_cascades *cascades);
/* What the documents of a service tell; NULL = nothing. Borrowed until the next call. */
const struct yaga_alert_cascade *yaga_cascades_view(const struct yaga_cascades *cascades,
                                                    const struct yaga_judgement *judgements, size_t service);
void yaga_cascades_clear(struct yaga_cascades *cascades);

#endif
