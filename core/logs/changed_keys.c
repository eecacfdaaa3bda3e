/* changed_keys.c: see changed_keys.h. */
#include "core/logs/changed_keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/binlog/binlog_value.h"
#include "core/binlog/binlog_walk.h"
#include "core/logs/statement_reach.h"
#include "core/base/log.h"

#define KNOWN_MAPS ((size_t)1024)
#define BREATHE_BYTES ((uint64_t)1024 * 1024)
#define NO_TABLE SIZE_MAX

/* What is known of a table map, by its serial. */
struct known_map {
    uint64_t serial; /* 0: none */
    size_t table;    /* NO_TABLE: not one of ours */
    struct other *other;
    struct mr_binlog_shape *shape;
    struct mr_arena arena;
};

/* A table that is not ours, and may be the parent of one. */
struct other {
    char *db, *name;
    bool deletes, updates;
};

struct mr_changed_work {
    struct mr_arena arena; /* for texts that stay */
    size_t *by_name;       /* places of tables */
    struct known_map *maps;
    struct mr_vec others;   /* struct other * */
    struct mr_vec prepared; /* char *: names of XA transactions */
    struct mr_binlog_rows rows;
    struct mr_strbuf before, after, scratch;
    uint64_t since_breath;
    size_t held; /* bytes of memory of all keys */
    bool
        all_may_delete; /* a statement may have touched any table, also of those that are not ours */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

/* ---- blindness ---- */

/* The first reason stays; keys are of no use from there on. */
static enum mr_code blind(struct mr_changed_keys *c, struct mr_changed_keys_of *table,
                          const char *why, struct mr_err *err)
{
    if (why == NULL)
        return nomem(err);
    if (table->why != NULL)
        return MR_OK;
    table->why = why;
    table->touched = table->deletes = table->updates = table->moves = true;
    c->work->held -= mr_key_numbers_memory(&table->keys);
    mr_key_numbers_release(&table->keys);
    mr_log_detail("table \"%s.%s\": its keys are not known from the log: %s", table->today->db,
                  table->today->name, why);
    return MR_OK;
}

static const char *at_place(const struct mr_changed_keys *c, const char *what,
                            const struct mr_binlog_place *place)
{
    return mr_arena_fmt(&c->work->arena, "%s, at \"%.200s\" position %" PRIu64, what, place->log,
                        place->position);
}

static enum mr_code blind_all(struct mr_changed_keys *c, const char *what,
                              const struct mr_binlog_place *place, struct mr_err *err)
{
    const char *why = at_place(c, what, place);
    c->work->all_may_delete = true;
    for (size_t i = 0; i < c->ntables; i++)
        MR_TRY(blind(c, &c->tables[i], why, err));
    return MR_OK;
}

/* ---- opening ---- */

static int compare_names(const void *a, const void *b, void *ctx)
{
    const struct mr_changed_keys *c = ctx;
    return strcasecmp(c->tables[*(const size_t *)a].today->name,
                      c->tables[*(const size_t *)b].today->name);
}

enum mr_code mr_changed_keys_init(struct mr_changed_keys *c, struct mr_err *err)
{
    struct mr_changed_work *w = calloc(1, sizeof *w);
    c->work = w;
    if (w == NULL)
        return nomem(err);
    for (size_t i = 0; i < c->ntables; i++)
        mr_key_numbers_init(&c->tables[i].keys);
    mr_arena_init(&w->arena);
    w->others = (struct mr_vec)MR_VEC_INIT(struct other *);
    w->prepared = (struct mr_vec)MR_VEC_INIT(char *);
    mr_strbuf_init(&w->before);
    mr_strbuf_init(&w->after);
    mr_strbuf_init(&w->scratch);
    w->maps = calloc(KNOWN_MAPS, sizeof *w->maps);
    w->by_name = calloc(c->ntables + 1, sizeof *w->by_name);
    if (w->maps == NULL || w->by_name == NULL)
        return nomem(err);
    for (size_t i = 0; i < c->ntables; i++)
        w->by_name[i] = i;
    if (c->ntables > 1)
        qsort_r(w->by_name, c->ntables, sizeof *w->by_name, compare_names, c);
    return MR_OK;
}

void mr_changed_keys_release(struct mr_changed_keys *c)
{
    struct mr_changed_work *w = c->work;
    if (w == NULL)
        return;
    for (size_t i = 0; i < c->ntables; i++)
        mr_key_numbers_release(&c->tables[i].keys);
    for (size_t i = 0; w->maps != NULL && i < KNOWN_MAPS; i++)
        mr_arena_release(&w->maps[i].arena);
    free(w->maps);
    free(w->by_name);
    mr_vec_release(&w->others);
    mr_vec_release(&w->prepared);
    mr_binlog_rows_release(&w->rows);
    mr_strbuf_release(&w->before);
    mr_strbuf_release(&w->after);
    mr_strbuf_release(&w->scratch);
    mr_arena_release(&w->arena);
    free(w);
    c->work = NULL;
}

/* ---- tables ---- */

/* Of names that differ in their letters alone the server says whether they are one. */
static size_t find_table(const struct mr_changed_keys *c, const char *db, const char *name)
{
    const size_t *by_name = c->work->by_name;
    size_t lo = 0, hi = c->ntables;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcasecmp(c->tables[by_name[mid]].today->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < c->ntables; lo++) {
        const struct mr_table *today = c->tables[by_name[lo]].today;
        if (strcasecmp(today->name, name) != 0)
            break;
        if (mr_server_same_name(c->server, name, today->name) &&
            mr_server_same_name(c->server, db, today->db))
            return by_name[lo];
    }
    return NO_TABLE;
}

/* NULL: it is not among them. */
static struct other *find_other(const struct mr_changed_keys *c, const char *db, const char *name)
{
    for (size_t i = 0; i < c->work->others.count; i++) {
        struct other *o = *(struct other *const *)mr_vec_at(&c->work->others, i);
        if (mr_server_same_name(c->server, o->db, db) &&
            mr_server_same_name(c->server, o->name, name))
            return o;
    }
    return NULL;
}

static enum mr_code take_other(struct mr_changed_keys *c, const char *db, const char *name,
                               struct other **out, struct mr_err *err)
{
    struct mr_changed_work *w = c->work;
    *out = find_other(c, db, name);
    if (*out != NULL)
        return MR_OK;
    struct other *o = mr_arena_calloc(&w->arena, 1, sizeof *o);
    struct other **slot = o != NULL ? mr_vec_push(&w->others) : NULL;
    if (slot == NULL)
        return nomem(err);
    *o = (struct other){.db = mr_arena_strdup(&w->arena, db),
                        .name = mr_arena_strdup(&w->arena, name)};
    *out = *slot = o;
    return o->db != NULL && o->name != NULL ? MR_OK : nomem(err);
}

/* What a table map is to us, found once for each. */
static enum mr_code look_at_map(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                struct known_map **out, struct mr_err *err)
{
    const struct mr_binlog_map *map = step->map;
    struct known_map *known = &c->work->maps[map->serial % KNOWN_MAPS];
    struct mr_err why = {0};
    *out = known;
    if (known->serial == map->serial)
        return MR_OK;
    mr_arena_reset(&known->arena);
    *known = (struct known_map){.serial = map->serial,
                                .table = find_table(c, map->table.db, map->table.name),
                                .arena = known->arena};
    if (known->table == NO_TABLE)
        return take_other(c, map->table.db, map->table.name, &known->other, err);
    struct mr_changed_keys_of *table = &c->tables[known->table];
    if (table->nkey == 0 || table->why != NULL)
        return MR_OK;
    enum mr_code code = mr_binlog_shape_make(&map->table, table->today, c->server, &known->arena,
                                             &known->shape, &why);
    if (code == MR_E_UNSUPPORTED) {
        known->shape = NULL;
        return blind(c, table, at_place(c, why.message, &step->event->place), err);
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

/* ---- rows ---- */

/* Parts that the image does not show are those of `other`. */
static enum mr_code take_key(struct mr_changed_keys *c, const struct known_map *known,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *other, struct mr_strbuf *out,
                             struct mr_err *err)
{
    const struct mr_changed_keys_of *table = &c->tables[known->table];
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
    return mr_strbuf_check(out, "reading a binary log", err);
}

static bool same_text(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

/* A table of more keys than are to be held is blind, by whoever the error comes to. */
static enum mr_code put_key(struct mr_changed_keys *c, struct mr_changed_keys_of *table,
                            const struct mr_strbuf *key, struct mr_err *err)
{
    const size_t before = mr_key_numbers_memory(&table->keys);
    MR_TRY(mr_key_numbers_put(&table->keys, (struct mr_key){key->ptr, key->len}, 0, err));
    const size_t memory = mr_key_numbers_memory(&table->keys);
    c->work->held += memory - before;
    return memory <= c->most_bytes && c->work->held <= c->most_in_all
               ? MR_OK
               : mr_err_set(err, MR_E_UNSUPPORTED, "more keys changed than are held in memory");
}

static enum mr_code take_row(struct mr_changed_keys *c, const struct known_map *known,
                             const struct mr_binlog_row *row, struct mr_err *err)
{
    struct mr_changed_work *w = c->work;
    struct mr_changed_keys_of *table = &c->tables[known->table];
    table->touched = true;
    table->deletes = table->deletes || row->after == NULL;
    table->updates = table->updates || (row->before != NULL && row->after != NULL);
    if (known->shape == NULL)
        return MR_OK;
    if (row->before != NULL) {
        MR_TRY(take_key(c, known, row->before, NULL, &w->before, err));
        MR_TRY(put_key(c, table, &w->before, err));
    }
    if (row->after != NULL) {
        MR_TRY(take_key(c, known, row->after, row->before, &w->after, err));
        if (row->before == NULL || !same_text(&w->before, &w->after))
            MR_TRY(put_key(c, table, &w->after, err));
        table->moves = table->moves || (row->before != NULL && !same_text(&w->before, &w->after));
    }
    return MR_OK;
}

/* Of a table that is not ours the kind of the event says all that is wanted. */
static void note_other(struct other *other, enum mr_binlog_kind kind)
{
    other->deletes = other->deletes || kind == MR_BINLOG_DELETE;
    other->updates = other->updates || kind == MR_BINLOG_UPDATE;
}

static enum mr_code take_rows(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct mr_changed_work *w = c->work;
    struct known_map *known;
    struct mr_binlog_row row;
    struct mr_err why = {0};
    if (step->map == NULL)
        return MR_OK;
    MR_TRY(look_at_map(c, step, &known, err));
    enum mr_code code = mr_binlog_rows_open(&w->rows, step->event, &step->map->table, &why);
    if (code == MR_OK && known->table == NO_TABLE) {
        note_other(known->other, w->rows.kind);
        return MR_OK;
    }
    while (code == MR_OK && c->tables[known->table].why == NULL) {
        code = mr_binlog_rows_next(&w->rows, &row, &why);
        if (code != MR_OK || row.kind == 0)
            break;
        code = take_row(c, known, &row, &why);
    }
    if (code == MR_E_UNSUPPORTED && known->table != NO_TABLE)
        return blind(c, &c->tables[known->table], at_place(c, why.message, &step->event->place),
                     err);
    if (code == MR_E_UNSUPPORTED) {
        known->other->deletes = known->other->updates = true;
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

/* ---- statements ---- */

/* Tables that are not ours: those that it names may have lost rows. */
static enum mr_code reach_others(struct mr_changed_keys *c, const struct mr_statement_reach *reach,
                                 struct mr_err *err)
{
    c->work->all_may_delete = c->work->all_may_delete || reach->reach == MR_REACH_ALL ||
                              reach->reach == MR_REACH_DATABASES;
    for (size_t i = 0; reach->reach == MR_REACH_TABLES && i < reach->tables.count; i++) {
        const struct mr_named_table *named = mr_vec_at(&reach->tables, i);
        struct other *other;
        if (find_table(c, named->db, named->name) != NO_TABLE)
            continue;
        MR_TRY(take_other(c, named->db, named->name, &other, err));
        other->deletes = other->updates = true;
    }
    return MR_OK;
}

static enum mr_code take_statement(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_statement_reach reach;
    const char *why = NULL;
    if (step->takes_back) /* rows that were taken back are listed all the same */
        return MR_OK;
    enum mr_code code = mr_statement_reach(&step->query, &c->work->arena, &reach, err);
    for (size_t i = 0; code == MR_OK && i < c->ntables; i++) {
        const struct mr_table *today = c->tables[i].today;
        if (!mr_statement_reaches(&reach, today->db, today->name))
            continue;
        if (why == NULL)
            why = at_place(c,
                           reach.is_definition ? "a statement defined it anew"
                                               : "a statement changed rows that are not in the log",
                           &step->event->place);
        code = blind(c, &c->tables[i], why, err);
    }
    if (code == MR_OK)
        code = reach_others(c, &reach, err);
    mr_statement_reach_release(&reach);
    return code;
}

/* ---- XA ---- */

static enum mr_code note_prepared(struct mr_changed_keys *c, const char *xid, struct mr_err *err)
{
    char **slot = mr_vec_push(&c->work->prepared);
    if (slot == NULL)
        return nomem(err);
    *slot = mr_arena_strdup(&c->work->arena, xid != NULL ? xid : "");
    return *slot != NULL ? MR_OK : nomem(err);
}

/* The rows of one that was prepared in front of the place are not listed. */
static enum mr_code commit_prepared(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                                    struct mr_err *err)
{
    for (size_t i = 0; step->xid != NULL && i < c->work->prepared.count; i++)
        if (strcmp(*(char *const *)mr_vec_at(&c->work->prepared, i), step->xid) == 0)
            return MR_OK;
    return blind_all(c, "an XA transaction was committed that was prepared before the base",
                     &step->begun, err);
}

/* ---- all of it ---- */

static enum mr_code take_step(struct mr_changed_keys *c, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_LOST:
        return blind_all(c, "the server says that changes are not in its log", &step->event->place,
                         err);
    case MR_STEP_BEGIN:
        c->transactions++;
        return step->is_headless
                   ? blind_all(c, "the log begins within a transaction", &step->begun, err)
                   : MR_OK;
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
    if (c->work->since_breath < BREATHE_BYTES || c->breathe == NULL)
        return MR_OK;
    c->work->since_breath = 0;
    return c->breathe(c->ctx, err);
}

enum mr_code mr_changed_keys_take(struct mr_changed_keys *c, struct mr_binlog_stream *stream,
                                  struct mr_err *err)
{
    struct mr_binlog_walk *walk = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    for (size_t i = 0; i < KNOWN_MAPS; i++) /* serials are the walk's */
        c->work->maps[i].serial = 0;
    enum mr_code code = mr_binlog_walk_open(stream, &walk, err);
    while (code == MR_OK) {
        code = mr_binlog_walk_next(walk, &step, err);
        if (code != MR_OK || step.kind == MR_STEP_END)
            break;
        if (step.event != NULL)
            code = count_event(c, step.event, err);
        if (code == MR_OK)
            code = take_step(c, &step, err);
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
    MR_TRY_OUT(mr_binlog_dump_open(db, span, &dump, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err));
    MR_TRY_OUT(mr_changed_keys_take(c, stream, err));
out:
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

/* ---- cascades ---- */

static bool fires(const char *rule)
{
    return rule != NULL && (strcmp(rule, "CASCADE") == 0 || strcmp(rule, "SET NULL") == 0 ||
                            strcmp(rule, "SET DEFAULT") == 0);
}

/* What happened to the parent of a foreign key. */
struct parent {
    bool deletes, updates;
};

/* Does the foreign key refer to parts of the key alone?  Then other updates of the parent fire nothing. */
static bool refers_to_key(const struct mr_changed_keys_of *parent, const struct mr_foreign_key *fk)
{
    for (size_t i = 0; i < fk->ncolumns; i++) {
        size_t k = 0;
        while (k < parent->nkey &&
               strcasecmp(parent->today->columns[parent->key[k]].name, fk->ref_columns[i]) != 0)
            k++;
        if (k == parent->nkey)
            return false;
    }
    return true;
}

static struct parent look_at_parent(const struct mr_changed_keys *c,
                                    const struct mr_foreign_key *fk)
{
    const size_t at = find_table(c, fk->ref_db, fk->ref_table);
    if (at != NO_TABLE) {
        const struct mr_changed_keys_of *p = &c->tables[at];
        return (struct parent){p->deletes, refers_to_key(p, fk) ? p->moves : p->updates};
    }
    const struct other *other = find_other(c, fk->ref_db, fk->ref_table);
    const bool all = c->work->all_may_delete;
    return (struct parent){all || (other != NULL && other->deletes),
                           all || (other != NULL && other->updates)};
}

/* *more: it was not blind before. */
static enum mr_code cascade_into(struct mr_changed_keys *c, struct mr_changed_keys_of *child,
                                 bool *more, struct mr_err *err)
{
    for (size_t i = 0; child->why == NULL && i < child->today->nfks; i++) {
        const struct mr_foreign_key *fk = &child->today->fks[i];
        const struct parent parent = look_at_parent(c, fk);
        if (!(parent.deletes && fires(fk->on_delete)) && !(parent.updates && fires(fk->on_update)))
            continue;
        MR_TRY(
            blind(c, child,
                  mr_arena_fmt(
                      &c->work->arena,
                      "foreign key \"%.64s\" may have changed rows that are not in the log, since "
                      "rows of \"%.64s.%.64s\" %s",
                      fk->name, fk->ref_db, fk->ref_table,
                      parent.deletes && fires(fk->on_delete) ? "were deleted" : "were changed"),
                  err));
        *more = true;
    }
    return MR_OK;
}

/* A child that is blind may be a parent: until nothing more is found, which ends, since none stops
 * being blind. */
enum mr_code mr_changed_keys_cascade(struct mr_changed_keys *c, struct mr_err *err)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < c->ntables; i++)
            MR_TRY(cascade_into(c, &c->tables[i], &more, err));
    }
    return MR_OK;
}
