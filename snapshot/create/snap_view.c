/* snap_view.c: see snap_view.h. */
#include "snapshot/create/snap_view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/sqltext.h"

/* Between the engine's commit and the GTID's appearance lie microseconds. */
#define SETTLE_US 10000

static const char start_view[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
static const char no_position[] =
    "the server shows no position, so that only one connection is sure to see one moment";
static const char inexact[] =
    "the position was read while the server was busy: the view lies at or after it";

struct position {
    struct mr_strbuf gtid, file, offset;
};

struct opening {
    const struct mr_snap_view_task *task;
    struct mr_snap_views *views;
    bool is_mariadb;
    struct position position;
    bool is_known; /* the server shows positions */
};

static void init_position(struct position *p)
{
    mr_strbuf_init(&p->gtid);
    mr_strbuf_init(&p->file);
    mr_strbuf_init(&p->offset);
}

static void release_position(struct position *p)
{
    mr_strbuf_release(&p->gtid);
    mr_strbuf_release(&p->file);
    mr_strbuf_release(&p->offset);
}

static bool same_text(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static bool same_position(const struct position *a, const struct position *b)
{
    return same_text(&a->gtid, &b->gtid) && same_text(&a->file, &b->file) &&
           same_text(&a->offset, &b->offset);
}

static bool is_known(const struct position *p)
{
    return p->gtid.len > 0 || p->file.len > 0;
}

static void take(struct mr_strbuf *to, const struct mr_cell *cell)
{
    mr_strbuf_reset(to);
    if (cell->ptr != NULL)
        mr_strbuf_add(to, cell->ptr, cell->len);
}

/* ---- MariaDB: the position of a view, asked within it ---- */

static enum mr_code view_position(struct mr_db *db, struct position *p,
                                  struct mr_err *err)
{
    static const char sql[] = "SHOW STATUS LIKE 'binlog_snapshot_%'";
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(db, sql, sizeof sql - 1, &res, err);
    if (code != MR_OK)
        return code;
    const struct mr_cell *cells;
    while ((cells = mr_result_next(res)) != NULL) {
        if (strcasecmp(cells[0].ptr, "Binlog_snapshot_file") == 0)
            take(&p->file, &cells[1]);
        else if (strcasecmp(cells[0].ptr, "Binlog_snapshot_position") == 0)
            take(&p->offset, &cells[1]);
    }
    mr_result_free(res);
    if (p->file.len == 0)
        mr_strbuf_reset(&p->offset);
    return MR_OK;
}

static void name_gtid(struct mr_db *db, struct position *p)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT BINLOG_GTID_POS(");
    mr_sql_string(&sql, p->file.ptr);
    mr_strbuf_add_fmt(&sql, ", %s)", p->offset.ptr);
    if (sql.failed || mr_db_query_text(db, sql.ptr, &p->gtid, NULL) != MR_OK)
        mr_strbuf_reset(&p->gtid);
    mr_strbuf_release(&sql);
}

/* ---- MySQL: the position of the server ---- */

static bool take_status(struct mr_db *db, const char *sql, struct position *p)
{
    struct mr_result *res = NULL;
    if (mr_db_query(db, sql, strlen(sql), &res, NULL) != MR_OK)
        return false;
    const struct mr_cell *cells = mr_result_next(res);
    if (cells != NULL && mr_result_columns(res) >= 2) {
        take(&p->file, &cells[0]);
        take(&p->offset, &cells[1]);
    }
    mr_result_free(res);
    return true;
}

static enum mr_code server_position(struct mr_db *db, struct position *p,
                                    struct mr_err *err)
{
    static const char sql[] =
        "SELECT IF(@@GLOBAL.gtid_mode = 'ON', @@GLOBAL.gtid_executed, '')";
    mr_strbuf_reset(&p->file);
    mr_strbuf_reset(&p->offset);
    enum mr_code code = mr_db_query_text(db, sql, &p->gtid, err);
    if (code == MR_OK && !take_status(db, "SHOW BINARY LOG STATUS", p))
        (void)take_status(db, "SHOW MASTER STATUS", p);
    return code == MR_E_LOST ? code : MR_OK;
}

/* ---- trying ---- */

static enum mr_code start_all(struct mr_snap_views *views, unsigned count,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    unsigned sent = 0;
    for (; code == MR_OK && sent < count; sent++)
        code = mr_db_send(mr_reader_db(views->readers[sent]), start_view,
                          sizeof start_view - 1, err);
    for (unsigned i = 0; code == MR_OK && i < sent; i++)
        code = mr_db_receive(mr_reader_db(views->readers[i]), err);
    return code;
}

static enum mr_code try_mariadb(struct opening *o, unsigned count, bool *same,
                                struct mr_err *err)
{
    struct position other;
    enum mr_code code = start_all(o->views, count, err);
    init_position(&other);
    if (code == MR_OK)
        code = view_position(mr_reader_db(o->views->readers[0]), &o->position, err);
    o->is_known = is_known(&o->position);
    *same = true;
    for (unsigned i = 1; code == MR_OK && i < count; i++) {
        code = view_position(mr_reader_db(o->views->readers[i]), &other, err);
        *same = *same && o->is_known && same_position(&o->position, &other);
    }
    if (code == MR_OK && *same && o->is_known)
        name_gtid(o->task->other, &o->position);
    release_position(&other);
    return code;
}

static enum mr_code try_mysql(struct opening *o, unsigned count, bool *same,
                              struct mr_err *err)
{
    struct position after;
    enum mr_code code = server_position(o->task->other, &o->position, err);
    init_position(&after);
    o->is_known = is_known(&o->position);
    if (code == MR_OK)
        code = start_all(o->views, count, err);
    *same = o->is_known || count == 1;
    for (int i = 0; code == MR_OK && o->is_known && *same && i < 2; i++) {
        if (i > 0)
            (void)usleep(SETTLE_US);
        code = server_position(o->task->other, &after, err);
        *same = same_position(&o->position, &after);
    }
    release_position(&after);
    return code;
}

/* Until the views are one, or the time is over. */
static enum mr_code try_for(struct opening *o, unsigned count, bool *same,
                            struct mr_err *err)
{
    double until_s = mr_clock_now_s() + o->task->wait_ms / 1e3;
    enum mr_code code;
    do {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        o->views->consistency.tries++;
        code = o->is_mariadb ? try_mariadb(o, count, same, err)
                             : try_mysql(o, count, same, err);
    } while (code == MR_OK && !*same && o->is_known && mr_clock_now_s() < until_s);
    return code;
}

static void drop_readers(struct mr_snap_views *views, unsigned count)
{
    while (views->count > count) {
        mr_reader_free(views->readers[--views->count]);
        views->readers[views->count] = NULL;
    }
}

static enum mr_code agree(struct opening *o, struct mr_err *err)
{
    bool same = false;
    for (;;) {
        unsigned count = o->views->count;
        enum mr_code code = try_for(o, count, &same, err);
        if (code != MR_OK || same)
            return code;
        if (count == 1) {
            o->views->consistency.note = inexact;
            return MR_OK;
        }
        drop_readers(o->views, o->is_known ? count / 2 : 1);
    }
}

static enum mr_code open_readers(struct opening *o, struct mr_err *err)
{
    struct mr_snap_views *views = o->views;
    unsigned wanted = o->task->wanted > 0 ? o->task->wanted : 1;
    views->readers = calloc(wanted, sizeof(struct mr_reader *));
    if (views->readers == NULL)
        return mr_err_nomem(err, "opening connections");
    enum mr_code code = MR_OK;
    while (code == MR_OK && views->count < wanted) {
        code = mr_source_reader_new(o->task->source, &views->readers[views->count], err);
        if (code == MR_OK)
            views->count++;
    }
    if (code == MR_OK || views->count == 0 || code == MR_E_CANCELLED)
        return code;
    mr_log_warning("going on with fewer connections: %s",
                   err != NULL ? err->message : "");
    return MR_OK;
}

static const char *keep(struct opening *o, const struct mr_strbuf *text)
{
    return text->len > 0 ? mr_arena_strdup(o->task->arena, text->ptr) : NULL;
}

enum mr_code mr_snap_views_open(const struct mr_snap_view_task *task,
                                struct mr_snap_views *out, struct mr_err *err)
{
    struct opening o = {.task = task, .views = out};
    struct mr_snap_consistency *c = &out->consistency;
    *out = (struct mr_snap_views){.count = 0};
    o.is_mariadb = mr_db_server(task->other)->flavour == MR_FLAVOUR_MARIADB;
    init_position(&o.position);
    enum mr_code code = open_readers(&o, err);
    if (code == MR_OK)
        code = agree(&o, err);
    if (code == MR_OK) {
        c->kind = out->count > 1 ? MR_SNAP_VIEWS : MR_SNAP_ONE_VIEW;
        c->connections = out->count;
        c->gtid = keep(&o, &o.position.gtid);
        c->binlog_file = keep(&o, &o.position.file);
        c->binlog_position = strtoull(o.position.offset.ptr, NULL, 10);
        if (!o.is_known)
            c->note = no_position;
    } else {
        mr_snap_views_close(out);
    }
    release_position(&o.position);
    return code;
}

void mr_snap_views_close(struct mr_snap_views *views)
{
    drop_readers(views, 0);
    free(views->readers);
    views->readers = NULL;
}
