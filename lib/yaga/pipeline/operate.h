/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people do with the state between cycles: look at incidents, say whether they were right, close them. Opens the state database for
 * itself and may run beside a cycle.
 */
#ifndef YAGA_PIPELINE_OPERATE_H
#define YAGA_PIPELINE_OPERATE_H

#include <limits.h>

#include "yaga/pipeline/setup.h"
#include "yaga/io/file.h"
#include "yaga/io/store.h"

/* The state database of the settings; YAGA_E_STORE also when there is none yet (it is not made). */
enum yaga_status yaga_operate_open(const struct yaga_setup *setup, struct yaga_store **out, struct yaga_error *err) YAGA_MUST_USE;

/* One incident: what is known about it as JSON, with its mark, its events, what confirmation takes now. Accepts the id without its prefix
 * "incident_". YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_operate_show(const struct yaga_setup *setup, struct yaga_store *store, const char *incident_id, int64_t now_s,
                                   struct yaga_json **out, struct yaga_error *err) YAGA_MUST_USE;
/* Array of incidents, oldest first; all: also closed ones. */
enum yaga_status yaga_operate_list(struct yaga_store *store, const char *service, bool all, int64_t now_s, struct yaga_json **out,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* In one transaction: false or true, with a note. YAGA_E_NO_DATA for an unknown id. */
enum yaga_status yaga_operate_mark(struct yaga_store *store, const char *incident_id, bool is_false, const char *note, int64_t now_s,
                                   struct yaga_error *err) YAGA_MUST_USE;

/* The id that a person means: "5e0c1b9f2a74" is enough. */
void yaga_operate_id(const char *text, char out[YAGA_INCIDENT_ID_MAX]);

/* Close incidents as "manual": those named (closed ones stay as they are; an unknown id is YAGA_E_NO_DATA), else the active ones of a service
 * (NULL: of all). Each that was announced gets its resolution in the outbox. One transaction, undone by dry_run. *out: what was closed. */
struct yaga_close_request {
    const char *const *ids;
    size_t n_ids;
    const char *service;
    const char *reason;      /* for the timeline; or NULL */
    bool then_delete_all;    /* and forget all incidents, marks excepted */
    bool dry_run;
};
enum yaga_status yaga_operate_close(const struct yaga_setup *setup, struct yaga_store *store, const struct yaga_close_request *request,
                                    int64_t now_s, struct yaga_json **out, struct yaga_error *err) YAGA_MUST_USE;
/* Delete incidents closed more than so many hours ago; *n how many there are. */
enum yaga_status yaga_operate_cleanup(struct yaga_store *store, int64_t hours, bool dry_run, int64_t now_s, int64_t *n,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* A copy of the state database, also beside a cycle: checked, and put into its place as a whole. A file that is there is replaced. */
enum yaga_status yaga_operate_backup(struct yaga_store *store, const char *path, struct yaga_error *err) YAGA_MUST_USE;
/* What a database of the predecessor (table anomaly_incidents) knows, into ours, in one transaction: its times are those of a clock in
 * `zone`, an IANA name. Of several active incidents of a pattern the newest stays, the others end as orphaned; OPEN and RECOVERING count as
 * announced. An incident that is there already is left as it is. The file is only read. One without the counters of the last layout is fine; YAGA_E_INPUT, with what was found, for
 * a file without the table, as are those with anomaly_state. */
struct yaga_import_report {
    int64_t n_read, n_taken, n_active; /* rows; those that are new here; of them, active ones */
};
enum yaga_status yaga_operate_import(const struct yaga_setup *setup, const char *path, const char *zone, struct yaga_import_report *out,
                                     struct yaga_error *err) YAGA_MUST_USE;
/* A new state database in the place of the old one, whatever that is: the old one stays beside, with its log. What it tells of announced,
 * active incidents ends as orphaned in the new one, with resolutions; nothing else is taken over. The caller keeps cycles out. YAGA_E_STORE when
 * there is none. */
struct yaga_reset_report {
    char kept[PATH_MAX];   /* where the old one is */
    bool is_readable;
    char why[512];         /* when it is not */
    int64_t n_orphaned;
};
enum yaga_status yaga_operate_reset(const struct yaga_setup *setup, int64_t now_s, struct yaga_reset_report *report,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* Keep cycles out: for what must not happen beside one. */
enum yaga_status yaga_operate_lock(const struct yaga_setup *setup, struct yaga_lock *out, struct yaga_error *err) YAGA_MUST_USE;
/* Is all well? One line for each check (database, cycle, delivery, training, models) to tell; *well: all are good. From files alone. The
 * status is for what makes checking impossible. */
typedef void (*yaga_health_fn)(void *context, bool good, const char *what, const char *text);
enum yaga_status yaga_operate_check(const struct yaga_setup *setup, int64_t now_s, yaga_health_fn tell, void *context, bool *well,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* Figures as one object. */
enum yaga_status yaga_operate_statistics(struct yaga_store *store, int64_t days, int64_t now_s, struct yaga_json **out,
                                         struct yaga_error *err) YAGA_MUST_USE;

#endif
