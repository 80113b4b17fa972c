/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/detector/timeline.h"

#include <math.h>

#include "yaga/numeric/stats.h"

enum { DAY_S = 86400, USUAL_DAY_ROWS = 288, MISSING_MAX = 3, STEPS_LOOKED_AT = 1001 };

/* Median over the first rows: a gap or two do not matter. */
static int64_t usual_step(const int64_t *times, size_t n)
{
    double steps[STEPS_LOOKED_AT];
    size_t found = 0;
    for (size_t i = 1; i < n && found < STEPS_LOOKED_AT; i++)
        if (times[i] > times[i - 1])
            steps[found++] = (double)(times[i] - times[i - 1]);
    return found > 0 ? (int64_t)yaga_median_inplace(steps, found) : 0;
}

struct yaga_timeline yaga_timeline_of(const struct yaga_detector_rows *rows,
                                      size_t day_rows)
{
    struct yaga_timeline t = {.day_rows = day_rows > 0 ? day_rows : USUAL_DAY_ROWS};
    if (rows->times != NULL)
        t.step_s = usual_step(rows->times, rows->n_rows);
    if (t.step_s > 0 && day_rows == 0)
        t.day_rows = t.step_s < DAY_S ? (size_t)(DAY_S / t.step_s) : 1;
    return t;
}

static struct yaga_join
join(const struct yaga_timeline *timeline, int64_t before, int64_t now)
{
    struct yaga_join j = {.n_missing = MISSING_MAX};
    double steps = (double)(now - before) / (double)timeline->step_s;
    j.anew = steps <= 0.0 || steps >= (double)timeline->day_rows + 1.0;
    double missing = round(steps) - 1.0;
    if (!j.anew && missing < MISSING_MAX)
        j.n_missing = missing > 0.0 ? (size_t)missing : 0;
    return j;
}

struct yaga_join yaga_timeline_join(const struct yaga_timeline *timeline,
                                    const struct yaga_detector_rows *rows,
                                    size_t i)
{
    if (timeline->step_s == 0 || rows->times == NULL)
        return (struct yaga_join){.n_missing = 0};
    return join(timeline, rows->times[i - 1], rows->times[i]);
}

struct yaga_join yaga_timeline_join_tables(const struct yaga_timeline *timeline,
                                           const struct yaga_detector_rows *train,
                                           const struct yaga_detector_rows *test)
{
    if (timeline->step_s == 0 || train->times == NULL || test->times == NULL)
        return (struct yaga_join){.n_missing = 0};
    return join(timeline, train->times[train->n_rows - 1], test->times[0]);
}

struct yaga_when yaga_timeline_when(const struct yaga_timeline *timeline,
                                    const struct yaga_detector_rows *rows,
                                    size_t i,
                                    size_t offset)
{
    size_t row = i + offset;
    struct yaga_when when = {.period = YAGA_POOLED};
    if (timeline->step_s > 0 && rows->times != NULL) {
        int64_t in_day = ((rows->times[i] % DAY_S) + DAY_S) % DAY_S;
        when.slot = (int)(in_day * YAGA_SLOTS_PER_DAY / DAY_S);
        when.day = (int32_t)((rows->times[i] - in_day) / DAY_S);
        return when;
    }
    when.slot = (int)(row % timeline->day_rows * YAGA_SLOTS_PER_DAY / timeline->day_rows);
    when.day = (int32_t)(row / timeline->day_rows) + 1;
    return when;
}
