/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One evaluated outcome against the stored incidents (incidents-and-alerts.md 3.3): each
 * anomaly continues, replaces, reopens or creates an incident; each active incident
 * without one is missed.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/incident/incident_internal.h"

void yaga_incident_changes_clear(struct yaga_incident_changes *changes)
{
    yaga_free(changes->items);
    *changes = (struct yaga_incident_changes){.n = 0};
}

enum yaga_status incident_changes_push(struct yaga_incident_changes *changes,
                                       size_t *capacity,
                                       const struct yaga_incident_change *change,
                                       struct yaga_error *err)
{
    if (changes->n == *capacity) {
        size_t more = *capacity == 0 ? 4 : *capacity * 2;
        struct yaga_incident_change *items =
            yaga_realloc(changes->items, more, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        changes->items = items;
        *capacity = more;
    }
    changes->items[changes->n++] = *change;
    return YAGA_OK;
}

/* One anomaly worth tracking and its identity. */
struct sighting {
    const struct yaga_anomaly *anomaly;
    char fingerprint[YAGA_FINGERPRINT_MAX];
    bool is_own;    /* an active incident has its fingerprint */
    bool continued; /* an active incident took it */
    int n_false;    /* marks of people against the pattern */
};

/* What one call works with. */
struct application {
    struct yaga_store *store;
    const struct yaga_incident_params *params;
    const struct yaga_observation *observation;
    size_t n_sightings;
    struct sighting sightings[YAGA_ANOMALIES_MAX];
    size_t capacity;
    struct yaga_incident_changes changes;
};

static bool is_graver(const struct yaga_anomaly *a, const struct yaga_anomaly *b)
{
    if (a->severity != b->severity)
        return a->severity > b->severity;
    return a->score < b->score;
}

static struct sighting *find_sighting(struct application *app, const char *fingerprint)
{
    for (size_t i = 0; i < app->n_sightings; i++)
        if (strcmp(app->sightings[i].fingerprint, fingerprint) == 0)
            return &app->sightings[i];
    return NULL;
}

static void collect_sightings(struct application *app)
{
    const struct yaga_observation *observation = app->observation;
    for (size_t i = 0; i < observation->n_anomalies; i++) {
        const struct yaga_anomaly *anomaly = &observation->anomalies[i];
        if (anomaly->name[0] == '\0')
            continue;
        char fingerprint[YAGA_FINGERPRINT_MAX];
        yaga_fingerprint(observation->service,
                         yaga_fingerprint_name(app->params->scope, anomaly), fingerprint);
        struct sighting *same = find_sighting(app, fingerprint);
        if (same == NULL) {
            if (app->n_sightings == YAGA_ANOMALIES_MAX)
                return;
            same = &app->sightings[app->n_sightings++];
            *same = (struct sighting){.anomaly = anomaly};
            memcpy(same->fingerprint, fingerprint, sizeof fingerprint);
        } else if (is_graver(anomaly, same->anomaly)) {
            same->anomaly = anomaly;
        }
    }
}

static enum yaga_status count_false_marks(struct application *app, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < app->n_sightings && st == YAGA_OK; i++)
        st = yaga_false_marks(app->store, app->sightings[i].fingerprint,
                              app->observation->detected_at_s, &app->sightings[i].n_false,
                              err);
    return st;
}

/* The rules for a pattern that people have called false: more detections. */
static struct yaga_incident_params params_for(const struct application *app,
                                              const struct sighting *sighting)
{
    struct yaga_incident_params params = *app->params;
    params.confirmation_cycles = yaga_incident_required(app->params, sighting->n_false);
    return params;
}

/* Write the row and the events of a change and keep it. */
static enum yaga_status finish_change(struct application *app,
                                      struct yaga_incident_change *change,
                                      struct yaga_error *err)
{
    const struct yaga_observation *observation = app->observation;
    enum yaga_status st = change->action == YAGA_INCIDENT_CREATE
                              ? incident_insert(app->store, &change->incident, err)
                              : incident_update(app->store, &change->incident, err);
    if (st == YAGA_OK)
        st = incident_record(app->store, change, observation->detected_at_s,
                             observation->cycle_id, err);
    if (st == YAGA_OK)
        st = incident_changes_push(&app->changes, &app->capacity, change, err);
    return st;
}

static bool is_found_by(const struct yaga_incident *incident, enum yaga_method method)
{
    return strcmp(incident->detection_method, yaga_incident_method_name(method)) == 0;
}

/* Would the cycle have seen it again? That there are values, every observation knows. */
static bool was_looked_at(const struct yaga_observation *observation,
                          const struct yaga_incident *incident)
{
    if (is_found_by(incident, YAGA_METHOD_PRESENCE))
        return true;
    if (observation->by_presence)
        return false;
    return !observation->by_limits || is_found_by(incident, YAGA_METHOD_OBJECTIVE);
}

static bool may_succeed(const struct application *app, const struct sighting *sighting)
{
    return app->params->scope != YAGA_SCOPE_PATTERN_AND_CAUSE &&
           sighting->n_false < YAGA_FALSE_MARKS_MIN;
}

/* A sighting without an incident of its own that tells of this one under another name. */
static struct sighting *find_successor(struct application *app,
                                       const struct yaga_incident *incident)
{
    int64_t at_s = app->observation->detected_at_s;
    if (yaga_lifecycle_is_stale(app->params, incident, at_s))
        return NULL;
    for (size_t i = 0; i < app->n_sightings; i++) {
        struct sighting *s = &app->sightings[i];
        if (!s->is_own && !s->continued && may_succeed(app, s) &&
            incident_is_same_trouble(app->observation, incident, s->anomaly))
            return s;
    }
    return NULL;
}

/* An incident that was active before the cycle. */
static enum yaga_status step_active(struct application *app,
                                    const struct yaga_incident *incident,
                                    struct yaga_error *err)
{
    struct yaga_incident_change change = {.incident = *incident};
    struct sighting *sighting = find_sighting(app, incident->fingerprint_id);
    if (sighting == NULL) {
        sighting = find_successor(app, incident);
        if (sighting != NULL)
            yaga_lifecycle_rename(sighting->fingerprint, &change);
    }
    if (sighting == NULL && !was_looked_at(app->observation, incident))
        return YAGA_OK;
    if (sighting == NULL) {
        yaga_lifecycle_miss(app->params, app->observation, &change);
    } else if (yaga_lifecycle_is_stale(app->params, incident,
                                       app->observation->detected_at_s)) {
        yaga_lifecycle_close(&change, "auto_stale", app->observation->detected_at_s);
    } else {
        struct yaga_incident_params params = params_for(app, sighting);
        sighting->continued = true;
        yaga_lifecycle_seen(&params, app->observation, sighting->anomaly, &change);
        change.false_marks = sighting->n_false;
        change.required_detections = params.confirmation_cycles;
    }
    return finish_change(app, &change, err);
}

/* The closed incident that a sighting brings back: of its own pattern, else of the same
 * trouble under another name. */
static enum yaga_status find_closed(struct application *app,
                                    const struct sighting *sighting,
                                    struct yaga_incident_change *out,
                                    bool *may_reopen,
                                    struct yaga_error *err)
{
    int64_t at_s = app->observation->detected_at_s;
    enum yaga_status st =
        incident_last_closed(app->store, sighting->fingerprint, &out->incident, err);
    *may_reopen = st == YAGA_OK && sighting->n_false < YAGA_FALSE_MARKS_MIN &&
                  yaga_lifecycle_may_reopen(app->params, &out->incident, at_s);
    if ((st != YAGA_OK && st != YAGA_E_NO_DATA) || *may_reopen ||
        !may_succeed(app, sighting))
        return st;
    st = incident_last_of_same_trouble(app->store, app->observation, sighting->anomaly,
                                       at_s - app->params->reopen_window_s,
                                       &out->incident, err);
    *may_reopen =
        st == YAGA_OK && yaga_lifecycle_may_reopen(app->params, &out->incident, at_s);
    if (*may_reopen)
        yaga_lifecycle_rename(sighting->fingerprint, out);
    return st;
}

/* A sighting that no active incident took: a closed one comes back, or a new one starts.
 */
static enum yaga_status
step_new(struct application *app, const struct sighting *sighting, struct yaga_error *err)
{
    struct yaga_incident_change change = {.incident = {.incident_id = ""}};
    bool may_reopen = false;
    enum yaga_status st = find_closed(app, sighting, &change, &may_reopen, err);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    struct yaga_incident_params params = params_for(app, sighting);
    if (!may_reopen)
        yaga_lifecycle_create(&params, app->observation, sighting->anomaly,
                              sighting->fingerprint, &change);
    else if (app->params->reopen_as_new)
        yaga_lifecycle_create_reopened(app->params, app->observation, sighting->anomaly,
                                       &change.incident, &change);
    else
        yaga_lifecycle_reopen(app->observation, sighting->anomaly, &change);
    change.false_marks = sighting->n_false;
    change.required_detections = params.confirmation_cycles;
    return finish_change(app, &change, err);
}

static enum yaga_status apply_all(struct application *app,
                                  const struct yaga_incident *active,
                                  size_t n_active,
                                  struct yaga_error *err)
{
    for (size_t i = 0; i < n_active; i++) {
        struct sighting *own = find_sighting(app, active[i].fingerprint_id);
        if (own != NULL)
            own->is_own = true;
    }
    /* Active ones first: a stale one must be closed before its successor is inserted. */
    for (size_t i = 0; i < n_active; i++) {
        enum yaga_status st = step_active(app, &active[i], err);
        if (st != YAGA_OK)
            return st;
    }
    for (size_t i = 0; i < app->n_sightings; i++) {
        if (app->sightings[i].continued)
            continue;
        enum yaga_status st = step_new(app, &app->sightings[i], err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

enum yaga_status yaga_incidents_apply(struct yaga_store *store,
                                      const struct yaga_incident_params *params,
                                      const struct yaga_observation *observation,
                                      struct yaga_incident_changes *out,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) active = NULL;
    size_t n_active = 0;
    enum yaga_status st = yaga_incidents_list(
        store, INCIDENT_ACTIVE_MASK, observation->service, &active, &n_active, err);
    if (st != YAGA_OK)
        return st;
    struct application app = {
        .store = store, .params = params, .observation = observation};
    collect_sightings(&app);
    st = count_false_marks(&app, err);
    if (st == YAGA_OK)
        st = apply_all(&app, active, n_active, err);
    if (st != YAGA_OK) {
        yaga_incident_changes_clear(&app.changes);
        return yaga_error_wrap(err, "incidents of service %s", observation->service);
    }
    yaga_error_clear(err);
    *out = app.changes;
    return YAGA_OK;
}
