/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share. */
#ifndef YAGA_SYNTH_SYNTH_INTERNAL_H
#define YAGA_SYNTH_SYNTH_INTERNAL_H

#include "yaga/numeric/rng.h"
#include "yaga/synth/synth.h"

/* A first-order autoregression at knots, linear between them. */
struct yaga_wander {
    size_t n;
    double *knots;
};
/* phi: correlation of neighbouring knots, in [0, 1); sd: of every knot. Clear also after
 * failure. */
enum yaga_status yaga_wander_init(struct yaga_wander *wander,
                                  size_t n,
                                  double phi,
                                  double sd,
                                  struct yaga_rng *rng) YAGA_MUST_USE;
void yaga_wander_clear(struct yaga_wander *wander);
/* position in knots from the first, >= 0; beyond the last knot its value. */
double yaga_wander_at(const struct yaga_wander *wander, double position);

/* The random stream of one purpose of one service. */
void yaga_synth_stream(const struct yaga_synth_params *params,
                       const char *service,
                       const char *purpose,
                       struct yaga_rng *rng);

/* To six significant digits; the result is the double nearest to that decimal text. */
double yaga_round6(double value);

/* Take samples away, in place: single ones, stretches of a metric and of the whole
 * service up to an hour, none near instants where busy[i] is true. */
void yaga_synth_gaps(const struct yaga_synth_params *params,
                     const char *service,
                     const bool *busy,
                     struct yaga_synth_rows *rows);

/* What is odd at one instant, and what is missing of a whole history. */
void yaga_synth_odd_effect(const struct yaga_synth_params *params,
                           const struct yaga_synth_shop *shop,
                           size_t service,
                           int64_t at_s,
                           struct yaga_synth_effect *effect);
void yaga_synth_odd_gaps(const struct yaga_synth_params *params,
                         const struct yaga_synth_shop *shop,
                         size_t service,
                         struct yaga_synth_rows *rows);

#endif
