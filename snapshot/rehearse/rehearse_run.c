/* rehearse_run.c: see rehearsal.h. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "snapshot/read/snap_chain.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_record.h"
#include "snapshot/rehearse/rehearsal.h"

#define ACCOUNT_BYTES 4096
#define USUAL_ACCOUNT "mysql"
#define ENDS_WITHIN_S 1.0

/* ---- the snapshot ---- */

/* What is wrong with it or its key is said before a server is started for it. */
static enum mr_code open_snapshot(struct mr_rehearse *h, const char *dir, struct mr_err *err)
{
    MR_TRY(mr_snap_open(dir, &h->snap, err));
    if (h->opts->signer != NULL)
        MR_TRY(mr_snap_require_signer(&h->snap, h->opts->signer, err));
    MR_TRY(mr_snap_require_whole(&h->snap, err));
    MR_TRY(mr_snap_refuse_chained(&h->snap, err));
    MR_TRY(mr_snap_unlock(&h->snap, h->opts->decrypt_with, err));
    return h->opts->no_record ? MR_OK : mr_snap_record_require_place(dir, err);
}

/* Of the tables that are restored; a table that is some other tables' rows has none. */
static enum mr_code measure(struct mr_rehearse *h, struct mr_err *err)
{
    size_t chosen = 0;
    const struct mr_snap_manifest *m = &h->snap.manifest;
    const struct mr_restore chooser = {.opts = h->opts};
    h->is_all = h->opts->exclude.count == 0 && h->opts->tables.count == 0;
    for (size_t i = 0; i < m->ntables; i++) {
        if (!mr_restore_wants(&chooser, m->tables[i].db, m->tables[i].name))
            continue;
        chosen++;
        if (!mr_snap_is_merge(&m->tables[i]))
            h->plain_bytes += m->tables[i].plain_bytes;
    }
    if (chosen == 0 && h->opts->tables.count > 0)
        return mr_restore_no_match(h->opts, err);
    h->needed_bytes = h->plain_bytes * MR_REHEARSE_FACTOR + MR_REHEARSE_BASE_BYTES;
    return MR_OK;
}

/* ---- the program, and whose it is ---- */

static enum mr_code choose_program(struct mr_rehearse *h, struct mr_err *err)
{
    const struct mr_snap_server *from = &h->snap.manifest.server;
    MR_TRY(mr_program_find(h->opts->server_program, from->flavour, &h->arena, &h->program, err));
    h->is_other_family = h->program.flavour != from->flavour;
    h->is_older = !h->is_other_family && h->program.version < mr_program_number(from->version);
    if (h->is_other_family)
        mr_log_warning(
            "\"%s\" is %s, and the snapshot of a %s server: a restore into its own family "
            "is not what is rehearsed",
            h->program.path, mr_program_family(h->program.flavour),
            mr_program_family(from->flavour));
    else if (h->is_older)
        mr_log_warning("\"%s\" is version %s, and the snapshot of a server of %s, which is newer",
                       h->program.path, h->program.version_text, from->version);
    return MR_OK;
}

static enum mr_code find_account(const char *name, struct mr_rehearse *h, bool *found,
                                 struct mr_err *err)
{
    char buffer[ACCOUNT_BYTES];
    struct passwd entry, *got = NULL;
    const int failed = getpwnam_r(name, &entry, buffer, sizeof buffer, &got);
    *found = failed == 0 && got != NULL;
    if (!*found)
        return MR_OK;
    h->account = (struct mr_child_account){
        .name = mr_arena_strdup(&h->arena, name), .uid = entry.pw_uid, .gid = entry.pw_gid};
    return h->account.name != NULL ? MR_OK : mr_err_nomem(err, "rehearsing a restore");
}

/* Servers refuse to be root's, and should: it is the account of their package where there is one. */
static enum mr_code choose_account(struct mr_rehearse *h, struct mr_err *err)
{
    const char *asked = h->opts->run_as;
    bool found = false;
    if (geteuid() != 0 && asked != NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "--run-as \"%s\" takes root", asked);
        mr_err_hint(err, "Without it the server is run by this account.");
        return MR_E_USAGE;
    }
    if (geteuid() != 0)
        return MR_OK;
    MR_TRY(find_account(asked != NULL ? asked : USUAL_ACCOUNT, h, &found, err));
    if (found && h->account.uid == 0)
        h->account = (struct mr_child_account){0};
    if (found)
        return MR_OK;
    if (asked != NULL)
        return mr_err_set(err, MR_E_USAGE, "there is no account \"%s\"", asked);
    mr_log_warning("there is no account \"" USUAL_ACCOUNT "\": the server is run by root; --run-as "
                   "ACCOUNT names another one");
    return MR_OK;
}

/* ---- the rehearsal ---- */

static enum mr_code start_server(struct mr_rehearse *h, struct mr_err *err)
{
    h->server = (struct mr_rehearse_server){.program = &h->program,
                                            .account = &h->account,
                                            .place = &h->place,
                                            .lower_case_table_names =
                                                h->snap.manifest.server.lower_case_table_names,
                                            .within_s = h->opts->start_timeout_s,
                                            .log_fd = -1};
    const double at_s = mr_clock_now_s();
    mr_log_info("starting %s %s (\"%s\") in \"%s\"", mr_program_family(h->program.flavour),
                h->program.version_text, h->program.path, h->place.path);
    MR_TRY(mr_rehearse_server_init(&h->server, &h->arena, err));
    MR_TRY(mr_rehearse_server_start(&h->server, &h->arena, err));
    h->start_s = mr_clock_now_s() - at_s;
    return MR_OK;
}

/* A server that went away ends a restore, which would go on later: this one does not. */
static enum mr_code restore(struct mr_rehearse *h, const char *dir, struct mr_err *err)
{
    const enum mr_code code = mr_restore_run(&h->restore, dir, h->server.uri, err);
    if (code == MR_E_LOST) /* its connections end before it does */
        (void)mr_child_await(&h->server.child, mr_clock_now_s() + ENDS_WITHIN_S, NULL);
    if (code == MR_E_LOST && mr_child_has_ended(&h->server.child)) {
        char how[64];
        mr_child_describe(&h->server.child, how, sizeof how);
        mr_rehearse_show_log(&h->place);
        mr_err_context(err, "the server ended by itself (%s)", how);
    }
    if (code != MR_OK && mr_restore_is_disk_full(err))
        mr_err_hint(err,
                    "The server found no room in \"%s\", which says nothing of the snapshot. "
                    "Choose a directory on another disk with --work-dir, or some of the tables "
                    "with --tables.",
                    h->work_dir);
    return code;
}

/* Whatever there is; what keeps it from being removed is told, after what went wrong before, or
 * behind what came of a rehearsal that was done. */
static enum mr_code take_down(struct mr_rehearse *h, enum mr_code code)
{
    struct mr_err why = {0};
    mr_restore_hang_up(&h->restore);
    mr_rehearse_server_stop(&h->server);
    if (mr_rehearse_place_remove(&h->place, &why) == MR_OK)
        return code;
    if (code != MR_OK)
        mr_log_err_as_warning(&why);
    else
        h->left = why;
    return code;
}

/* By the text of the rows, which is what a load goes by; of a table that was not loaded nobody has
 * measured anything. */
static void estimate(struct mr_rehearse *h)
{
    const struct mr_restore_times *t = &h->restore.times;
    const struct mr_snap_totals sum = mr_snap_manifest_totals(&h->snap.manifest);
    if (h->restore.naside > 0)
        return;
    const double part = h->plain_bytes > 0 && sum.plain_bytes > h->plain_bytes
                            ? (double)sum.plain_bytes / (double)h->plain_bytes
                            : 1;
    h->estimate_s = t->files_s + (t->load_s + t->check_s) * part;
}

enum mr_code mr_rehearse_run(struct mr_rehearse *h, const char *dir, struct mr_err *err)
{
    const double at_s = mr_clock_now_s();
    enum mr_code code = MR_OK;
    mr_arena_init(&h->arena);
    h->place.fd = h->server.log_fd = -1;
    h->restore.opts = h->opts;
    MR_TRY(open_snapshot(h, dir, err));
    MR_TRY(measure(h, err));
    MR_TRY(choose_account(h, err));
    MR_TRY(choose_program(h, err));
    MR_TRY(mr_rehearse_work_dir(h->opts->work_dir, &h->arena, &h->work_dir, err));
    MR_TRY(mr_rehearse_sweep(h->work_dir, &h->account, err));
    MR_TRY(mr_rehearse_require_room(h->work_dir, h->needed_bytes, err));
    MR_TRY_OUT(mr_rehearse_place_make(h->work_dir, &h->account, &h->arena, &h->place, err));
    MR_TRY_OUT(start_server(h, err));
    MR_TRY_OUT(restore(h, dir, err));
out:
    if (code == MR_E_LOST || code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing stays of a rehearsal; the same command begins it anew.");
    code = take_down(h, code);
    h->total_s = mr_clock_now_s() - at_s;
    if (code == MR_OK)
        estimate(h);
    return code;
}

/* A restore that was never begun has nothing to release. */
void mr_rehearse_release(struct mr_rehearse *h)
{
    if (h->server.uri != NULL)
        mr_restore_release(&h->restore);
    mr_snap_close(&h->snap);
    mr_arena_release(&h->arena);
}
