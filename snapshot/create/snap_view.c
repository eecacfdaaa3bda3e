/* snap_view.c: see snap_view.h. */
#include "snapshot/create/snap_view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "snapshot/create/view_log.h"
#include "snapshot/create/view_mark.h"
#include "snapshot/create/view_position.h"
#include "snapshot/format/snap_logged.h"

/* Between the engine's count of a commit and its being seen lie microseconds. */
#define QUIET_US 10000
#define QUIET_TRIES 5  /* also where it is not needed; a busy server never is quiet */
#define PREPARED_S 1.0 /* how long a moment without transactions prepared by XA is tried for */

static const char start_view[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

struct opening {
    const struct mr_snap_view_task *task;
    struct mr_snap_views *views;
    bool is_mariadb;
    struct mr_view_log log;
    enum mr_view_commits commits; /* MySQL */
    struct mr_strbuf purged;      /* the same */

    /* of the last try */
    struct mr_view_mark before, after;
    struct mr_view_position position, until; /* the view is in between */
    size_t underway;                         /* commits, when position was read */
    bool is_exact;                           /* the view is at position */
    size_t prepared;      /* by XA: logged, and in no view until they are committed */
    bool prepared_hidden; /* from the account */
};

static bool is_still(const struct opening *o)
{
    return mr_view_mark_same(&o->before, &o->after);
}

/* ---- trying ---- */

/* The most that stood prepared before the views, and behind them. */
static enum mr_code count_prepared(struct opening *o, struct mr_err *err)
{
    static const char sql[] = "XA RECOVER";
    struct mr_result *res = NULL;
    size_t count = 0;
    enum mr_code code = mr_db_query(o->task->other, "*", sql, sizeof sql - 1, &res, err);
    if (code == MR_OK)
        while (mr_result_next(res) != NULL)
            count++;
    mr_result_free(res);
    o->prepared_hidden = code == MR_E_DENIED || code == MR_E_SQL;
    if (count > o->prepared)
        o->prepared = count;
    return o->prepared_hidden ? MR_OK : code;
}

/* All are sent before the first answer is read: what lies between the first view and the last is
 * then a round trip, which a busy server may well spend without a commit. */
static enum mr_code start_all(struct opening *o, unsigned count, bool quietly, struct mr_err *err)
{
    struct mr_snap_views *views = o->views;
    unsigned sent = 0;
    if (quietly)
        (void)usleep(QUIET_US);
    o->prepared = 0;
    MR_TRY(count_prepared(o, err));
    for (; sent < count; sent++)
        MR_TRY(
            mr_db_send(mr_reader_db(views->readers[sent]), start_view, sizeof start_view - 1, err));
    for (unsigned i = 0; i < sent; i++)
        MR_TRY(mr_db_receive(mr_reader_db(views->readers[i]), err));
    MR_TRY(mr_view_mark_read(o->task->other, &o->after, err));
    return count_prepared(o, err);
}

static bool is_quiet_needed(const struct opening *o)
{
    if (o->is_mariadb)
        return o->log.lacks != NULL && !o->log.has_applied;
    return o->commits == MR_COMMITS_HIDDEN || o->underway > 0;
}

static bool is_quiet_wanted(const struct opening *o, unsigned count)
{
    return count > 1 &&
           (is_quiet_needed(o) || (o->is_mariadb && o->views->consistency.tries <= QUIET_TRIES));
}

/* Two proofs together: the positions that the views tell, and the engine's count, since a write
 * that the log does not have moves only the one. */
static enum mr_code try_mariadb(struct opening *o, unsigned count, bool *same, struct mr_err *err)
{
    bool with_applied = o->log.has_applied, equal = true;
    enum mr_code code = mr_view_mark_read(o->task->other, &o->before, err);
    if (code == MR_OK)
        code = start_all(o, count, is_quiet_wanted(o, count), err);
    if (code == MR_OK)
        code = mr_view_position_within(mr_reader_db(o->views->readers[0]), with_applied,
                                       &o->position, err);
    for (unsigned i = 1; code == MR_OK && i < count; i++) {
        code = mr_view_position_within(mr_reader_db(o->views->readers[i]), with_applied, &o->until,
                                       err);
        equal = equal && mr_view_position_same(&o->position, &o->until);
    }
    *same = count == 1 || (equal && is_still(o));
    o->is_exact = o->position.file.len > 0;
    return code;
}

static enum mr_code try_mysql(struct opening *o, unsigned count, bool *same, struct mr_err *err)
{
    struct mr_db *db = o->task->other;
    size_t underway = 0;
    MR_TRY(mr_view_mark_read(db, &o->before, err));
    MR_TRY(mr_view_position_now(db, o->commits, &o->position, &o->underway, err));
    MR_TRY(start_all(o, count, is_quiet_wanted(o, count), err));
    MR_TRY(mr_view_position_now(db, o->commits, &o->until, &underway, err));
    /* what was logged before is in the view, and nothing was logged since */
    o->is_exact =
        o->underway == 0 && underway == 0 && mr_view_position_same(&o->position, &o->until);
    if (underway > 0) /* what owns its GTID still may be in the view */
        mr_strbuf_reset(&o->until.gtid);
    *same = count == 1 || is_still(o);
    return MR_OK;
}

/* A try that went well is worth another one for a position that is exact. */
static bool is_done(const struct opening *o, bool same, double tried_s)
{
    if (o->prepared > 0 && tried_s < PREPARED_S)
        return false;
    bool can_be_exact = !o->is_mariadb && o->commits != MR_COMMITS_HIDDEN &&
                        mr_view_position_is_known(&o->position);
    return same && (o->is_exact || !can_be_exact);
}

/* Until the views are one, or the time is over. */
static enum mr_code try_for(struct opening *o, unsigned count, bool *same, struct mr_err *err)
{
    double begun_s = mr_clock_now_s(), until_s = begun_s + o->task->wait_ms / 1e3;
    enum mr_code code;
    do {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        o->views->consistency.tries++;
        code = o->is_mariadb ? try_mariadb(o, count, same, err) : try_mysql(o, count, same, err);
    } while (code == MR_OK && !is_done(o, *same, mr_clock_now_s() - begun_s) &&
             mr_clock_now_s() < until_s);
    return code;
}

static void drop_readers(struct mr_snap_views *views, unsigned count)
{
    while (views->count > count) {
        mr_reader_free(views->readers[--views->count]);
        views->readers[views->count] = NULL;
    }
}

/* What shows in each view is the sooner the same, the fewer there are; that nothing is
 * written at all is not. */
static unsigned fewer(const struct opening *o, unsigned count)
{
    return o->is_mariadb && !is_quiet_needed(o) ? count / 2 : 1;
}

static enum mr_code agree(struct opening *o, struct mr_err *err)
{
    bool same = false;
    for (;;) {
        unsigned count = o->views->count;
        enum mr_code code = try_for(o, count, &same, err);
        if (code != MR_OK || same)
            return code;
        drop_readers(o->views, fewer(o, count));
    }
}

/* ---- connections ---- */

/* Before its view is begun, which would grow old while it waits.  *has false: there is none for one more
 * than there are. */
static enum mr_code take_slot(const struct opening *o, struct mr_reader *reader, bool *has,
                              struct mr_err *err)
{
    const struct mr_slots *slots = &o->task->slots;
    struct mr_db *db = mr_reader_db(reader);
    unsigned slot = 0;
    *has = true;
    if (slots->name == NULL)
        return MR_OK;
    if (o->views->count == 0)
        return mr_slots_wait(db, slots, err);
    MR_TRY(mr_slots_try(db, slots, &slot, err));
    *has = slot != 0;
    return MR_OK;
}

/* Fewer connections than wanted are a slower run; none, or another server behind the same
 * address, is an error. */
static enum mr_code open_readers(struct opening *o, unsigned wanted, struct mr_err *err)
{
    struct mr_snap_views *views = o->views;
    views->readers = calloc(wanted, sizeof(struct mr_reader *));
    if (views->readers == NULL)
        return mr_err_nomem(err, "opening connections");
    enum mr_code code = MR_OK;
    bool has_slot = true;
    while (code == MR_OK && has_slot && views->count < wanted) {
        struct mr_reader **next = &views->readers[views->count];
        code = mr_source_reader_new(o->task->source, next, err);
        if (code == MR_OK)
            code = take_slot(o, *next, &has_slot, err);
        if (code == MR_OK && has_slot) {
            views->count++;
        } else {
            mr_reader_free(*next);
            *next = NULL;
        }
        if (code == MR_OK && has_slot && views->count == 1)
            code = mr_db_require_server(mr_reader_db(views->readers[0]),
                                        mr_db_server(o->task->other), err);
    }
    if (code == MR_OK || views->count == 0 || code == MR_E_CANCELLED || code == MR_E_MOVED)
        return code;
    mr_log_warning("going on with fewer connections: %s", err != NULL ? err->message : "");
    return MR_OK;
}

/* What can be proved here. */
static enum mr_code look(struct opening *o, unsigned *wanted, struct mr_err *err)
{
    struct mr_view_mark mark;
    MR_TRY(mr_view_log_look(o->task->other, &o->log, err));
    if (!o->is_mariadb) {
        MR_TRY(mr_view_commits_look(o->task->other, &o->commits, err));
        MR_TRY(mr_view_position_purged(o->task->other, &o->purged, err));
    }
    MR_TRY(mr_view_mark_read(o->task->other, &mark, err));
    *wanted = o->task->wanted > 0 ? o->task->wanted : 1;
    if (o->task->other_engines || !mr_view_mark_same(&mark, &mark)) {
        mr_log_detail("one connection: %s",
                      o->task->other_engines
                          ? "not all tables are InnoDB's, whose count of commits would "
                            "prove the views of several to be one"
                          : "the server does not show whether rows are written");
        *wanted = 1;
    }
    return MR_OK;
}

/* ---- what was reached ---- */

static const char *keep(struct opening *o, const struct mr_strbuf *text)
{
    return text->len > 0 ? mr_arena_strdup(o->task->arena, text->ptr) : NULL;
}

static void add_note(struct mr_strbuf *note, const char *format, const char *text)
{
    if (note->len > 0)
        mr_strbuf_add_str(note, "; ");
    mr_strbuf_add_str(note, format);
    mr_strbuf_add_str(note, text);
}

/* It is logged when it is prepared: a replica that starts behind that does not know it. */
static void describe_prepared(const struct opening *o, struct mr_strbuf *note)
{
    mr_strbuf_add_fmt(note,
                      "transactions stood prepared by XA (%zu; XA RECOVER lists them): "
                      "they are in the log already and not in the rows, so that no "
                      "position is the view's",
                      o->prepared);
    if (o->position.file.len > 0)
        mr_strbuf_add_fmt(note, " (the log stood at %s:%s%s%s)", o->position.file.ptr,
                          o->position.offset.ptr, o->position.gtid.len > 0 ? ", GTID " : "",
                          o->position.gtid.len > 0 ? o->position.gtid.ptr : "");
}

/* What is not proved is said in the manifest, where whoever starts a replica from it looks. */
static void describe(struct opening *o, struct mr_strbuf *note)
{
    if (o->prepared > 0)
        describe_prepared(o, note);
    else if (!mr_view_position_is_known(&o->position))
        add_note(note, "the server shows no position of its log", "");
    else if (!o->is_exact)
        add_note(note,
                 "the view holds all that lies before the position, and may hold some of "
                 "what lies behind it",
                 "");
    if (o->log.lacks != NULL)
        add_note(note, MR_SNAP_LOGGED_ONLY ", and ", o->log.lacks);
    if (o->prepared_hidden && mr_view_position_is_known(&o->position))
        add_note(note,
                 "whether transactions stood prepared by XA, which no view has and the "
                 "log may have, is hidden from the account (XA_RECOVER_ADMIN)",
                 "");
}

/* The last position that is surely in the view, and one that it surely does not pass. */
static enum mr_code settle_position(struct opening *o, struct mr_err *err)
{
    struct mr_snap_consistency *c = &o->views->consistency;
    if (!mr_view_position_is_known(&o->position))
        return MR_OK;
    if (o->prepared > 0) { /* none is */
        if (o->is_mariadb)
            mr_view_position_name(o->task->other, &o->position);
        return MR_OK;
    }
    c->position = o->is_exact ? MR_SNAP_EXACT : MR_SNAP_AT_OR_BEFORE;
    if (o->is_mariadb) {
        if (o->is_exact)
            mr_view_position_name(o->task->other, &o->position);
        return MR_OK;
    }
    if (!o->is_exact) {
        c->until_gtid = keep(o, &o->until.gtid);
        c->until_file = keep(o, &o->until.file);
        c->until_position = strtoull(o->until.offset.ptr, NULL, 10);
        MR_TRY(
            mr_view_position_step_back(o->task->other, o->commits, o->underway, &o->position, err));
    }
    return MR_OK;
}

static enum mr_code tell(struct opening *o, struct mr_err *err)
{
    struct mr_snap_consistency *c = &o->views->consistency;
    struct mr_strbuf text = MR_STRBUF_INIT;
    MR_TRY(settle_position(o, err));
    c->kind = o->views->count > 1 ? MR_SNAP_VIEWS : MR_SNAP_ONE_VIEW;
    c->proof = o->views->count == 1                        ? MR_SNAP_BY_CONNECTION
               : o->is_mariadb && o->position.file.len > 0 ? MR_SNAP_BY_LOG
                                                           : MR_SNAP_BY_ENGINE;
    c->connections = o->views->count;
    if (o->prepared == 0) {
        c->gtid = keep(o, &o->position.gtid);
        c->binlog_file = keep(o, &o->position.file);
        c->binlog_position = strtoull(o->position.offset.ptr, NULL, 10);
    }
    c->purged = c->gtid != NULL ? keep(o, &o->purged) : NULL;
    c->applied = keep(o, &o->position.applied);
    describe(o, &text);
    c->note = keep(o, &text);
    mr_strbuf_reset(&text);
    if (is_still(o))
        mr_view_mark_text(&o->after, &text);
    o->views->mark = keep(o, &text);
    mr_strbuf_release(&text);
    return MR_OK;
}

enum mr_code mr_snap_views_open(const struct mr_snap_view_task *task, struct mr_snap_views *out,
                                struct mr_err *err)
{
    struct opening o = {.task = task, .views = out, .purged = MR_STRBUF_INIT};
    unsigned wanted = 1;
    *out = (struct mr_snap_views){.count = 0};
    o.is_mariadb = mr_db_server(task->other)->flavour == MR_FLAVOUR_MARIADB;
    mr_view_position_init(&o.position);
    mr_view_position_init(&o.until);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(look(&o, &wanted, err));
    MR_TRY_OUT(open_readers(&o, wanted, err));
    MR_TRY_OUT(agree(&o, err));
    for (unsigned i = 0; i < out->count; i++)
        MR_TRY_OUT(mr_reader_view_begun(out->readers[i], err));
    MR_TRY_OUT(tell(&o, err));
out:
    if (code != MR_OK)
        mr_snap_views_close(out);
    mr_view_position_release(&o.position);
    mr_view_position_release(&o.until);
    mr_strbuf_release(&o.purged);
    return code;
}

void mr_snap_views_close(struct mr_snap_views *views)
{
    drop_readers(views, 0);
    free(views->readers);
    views->readers = NULL;
}
