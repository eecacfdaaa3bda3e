/* changed_keys.c: see changed_keys.h. */
#include "core/logs/changed_keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_value.h"
#include "core/binlog/binlog_walk.h"
#include "core/logs/cascades.h"
#include "core/logs/statement_reach.h"

#define KNOWN_MAPS ((size_t)1024)
#define BREATHE_BYTES ((uint64_t)1024 * 1024)
#define SEEN_SLACK_S 60 /* until what was seen was asked for */
#define READING "reading a binary log"

/* What is known of a table map, by its serial. */
struct known_map {
    uint64_t serial; /* 0: none */
    size_t at;       /* among the tables, or behind them among parents; MR_NO_CASCADE: neither */
    struct mr_binlog_shape *shape;
    struct mr_arena arena;
};

struct mr_changed_work {
    struct mr_arena arena; /* for texts that stay */
    struct mr_arena named; /* what the statement that is read names */
    size_t *by_name;       /* places of tables */
    struct known_map *maps;
    struct mr_cascades cascades;
    struct mr_gtid_set seen;
    bool passes;            /* the transaction that is read is one of `seen` */
    struct mr_vec prepared; /* char *: names of XA transactions whose rows are listed */
    struct mr_binlog_rows rows;
    struct mr_strbuf before, after, scratch;
    uint64_t since_breath;
    size_t held; /* bytes of memory of all keys */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, READING);
}

/* ---- blindness ---- */

static struct mr_cascade *cascade_of(const struct mr_changed_keys *c, size_t at)
{
    return mr_cascades_at(&c->work->cascades, at);
}

/* What is said of a table whose changes the log does not tell takes along what hangs on it.  The first reason
 * stays; keys are of no use from there on. */
static enum mr_code blind(struct mr_changed_keys *c, size_t at, const char *why, struct mr_err *err)
{
    struct mr_changed_keys_of *table = &c->tables[at];
    if (why == NULL)
        return nomem(err);
    cascade_of(c, at)->deleted = cascade_of(c, at)->updated = true;
    if (table->why != NULL)
        return MR_OK;
    table->why = why;
    c->work->held -= mr_key_set_bytes(&table->keys);
    mr_key_set_release(&table->keys);
    if (table->wanted)
        mr_log_detail("table \"%s.%s\": its keys are not known from the log: %s",
                      c->cat->tables[at].db, c->cat->tables[at].name, why);
    return MR_OK;
}

static const char *at_place(const struct mr_changed_keys *c, const char *what,
                            const struct mr_binlog_place *place)
{
    return mr_arena_fmt(&c->work->arena, "%s, at \"%.200s\" position %" PRIu64, what, place->log,
                        place->position);
}

/* Nothing more of the log is read then. */
static enum mr_code blind_all(struct mr_changed_keys *c, const char *what,
                              const struct mr_binlog_place *place, struct mr_err *err)
{
    c->why = at_place(c, what, place);
    for (size_t i = 0; i < c->cat->ntables; i++)
        MR_TRY(blind(c, i, c->why, err));
    return c->why != NULL ? MR_OK : nomem(err);
}

static bool is_told(const struct mr_changed_keys *c, size_t at)
{
    return at < c->cat->ntables && c->tables[at].wanted && c->tables[at].why == NULL;
}

/* Is there anything more to be learnt of rows of that table?  Of a blind one there is not, and no shape may fit them. */
static bool matters(const struct mr_changed_keys *c, size_t at)
{
    if (at == MR_NO_CASCADE)
        return false;
    const struct mr_cascade *of = cascade_of(c, at);
    return is_told(c, at) || (of->is_parent && !(of->deleted && of->updated)) ||
           (mr_cascades_has_beside(&c->work->cascades) &&
            !((of->deleted || of->has_lost) && (of->updated || of->has_changed)));
}

/* ---- opening ---- */

bool mr_changed_keys_place(const struct mr_readspec *spec, const struct mr_table *today,
                           size_t *key)
{
    for (size_t k = 0; k < spec->nkey; k++) {
        const struct mr_readcol *part = &spec->cols[spec->key[k]];
        const struct mr_column *col = mr_table_column(today, part->name);
        if (col == NULL || part->expr != MR_EXPR_COLUMN || part->cls != col->cls ||
            col->generation_expr != NULL)
            return false;
        key[k] = (size_t)(col - today->columns);
    }
    return true;
}

static int compare_names(const void *a, const void *b, void *ctx)
{
    const struct mr_changed_keys *c = ctx;
    const struct mr_table *tables = c->cat->tables;
    return strcasecmp(tables[*(const size_t *)a].name, tables[*(const size_t *)b].name);
}

/* What never gets into the log, parents that are not looked at among it. */
static enum mr_code take_filters(struct mr_changed_keys *c, struct mr_err *err)
{
    const struct mr_vec *of = &c->work->cascades.of;
    const char *why =
        c->habits != NULL && c->habits->by_session
            ? "what sessions change from within a database that is left out of it is not in it, "
              "whatever the table (binlog_do_db, binlog_ignore_db; binlog_format is not ROW)"
            : "changes of that database are left out of it (binlog_do_db, binlog_ignore_db)";
    for (size_t i = 0; c->habits != NULL && i < of->count; i++) {
        if (mr_log_habits_has(c->habits, cascade_of(c, i)->db))
            continue;
        cascade_of(c, i)->deleted = cascade_of(c, i)->updated = true;
        if (i < c->cat->ntables)
            MR_TRY(blind(c, i, why, err));
    }
    return MR_OK;
}

enum mr_code mr_changed_keys_init(struct mr_changed_keys *c, struct mr_err *err)
{
    const size_t ntables = c->cat->ntables;
    const bool has_seen = c->seen != NULL && c->cat->server.flavour == MR_FLAVOUR_MYSQL;
    struct mr_changed_work *w = calloc(1, sizeof *w);
    c->work = w;
    if (w == NULL)
        return nomem(err);
    for (size_t i = 0; i < ntables; i++)
        mr_key_set_init(&c->tables[i].keys);
    mr_arena_init(&w->arena);
    mr_arena_init(&w->named);
    mr_gtid_set_init(&w->seen);
    w->cascades.of = (struct mr_vec)MR_VEC_INIT(struct mr_cascade);
    w->prepared = (struct mr_vec)MR_VEC_INIT(char *);
    mr_strbuf_init(&w->before);
    mr_strbuf_init(&w->after);
    mr_strbuf_init(&w->scratch);
    w->maps = calloc(KNOWN_MAPS, sizeof *w->maps);
    w->by_name = calloc(ntables + 1, sizeof *w->by_name);
    if (w->maps == NULL || w->by_name == NULL)
        return nomem(err);
    for (size_t i = 0; i < ntables; i++)
        w->by_name[i] = i;
    if (ntables > 1)
        qsort_r(w->by_name, ntables, sizeof *w->by_name, compare_names, c);
    if (has_seen)
        MR_TRY(mr_gtid_set_parse(&w->seen, c->seen, strlen(c->seen), err));
    MR_TRY(mr_cascades_init(&w->cascades, c->cat, &w->arena, err));
    return take_filters(c, err);
}

void mr_changed_keys_release(struct mr_changed_keys *c)
{
    struct mr_changed_work *w = c->work;
    if (w == NULL)
        return;
    for (size_t i = 0; i < c->cat->ntables; i++)
        mr_key_set_release(&c->tables[i].keys);
    for (size_t i = 0; w->maps != NULL && i < KNOWN_MAPS; i++)
        mr_arena_release(&w->maps[i].arena);
    free(w->maps);
    free(w->by_name);
    mr_cascades_release(&w->cascades);
    mr_gtid_set_release(&w->seen);
    mr_vec_release(&w->prepared);
    mr_binlog_rows_release(&w->rows);
    mr_strbuf_release(&w->before);
    mr_strbuf_release(&w->after);
    mr_strbuf_release(&w->scratch);
    mr_arena_release(&w->arena);
    mr_arena_release(&w->named);
    free(w);
    c->work = NULL;
}

/* ---- tables ---- */

/* Of names that differ in their letters alone the server says whether they are one. */
size_t mr_changed_keys_find(const struct mr_changed_keys *c, const char *db, const char *name)
{
    const size_t *by_name = c->work->by_name;
    const struct mr_table *tables = c->cat->tables;
    size_t lo = 0, hi = c->cat->ntables;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcasecmp(tables[by_name[mid]].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < c->cat->ntables && strcasecmp(tables[by_name[lo]].name, name) == 0; lo++)
        if (mr_server_same_name(&c->cat->server, name, tables[by_name[lo]].name) &&
            mr_server_same_name(&c->cat->server, db, tables[by_name[lo]].db))
            return by_name[lo];
    return mr_cascades_beside(&c->work->cascades, db, name);
}

/* What a table map is to us, found once for each.  Errors say why the table is not told of. */
static enum mr_code look_at_map(struct mr_changed_keys *c, const struct mr_binlog_map *map,
                                struct known_map **out, struct mr_err *why)
{
    struct known_map *known = &c->work->maps[map->serial % KNOWN_MAPS];
    *out = known;
    if (known->serial == map->serial)
        return MR_OK;
    mr_arena_reset(&known->arena);
    *known = (struct known_map){.serial = map->serial,
                                .at = mr_changed_keys_find(c, map->table.db, map->table.name),
                                .arena = known->arena};
    if (known->at >= c->cat->ntables || !matters(c, known->at))
        return MR_OK;
    return mr_binlog_shape_make(&map->table, &c->cat->tables[known->at], &c->cat->server,
                                &known->arena, &known->shape, why);
}

/* ---- rows ---- */

/* Parts that the image does not show are those of `other`. */
static enum mr_code take_key(struct mr_changed_keys *c, const struct known_map *known,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *other, struct mr_strbuf *out,
                             struct mr_err *err)
{
    const struct mr_changed_keys_of *table = &c->tables[known->at];
    mr_strbuf_reset(out);
    for (size_t k = 0; k < table->nkey; k++) {
        struct mr_value value;
        bool seen;
        MR_TRY(mr_binlog_value(known->shape, table->key[k], image, other, &c->work->scratch, &seen,
                               &value, err));
        if (!seen && other != NULL)
            MR_TRY(mr_binlog_value(known->shape, table->key[k], other, NULL, &c->work->scratch,
                                   &seen, &value, err));
        if (!seen)
            return mr_err_set(err, MR_E_UNSUPPORTED, "a row in the log does not show its key");
        MR_TRY(mr_row_encode(out, &value, err));
    }
    return mr_strbuf_check(out, READING, err);
}

/* A quarter less than there may be: or the next key would have all of them sorted again. */
static enum mr_code make_room(struct mr_changed_keys *c, struct mr_err *err)
{
    size_t most;
    MR_TRY(mr_key_sets_weigh(&c->tables->keys, c->cat->ntables, sizeof *c->tables, &c->work->held,
                             &most, err));
    return c->work->held > c->most_bytes / 4 * 3
               ? blind(c, most, "more keys changed than are held in memory", err)
               : MR_OK;
}

static enum mr_code put_key(struct mr_changed_keys *c, size_t at, const struct mr_strbuf *key,
                            struct mr_err *err)
{
    if (c->keeps_none)
        return MR_OK;
    struct mr_key_set *keys = &c->tables[at].keys;
    const size_t before = mr_key_set_bytes(keys);
    MR_TRY(mr_key_set_add(keys, (struct mr_key){key->ptr, key->len}, err));
    c->work->held += mr_key_set_bytes(keys) - before;
    return c->work->held > c->most_bytes ? make_room(c, err) : MR_OK;
}

static bool same_field(const struct mr_binlog_field *a, const struct mr_binlog_field *b)
{
    if (b->presence == MR_BINLOG_UNSEEN) /* it has stayed */
        return true;
    return a->presence == b->presence && a->len == b->len &&
           (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

/* Only what others refer to takes them along. */
static void note_parent(struct mr_changed_keys *c, const struct known_map *known,
                        const struct mr_binlog_row *row)
{
    struct mr_cascade *cascade = cascade_of(c, known->at);
    const struct mr_table *today = &c->cat->tables[known->at];
    cascade->has_lost = cascade->has_lost || row->kind == MR_BINLOG_DELETE;
    cascade->has_changed = cascade->has_changed || row->kind == MR_BINLOG_UPDATE;
    if (!cascade->is_parent)
        return;
    cascade->deleted = cascade->deleted || row->kind == MR_BINLOG_DELETE;
    for (size_t i = 0; row->kind == MR_BINLOG_UPDATE && i < today->ncolumns; i++) {
        const size_t at = mr_binlog_shape_at(known->shape, i);
        if (cascade->referenced[i] && !same_field(&row->before[at], &row->after[at]))
            cascade->updated = true;
    }
}

static enum mr_code take_row(struct mr_changed_keys *c, const struct known_map *known,
                             const struct mr_binlog_row *row, struct mr_err *why)
{
    struct mr_changed_work *w = c->work;
    note_parent(c, known, row);
    if (!is_told(c, known->at) ||
        (c->moved_only && (row->kind != MR_BINLOG_UPDATE || c->tables[known->at].nkey == 0)))
        return MR_OK;
    if (c->tables[known->at].nkey == 0)
        return mr_err_set(why, MR_E_UNSUPPORTED, "rows of it changed, and no key says which");
    mr_strbuf_reset(&w->before);
    if (row->before != NULL) {
        MR_TRY(take_key(c, known, row->before, NULL, &w->before, why));
        if (!c->moved_only)
            MR_TRY(put_key(c, known->at, &w->before, why));
    }
    if (row->after == NULL || !is_told(c, known->at))
        return MR_OK;
    MR_TRY(take_key(c, known, row->after, row->before, &w->after, why));
    if (w->after.len == w->before.len && memcmp(w->after.ptr, w->before.ptr, w->after.len) == 0)
        return MR_OK;
    if (c->moved_only)
        MR_TRY(put_key(c, known->at, &w->before, why));
    return is_told(c, known->at) ? put_key(c, known->at, &w->after, why) : MR_OK;
}

/* Of a parent beside the catalogue the kind of the event says all that is wanted. */
static void note_beside(struct mr_cascade *parent, enum mr_binlog_kind kind)
{
    parent->deleted = parent->deleted || kind == MR_BINLOG_DELETE;
    parent->updated = parent->updated || kind == MR_BINLOG_UPDATE;
}

static enum mr_code read_rows(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                              const struct known_map *known, struct mr_err *why)
{
    struct mr_changed_work *w = c->work;
    struct mr_binlog_row row;
    MR_TRY(mr_binlog_rows_open(&w->rows, step->event, &step->map->table, why));
    if (known->at >= c->cat->ntables) {
        note_beside(cascade_of(c, known->at), w->rows.kind);
        return MR_OK;
    }
    for (;;) {
        MR_TRY(mr_binlog_rows_next(&w->rows, &row, why));
        if (row.kind == 0 || !matters(c, known->at))
            return MR_OK;
        MR_TRY(take_row(c, known, &row, why));
    }
}

static enum mr_code take_rows(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct known_map *known;
    struct mr_err why = {0};
    if (step->map == NULL || c->work->passes)
        return MR_OK;
    enum mr_code code = look_at_map(c, step->map, &known, &why);
    if (code == MR_OK && !matters(c, known->at))
        return MR_OK;
    if (code == MR_OK)
        code = read_rows(c, step, known, &why);
    if (code == MR_E_UNSUPPORTED && known->at < c->cat->ntables)
        return blind(c, known->at, at_place(c, why.message, &step->event->place), err);
    if (code == MR_E_UNSUPPORTED) {
        cascade_of(c, known->at)->deleted = cascade_of(c, known->at)->updated = true;
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* ---- statements ---- */

/* NULL: none of it concerns that table. */
static const char *what_reaches(const struct mr_changed_keys *c,
                                const struct mr_statement_reach *reach, const struct mr_cascade *of)
{
    if (mr_statement_reaches(reach, of->db, of->name))
        return reach->is_definition ? "a statement defined it anew"
                                    : "a statement changed rows that are not in the log";
    return c->is_older && mr_statement_hangs(reach, of->db, of->name)
               ? "a foreign key was added, and what that does to its rows stands in no log"
               : NULL;
}

static enum mr_code take_statement(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_statement_reach reach;
    const char *why = NULL;
    if (step->takes_back || c->work->passes) /* rows that were taken back are listed all the same */
        return MR_OK;
    mr_arena_reset(&c->work->named);
    enum mr_code code = mr_statement_reach(&step->query, &c->work->named, &reach, err);
    for (size_t i = 0; code == MR_OK && i < c->work->cascades.of.count; i++) {
        struct mr_cascade *of = cascade_of(c, i);
        const bool is_seen = i < c->cat->ntables && c->tables[i].why == NULL;
        const char *what =
            is_seen || !of->deleted || !of->updated ? what_reaches(c, &reach, of) : NULL;
        if (what == NULL)
            continue;
        of->deleted = of->updated = true;
        if (!is_seen) /* a log of statements has many of them: each text would stay */
            continue;
        if (why == NULL)
            why = at_place(c, what, &step->event->place);
        code = blind(c, i, why, err);
    }
    mr_statement_reach_release(&reach);
    return code;
}

/* ---- transactions ---- */

/* A MySQL before 8.0 says by the clock of whom it is when that was. */
static bool is_given_again(const struct mr_changed_keys *c, const struct mr_binlog_step *step)
{
    const bool is_by_its_clock =
        step->gtid->committed_us != 0 || step->event->server_id == c->cat->server.server_id;
    return c->seen_at != 0 && is_by_its_clock &&
           mr_binlog_committed_us(step) > (int64_t)(c->seen_at + SEEN_SLACK_S) * 1000000;
}

static enum mr_code begin_tx(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    const bool is_seen = mr_gtid_set_has(&c->work->seen, step->gtid);
    c->work->passes = is_seen && !c->takes_seen;
    c->transactions += !c->work->passes;
    if (is_seen && is_given_again(c, step))
        return blind_all(c,
                         "the server gave numbers of transactions again that were there before, as "
                         "one does that was put back from a copy of its data",
                         &step->begun, err);
    return step->is_headless && !c->work->passes
               ? blind_all(c, "the log begins within a transaction", &step->begun, err)
               : MR_OK;
}

/* Of one that passes no row is among the keys: what its end makes visible is not known. */
static enum mr_code note_prepared(struct mr_changed_keys *c, const char *xid, struct mr_err *err)
{
    if (c->work->passes)
        return MR_OK;
    char **slot = mr_vec_push(&c->work->prepared);
    if (slot == NULL)
        return nomem(err);
    *slot = mr_arena_strdup(&c->work->arena, xid != NULL ? xid : "");
    return *slot != NULL ? MR_OK : nomem(err);
}

/* Rows of one that was prepared in front of the place stand there, and could not be seen then. */
static enum mr_code commit_prepared(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                    struct mr_err *err)
{
    for (size_t i = 0; step->xid != NULL && i < c->work->prepared.count; i++)
        if (strcmp(*(char *const *)mr_vec_at(&c->work->prepared, i), step->xid) == 0)
            return MR_OK;
    return c->work->passes ? MR_OK
                           : blind_all(c,
                                       "an XA transaction was committed that was prepared in front "
                                       "of where reading began",
                                       &step->begun, err);
}

/* ---- all of it ---- */

enum mr_code mr_changed_keys_step(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                  struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_LOST:
        return blind_all(c, "the server says that changes are not in its log", &step->event->place,
                         err);
    case MR_STEP_BEGIN: return begin_tx(c, step, err);
    case MR_STEP_ROWS: return take_rows(c, step, err);
    case MR_STEP_STATEMENT: return take_statement(c, step, err);
    case MR_STEP_PREPARED: return note_prepared(c, step->xid, err);
    case MR_STEP_XA_COMMIT: return commit_prepared(c, step, err);
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_COMMIT:
    case MR_STEP_ROLLBACK:
    case MR_STEP_XA_ROLLBACK:
    case MR_STEP_UNFINISHED:
    case MR_STEP_END: break;
    }
    return MR_OK;
}

static enum mr_code count_event(struct mr_changed_keys *c, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    const uint64_t bytes = event->len + MR_BINLOG_HEADER_BYTES;
    c->bytes += bytes;
    c->work->since_breath += bytes;
    if (c->work->since_breath < BREATHE_BYTES)
        return MR_OK;
    c->work->since_breath = 0;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    return c->breathe != NULL ? c->breathe(c->ctx, err) : MR_OK;
}

void mr_changed_keys_begin(struct mr_changed_keys *c)
{
    for (size_t i = 0; i < KNOWN_MAPS; i++) /* serials are the walk's */
        c->work->maps[i].serial = 0;
}

enum mr_code mr_changed_keys_take(struct mr_changed_keys *c, struct mr_binlog_stream *stream,
                                  struct mr_err *err)
{
    struct mr_binlog_walk *walk = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    mr_changed_keys_begin(c);
    enum mr_code code = mr_binlog_walk_open(stream, &walk, err);
    while (code == MR_OK && c->why == NULL) {
        code = mr_binlog_walk_next(walk, &step, err);
        if (code != MR_OK || step.kind == MR_STEP_END)
            break;
        if (step.event != NULL)
            code = count_event(c, step.event, err);
        if (code == MR_OK)
            code = mr_changed_keys_step(c, &step, err);
    }
    mr_binlog_walk_close(walk);
    return code;
}

enum mr_code mr_changed_keys_read(struct mr_changed_keys *c, struct mr_db *db,
                                  const struct mr_binlog_span *span, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    enum mr_code code = MR_OK;
    mr_log_detail("reading the binary log of \"%s\" from \"%s\" %" PRIu64 " to \"%s\" %" PRIu64,
                  mr_db_label(db), span->from_log, span->from, span->until_log, span->until);
    MR_TRY_OUT(mr_binlog_dump_open(db, span, &dump, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err));
    MR_TRY_OUT(mr_changed_keys_take(c, stream, err));
    c->unended = c->unended || mr_binlog_dump_unended(dump) != NULL;
out:
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

enum mr_code mr_changed_keys_finish(struct mr_changed_keys *c, struct mr_err *err)
{
    struct mr_changed_work *w = c->work;
    if (!c->moved_only && (c->habits == NULL || !c->habits->logs_cascades))
        MR_TRY(mr_cascades_spread(&w->cascades, err));
    for (size_t i = 0; i < c->cat->ntables; i++) {
        const char *by = cascade_of(c, i)->by;
        if (by != NULL)
            MR_TRY(blind(c, i,
                         mr_arena_fmt(&w->arena,
                                      "rows of \"%.200s\" changed, and what a foreign key does "
                                      "then stands in no log",
                                      by),
                         err));
        MR_TRY(mr_key_set_unite(&c->tables[i].keys, err));
    }
    return MR_OK;
}
