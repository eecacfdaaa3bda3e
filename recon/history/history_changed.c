/* history_changed.c: see history_changed.h. */
#include "recon/history/history_changed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_value.h"
#include "core/binlog/binlog_walk.h"
#include "core/logs/archive_head.h"
#include "recon/history/cascades.h"
#include "recon/history/history_names.h"
#include "core/logs/statement_reach.h"
#include "core/logs/server_logs.h"

#define KNOWN_MAPS ((size_t)1024)
#define BREATHE_BYTES ((uint64_t)1024 * 1024)
#define READING "reading what changed"

/* What a table map is to us, found once for each. */
struct known_map {
    uint64_t serial; /* 0: none */
    size_t at;       /* in the catalogue; MR_HISTORY_NO_TABLE: not one of it */
    struct mr_binlog_shape *shape;
    struct mr_arena arena;
};

/* A table of the side's catalogue.  Those that are not compared matter where others hang on them. */
struct table {
    const struct mr_pair *pair; /* NULL: it is not compared */
    size_t key[MR_KEY_PARTS_MAX];
    size_t nkey; /* places among the columns of the catalogue */
};

struct reading {
    struct mr_changes *c;
    enum mr_side side;
    const struct mr_server_side *on;
    struct table *tables; /* by place in the catalogue */
    struct mr_history_table *called;
    struct mr_history_names names;
    struct mr_cascades cascades;
    struct known_map *maps;
    struct mr_binlog_rows rows;
    struct mr_strbuf scratch, key;
    struct mr_gtid_set seen; /* MySQL: what the last run has seen in the tables */
    struct mr_vec prepared;  /* char *, malloc'ed: XA transactions whose end has not been met */
    bool passes;             /* the transaction that is read is one of `seen` */
    uint64_t since_breath;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, READING);
}

static enum mr_code all_whole(struct reading *r, const char *why, struct mr_err *err)
{
    if (why == NULL)
        return nomem(err);
    if (r->c->whole_why == NULL)
        r->c->whole_why =
            mr_arena_fmt(r->c->arena, "log of the %s: %s", mr_side_name(r->side), why);
    return r->c->whole_why != NULL ? MR_OK : nomem(err);
}

/* ---- tables ---- */

/* What is said of a table whose changes the log does not tell takes along what hangs on it. */
static enum mr_code whole(struct reading *r, size_t at, const char *why, struct mr_err *err)
{
    if (why == NULL)
        return nomem(err);
    r->cascades.of[at].deleted = r->cascades.of[at].updated = true;
    if (r->tables[at].pair != NULL && r->c->of[r->tables[at].pair->at].why == NULL) {
        const char *said =
            mr_arena_fmt(r->c->arena, "log of the %s: %s", mr_side_name(r->side), why);
        if (said == NULL)
            return nomem(err);
        mr_changes_whole(r->c, r->tables[at].pair->at, said);
    }
    return MR_OK;
}

static const char *at_place(const struct reading *r, const char *what,
                            const struct mr_binlog_place *place)
{
    return mr_arena_fmt(r->c->arena, "%s, at \"%.200s\" position %" PRIu64, what, place->log,
                        place->position);
}

/* Where each part of the key stands; NULL: the log has it as scans have it. */
static const char *take_key(struct table *table, enum mr_side side)
{
    const struct mr_pair *pair = table->pair;
    const struct mr_readspec *spec = &pair->scan[side];
    const struct mr_table *today = pair->side[side];
    for (size_t k = 0; k < spec->nkey; k++) {
        const struct mr_readcol *part = &spec->cols[spec->key[k]];
        size_t at = 0;
        while (at < today->ncolumns && strcasecmp(today->columns[at].name, part->name) != 0)
            at++;
        if (at == today->ncolumns || part->expr != MR_EXPR_COLUMN ||
            part->cls != today->columns[at].cls || today->columns[at].generation_expr != NULL)
            return "its key is compared in another form than the log has";
        table->key[table->nkey++] = at;
    }
    return NULL;
}

/* Pairs point into the catalogue that they were planned with. */
static enum mr_code place_of(const struct reading *r, const struct mr_table *table, size_t *at,
                             struct mr_err *err)
{
    const struct mr_catalogue *cat = r->on->cat;
    *at = (size_t)(table - cat->tables);
    return table >= cat->tables && *at < cat->ntables
               ? MR_OK
               : mr_err_set(err, MR_E_BUG, "a table of no catalogue");
}

static enum mr_code take_tables(struct reading *r, struct mr_err *err)
{
    const struct mr_catalogue *cat = r->on->cat;
    const struct mr_pairing *pairing = r->c->pairing;
    r->tables = mr_arena_calloc(r->c->arena, cat->ntables + 1, sizeof *r->tables);
    r->called = mr_arena_calloc(r->c->arena, cat->ntables + 1, sizeof *r->called);
    if (r->tables == NULL || r->called == NULL)
        return nomem(err);
    for (size_t i = 0; i < cat->ntables; i++)
        r->called[i].today[r->side] = &cat->tables[i];
    MR_TRY(mr_history_names_make(&r->names, r->called, cat->ntables, r->side, err));
    MR_TRY(mr_cascades_init(&r->cascades, cat, r->c->arena, err));
    for (size_t i = 0; i < pairing->ntables; i++) {
        const struct mr_pair *pair = pairing->tables[i];
        const char *why = NULL;
        size_t at;
        MR_TRY(place_of(r, pair->side[r->side], &at, err));
        r->tables[at].pair = pair;
        if (!mr_log_habits_has(&r->c->habits[r->side], pair->side[r->side]->db))
            why = "changes of that database are left out of it (binlog_do_db, binlog_ignore_db)";
        else if (pair->join == MR_JOIN_SHARED)
            why = take_key(&r->tables[at], r->side);
        if (why != NULL)
            MR_TRY(whole(r, at, why, err));
    }
    return MR_OK;
}

/* ---- rows ---- */

static bool is_told(const struct reading *r, size_t at)
{
    const struct mr_pair *pair = r->tables[at].pair;
    return pair != NULL && r->c->of[pair->at].why == NULL;
}

/* Is there anything more to be learnt of rows of that table? */
static bool matters(const struct reading *r, size_t at)
{
    const struct mr_cascade *cascade = &r->cascades.of[at];
    return is_told(r, at) || (cascade->is_parent && !(cascade->deleted && cascade->updated));
}

/* Errors say why the table is not told of. */
static enum mr_code take_map(struct reading *r, const struct mr_binlog_map *map,
                             struct known_map **out, struct mr_err *why)
{
    struct known_map *known = &r->maps[map->serial % KNOWN_MAPS];
    *out = known;
    if (known->serial == map->serial)
        return MR_OK;
    mr_arena_reset(&known->arena);
    *known =
        (struct known_map){.serial = map->serial,
                           .at = mr_history_names_find(&r->names, &r->on->cat->server, &map->table),
                           .arena = known->arena};
    if (known->at == MR_HISTORY_NO_TABLE || !matters(r, known->at))
        return MR_OK;
    return mr_binlog_shape_make(&map->table, &r->on->cat->tables[known->at], &r->on->cat->server,
                                &known->arena, &known->shape, why);
}

/* Parts that `image` does not show are those of `other`. */
static enum mr_code add_key(struct reading *r, const struct known_map *known,
                            const struct mr_binlog_field *image,
                            const struct mr_binlog_field *other, struct mr_err *err)
{
    const struct table *table = &r->tables[known->at];
    mr_strbuf_reset(&r->key);
    for (size_t k = 0; k < table->nkey; k++) {
        struct mr_value value;
        bool seen;
        MR_TRY(mr_binlog_value(known->shape, table->key[k], image, other, &r->scratch, &seen,
                               &value, err));
        if (!seen && other != NULL)
            MR_TRY(mr_binlog_value(known->shape, table->key[k], other, NULL, &r->scratch, &seen,
                                   &value, err));
        if (!seen)
            return mr_err_set(err, MR_E_UNSUPPORTED, "a row in it does not show its key");
        MR_TRY(mr_row_encode(&r->key, &value, err));
    }
    MR_TRY(mr_strbuf_check(&r->key, READING, err));
    return mr_changes_add(r->c, table->pair->at, (struct mr_key){r->key.ptr, r->key.len}, err);
}

static bool same_field(const struct mr_binlog_field *a, const struct mr_binlog_field *b)
{
    if (b->presence == MR_BINLOG_UNSEEN) /* it has stayed */
        return true;
    return a->presence == b->presence && a->len == b->len &&
           (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

/* Only what others refer to takes them along. */
static void note_parent(struct reading *r, const struct known_map *known,
                        const struct mr_binlog_row *row)
{
    struct mr_cascade *cascade = &r->cascades.of[known->at];
    const struct mr_table *today = &r->on->cat->tables[known->at];
    if (!cascade->is_parent)
        return;
    cascade->deleted = cascade->deleted || row->kind == MR_BINLOG_DELETE;
    for (size_t i = 0; row->kind == MR_BINLOG_UPDATE && i < today->ncolumns; i++) {
        const size_t at = mr_binlog_shape_at(known->shape, i);
        if (cascade->referenced[i] && !same_field(&row->before[at], &row->after[at]))
            cascade->updated = true;
    }
}

/* A table without a key that can be looked up is read whole as soon as anything of it changed. */
static enum mr_code take_row(struct reading *r, const struct known_map *known,
                             const struct mr_binlog_row *row, struct mr_err *why)
{
    note_parent(r, known, row);
    if (!is_told(r, known->at))
        return MR_OK;
    if (r->tables[known->at].nkey == 0)
        return mr_err_set(why, MR_E_UNSUPPORTED,
                          "rows of it changed, and no key says which (in an order that both sides "
                          "share)");
    if (row->before != NULL)
        MR_TRY(add_key(r, known, row->before, NULL, why));
    return row->after != NULL ? add_key(r, known, row->after, row->before, why) : MR_OK;
}

static enum mr_code read_rows(struct reading *r, const struct mr_binlog_step *step,
                              const struct known_map *known, struct mr_err *why)
{
    struct mr_binlog_row row;
    MR_TRY(mr_binlog_rows_open(&r->rows, step->event, &step->map->table, why));
    for (;;) {
        MR_TRY(mr_binlog_rows_next(&r->rows, &row, why));
        if (row.kind == 0 || !matters(r, known->at))
            return MR_OK;
        MR_TRY(take_row(r, known, &row, why));
    }
}

static enum mr_code take_rows(struct reading *r, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct known_map *known;
    struct mr_err why = {0};
    if (step->map == NULL || r->passes)
        return MR_OK;
    enum mr_code code = take_map(r, step->map, &known, &why);
    if (code == MR_OK && (known->at == MR_HISTORY_NO_TABLE || !matters(r, known->at)))
        return MR_OK;
    if (code == MR_OK)
        code = read_rows(r, step, known, &why);
    if (code == MR_E_UNSUPPORTED)
        return whole(r, known->at, at_place(r, why.message, &step->event->place), err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* ---- statements and transactions ---- */

static enum mr_code take_statement(struct reading *r, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_statement_reach reach;
    const char *reason = NULL;
    if (step->takes_back || r->passes)
        return MR_OK;
    enum mr_code code = mr_statement_reach(&step->query, r->c->arena, &reach, err);
    for (size_t i = 0; code == MR_OK && i < r->on->cat->ntables; i++) {
        const struct mr_table *today = &r->on->cat->tables[i];
        if (!mr_statement_reaches(&reach, today->db, today->name))
            continue;
        if (reason == NULL)
            reason = at_place(r,
                              reach.is_definition ? "a statement defined it anew"
                                                  : "a statement changed rows that are not in it",
                              &step->event->place);
        code = whole(r, i, reason, err);
    }
    mr_statement_reach_release(&reach);
    return code;
}

/* What stands in front of the place was seen in the tables; of MySQL its GTIDs say what was. */
static enum mr_code begin_tx(struct reading *r, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    r->passes = step->gtid->family == MR_GTID_OF_MYSQL && mr_gtid_set_has(&r->seen, step->gtid);
    r->c->transactions[r->side] += !r->passes;
    return step->is_headless && !r->passes
               ? all_whole(r, at_place(r, "it begins within a transaction", &step->begun), err)
               : MR_OK;
}

/* Of one that passes no row is among the keys: what its end makes visible is not known. */
static enum mr_code prepare(struct reading *r, const struct mr_binlog_step *step,
                            struct mr_err *err)
{
    if (r->passes)
        return MR_OK;
    char **xid = mr_vec_push(&r->prepared);
    if (xid == NULL || (*xid = strdup(step->xid != NULL ? step->xid : "")) == NULL)
        return nomem(err);
    return MR_OK;
}

/* Rows of one that was prepared before stand in front of the place, and were not to be seen then. */
static enum mr_code commit_prepared(struct reading *r, const struct mr_binlog_step *step,
                                    struct mr_err *err)
{
    for (size_t i = 0; i < r->prepared.count; i++)
        if (strcmp(*(char **)mr_vec_at(&r->prepared, i), step->xid != NULL ? step->xid : "") == 0)
            return MR_OK;
    return r->passes ? MR_OK
                     : all_whole(r,
                                 at_place(r,
                                          "an XA transaction was committed that was prepared "
                                          "before the last run",
                                          &step->begun),
                                 err);
}

static enum mr_code take_step(struct reading *r, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_LOST:
        return all_whole(r, at_place(r, "changes are not in it", &step->event->place), err);
    case MR_STEP_BEGIN: return begin_tx(r, step, err);
    case MR_STEP_ROWS: return take_rows(r, step, err);
    case MR_STEP_STATEMENT: return take_statement(r, step, err);
    case MR_STEP_PREPARED: return prepare(r, step, err);
    case MR_STEP_XA_COMMIT: return commit_prepared(r, step, err);
    case MR_STEP_END:
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_COMMIT:
    case MR_STEP_ROLLBACK:
    case MR_STEP_XA_ROLLBACK:
    case MR_STEP_UNFINISHED: break;
    }
    return MR_OK;
}

/* ---- the log ---- */

static enum mr_code breathe(struct reading *r, const struct mr_binlog_event *event,
                            struct mr_err *err)
{
    const uint64_t bytes = event->len + MR_BINLOG_HEADER_BYTES;
    r->c->log_bytes[r->side] += bytes;
    r->since_breath += bytes;
    if (r->since_breath < BREATHE_BYTES)
        return MR_OK;
    r->since_breath = 0;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    return r->c->breathe != NULL ? r->c->breathe(r->c->ctx, err) : MR_OK;
}

static enum mr_code walk(struct reading *r, struct mr_binlog_walk *walk, struct mr_err *err)
{
    struct mr_binlog_step step;
    for (;;) {
        MR_TRY(mr_binlog_walk_next(walk, &step, err));
        if (step.event != NULL)
            MR_TRY(breathe(r, step.event, err));
        MR_TRY(take_step(r, &step, err));
        if (step.kind == MR_STEP_END || r->c->whole_why != NULL)
            return MR_OK;
    }
}

static enum mr_code read_span(struct reading *r, struct mr_db *db,
                              const struct mr_binlog_span *span, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *binlog = NULL;
    enum mr_code code = MR_OK;
    mr_log_detail("reading the binary log of the %s from \"%s\" %" PRIu64 " to \"%s\" %" PRIu64,
                  mr_side_name(r->side), span->from_log, span->from, span->until_log, span->until);
    MR_TRY_OUT(mr_binlog_dump_open(db, span, &dump, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err));
    MR_TRY_OUT(mr_binlog_walk_open(stream, &binlog, err));
    MR_TRY_OUT(walk(r, binlog, err));
out:
    mr_binlog_walk_close(binlog);
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

/* A log of that name, begun later: all were removed (RESET), and numbered from the beginning.  Of a
 * second both may be of only GTIDs tell, which were compared. */
static enum mr_code check_head(struct reading *r, const struct mr_db_opts *opts, struct mr_err *err)
{
    const struct mr_log_place *from = &r->c->from[r->side];
    struct mr_archive_head head;
    mr_archive_head_init(&head);
    const enum mr_code code = mr_archive_head_ask(&head, r->on->ep, opts, from->log, err);
    const bool is_later =
        head.began > from->at || (head.began == from->at && from->gtids[0] == '\0');
    mr_archive_head_release(&head);
    if (code != MR_OK || !is_later)
        return code;
    return all_whole(r,
                     mr_arena_fmt(r->c->arena,
                                  "\"%.200s\" is another log than the last run saw: it was "
                                  "begun later",
                                  from->log),
                     err);
}

/* Is the place still there? */
static enum mr_code find_place(struct reading *r, const struct mr_vec *logs, struct mr_err *err)
{
    const struct mr_log_place *from = &r->c->from[r->side];
    for (size_t i = 0; i < logs->count; i++) {
        const struct mr_server_log *log = mr_vec_at(logs, i);
        if (strcmp(log->name, from->log) != 0)
            continue;
        return log->bytes >= from->position
                   ? MR_OK
                   : all_whole(r,
                               mr_arena_fmt(r->c->arena,
                                            "\"%.200s\" is shorter than when the last run began",
                                            from->log),
                               err);
    }
    return all_whole(
        r,
        mr_arena_fmt(r->c->arena, "\"%.200s\", where the last run began, was removed", from->log),
        err);
}

static enum mr_code read_log(struct reading *r, struct mr_db **db, struct mr_err *err)
{
    struct mr_db_opts opts = r->c->opts;
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    const struct mr_log_place *from = &r->c->from[r->side];
    enum mr_code code = MR_OK;
    opts.same_as = &r->on->cat->server;
    MR_TRY_OUT(mr_gtid_set_parse(
        &r->seen, from->gtids,
        r->on->cat->server.flavour == MR_FLAVOUR_MYSQL ? strlen(from->gtids) : 0, err));
    MR_TRY_OUT(mr_db_open(r->on->ep, &opts, db, err));
    MR_TRY_OUT(mr_server_logs(*db, r->c->arena, &logs, err));
    MR_TRY_OUT(find_place(r, &logs, err));
    if (r->c->whole_why == NULL)
        MR_TRY_OUT(check_head(r, &opts, err));
    if (r->c->whole_why == NULL) {
        const struct mr_server_log *last = mr_vec_at(&logs, logs.count - 1);
        const struct mr_binlog_span span = {from->log, from->position, last->name, last->bytes};
        MR_TRY_OUT(read_span(r, *db, &span, err));
    }
out:
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(r->on->ep, &opts, &r->on->cat->server, err);
    mr_vec_release(&logs);
    return code;
}

/* ---- what goes by cascades ---- */

static enum mr_code take_cascades(struct reading *r, struct mr_err *err)
{
    if (r->c->habits[r->side].logs_cascades)
        return MR_OK;
    MR_TRY(mr_cascades_spread(&r->cascades, err));
    for (size_t i = 0; i < r->on->cat->ntables; i++) {
        const struct mr_cascade *of = &r->cascades.of[i];
        if (!of->is_taken)
            continue;
        MR_TRY(whole(r, i,
                     of->parent == NULL
                         ? "a foreign key that acts leads to a table that is not looked at"
                         : mr_arena_fmt(r->c->arena,
                                        "rows of \"%.200s\" changed, and what a foreign key does "
                                        "then stands in no log",
                                        of->parent),
                     err));
    }
    return MR_OK;
}

static void release(struct reading *r)
{
    for (size_t i = 0; r->maps != NULL && i < KNOWN_MAPS; i++)
        mr_arena_release(&r->maps[i].arena);
    free(r->maps);
    for (size_t i = 0; i < r->prepared.count; i++)
        free(*(char **)mr_vec_at(&r->prepared, i));
    mr_vec_release(&r->prepared);
    mr_gtid_set_release(&r->seen);
    mr_history_names_release(&r->names);
    mr_binlog_rows_release(&r->rows);
    mr_strbuf_release(&r->scratch);
    mr_strbuf_release(&r->key);
}

/* What ends the reading of a log, and not the run: there is always the other way, to read all. */
static bool is_of_log(enum mr_code code)
{
    return code == MR_E_BINLOG || code == MR_E_UNSUPPORTED || code == MR_E_SQL ||
           code == MR_E_NO_SUCH || code == MR_E_USAGE;
}

enum mr_code mr_history_changed_read(struct mr_changes *c, enum mr_side side, struct mr_err *err)
{
    struct reading r = {.c = c,
                        .side = side,
                        .on = &c->pairing->side[side],
                        .scratch = MR_STRBUF_INIT,
                        .key = MR_STRBUF_INIT,
                        .prepared = MR_VEC_INIT(char *)};
    struct mr_db *db = NULL;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    mr_gtid_set_init(&r.seen);
    r.maps = calloc(KNOWN_MAPS, sizeof *r.maps);
    if (r.maps == NULL)
        MR_TRY_OUT(nomem(err));
    MR_TRY_OUT(take_tables(&r, err));
    code = read_log(&r, &db, &why);
    if (is_of_log(code))
        code = all_whole(&r, mr_arena_fmt(c->arena, "%s", why.message), err);
    else if (code != MR_OK && err != NULL)
        *err = why;
    if (code == MR_OK)
        MR_TRY_OUT(take_cascades(&r, err));
out:
    if (code != MR_OK)
        mr_err_context(err, "binary log of the %s", mr_side_name(side));
    mr_db_close(db);
    release(&r);
    return code;
}
