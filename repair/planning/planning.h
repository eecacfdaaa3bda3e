/*
 * planning: a run of `repair plan`: the case and servers that it works with, and the plan
 * that comes of it.
 *
 *   mr_planning_open → mr_plan_reseed | mr_plan_rows → mr_planning_close (also after a
 *   failure)
 *
 * Until the plan is published nothing has the name of its directory, and the case forgets
 * what a failed plan had written to it.
 *
 * Errors: MR_E_USAGE, MR_E_REFUSED where nothing may be planned, those of the case, the
 * servers and the directory.  Threads: one.
 */
#ifndef MR_PLANNING_H
#define MR_PLANNING_H

#include "core/base/run_id.h"
#include "core/case/catch_up.h"
#include "repair/plan/planbook.h"
#include "core/file/sign.h"
#include "repair/plan/plan_dir.h"
#include "repair/planning/plan_options.h"
#include "repair/rejoin/merged.h"

struct mr_planning {
    const struct mr_plan_options *opts;
    const struct mr_settings *settings; /* that opts are of; NULL: nothing of them is kept */
    const struct mr_config *config;
    mr_source_open_fn *open_snapshot;
    mr_catch_up_fn *read_logs_on; /* NULL: what the case knows of logs stays as it is */
    struct mr_run_id id;
    struct mr_arena arena;
    struct mr_sides sides;
    struct mr_findings *fd;       /* NULL without a case */
    struct mr_find_run run;       /* that is planned from; id 0: none */
    struct mr_catch_up caught_up; /* of a merge */
    struct mr_plan_writer *writer;
    struct mr_rejoin_rows *rejoin; /* rejoin_rows.h; NULL: another policy */
    mr_merged_look_fn *look;       /* of a rejoin: how merges stand on the live server */
    struct mr_sign_key *signer;    /* asked for once, at the beginning; or NULL */
    struct mr_manifest manifest;
    struct mr_plan_record record; /* id 0: the case does not know it */
    bool is_published;
};

/* Directory, case, run and servers.  opts, config, open_snapshot and id are set. */
enum mr_code mr_planning_open(struct mr_planning *p, struct mr_err *err);
/* A failing close of the case is reported where code is MR_OK. */
enum mr_code mr_planning_close(struct mr_planning *p, enum mr_code code, struct mr_err *err);

/* Only counters (plan_reseed.c). */
enum mr_code mr_plan_reseed(struct mr_planning *p, struct mr_err *err);
/* A policy, over the rows that the run found to differ (plan_rows.c). */
enum mr_code mr_plan_rows(struct mr_planning *p, struct mr_err *err);

/* ---- for plan_reseed.c and plan_rows.c ---- */

/* Fills the manifest's head and the record. */
enum mr_code mr_planning_describe(struct mr_planning *p, const char *policy, struct mr_err *err);
/* Those that the manifest's counters reserve; as many, in the arena. */
enum mr_code mr_planning_blocks(struct mr_planning *p, struct mr_plan_block **blocks,
                                struct mr_err *err);
typedef enum mr_code mr_planning_script(const struct mr_manifest *manifest, struct mr_strbuf *out,
                                        struct mr_err *err);
enum mr_code mr_planning_add_script(struct mr_planning *p, const char *name,
                                    mr_planning_script *write, struct mr_err *err);
/* Writes plan.json, and its approval: the manifest is whole, and all other files are closed.
 * Once is enough. */
enum mr_code mr_planning_seal(struct mr_planning *p, struct mr_err *err);
/* Seals it where that is not done, gives the directory its name, and tells the case so; failing
 * that, the case forgets the record. */
enum mr_code mr_planning_publish(struct mr_planning *p, struct mr_err *err);

#endif
