/*
 * db_load.c: statements on many connections at once, and LOAD DATA LOCAL; see db.h.
 *
 * A server may ask for any file of the client in answer to any statement.  It gets what
 * the running mr_db_load() feeds, whatever name it asks for; else it is refused.
 */
#include <stdio.h>
#include <string.h>

#include "core/db/db_internal.h"

enum mr_code mr_db_send(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    MR_TRY(mr_db_prepare_text(db, sql, len, err));
    mr_watch_begin(db->watch);
    bool failed = mysql_send_query(db->mysql, db->sql.ptr, db->sql.len) != 0;
    mr_watch_end(db->watch);
    if (failed)
        mr_db_trace_answer(db);
    return failed ? mr_db_fail_now(db, err) : MR_OK;
}

enum mr_code mr_db_receive(struct mr_db *db, struct mr_err *err)
{
    mr_watch_begin(db->watch);
    (void)mysql_read_query_result(db->mysql);
    mr_watch_end(db->watch);
    mr_db_trace_answer(db);
    return mr_db_end_answer(db, err);
}

/* ---- LOAD DATA LOCAL ---- */

struct feeding {
    const struct mr_feed *feed; /* NULL: nothing is to be given */
    struct mr_watch *watch;
    struct mr_err failed; /* of the feed; code MR_OK: none */
    bool asked;
};

static int begin_feed(void **handle, const char *name, void *ctx)
{
    struct feeding *f = ctx;
    (void)name;
    *handle = f;
    /* one statement, one file */
    bool again = f->asked;
    f->asked = true;
    return again ? 1 : 0;
}

static int read_feed(void *handle, char *buf, unsigned size)
{
    struct feeding *f = handle;
    size_t got = 0;
    if (f->failed.code != MR_OK)
        return -1;
    mr_watch_end(f->watch); /* what the feed takes is not the server's */
    enum mr_code code = f->feed->read(f->feed->arg, buf, size, &got, &f->failed);
    mr_watch_begin(f->watch);
    if (code != MR_OK)
        return -1;
    return (int)got;
}

static void end_feed(void *handle)
{
    (void)handle;
}

static int feed_error(void *handle, char *text, unsigned size)
{
    const struct feeding *f = handle;
    (void)snprintf(text, size, "%s", f != NULL ? f->failed.message : "no file");
    return 2000;
}

/* A feed that breaks off looks to the server like the end of the file. */
static enum mr_code feed_failed(struct mr_db *db, const struct feeding *f, struct mr_err *err)
{
    mr_db_cut(db);
    if (err != NULL)
        *err = f->failed;
    return f->failed.code;
}

/* The handler is there for this statement alone: at any other time a server that asks for a file of
 * this machine gets none. */
enum mr_code mr_db_load(struct mr_db *db, const char *sql, size_t len, const struct mr_feed *feed,
                        struct mr_db_loaded *out, struct mr_err *err)
{
    struct feeding f = {.feed = feed, .watch = db->watch};
    enum mr_code code = mr_db_prepare_text(db, sql, len, err);
    if (code != MR_OK)
        return code;
    mysql_set_local_infile_handler(db->mysql, begin_feed, read_feed, end_feed, feed_error, &f);
    mr_watch_begin(db->watch);
    (void)mysql_real_query(db->mysql, db->sql.ptr, db->sql.len);
    mr_watch_end(db->watch);
    mr_db_trace_answer(db);
    if (f.failed.code != MR_OK)
        code = feed_failed(db, &f, err);
    else
        code = mr_db_end_answer(db, err);
    mr_db_refuse_infile(db->mysql);
    if (code != MR_OK)
        return code;
    out->rows = mysql_affected_rows(db->mysql);
    out->warnings = mysql_warning_count(db->mysql);
    return MR_OK;
}
