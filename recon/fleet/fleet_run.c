/* fleet_run.c: see fleet_run.h. */
#include "recon/fleet/fleet_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/file/io.h"
#include "recon/check/check_result.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_lease.h"
#include "recon/fleet/fleet_local.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_seal.h"
#include "recon/fleet/fleet_telling.h"
#include "recon/fleet/fleet_tidy.h"

#define NO_LIMIT_S 1e9
#define MOVES 2
#define SAVE_SHARE 20 /* of the time, at most one in so many goes into copies */

struct work {
    struct mr_fleet_run *run;
    struct mr_vec scopes; /* struct mr_scope, one a pair of the status */
    const char *case_path, *progress_path, *lease_path;
    struct mr_fleet_telling telling;
    struct mr_fleet_lease lease;
    struct mr_fleet_local local;
    struct mr_fleet_task *task; /* of the pair that is under way; or NULL */
    uint64_t rows_told;
    unsigned
        moved; /* tellings behind each other in which there were more rows, of one that waits */
    double looked_s, saved_s, save_took_s;
};

static const struct mr_scope *scope_at(const struct work *w, size_t at)
{
    return mr_vec_at(&w->scopes, at);
}

/* ---- what a case says of the part ---- */

/* The scope's run, *found; others of its part, and those of other parts of its pair, have names that are
 * alike, or the same: that is *foreign. */
static enum mr_code find_run(struct mr_findings *fd, const struct mr_scope *scope,
                             struct mr_arena *arena, struct mr_find_run *run, bool *found,
                             bool *foreign, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_findings_run_choose(fd, scope->run, arena, run, &why);
    *found = *foreign = false;
    if (code == MR_E_NO_SUCH || (code == MR_OK && strcmp(run->uuid, scope->run) != 0))
        return MR_OK;
    if (code == MR_OK)
        code = mr_scope_was_read(scope, run->options, found, &why);
    *foreign = code == MR_OK && !*found;
    if (code != MR_OK)
        *err = why;
    return code;
}

/* What was not seen first of all, for whoever asks fleet status; all of it is told by the merge. */
static enum mr_code say_unseen(const struct mr_check_result *r, struct mr_arena *arena,
                               const char **why, struct mr_err *err)
{
    const char *hidden = r->run->hidden;
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t at = 0;
    while (at < r->ntables && r->tables[at].verdict != MR_VERDICT_NOT_CHECKED)
        at++;
    if (at < r->ntables)
        mr_strbuf_add_fmt(&text, "table \"%s\": %s", r->tables[at].name,
                          r->tables[at].reason != NULL ? r->tables[at].reason : "not checked");
    else if (hidden != NULL)
        mr_strbuf_add_fmt(&text, "not visible: %.*s", (int)strcspn(hidden, "\n"), hidden);
    else if (r->unsettled_rows > 0)
        mr_strbuf_add_fmt(&text, "%" PRIu64 " row%s could not be settled", r->unsettled_rows,
                          r->unsettled_rows == 1 ? "" : "s");
    if (r->not_checked > 1)
        mr_strbuf_add_fmt(&text, "; %" PRIu64 " tables in all are not checked", r->not_checked);
    enum mr_code code = mr_strbuf_check(&text, "working on a part", err);
    *why = code == MR_OK && text.len > 0 ? mr_arena_strdup(arena, text.ptr) : NULL;
    if (code == MR_OK && text.len > 0 && *why == NULL)
        code = mr_err_nomem(err, "working on a part");
    mr_strbuf_release(&text);
    return code;
}

/* Of the scope's run, where it is finished. */
static enum mr_code read_result(struct mr_findings *fd, const struct mr_scope *scope,
                                struct mr_arena *arena, struct mr_fleet_part_pair *pair,
                                struct mr_err *err)
{
    struct mr_find_run run = {0};
    struct mr_check_result result;
    bool found, foreign;
    MR_TRY(find_run(fd, scope, arena, &run, &found, &foreign, err));
    if (!found || !run.finished)
        return MR_OK;
    enum mr_code code = mr_check_result_load(&result, fd, &run, 0, err);
    if (code == MR_OK) {
        pair->state = MR_FLEET_DONE;
        pair->verdict = mr_fleet_verdict_of_exit(mr_check_result_exit(&result));
        pair->differing = mr_find_counts_differing(&result.sums);
        code = say_unseen(&result, arena, &pair->why, err);
    }
    mr_check_result_release(&result);
    return code;
}

/* A run of another part's scope in it has read other ranges. */
static enum mr_code fits(void *ctx, struct mr_findings *fd, struct mr_err *err)
{
    struct work *w = ctx;
    for (size_t i = 0; i < w->scopes.count; i++) {
        struct mr_find_run run = {0};
        bool found, foreign;
        MR_TRY(find_run(fd, scope_at(w, i), w->run->arena, &run, &found, &foreign, err));
        if (foreign)
            return mr_err_set(err, MR_E_CASE_OTHER,
                              "it is of another part: its run %s has read "
                              "other ranges",
                              run.uuid);
    }
    return MR_OK;
}

/* Sets those of the pairs from..to that the case has finished; the others stay as they are. */
static enum mr_code read_pairs(const struct work *w, const char *path, size_t from, size_t to,
                               struct mr_err *err)
{
    struct mr_findings *fd = NULL;
    enum mr_code code = mr_findings_open(path, MR_CASE_READ, &fd, err);
    for (size_t i = from; code == MR_OK && i < to; i++)
        code = read_result(fd, scope_at(w, i), w->run->arena, &w->run->status.pairs[i], err);
    (void)mr_findings_close(fd, NULL);
    return code;
}

static enum mr_code read_case(const struct work *w, const char *path, struct mr_err *err)
{
    return read_pairs(w, path, 0, w->scopes.count, err);
}

/* A case that cannot be read is not done: it is told of when it is adopted.  What it says of some pairs
 * is forgotten then: another one may be gone on from, which does not have them.  Nor does what this
 * process has read count: a pair may be in one of the two cases alone. */
static enum mr_code is_published(struct work *w, bool *over, struct mr_err *err)
{
    struct mr_fleet_part *s = &w->run->status;
    struct mr_fleet_part_pair *own = calloc(s->npairs + 1, sizeof *own);
    struct mr_err why = {0};
    if (own == NULL)
        return mr_err_nomem(err, "working on a part");
    memcpy(own, s->pairs, s->npairs * sizeof *own);
    for (size_t i = 0; i < s->npairs; i++)
        s->pairs[i] = (struct mr_fleet_part_pair){.name = own[i].name, .state = MR_FLEET_WAITING};
    *over = access(w->case_path, F_OK) == 0 && read_case(w, w->case_path, &why) == MR_OK &&
            mr_fleet_part_is_done(s) && mr_fleet_seal_check(w->case_path, NULL, &why) == MR_OK;
    if (!*over)
        memcpy(s->pairs, own, s->npairs * sizeof *own);
    free(own);
    if (why.code == MR_E_NOMEM) {
        *err = why;
        return MR_E_NOMEM;
    }
    return MR_OK;
}

/* While it waits for the lease. */
static enum mr_code look(void *ctx, bool *over, struct mr_err *err)
{
    struct work *w = ctx;
    *over = false;
    if (mr_clock_now_s() < w->looked_s + MR_FLEET_LOOK_S)
        return MR_OK;
    w->looked_s = mr_clock_now_s();
    return is_published(w, over, err);
}

/* ---- telling and keeping ---- */

/* What a case has read; one that a check is only just making tells nothing. */
static void count_rows(const struct work *w, const char *path)
{
    struct mr_findings *fd = NULL;
    uint64_t rows, bytes;
    if (access(path, F_OK) != 0)
        return;
    if (mr_findings_open(path, MR_CASE_READ, &fd, NULL) == MR_OK &&
        mr_findings_read_so_far(fd, &rows, &bytes, NULL) == MR_OK) {
        w->run->status.rows = rows;
        w->run->status.bytes = bytes;
    }
    (void)mr_findings_close(fd, NULL);
}

/* That it waits for something a check says once; that it waits no more is seen by its rows, of which a
 * last range may still come in behind that. */
static void tell_of_waiting(struct work *w)
{
    struct mr_fleet_part *s = &w->run->status;
    w->moved = s->rows != w->rows_told ? w->moved + 1 : 0;
    w->rows_told = s->rows;
    s->waits = NULL;
    if (w->task == NULL || w->task->waits.len == 0) {
        w->moved = 0;
        return;
    }
    if (w->moved >= MOVES)
        mr_strbuf_reset(&w->task->waits);
    else
        s->waits = w->task->waits.ptr;
}

/* That it cannot be told is warned of, and told again in a moment: it costs no work. */
static enum mr_code tell(struct work *w, enum mr_fleet_word state, struct mr_err *err)
{
    struct mr_err why = {0};
    if (w->local.dir != NULL)
        count_rows(w, w->local.case_path);
    tell_of_waiting(w);
    enum mr_code code = mr_fleet_telling_tell(&w->telling, state, &why);
    return mr_fleet_telling_bear(code, &why, err);
}

static enum mr_code hint_again(struct mr_err *err)
{
    mr_err_hint(err, "Run it again: it goes on from what was kept.");
    return MR_E_IO;
}

/* arena: there may be a copy every minute, for days. */
static enum mr_code require_result(const struct work *w, struct mr_findings *fd, size_t at,
                                   struct mr_arena *arena, struct mr_err *err)
{
    struct mr_find_run run = {0};
    bool found, foreign;
    if (w->run->status.pairs[at].state != MR_FLEET_DONE)
        return MR_OK;
    mr_arena_reset(arena);
    MR_TRY(find_run(fd, scope_at(w, at), arena, &run, &found, &foreign, err));
    if (found && run.finished)
        return MR_OK;
    (void)mr_err_set(err, MR_E_IO, "what was read of pair %s is gone from \"%s\"",
                     scope_at(w, at)->pair, w->local.case_path);
    return hint_again(err);
}

/* Has the case what the part tells of as done?  Whoever clears $TMPDIR away while a pair is read lets the
 * next one begin a new case, which lacks those before it. */
static enum mr_code require_results(const struct work *w, struct mr_err *err)
{
    const struct mr_fleet_part *s = &w->run->status;
    struct mr_findings *fd = NULL;
    struct mr_arena arena = MR_ARENA_INIT;
    size_t done = 0;
    for (size_t i = 0; i < s->npairs; i++)
        done += s->pairs[i].state == MR_FLEET_DONE;
    if (done == 0 || access(w->local.case_path, F_OK) != 0)
        return MR_OK;
    enum mr_code code = mr_findings_open(w->local.case_path, MR_CASE_READ, &fd, err);
    for (size_t i = 0; code == MR_OK && i < s->npairs; i++)
        code = require_result(w, fd, i, &arena, err);
    (void)mr_findings_close(fd, NULL);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code keep(const struct work *w, const char *path, struct mr_err *err)
{
    MR_TRY(require_results(w, err));
    return mr_fleet_local_publish(&w->local, path, err);
}

/* Copies are for whoever goes on after us: without one he begins from further back. */
static void save_progress(struct work *w)
{
    struct mr_err why = {0};
    const double begun_s = mr_clock_now_s();
    if (keep(w, w->progress_path, &why) != MR_OK) {
        mr_err_context(&why, "what was read so far could not be kept");
        mr_log_err_as_warning(&why);
    }
    w->saved_s = mr_clock_now_s();
    w->save_took_s = w->saved_s - begun_s;
}

/* Copies grow with the work: they take a share of the time, however many pairs there are. */
static void save_if_due(struct work *w, double least_s)
{
    const double since_s = mr_clock_now_s() - w->saved_s;
    if (since_s >= least_s && since_s >= w->save_took_s * SAVE_SHARE)
        save_progress(w);
}

static enum mr_code tick(void *ctx, struct mr_err *err)
{
    struct work *w = ctx;
    struct mr_err why = {0};
    MR_TRY(mr_fleet_telling_bear(mr_fleet_lease_renew(&w->lease, &why), &why, err));
    if (mr_fleet_telling_is_due(&w->telling))
        MR_TRY(tell(w, MR_FLEET_RUNNING, err));
    save_if_due(w, w->run->save_s);
    return MR_OK;
}

/* ---- a pair ---- */

static enum mr_code write_scope(const struct work *w, const struct mr_scope *scope,
                                struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_scope_write(scope, &text);
    enum mr_code code = mr_strbuf_check(&text, "working on a part", err);
    if (code == MR_OK)
        code = mr_io_write_file(w->local.scope_path, 0600, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

static char *const *line_of(const struct work *w, const struct mr_fleet_file_pair *pair)
{
    const char *const words[] = {"check", "--resume", "--brief", NULL};
    const struct mr_fleet_options opts = {.password_command = w->run->password_command};
    struct mr_fleet_line line;
    char threads[16];
    (void)snprintf(threads, sizeof threads, "%u", w->run->threads);
    mr_fleet_line_begin(&line, w->run->arena, &opts, pair->config, words);
    mr_fleet_line_add(&line, "--threads");
    mr_fleet_line_add(&line, threads);
    mr_fleet_line_add(&line, "--case");
    mr_fleet_line_add(&line, w->local.case_path);
    mr_fleet_line_add(&line, "--scope");
    mr_fleet_line_add(&line, w->local.scope_path);
    for (unsigned i = 0; i < w->run->verbose; i++)
        mr_fleet_line_add(&line, "-v");
    mr_fleet_line_add_log(&line, w->run->log_file, w->run->log_format);
    mr_fleet_line_add(&line, "--");
    mr_fleet_line_add(&line, pair->uri[MR_SOURCE]);
    mr_fleet_line_add(&line, pair->uri[MR_TARGET]);
    return mr_fleet_line_take(&line);
}

static const struct mr_fleet_file_pair *pair_named(const struct mr_fleet_file *file,
                                                   const char *name)
{
    for (size_t i = 0; i < file->npairs; i++)
        if (strcmp(file->pairs[i].name, name) == 0)
            return &file->pairs[i];
    return NULL;
}

/* The case says whether the run has finished; the process, why it has not. */
static enum mr_code take_result(struct work *w, size_t at, const struct mr_fleet_task *task,
                                struct mr_err *err)
{
    struct mr_fleet_part_pair *pair = &w->run->status.pairs[at];
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_err unread = {0};
    pair->state = MR_FLEET_FAILED;
    if (task->exit_code ==
        mr_code_exit(MR_E_CHANGED)) /* not an error: what was lost is warned of */
        mr_fleet_task_warned(task, &why);
    if (why.len == 0)
        mr_fleet_task_why(task, &why);
    enum mr_code code = mr_strbuf_check(&why, "working on a part", err);
    if (code == MR_OK) {
        pair->why = mr_arena_strdup(w->run->arena, why.ptr);
        code = pair->why != NULL ? MR_OK : mr_err_nomem(err, "working on a part");
    }
    mr_strbuf_release(&why);
    if (code == MR_OK && access(w->local.case_path, F_OK) == 0 &&
        read_pairs(w, w->local.case_path, at, at + 1, &unread) != MR_OK)
        mr_log_err_as_warning(&unread);
    if (code == MR_OK && pair->state == MR_FLEET_FAILED)
        mr_log_warning("pair %s is not checked: %s", pair->name, pair->why);
    return code;
}

static enum mr_code do_pair(struct work *w, size_t at, struct mr_err *err)
{
    const struct mr_scope *scope = scope_at(w, at);
    const struct mr_fleet_file_pair *pair = pair_named(w->run->file, scope->pair);
    const struct mr_fleet_how how = {
        .commands = w->run->commands, .at_once = 1, .limit_s = NO_LIMIT_S, .tick = tick, .ctx = w};
    struct mr_fleet_task task = {.role = -1, .echoes = true};
    if (pair == NULL)
        return mr_err_set(err, MR_E_REFUSED,
                          "part %zu has work on a pair \"%s\" that the plan "
                          "does not know",
                          w->run->part, scope->pair);
    MR_TRY(write_scope(w, scope, err));
    task.argv = line_of(w, pair);
    task.label = mr_fleet_telling_label(pair->name, w->run->arena);
    if (task.argv == NULL || task.label == NULL)
        return mr_err_nomem(err, "working on a part");
    mr_log_info("pair %s, %zu of %zu", scope->pair, at + 1, w->scopes.count);
    w->run->status.pairs[at].state = MR_FLEET_RUNNING;
    MR_TRY(tell(w, MR_FLEET_RUNNING, err));
    w->task = &task;
    enum mr_code code = mr_fleet_tasks_run(&task, 1, &how, err);
    w->task = NULL;
    if (code == MR_OK)
        code = take_result(w, at, &task, err);
    w->run->status.waits = NULL;
    mr_fleet_task_release(&task);
    return code;
}

/* ---- the part ---- */

static enum mr_code plan_status(struct work *w, struct mr_err *err)
{
    struct mr_fleet_run *run = w->run;
    struct mr_fleet_part *s = &run->status;
    s->pairs = mr_arena_calloc(run->arena, w->scopes.count + 1, sizeof *s->pairs);
    if (s->pairs == NULL)
        return mr_err_nomem(err, "working on a part");
    s->npairs = w->scopes.count;
    for (size_t i = 0; i < w->scopes.count; i++)
        s->pairs[i] =
            (struct mr_fleet_part_pair){.name = scope_at(w, i)->pair, .state = MR_FLEET_WAITING};
    return mr_fleet_telling_begin(&w->telling, run->file, run->part, s, run->arena, err);
}

static enum mr_code name_files(struct work *w, struct mr_err *err)
{
    const struct mr_fleet_run *run = w->run;
    w->case_path = mr_fleet_part_path(run->file->dir, run->part, "case", run->arena);
    w->progress_path = mr_fleet_part_path(run->file->dir, run->part, "progress", run->arena);
    w->lease_path = mr_fleet_part_path(run->file->dir, run->part, "lease", run->arena);
    return w->case_path != NULL && w->progress_path != NULL && w->lease_path != NULL
               ? MR_OK
               : mr_err_nomem(err, "working on a part");
}

/* Before a row is read: what could not be kept in the end would have been read in vain. */
static enum mr_code require_plain(const struct work *w, struct mr_err *err)
{
    const char *const paths[] = {w->lease_path, w->telling.path, w->case_path, w->progress_path};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        MR_TRY(mr_fleet_part_require_plain(paths[i], err));
    return MR_OK;
}

/* That it is done, with the verdicts that the case has? */
static bool tells_of_result(const struct mr_fleet_part *told, const struct mr_fleet_part *s)
{
    bool same = told->state == MR_FLEET_DONE && told->npairs == s->npairs;
    for (size_t i = 0; same && i < s->npairs; i++)
        same = told->pairs[i].verdict == s->pairs[i].verdict &&
               told->pairs[i].differing == s->pairs[i].differing;
    return same;
}

/* How long others were at it before, since when, and what they have read.  *is_told: I.json says what the
 * part has come to. */
static void take_told(struct work *w, bool *is_told)
{
    struct mr_fleet_part *s = &w->run->status, told = {0};
    bool there = false;
    *is_told = false;
    if (mr_fleet_part_read(w->telling.path, w->run->arena, &told, &there, NULL) != MR_OK ||
        !there || told.part != s->part || strcmp(told.fleet, s->fleet) != 0)
        return;
    w->telling.millis_before = told.millis;
    s->begun = told.begun;
    s->rows = told.rows;
    s->bytes = told.bytes;
    *is_told = tells_of_result(&told, s);
}

/* Also a part without any work has a result. */
static enum mr_code make_case(const struct work *w, struct mr_err *err)
{
    struct mr_findings *fd = NULL;
    MR_TRY(mr_findings_open(w->local.case_path, MR_CASE_WRITE, &fd, err));
    return mr_findings_close(fd, err);
}

static enum mr_code take_up(struct work *w, struct mr_err *err)
{
    const struct mr_fleet_run *run = w->run;
    const char *const kept[] = {w->case_path, w->progress_path};
    const char *from = NULL;
    MR_TRY(mr_fleet_local_begin(&w->local, run->arena, err));
    MR_TRY(mr_fleet_local_adopt(&w->local, kept, 2, fits, w, &from, err));
    if (from == NULL)
        return make_case(w, err);
    mr_log_info("going on from %s", from);
    return read_case(w, w->local.case_path, err);
}

static enum mr_code do_pairs(struct work *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->scopes.count; i++) {
        if (w->run->status.pairs[i].state == MR_FLEET_DONE)
            continue;
        MR_TRY(do_pair(w, i, err));
        if (i + 1 < w->scopes.count)
            save_if_due(w, 0);
    }
    return MR_OK;
}

/* The result first: whoever is killed behind it has done his part.  Another process, which had taken us
 * for dead, may have done all of it meanwhile. */
static enum mr_code publish(struct work *w, struct mr_err *err)
{
    bool was = false;
    if (!mr_fleet_part_is_done(&w->run->status))
        MR_TRY(is_published(w, &was, err));
    if (was)
        return tell(w, MR_FLEET_DONE, err);
    if (access(w->local.case_path, F_OK) != 0) { /* whoever clears $TMPDIR away */
        (void)mr_err_set_sys(err, MR_E_IO, errno, "what was read of the part is gone, \"%s\"",
                             w->local.case_path);
        return hint_again(err);
    }
    MR_TRY(keep(w, w->case_path, err));
    (void)unlink(w->progress_path);
    return tell(w, mr_fleet_part_is_done(&w->run->status) ? MR_FLEET_DONE : MR_FLEET_INCOMPLETE,
                err);
}

/* Whatever has ended it: of a part that has told that it runs nobody else would say that it does not. */
static void stop(struct work *w, const struct mr_err *why)
{
    struct mr_err late = {0};
    mr_fleet_telling_pause(&w->telling, why);
    if (w->local.dir != NULL)
        save_progress(w);
    (void)tell(w, MR_FLEET_STOPPED, &late);
}

static enum mr_code work(struct work *w, struct mr_err *err)
{
    bool is_told;
    take_told(w, &is_told);
    w->telling.begun_s = w->saved_s = mr_clock_now_s();
    mr_fleet_tidy(w->run->file, w->lease_path);
    MR_TRY(tell(w, MR_FLEET_RUNNING, err));
    MR_TRY(take_up(w, err));
    MR_TRY(do_pairs(w, err));
    return publish(w, err);
}

/* Whoever has published it may have been killed before he told so, and nobody works on it any more:
 * fleet status would wait for it for ever. */
static enum mr_code tell_of_done(struct work *w, struct mr_err *err)
{
    bool is_told;
    take_told(w, &is_told);
    if (is_told)
        return MR_OK;
    count_rows(w, w->case_path);
    w->telling.begun_s = mr_clock_now_s();
    return tell(w, MR_FLEET_DONE, err);
}

enum mr_code mr_fleet_run(struct mr_fleet_run *run, struct mr_err *err)
{
    struct work w = {.run = run, .scopes = MR_VEC_INIT(struct mr_scope)};
    const struct mr_fleet_wait wait = {.look = look, .ctx = &w, .silent_s = MR_FLEET_SILENT_S};
    bool taken = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_fleet_file_work(run->file, run->part, run->arena, &w.scopes, err));
    MR_TRY_OUT(name_files(&w, err));
    MR_TRY_OUT(plan_status(&w, err));
    MR_TRY_OUT(require_plain(&w, err));
    MR_TRY_OUT(mr_fleet_lease_take(&w.lease, w.lease_path, &wait, &taken, err));
    run->was_done = !taken;
    if (!taken) {
        code = tell_of_done(&w, err);
        goto out;
    }
    code = work(&w, err);
    if (code != MR_OK && code != MR_E_CHANGED)
        stop(&w, err);
    mr_fleet_lease_end(&w.lease);
out:
    mr_fleet_local_end(&w.local);
    mr_vec_release(&w.scopes);
    return code;
}
