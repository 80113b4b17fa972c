/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a service alarms, or stays quiet, at one time: its values judged by the very path of a cycle (fetch, models, judge), dry, with every
 * figure that went into the decision kept, and what would change it. As text, as JSON, and as a drawing of the day before.
 */
#ifndef YAGA_PIPELINE_EXPLAIN_H
#define YAGA_PIPELINE_EXPLAIN_H

#include "yaga/pipeline/infer.h"

struct yaga_explain_options {
    const char *service;
    int64_t at_s;               /* T of the cycle */
    struct yaga_source *source; /* use this one instead of the configured one; borrowed; may be NULL */
    bool (*interrupted)(void);
};

struct yaga_explanation;
/* Nothing is written anywhere. A service that cannot be judged (no model, no data) is explained, too: that is its outcome. YAGA_E_ARG or
 * YAGA_E_CONFIG for a service that is not known. */
enum yaga_status yaga_explain(const struct yaga_setup *setup, const struct yaga_explain_options *options,
                              struct yaga_explanation **out, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_explanation *yaga_explanation_free(struct yaga_explanation *explanation);
YAGA_DEFINE_AUTO(yaga_explanation)

enum yaga_outcome yaga_explanation_outcome(const struct yaga_explanation *explanation);
bool yaga_explanation_alarms(const struct yaga_explanation *explanation);

enum { YAGA_EXPLANATION_BYTES_MAX = 16 << 20 };
/* For people; ends with a newline. yaga_free. */
enum yaga_status yaga_explanation_text(const struct yaga_explanation *explanation, char **out, struct yaga_error *err) YAGA_MUST_USE;
/* Everything, with the series of the day. */
struct yaga_json *yaga_explanation_json(const struct yaga_explanation *explanation);
/* A picture of the day, complete in itself: no script, nothing from elsewhere. YAGA_E_NO_DATA unless it was judged. yaga_free. */
enum yaga_status yaga_explanation_svg(const struct yaga_explanation *explanation, char **out, struct yaga_error *err) YAGA_MUST_USE;

#endif
