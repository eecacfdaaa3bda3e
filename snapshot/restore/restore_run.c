/* restore_run.c: a restore from its first look at the files to its end; see restore.h. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/binlog_off.h"
#include "core/db/replication.h"
#include "core/db/writable.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/read/snap_rows.h"
#include "snapshot/restore/restore.h"

#define ER_MAX_PREPARED 1461

static bool wants(const void *ctx, const char *db, const char *name)
{
    return mr_restore_wants(ctx, db, name);
}

/* Every file is what was written, before the first statement. */
static enum mr_code prove_files(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    const char *reason = NULL;
    MR_TRY(mr_snap_require_whole(&r->snap, err));
    MR_TRY(mr_snap_check_names(&r->snap, err));
    MR_TRY(mr_snap_check_manifest(&r->snap, err));
    for (size_t i = 0; i < m->nfiles; i++) {
        MR_TRY(mr_snap_check_file(&r->snap, &m->files[i], true, &reason, err));
        if (reason != NULL)
            MR_TRY(mr_snap_add_damage(&r->snap, m->files[i].name, reason, err));
    }
    for (size_t i = 0; i < m->ntables; i++)
        for (size_t k = 0; k < m->tables[i].nchunks; k++) {
            const struct mr_snap_chunk *c = &m->tables[i].chunks[k];
            const struct mr_snap_file file = {c->file, c->stored_bytes, c->sha256};
            MR_TRY(mr_snap_check_file(&r->snap, &file, true, &reason, err));
            if (reason != NULL)
                MR_TRY(mr_snap_add_damage(&r->snap, c->file, reason, err));
        }
    MR_TRY(mr_snap_check_places(&r->snap, wants, r, err));
    return mr_snap_require_whole(&r->snap, err);
}

static enum mr_code open_endpoint(struct mr_restore *r, const char *uri, struct mr_err *err)
{
    enum mr_code code = mr_endpoint_parse(&r->ep, uri, err);
    if (code != MR_OK) {
        mr_err_context(err, "target");
        return code;
    }
    if (r->ep.kind != MR_ENDPOINT_MYSQL)
        return mr_err_set(err, MR_E_USAGE, "the target of a restore is a server, not a snapshot");
    return mr_login_complete(&r->ep, "TARGET", "target", &r->opts->login, err);
}

/* In a dry run, too, which says what would refuse. */
static enum mr_code leave_binlog(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(mr_restore_pass(r, mr_binlog_off(r->db, err), err));
    mr_log_warning(
        "--no-binlog: replicas of \"%s\" will not get what is restored, and differ from it",
        mr_db_label(r->db));
    return MR_OK;
}

/* A replica is refused before anything else is asked: what is written to it would be
 * overwritten, or break its replication. */
static enum mr_code open_server(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_endpoint *const servers[] = {&r->ep};
    r->db_opts = (struct mr_db_opts){.run_tag = r->id.id,
                                     .statement_timeout_s = r->opts->statement_timeout_s,
                                     .writable = !r->opts->dry_run,
                                     .local_infile = true};
    MR_TRY(mr_db_open(&r->ep, &r->db_opts, &r->db, err));
    MR_TRY(mr_replication_refuse(r->db, r->opts->allow_replica, err));
    MR_TRY(mr_writable_require(r->db, true, err));
    if (r->opts->no_binlog)
        MR_TRY(leave_binlog(r, err));
    if (r->snap.manifest.server.flavour != mr_db_server(r->db)->flavour)
        mr_log_warning("the snapshot is of another flavour than the target: what that cannot "
                       "express is named before anything is done");
    return mr_throttle_new(&r->opts->load, servers, 1, &r->db_opts, &r->throttle, err);
}

static void hint_resume(enum mr_code code, struct mr_err *err)
{
    if (code == MR_E_SQL && err != NULL && err->sql_errno == ER_MAX_PREPARED)
        mr_err_hint(err,
                    "SET GLOBAL max_prepared_stmt_count to more, or end the sessions that hold "
                    "them. What is loaded stays: the same command goes on where it was.");
    if (code == MR_E_CANCELLED || code == MR_E_LOST)
        mr_err_hint(err, "What is loaded stays: the same command goes on where it was.");
}

/* Since *at_s, which is now from then on. */
static double lap(double *at_s)
{
    const double now_s = mr_clock_now_s(), took_s = now_s - *at_s;
    *at_s = now_s;
    return took_s;
}

/* A chain, and rows that the log brings to a later moment, become a full snapshot first, and that is what is
 * proved and restored. */
static enum mr_code settle_chain(struct mr_restore *r, const char *dir, struct mr_err *err)
{
    const struct mr_whole_chooser chooser = {wants, r};
    if (r->snap.manifest.base.uuid == NULL && r->opts->bases.count == 0 && r->opts->until == NULL)
        return r->opts->signer != NULL ? mr_snap_require_signer(&r->snap, r->opts->signer, err)
                                       : MR_OK;
    if (r->snap.manifest.base.uuid == NULL && r->opts->bases.count > 0)
        return mr_err_set(err, MR_E_USAGE, "snapshot \"%s\" is a full one: --base has no place",
                          dir);
    mr_snap_close(&r->snap);
    r->snap = (struct mr_snap){.path = dir};
    mr_progress_begin(r->progress, "putting the chain together");
    MR_TRY(mr_whole_make(&r->whole, dir, r->opts, &chooser, r->progress, err));
    if (r->whole.noted.len > 0)
        MR_TRY(mr_restore_note_fmt(r, err,
                                   "definitions stay as the snapshot has them, and the log has "
                                   "changes of them: the first is %s",
                                   r->whole.noted.ptr));
    if (r->whole.unended.len > 0)
        MR_TRY(
            mr_restore_note_fmt(r, err,
                                "log \"%s\" was not ended by its server, which may have crashed: "
                                "what it had committed and not synced (sync_binlog) is in no log, "
                                "and may lack",
                                r->whole.unended.ptr));
    return mr_snap_open(r->whole.path.ptr, &r->snap, err);
}

/* Everything is proved before the first statement, and what would fire or run by itself is made
 * last: keys, views and triggers behind the rows, events behind the comparison. */
enum mr_code mr_restore_run(struct mr_restore *r, const char *dir, const char *uri,
                            struct mr_err *err)
{
    r->id = mr_run_id_now();
    mr_arena_init(&r->arena);
    r->done = (struct mr_vec)MR_VEC_INIT(const char *);
    r->notes = (struct mr_vec)MR_VEC_INIT(const char *);
    r->losses = (struct mr_vec)MR_VEC_INIT(struct mr_restore_loss);
    r->names = (struct mr_vec)MR_VEC_INIT(struct mr_restore_name);
    r->obstacles = (struct mr_vec)MR_VEC_INIT(struct mr_restore_obstacle);
    r->orphans = (struct mr_vec)MR_VEC_INIT(struct mr_restore_orphan);
    (void)pthread_mutex_init(&r->lock, NULL);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_progress_new(r->opts->general.progress, &r->progress, err));
    MR_TRY_OUT(mr_snap_open(dir, &r->snap, err));
    MR_TRY_OUT(open_endpoint(r, uri, err));
    MR_TRY_OUT(settle_chain(r, dir, err));
    MR_TRY_OUT(mr_snap_require_whole(&r->snap, err));
    MR_TRY_OUT(mr_snap_unlock(&r->snap, r->opts->decrypt_with, err));
    double at_s = mr_clock_now_s();
    mr_progress_phase(r->progress, "proving files");
    MR_TRY_OUT(prove_files(r, err));
    r->times.files_s = lap(&at_s);
    MR_TRY_OUT(open_server(r, err));
    MR_TRY_OUT(mr_restore_target(r, err));
    MR_TRY_OUT(mr_restore_find_fast(r, err));
    if (r->opts->dry_run) {
        MR_TRY_OUT(mr_restore_dry(r, err));
        goto out;
    }
    at_s = mr_clock_now_s();
    MR_TRY_OUT(mr_restore_begin_fast(r, err));
    mr_progress_phase(r->progress, "making tables");
    MR_TRY_OUT(mr_restore_before(r, err));
    mr_progress_begin(r->progress, "loading");
    MR_TRY_OUT(mr_restore_load(r, err));
    MR_TRY_OUT(mr_restore_drop_aside(r, err));
    mr_progress_phase(r->progress, "making keys, views and triggers");
    MR_TRY_OUT(mr_restore_after(r, err));
    MR_TRY_OUT(mr_restore_end_fast(r, err));
    r->times.load_s = lap(&at_s);
    mr_progress_begin(r->progress, "reading back");
    MR_TRY_OUT(mr_restore_check(r, err));
    MR_TRY_OUT(mr_restore_events(r, err));
    MR_TRY_OUT(mr_restore_end(r, err));
    r->times.check_s = lap(&at_s);
out:
    mr_progress_finish(r->progress);
    if (code != MR_OK) /* which stands, whatever comes of this */
        (void)mr_restore_end_fast(r, NULL);
    hint_resume(code, err);
    return code;
}

uint64_t mr_restore_rows_read(const struct mr_restore *r)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < r->ntables; i++)
        rows += r->tables[i].rows;
    return rows;
}

void mr_restore_hang_up(struct mr_restore *r)
{
    mr_throttle_free(r->throttle);
    mr_db_close(r->db);
    r->throttle = NULL;
    r->db = NULL;
}

void mr_restore_release(struct mr_restore *r)
{
    mr_restore_hang_up(r);
    mr_catalogue_free(r->cat);
    mr_endpoint_release(&r->ep);
    mr_progress_free(r->progress);
    mr_snap_close(&r->snap);
    mr_whole_remove(&r->whole);
    mr_vec_release(&r->done);
    mr_vec_release(&r->notes);
    mr_vec_release(&r->losses);
    mr_vec_release(&r->names);
    mr_vec_release(&r->orphans);
    mr_vec_release(&r->obstacles);
    (void)pthread_mutex_destroy(&r->lock);
    mr_arena_release(&r->arena);
}
