/* binlog_walk.c: see binlog_walk.h. */
#include "core/binlog/binlog_walk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/strbuf.h"
#include "core/binlog/binlog_rows.h"

/* Steps that one event is; the longest is the end of one transaction and all of another. */
#define STEPS_MAX 5
#define TABLE_ID_BYTES 6
#define STATEMENT_END 1

enum state {
    OUTSIDE = 0, /* of any transaction */
    OPENED,      /* it has its id, and what comes tells whether it is a block */
    BLOCK,       /* until an end is said */
};

struct transaction {
    struct mr_gtid gtid;
    struct mr_strbuf log; /* where it begins */
    uint64_t position;
    uint32_t thread;
    bool is_headless, rewinds;
};

struct mr_binlog_walk {
    struct mr_binlog_stream *stream;
    struct mr_binlog_event event;
    struct mr_binlog_maps maps;
    enum state state;
    struct transaction transactions[2]; /* one event may end one and begin another */
    unsigned now;                       /* which of them it is, or was */
    struct mr_strbuf xid;
    bool is_relay, is_over;
    /* steps of the event that are still to be given, each with its transaction */
    struct {
        enum mr_binlog_step_kind kind;
        unsigned of;
    } steps[STEPS_MAX];
    size_t nsteps, at;
    const struct mr_binlog_map *map;
    struct mr_binlog_query query;
    bool takes_back;
    struct mr_strbuf made_by; /* of the rows that come */
    uint64_t made_by_bytes;   /* 0: it was not said */
    bool made_by_is_over;     /* its statement has ended */
};

enum mr_code mr_binlog_walk_open(struct mr_binlog_stream *stream, struct mr_binlog_walk **out,
                                 struct mr_err *err)
{
    struct mr_binlog_walk *w = calloc(1, sizeof *w);
    *out = w;
    if (w == NULL)
        return mr_err_nomem(err, "reading a binary log");
    w->stream = stream;
    mr_binlog_maps_init(&w->maps);
    for (unsigned i = 0; i < 2; i++)
        w->transactions[i].log = (struct mr_strbuf)MR_STRBUF_INIT;
    w->xid = (struct mr_strbuf)MR_STRBUF_INIT;
    w->made_by = (struct mr_strbuf)MR_STRBUF_INIT;
    return MR_OK;
}

void mr_binlog_walk_close(struct mr_binlog_walk *w)
{
    if (w == NULL)
        return;
    mr_binlog_maps_release(&w->maps);
    for (unsigned i = 0; i < 2; i++)
        mr_strbuf_release(&w->transactions[i].log);
    mr_strbuf_release(&w->xid);
    mr_strbuf_release(&w->made_by);
    free(w);
}

static void say(struct mr_binlog_walk *w, enum mr_binlog_step_kind kind)
{
    w->steps[w->nsteps].kind = kind;
    w->steps[w->nsteps++].of = w->now;
}

/* ---- beginning and end ---- */

/* gtid NULL: it has none. */
static enum mr_code begin(struct mr_binlog_walk *w, const struct mr_gtid *gtid, enum state state,
                          bool is_headless, struct mr_err *err)
{
    w->now ^= 1;
    struct transaction *t = &w->transactions[w->now];
    w->state = state;
    t->gtid = gtid != NULL ? *gtid : (struct mr_gtid){.family = MR_GTID_NONE};
    t->is_headless = is_headless;
    t->rewinds = false;
    t->thread = 0;
    w->made_by_bytes = 0;
    t->position = w->event.place.position;
    mr_strbuf_reset(&t->log);
    mr_strbuf_add_str(&t->log, w->event.place.log);
    say(w, MR_STEP_BEGIN);
    return mr_strbuf_check(&t->log, "reading a binary log", err);
}

static const struct transaction *now(const struct mr_binlog_walk *w)
{
    return &w->transactions[w->now];
}

static void end(struct mr_binlog_walk *w, enum mr_binlog_step_kind how)
{
    w->state = OUTSIDE;
    mr_binlog_maps_forget(&w->maps);
    say(w, how);
}

/* A transaction of which no end was logged before something else began. */
static void break_off(struct mr_binlog_walk *w)
{
    if (w->state != OUTSIDE)
        end(w, MR_STEP_UNFINISHED);
}

/* What changes something and has no transaction around it: of a server without GTIDs, which writes a
 * definition alone; or the walk has begun behind the beginning. */
static enum mr_code need_transaction(struct mr_binlog_walk *w, bool is_headless, struct mr_err *err)
{
    if (w->state != OUTSIDE)
        return MR_OK;
    return begin(w, NULL, is_headless ? BLOCK : OPENED, is_headless, err);
}

static enum mr_code take_gtid(struct mr_binlog_walk *w, struct mr_err *err)
{
    struct mr_gtid gtid;
    break_off(w);
    MR_TRY(mr_binlog_gtid_read(&w->event, &gtid, err));
    const bool is_block =
        gtid.family == MR_GTID_OF_MARIADB && (gtid.flags & MR_GTID_STANDALONE) == 0;
    return begin(w, &gtid, is_block ? BLOCK : OPENED, false, err);
}

/* ---- statements ---- */

/* Does the text begin with these words, and nothing else that would make another of them? */
static bool begins(const struct mr_binlog_words *text, const char *words)
{
    const size_t len = strlen(words);
    return text->len >= len && strncasecmp(text->ptr, words, len) == 0;
}

static bool is(const struct mr_binlog_words *text, const char *words)
{
    return text->len == strlen(words) && begins(text, words);
}

/* Behind the words; what follows it (ONE PHASE) is no part of it. */
static enum mr_code keep_xid(struct mr_binlog_walk *w, const char *words, struct mr_err *err)
{
    const char *at = w->query.text.ptr + strlen(words),
               *end_of = w->query.text.ptr + w->query.text.len;
    while (at < end_of && *at == ' ')
        at++;
    const char *blank = memchr(at, ' ', (size_t)(end_of - at));
    mr_strbuf_reset(&w->xid);
    mr_strbuf_add(&w->xid, at, (size_t)((blank != NULL ? blank : end_of) - at));
    for (size_t i = 1; i < w->xid.len; i++) /* all but the first X, as add_part has it */
        w->xid.ptr[i] = (char)(w->xid.ptr[i] >= 'A' && w->xid.ptr[i] <= 'F' ? w->xid.ptr[i] + 32
                                                                            : w->xid.ptr[i]);
    return mr_strbuf_check(&w->xid, "reading a binary log", err);
}

static enum mr_code end_xa(struct mr_binlog_walk *w, const char *words,
                           enum mr_binlog_step_kind how, struct mr_err *err)
{
    MR_TRY(need_transaction(w, false, err));
    MR_TRY(keep_xid(w, words, err));
    end(w, how);
    return MR_OK;
}

/* In a block it is one of several; alone it is all of its transaction. */
static enum mr_code take_statement(struct mr_binlog_walk *w, struct mr_err *err)
{
    MR_TRY(need_transaction(w, false, err));
    say(w, MR_STEP_STATEMENT);
    if (w->state == OPENED)
        end(w, MR_STEP_COMMIT);
    return MR_OK;
}

/* The server quotes the name as the session's sql_mode wants it. */
static bool is_rewind_mark(const struct mr_binlog_words *text)
{
    const size_t head = strlen("SAVEPOINT "), len = strlen(MR_STEP_REWIND_MARK);
    return text->len == head + len + 2 &&
           memcmp(text->ptr + head + 1, MR_STEP_REWIND_MARK, len) == 0;
}

static enum mr_code take_words(struct mr_binlog_walk *w, struct mr_err *err)
{
    const struct mr_binlog_words *text = &w->query.text;
    w->takes_back = false;
    if (is(text, "BEGIN") || begins(text, "XA START ") || begins(text, "XA BEGIN ")) {
        if (w->state == BLOCK && now(w)->gtid.family != MR_GTID_OF_MARIADB)
            break_off(w);
        MR_TRY(need_transaction(w, false, err));
        w->state = BLOCK;
        return MR_OK;
    }
    if (is(text, "COMMIT") || is(text, "ROLLBACK")) {
        MR_TRY(need_transaction(w, true, err));
        end(w, is(text, "COMMIT") ? MR_STEP_COMMIT : MR_STEP_ROLLBACK);
        return MR_OK;
    }
    if (begins(text, "XA COMMIT "))
        return end_xa(w, "XA COMMIT ", MR_STEP_XA_COMMIT, err);
    if (begins(text, "XA ROLLBACK "))
        return end_xa(w, "XA ROLLBACK ", MR_STEP_XA_ROLLBACK, err);
    if (begins(text, "XA END ") || begins(text, "SAVEPOINT ")) {
        MR_TRY(need_transaction(w, true, err));
        w->transactions[w->now].rewinds =
            now(w)->rewinds || (begins(text, "SAVEPOINT ") && is_rewind_mark(text));
        return MR_OK;
    }
    w->takes_back = begins(text, "ROLLBACK TO ");
    return take_statement(w, err);
}

/* What is in no transaction, or ended none, says nothing of whose session it was. */
static enum mr_code take_query(struct mr_binlog_walk *w, struct mr_err *err)
{
    MR_TRY(mr_binlog_query_read(&w->event, &w->query, err));
    const enum mr_code code = take_words(w, err);
    if (w->nsteps > 0 || w->state != OUTSIDE)
        w->transactions[w->now].thread = w->query.thread;
    return code;
}

/* A file that was loaded, whose statement stands behind other things: it is said that there was one. */
static enum mr_code take_load(struct mr_binlog_walk *w, struct mr_err *err)
{
    w->query = (struct mr_binlog_query){.text = {NULL, 0}};
    w->takes_back = false;
    return take_statement(w, err);
}

/* ---- rows ---- */

/* All versions have their flags behind the table's number. */
static bool ends_statement(const struct mr_binlog_event *event)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    (void)mr_binlog_take(&c, TABLE_ID_BYTES);
    return (mr_binlog_uint(&c, 2) & STATEMENT_END) != 0;
}

static enum mr_code take_rows(struct mr_binlog_walk *w, struct mr_err *err)
{
    uint64_t id = 0;
    MR_TRY(need_transaction(w, true, err));
    if (w->state == OPENED)
        return mr_binlog_damaged(&w->event.place, "rows behind an id without a beginning", err);
    MR_TRY(mr_binlog_rows_table(&w->event, &id, err));
    w->map = NULL;
    if (id != MR_BINLOG_NO_TABLE)
        MR_TRY(mr_binlog_maps_find(&w->maps, id, &w->event.place, &w->map, err));
    say(w, MR_STEP_ROWS);
    if (ends_statement(&w->event)) { /* the map stays where it is until the next event */
        mr_binlog_maps_forget(&w->maps);
        w->made_by_is_over = true;
    }
    return MR_OK;
}

/* The events of it are gone when its rows come: it is copied, as far as anybody wants to read it. */
static enum mr_code take_text(struct mr_binlog_walk *w, struct mr_err *err)
{
    struct mr_binlog_words text;
    if (w->state != BLOCK)
        return MR_OK;
    MR_TRY(mr_binlog_rows_text(&w->event, &text, err));
    mr_strbuf_reset(&w->made_by);
    mr_strbuf_add(&w->made_by, text.ptr, text.len < MR_STEP_TEXT_MAX ? text.len : MR_STEP_TEXT_MAX);
    w->made_by_bytes = text.len;
    w->made_by_is_over = false;
    return mr_strbuf_check(&w->made_by, "reading a binary log", err);
}

static enum mr_code take_map(struct mr_binlog_walk *w, struct mr_err *err)
{
    MR_TRY(need_transaction(w, true, err));
    if (w->made_by_is_over)
        w->made_by_bytes = 0;
    w->made_by_is_over = false;
    return mr_binlog_maps_add(&w->maps, &w->event, err);
}

/* ---- XA ---- */

static void add_part(struct mr_strbuf *out, const struct mr_binlog_words *bytes)
{
    mr_strbuf_add_str(out, "X'");
    mr_strbuf_add_hex(out, bytes->ptr, bytes->len);
    mr_strbuf_add_str(out, "'");
}

static enum mr_code take_prepare(struct mr_binlog_walk *w, struct mr_err *err)
{
    struct mr_binlog_xa xa;
    MR_TRY(need_transaction(w, true, err));
    MR_TRY(mr_binlog_xa_read(&w->event, &xa, err));
    mr_strbuf_reset(&w->xid);
    add_part(&w->xid, &xa.global);
    mr_strbuf_add_char(&w->xid, ',');
    add_part(&w->xid, &xa.branch);
    mr_strbuf_add_fmt(&w->xid, ",%u", (unsigned)xa.format);
    MR_TRY(mr_strbuf_check(&w->xid, "reading a binary log", err));
    end(w, xa.one_phase ? MR_STEP_COMMIT : MR_STEP_PREPARED);
    return MR_OK;
}

/* ---- events ---- */

/* A server begins a log with no transaction open.  A relay log goes on with one: there the heads of its own
 * files, and of its source's, stand wherever they came. */
static void take_head(struct mr_binlog_walk *w)
{
    w->is_relay = w->is_relay || (w->event.flags & MR_BINLOG_RELAY) != 0;
    if (!w->is_relay)
        break_off(w);
    say(w, MR_STEP_LOG);
}

static enum mr_code take_end(struct mr_binlog_walk *w)
{
    w->is_over = true;
    break_off(w);
    say(w, MR_STEP_END);
    return MR_OK;
}

/* What changes no row. */
static enum mr_code take_other(struct mr_binlog_walk *w, struct mr_err *err)
{
    const enum mr_binlog_type type = w->event.type;
    return type == MR_BINLOG_ROWS_QUERY || type == MR_BINLOG_ANNOTATE_ROWS ? take_text(w, err)
                                                                           : MR_OK;
}

static enum mr_code take_event(struct mr_binlog_walk *w, struct mr_err *err)
{
    switch ((unsigned)w->event.type) {
    case MR_BINLOG_NONE: return take_end(w);
    case MR_BINLOG_FORMAT_DESCRIPTION: take_head(w); return MR_OK;
    case MR_BINLOG_PREVIOUS_GTIDS:
    case MR_BINLOG_MARIADB_GTID_LIST: say(w, MR_STEP_BEFORE); return MR_OK;
    case MR_BINLOG_INCIDENT: say(w, MR_STEP_LOST); return MR_OK;
    case MR_BINLOG_GTID:
    case MR_BINLOG_ANONYMOUS_GTID:
    case MR_BINLOG_GTID_TAGGED:
    case MR_BINLOG_MARIADB_GTID: return take_gtid(w, err);
    case MR_BINLOG_QUERY: return take_query(w, err);
    case MR_BINLOG_EXECUTE_LOAD_QUERY: return take_load(w, err);
    case MR_BINLOG_TABLE_MAP: return take_map(w, err);
    case MR_BINLOG_WRITE_ROWS_V0:
    case MR_BINLOG_UPDATE_ROWS_V0:
    case MR_BINLOG_DELETE_ROWS_V0:
    case MR_BINLOG_WRITE_ROWS_V1:
    case MR_BINLOG_UPDATE_ROWS_V1:
    case MR_BINLOG_DELETE_ROWS_V1:
    case MR_BINLOG_WRITE_ROWS_V2:
    case MR_BINLOG_UPDATE_ROWS_V2:
    case MR_BINLOG_DELETE_ROWS_V2:
    case MR_BINLOG_PARTIAL_UPDATE_ROWS: return take_rows(w, err);
    case MR_BINLOG_XID:
        MR_TRY(need_transaction(w, true, err));
        end(w, MR_STEP_COMMIT);
        return MR_OK;
    case MR_BINLOG_XA_PREPARE: return take_prepare(w, err);
    default: return take_other(w, err);
    }
}

static void fill(const struct mr_binlog_walk *w, struct mr_binlog_step *step)
{
    const struct transaction *t = &w->transactions[w->steps[w->at].of];
    *step = (struct mr_binlog_step){.kind = w->steps[w->at].kind,
                                    .event = w->is_over ? NULL : &w->event,
                                    .gtid = &t->gtid,
                                    .begun = {t->log.ptr, t->position},
                                    .is_headless = t->is_headless,
                                    .rewinds = t->rewinds,
                                    .thread = t->thread};
    if (step->kind == MR_STEP_ROWS) {
        step->map = w->map;
        step->made_by_bytes = w->made_by_bytes;
        if (w->made_by_bytes > 0)
            step->made_by = (struct mr_binlog_words){w->made_by.ptr, w->made_by.len};
    }
    if (step->kind == MR_STEP_STATEMENT) {
        step->query = w->query;
        step->takes_back = w->takes_back;
    }
    if (step->kind >= MR_STEP_PREPARED && step->kind <= MR_STEP_XA_ROLLBACK)
        step->xid = w->xid.ptr;
}

enum mr_code mr_binlog_walk_next(struct mr_binlog_walk *w, struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    while (w->at == w->nsteps) {
        w->at = w->nsteps = 0;
        if (w->is_over) {
            say(w, MR_STEP_END);
            break;
        }
        MR_TRY(mr_binlog_stream_next(w->stream, &w->event, err));
        MR_TRY(take_event(w, err));
    }
    fill(w, step);
    w->at++;
    return MR_OK;
}

int64_t mr_binlog_committed_us(const struct mr_binlog_step *step)
{
    /* a MySQL without GTIDs says it, too, in the event that stands in their place */
    if (step->gtid->committed_us != 0)
        return (int64_t)step->gtid->committed_us;
    return (int64_t)step->event->when * 1000000;
}
