/* rewind_log.c: a server's log as the rows that selected transactions changed; see rewind_internal.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/binlog/binlog_value.h"
#include "core/case/image.h"
#include "core/db/sqlshort.h"
#include "core/logs/statement_reach.h"
#include "core/pair/pair_columns.h"
#include "core/source/column_rule.h"
#include "repair/rewind/rewind_internal.h"

#define NO_TABLE SIZE_MAX
#define SHOWN_MAX 5 /* definitions that a refusal names */

/* ---- images ---- */

static const struct mr_table *today_of(const struct mr_rewind *r, size_t table)
{
    return r->task->tables->tables[table].pair->side[MR_TARGET];
}

static enum mr_code value_at(struct mr_rewind *r, size_t table, size_t column,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, bool *seen,
                             struct mr_value *value, struct mr_err *err)
{
    const struct mr_plan_table *t = &r->task->tables->tables[table];
    const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, column);
    return mr_binlog_value(r->tables[table].shape, (size_t)(c - today_of(r, table)->columns), image,
                           before, &r->scratch, seen, value, err);
}

/* What the text of a column does not tell, as a server that is asked for the row tells it: an ENUM or SET with a
 * member '' may have number 0. */
static enum mr_code take_flag(struct mr_rewind *r, size_t table, size_t column,
                              const struct mr_binlog_field *image, struct mr_strbuf *out,
                              struct mr_err *err)
{
    const struct mr_column *c =
        mr_pair_column(r->task->tables->tables[table].pair, MR_TARGET, column);
    struct mr_value value;
    bool seen = false;
    MR_TRY(value_at(r, table, column, image, NULL, &seen, &value, err));
    if (value.cls != MR_CLASS_NULL)
        value = (struct mr_value){
            .cls = MR_CLASS_UINT,
            .u = mr_binlog_is_number_zero(r->tables[table].shape,
                                          (size_t)(c - today_of(r, table)->columns), image)};
    return mr_row_encode(out, &value, err);
}

/* All columns that are planned, in their order, and their flags; *whole false: the image does not show one. */
static enum mr_code take_image(struct mr_rewind *r, size_t table,
                               const struct mr_binlog_field *image,
                               const struct mr_binlog_field *before, struct mr_strbuf *out,
                               bool *whole, struct mr_err *err)
{
    const struct mr_find_table *find = &r->task->tables->tables[table].pair->find;
    mr_strbuf_reset(out);
    for (size_t i = 0; i < find->ncolumns; i++) {
        struct mr_value value;
        bool seen = false;
        MR_TRY(value_at(r, table, i, image, before, &seen, &value, err));
        *whole = *whole && seen;
        if (seen)
            MR_TRY(mr_row_encode_exact(out, &value, err));
    }
    for (size_t i = 0; *whole && i < find->ncolumns; i++)
        if (find->columns[i].flag_at >= 0)
            MR_TRY(take_flag(r, table, i, image, out, err));
    return mr_strbuf_check(out, "rewinding", err);
}

/* What an after-image leaves out of the key has stayed. */
static enum mr_code take_key(struct mr_rewind *r, size_t table, const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, struct mr_strbuf *out,
                             struct mr_err *err)
{
    const struct mr_plan_columns *key = &r->task->tables->tables[table].key;
    mr_strbuf_reset(out);
    for (size_t i = 0; i < key->count; i++) {
        struct mr_value value;
        bool seen = false;
        MR_TRY(value_at(r, table, key->at[i], image, before, &seen, &value, err));
        if (!seen && before != NULL)
            MR_TRY(value_at(r, table, key->at[i], before, NULL, &seen, &value, err));
        if (!seen)
            return mr_err_set(err, MR_E_UNSUPPORTED, "a row in the log does not show its key");
        MR_TRY(mr_row_encode(out, &value, err));
    }
    return mr_strbuf_check(out, "rewinding", err);
}

/* ---- changes of a key ---- */

struct change {
    size_t table;
    struct mr_key key, before, after; /* ptr NULL: no row */
    struct mr_key came_from;          /* the key that it had; ptr NULL: this one */
    bool is_selected, moves;          /* moves: away from the key */
};

static bool same(struct mr_key a, struct mr_key b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && a.len == b.len &&
           (a.ptr == NULL || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static enum mr_code save_point(struct mr_rewind *r, struct mr_err *err)
{
    if (r->is_saved)
        return MR_OK;
    r->is_saved = true;
    return mr_case_exec(r->cf, "SAVEPOINT rw_tx", err);
}

static enum mr_code end_point(struct mr_rewind *r, bool stays, struct mr_err *err)
{
    if (!r->is_saved)
        return MR_OK;
    r->is_saved = false;
    if (!stays)
        MR_TRY(mr_case_exec(r->cf, "ROLLBACK TO rw_tx", err));
    return mr_case_exec(r->cf, "RELEASE rw_tx", err);
}

/* The bytes go into `bytes`: the statement's own end with it. */
static enum mr_code find(struct mr_rewind *r, const struct change *c, struct mr_strbuf *bytes,
                         struct mr_rewind_known *known, bool *found, struct mr_err *err)
{
    struct mr_key *const images[] = {&known->s, &known->base, &known->last};
    size_t at = 0;
    MR_CASE_BIND(r->find, MR_ARG_INT("tbl", c->table), MR_ARG_BYTES("key", c->key));
    enum mr_code code = mr_case_fields_next(&r->find_map, NULL, known, found, err);
    for (size_t i = 0; code == MR_OK && *found && i < 3; i++)
        if (images[i]->ptr != NULL)
            mr_strbuf_add(bytes, images[i]->ptr, images[i]->len);
    if (code == MR_OK)
        code = mr_strbuf_check(bytes, "rewinding", err);
    for (size_t i = 0; code == MR_OK && *found && i < 3; i++)
        if (images[i]->ptr != NULL) {
            images[i]->ptr = bytes->ptr + at;
            at += images[i]->len;
        }
    mr_case_reset(r->find);
    return code;
}

/* ---- numbers that went back ---- */

enum state { STATE_S, STATE_BASE, STATE_BEFORE, STATE_AFTER, STATES };

/* start + to - from; false: that is no number of the column. */
static bool add_up(const struct mr_column *c, const struct mr_value *start,
                   const struct mr_value *to, const struct mr_value *from, struct mr_strbuf *out)
{
    const struct mr_rule_values v = {c, to, start, from};
    mr_strbuf_reset(out);
    return mr_rule_add(&v, out) == MR_RULE_TAKES_VALUE;
}

/* Did the change take off just what the selected ones had put on, or the other way round? */
static enum mr_code number_goes_back(const struct mr_column *c, const struct mr_image *images,
                                     size_t column, struct mr_strbuf sums[2], bool *is,
                                     struct mr_err *err)
{
    struct mr_value v[STATES];
    for (int i = 0; i < STATES; i++)
        MR_TRY(mr_image_value(&images[i], column, &v[i], err));
    if (!add_up(c, &v[STATE_BASE], &v[STATE_S], &v[STATE_BASE], &sums[0]) ||
        !add_up(c, &v[STATE_BASE], &v[STATE_BASE], &v[STATE_BASE], &sums[1]) ||
        (sums[0].len == sums[1].len && memcmp(sums[0].ptr, sums[1].ptr, sums[0].len) == 0))
        return MR_OK;
    *is = add_up(c, &v[STATE_BEFORE], &v[STATE_S], &v[STATE_BASE], &sums[0]) &&
          add_up(c, &v[STATE_BASE], &v[STATE_AFTER], &v[STATE_BASE], &sums[1]) &&
          sums[0].len == sums[1].len && memcmp(sums[0].ptr, sums[1].ptr, sums[0].len) == 0;
    return MR_OK;
}

/* A rewind that was carried out before is a change like any other in the log.  What it has added must not be added
 * again by a rule, and nothing but the amount tells it from others' work. */
static enum mr_code goes_back(const struct mr_rewind *r, const struct change *c,
                              const struct mr_rewind_known *known, bool *is, struct mr_err *err)
{
    const struct mr_pair *pair = r->task->tables->tables[c->table].pair;
    const struct mr_key rows[STATES] = {known->s, known->base, c->before, c->after};
    struct mr_strbuf sums[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    struct mr_image images[STATES];
    enum mr_code code = MR_OK;
    *is = false;
    for (int i = 0; i < STATES; i++)
        if (rows[i].ptr == NULL)
            return MR_OK;
    for (int i = 0; i < STATES; i++)
        mr_image_init(&images[i]);
    for (int i = 0; i < STATES; i++)
        MR_TRY_OUT(mr_image_open(&images[i], rows[i].ptr, rows[i].len, err));
    for (size_t i = 0; !*is && i < pair->find.ncolumns; i++) {
        const struct mr_column *column = mr_pair_column(pair, MR_TARGET, i);
        if (mr_rule_misfit(MR_RULE_ADD, column, column) == NULL)
            MR_TRY_OUT(number_goes_back(column, images, i, sums, is, err));
    }
    MR_TRY_OUT(mr_strbuf_check(&sums[0], "rewinding", err));
    MR_TRY_OUT(mr_strbuf_check(&sums[1], "rewinding", err));
out:
    for (int i = 0; i < STATES; i++)
        mr_image_release(&images[i]);
    mr_strbuf_release(&sums[0]);
    mr_strbuf_release(&sums[1]);
    return code;
}

/* What one more change makes of a key that is known.  A row that others made just as it was before is taken for that one:
 * undo of a rewind that was carried out does so. */
static int flags_of(const struct mr_rewind_known *known, const struct change *c, bool back)
{
    const bool comes = c->before.ptr == NULL;
    int flags = known->flags | (same(known->last, c->before) ? 0 : MR_REWIND_BROKEN);
    if (!c->is_selected)
        return flags | MR_REWIND_SINCE | (back ? MR_REWIND_BACK : 0) |
               (c->moves ? MR_REWIND_MOVED : 0) |
               (comes && known->base.ptr != NULL && !same(known->base, c->after) ? MR_REWIND_REMADE
                                                                                 : 0);
    if (comes && known->s.ptr != NULL && c->came_from.ptr == NULL)
        flags |= MR_REWIND_ANEW;
    return (flags & MR_REWIND_SINCE) != 0 ? (flags & ~MR_REWIND_SINCE) | MR_REWIND_BETWEEN : flags;
}

/* Others' changes count only of keys that a selected one has met. */
static enum mr_code apply(struct mr_rewind *r, const struct change *c, struct mr_err *err)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_rewind_known known = {.flags = 0};
    bool found = false, back = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(find(r, c, &bytes, &known, &found, err));
    if (!found && !c->is_selected)
        goto out;
    r->touched[c->table] = true;
    MR_TRY_OUT(save_point(r, err));
    if (!found) {
        r->tables[c->table].keys++;
        code = MR_CASE_RUN(r->add, err, MR_ARG_INT("tbl", c->table), MR_ARG_BYTES("key", c->key),
                           MR_ARG_BYTES("s", c->before), MR_ARG_BYTES("last", c->after),
                           MR_ARG_BYTES("came_from", c->came_from));
        goto out;
    }
    if (!c->is_selected)
        MR_TRY_OUT(goes_back(r, c, &known, &back, err));
    code = MR_CASE_RUN(
        r->change, err, MR_ARG_INT("tbl", c->table), MR_ARG_BYTES("key", c->key),
        MR_ARG_BYTES("last", c->after), MR_ARG_INT("flags", flags_of(&known, c, back)),
        MR_ARG_INT("selected", c->is_selected), MR_ARG_INT("tx", r->others),
        MR_ARG_INT("comes", c->before.ptr == NULL), MR_ARG_BYTES("came_from", c->came_from));
out:
    mr_strbuf_release(&bytes);
    return code;
}

static struct mr_key key_of(const struct mr_strbuf *bytes)
{
    return (struct mr_key){bytes->ptr, bytes->len};
}

/* An update of the key is a row that went and one that came. */
static enum mr_code take_row(struct mr_rewind *r, size_t table, const struct mr_binlog_row *row,
                             bool *whole, struct mr_err *err)
{
    const bool is_selected = r->is_selected && r->task->kinds[row->kind];
    const struct mr_key none = {NULL, 0};
    struct change c = {.table = table, .is_selected = is_selected};
    if (row->before != NULL) {
        MR_TRY(take_key(r, table, row->before, NULL, &r->keys[0], err));
        MR_TRY(take_image(r, table, row->before, NULL, &r->images[0], whole, err));
    }
    if (row->after != NULL) {
        MR_TRY(take_key(r, table, row->after, row->before, &r->keys[1], err));
        MR_TRY(take_image(r, table, row->after, row->before, &r->images[1], whole, err));
    }
    if (!*whole)
        return MR_OK;
    const bool moves = row->before != NULL && row->after != NULL &&
                       !same(key_of(&r->keys[0]), key_of(&r->keys[1]));
    r->tables[table].lets_go =
        r->tables[table].lets_go || (is_selected && (row->after == NULL || moves));
    c.key = key_of(&r->keys[row->before != NULL ? 0 : 1]);
    c.before = row->before != NULL ? key_of(&r->images[0]) : none;
    c.after = row->after != NULL && !moves ? key_of(&r->images[1]) : none;
    c.moves = moves;
    MR_TRY(apply(r, &c, err));
    if (!moves)
        return MR_OK;
    c.moves = false;
    c.came_from = c.key;
    c.key = key_of(&r->keys[1]);
    c.before = none;
    c.after = key_of(&r->images[1]);
    return apply(r, &c, err);
}

/* ---- row events ---- */

static size_t look_up(const struct mr_rewind *r, const struct mr_binlog_table *log)
{
    const struct mr_plan_tables *plan = r->task->tables;
    const struct mr_catalogue *cat = plan->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < plan->ntables; i++)
        if ((r->task->planned == NULL || r->task->planned[i]) &&
            mr_catalogue_is_table(cat, today_of(r, i), log->db, log->name))
            return i;
    return NO_TABLE;
}

static size_t find_table(struct mr_rewind *r, const struct mr_binlog_map *map)
{
    if (r->met_serial != map->serial) {
        r->met_serial = map->serial;
        r->met_table = look_up(r, &map->table);
    }
    return r->met_table;
}

/* How rows of that map are decoded; without a shape the table is blind, which counts where it has keys,
 * or would get some. */
static enum mr_code make_shape(struct mr_rewind *r, const struct mr_binlog_step *step, size_t table,
                               struct mr_err *err)
{
    struct mr_rewind_table *t = &r->tables[table];
    struct mr_err why = {0};
    if (t->serial == step->map->serial)
        return MR_OK;
    mr_arena_reset(&t->arena);
    t->serial = step->map->serial;
    enum mr_code code = mr_binlog_shape_make(&step->map->table, today_of(r, table), r->task->server,
                                             &t->arena, &t->shape, &why);
    if (code == MR_OK)
        return MR_OK;
    t->shape = NULL;
    if (code != MR_E_UNSUPPORTED) {
        *err = why;
        return code;
    }
    if (r->is_selected || t->keys > 0)
        mr_rewind_blind(r, table,
                        mr_arena_fmt(r->task->arena, "%s, at \"%.200s\" position %" PRIu64,
                                     why.message, step->event->place.log,
                                     step->event->place.position));
    return MR_OK;
}

static enum mr_code walk_rows(struct mr_rewind *r, const struct mr_binlog_step *step, size_t table,
                              struct mr_err *err)
{
    struct mr_binlog_row row;
    MR_TRY(mr_binlog_rows_open(&r->rows, step->event, &step->map->table, err));
    if (!(r->is_selected && r->task->kinds[r->rows.kind]) && r->tables[table].keys == 0)
        return MR_OK;
    for (;;) {
        bool whole = true;
        MR_TRY(mr_binlog_rows_next(&r->rows, &row, err));
        if (row.kind == 0)
            return MR_OK;
        MR_TRY(take_row(r, table, &row, &whole, err));
        if (!whole)
            return mr_err_set(
                err, MR_E_UNSUPPORTED,
                "the log shows a part of its rows only (binlog_row_image is not FULL)");
    }
}

/* Would a table of that name be undone, if it were there?  What the server keeps for itself is never. */
static bool is_meant(const struct mr_rewind *r, const char *db, const char *name)
{
    static const char *const own[] = {"mysql", "information_schema", "performance_schema", "sys"};
    const struct mr_rewind_task *t = r->task;
    bool is_named = t->ep->ndbs == 0;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(own[i], db) == 0)
            return false;
    for (size_t i = 0; i < t->ep->ndbs; i++)
        is_named = is_named || mr_server_same_name(t->server, t->ep->dbs[i], db);
    return is_named && mr_pattern_selects(t->meant->items, t->meant->count, t->excluded->items,
                                          t->excluded->count, db, name);
}

/* Rows that were of a table which is not there any more, or cannot be planned, are not left out in silence. */
static enum mr_code take_strange(struct mr_rewind *r, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    const struct mr_binlog_table *log = &step->map->table;
    struct mr_err why = {0};
    if (r->strange != NULL || !r->is_selected || !is_meant(r, log->db, log->name))
        return MR_OK;
    const enum mr_code code = mr_binlog_rows_open(&r->rows, step->event, log, &why);
    if (code == MR_OK && !r->task->kinds[r->rows.kind])
        return MR_OK;
    if (code != MR_OK && code != MR_E_UNSUPPORTED) {
        *err = why;
        return code;
    }
    r->strange =
        mr_arena_fmt(r->task->arena, "table \"%s.%s\", at \"%.200s\" position %" PRIu64, log->db,
                     log->name, step->event->place.log, step->event->place.position);
    return r->strange != NULL ? MR_OK : mr_rewind_nomem(err);
}

/* Something that no plan can undo: it is refused, with the others of the kind. */
static enum mr_code list_deed(struct mr_rewind *r, const struct mr_binlog_step *step,
                              const char *deed, struct mr_err *err)
{
    const char **slot = mr_vec_push(&r->definitions);
    if (slot != NULL)
        *slot = mr_arena_fmt(r->task->arena, "%.200s (\"%.200s\" position %" PRIu64 ")",
                             deed != NULL ? deed : "", step->begun.log, step->begun.position);
    return deed != NULL && slot != NULL && *slot != NULL ? MR_OK : mr_rewind_nomem(err);
}

/* Rows without a key are in the way where they are to be undone: --kind may leave them out. */
static enum mr_code take_keyless(struct mr_rewind *r, const struct mr_binlog_step *step,
                                 size_t table, struct mr_err *err)
{
    struct mr_err why = {0};
    const enum mr_code code = mr_binlog_rows_open(&r->rows, step->event, &step->map->table, &why);
    if (code != MR_OK && code != MR_E_UNSUPPORTED) {
        *err = why;
        return code;
    }
    if (code != MR_OK || r->task->kinds[r->rows.kind])
        mr_rewind_blind(r, table, "it has no key: its rows cannot be told apart");
    return MR_OK;
}

static enum mr_code take_rows(struct mr_rewind *r, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct mr_err why = {0};
    const size_t table = step->map != NULL ? find_table(r, step->map) : NO_TABLE;
    if (table == NO_TABLE && step->map != NULL && r->is_selected && r->task->is_strict)
        return list_deed(r, step,
                         mr_arena_fmt(r->task->arena,
                                      "rows of table \"%s.%s\", which is not planned",
                                      step->map->table.db, step->map->table.name),
                         err);
    if (table == NO_TABLE)
        return step->map != NULL ? take_strange(r, step, err) : MR_OK;
    r->has_rows = true;
    if (r->tables[table].why != NULL)
        return MR_OK;
    if (!r->is_selected && r->tables[table].keys == 0)
        return MR_OK;
    if (r->task->tables->tables[table].key.count == 0)
        return take_keyless(r, step, table, err);
    MR_TRY(make_shape(r, step, table, err));
    if (r->tables[table].shape == NULL)
        return MR_OK;
    const enum mr_code code = walk_rows(r, step, table, &why);
    if (code == MR_E_UNSUPPORTED) {
        mr_rewind_blind(r, table,
                        mr_arena_fmt(r->task->arena, "%s, at \"%.200s\" position %" PRIu64,
                                     why.message, step->event->place.log,
                                     step->event->place.position));
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

/* ---- statements ---- */

static enum mr_code list_statement(struct mr_rewind *r, const struct mr_binlog_step *step,
                                   bool *listed, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (*listed)
        return MR_OK;
    *listed = true;
    mr_sqlshort(&text, step->query.text.ptr != NULL ? step->query.text.ptr : "LOAD DATA",
                step->query.text.ptr != NULL ? step->query.text.len : strlen("LOAD DATA"));
    const char **slot = mr_vec_push(&r->definitions);
    if (slot != NULL)
        *slot = mr_arena_fmt(r->task->arena, "%.200s (\"%.200s\" position %" PRIu64 ")", text.ptr,
                             step->event->place.log, step->event->place.position);
    mr_strbuf_release(&text);
    return slot != NULL && *slot != NULL ? MR_OK : mr_rewind_nomem(err);
}

/* Of a selected one also tables count that are there no more: it may be what took them. */
static bool reaches_strange(const struct mr_rewind *r, const struct mr_statement_reach *reach)
{
    const struct mr_string_list *meant = r->task->meant;
    bool is = false;
    if (!r->is_selected || (reach->reach != MR_REACH_TABLES && reach->reach != MR_REACH_DATABASES))
        return false;
    for (size_t i = 0; i < reach->tables.count; i++) {
        const struct mr_named_table *t = mr_vec_at(&reach->tables, i);
        if (t->db != NULL && t->name != NULL)
            is = is || is_meant(r, t->db, t->name);
        else if (t->db != NULL && mr_pattern_is_open(meant->items, meant->count, true))
            is = is || is_meant(r, t->db, "");
    }
    return is;
}

/* A selected one is listed and refused, one behind makes the rows before it unknown. */
static enum mr_code take_reached(struct mr_rewind *r, const struct mr_binlog_step *step,
                                 bool is_definition, size_t table, bool *listed, struct mr_err *err)
{
    if (!r->is_selected) {
        if (r->tables[table].keys > 0)
            mr_rewind_blind(r, table,
                            mr_arena_fmt(r->task->arena,
                                         "%s behind the selected transactions, at \"%.200s\" "
                                         "position %" PRIu64,
                                         is_definition ? "a statement defined it anew"
                                                       : "a statement changed rows of it that are "
                                                         "not in the log",
                                         step->event->place.log, step->event->place.position));
        return MR_OK;
    }
    return list_statement(r, step, listed, err);
}

static enum mr_code take_statement(struct mr_rewind *r, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_statement_reach reach;
    struct mr_arena arena = MR_ARENA_INIT;
    bool listed = false;
    if (step->takes_back) {
        r->is_torn = true;
        return MR_OK;
    }
    if (r->is_selected && r->task->is_strict)
        return list_statement(r, step, &listed, err);
    enum mr_code code = mr_statement_reach(&step->query, &arena, &reach, err);
    for (size_t i = 0; code == MR_OK && i < r->task->tables->ntables; i++)
        if ((r->task->planned == NULL || r->task->planned[i]) &&
            mr_statement_reaches(&reach, today_of(r, i)->db, today_of(r, i)->name))
            code = take_reached(r, step, reach.is_definition, i, &listed, err);
    if (code == MR_OK && !listed && reaches_strange(r, &reach))
        code = list_statement(r, step, &listed, err);
    mr_statement_reach_release(&reach);
    mr_arena_release(&arena);
    return code;
}

/* ---- transactions ---- */

static enum mr_code begin_tx(struct mr_rewind *r, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    memset(r->touched, 0, r->task->tables->ntables * sizeof *r->touched);
    r->is_torn = r->has_rows = false;
    if (r->log == NULL || strcmp(r->log, step->begun.log) != 0) {
        r->log = mr_arena_fmt(r->task->arena, "%s", step->begun.log);
        r->met_serial = 0;
        for (size_t i = 0; i < r->task->tables->ntables; i++)
            r->tables[i].serial = 0;
    }
    if (r->log == NULL)
        return mr_rewind_nomem(err);
    MR_TRY(mr_rewind_select_has(r->task->select, step->gtid, &step->begun,
                                mr_binlog_committed_us(step), &r->is_selected, err));
    r->others += !r->is_selected;
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* What stayed of it is not known. */
static enum mr_code end_tx(struct mr_rewind *r, const struct mr_binlog_step *step,
                           const char *doubt, struct mr_err *err)
{
    bool counts = false;
    for (size_t i = 0; i < r->task->tables->ntables; i++) {
        if (!r->touched[i])
            continue;
        counts = r->is_selected;
        if (doubt != NULL || r->is_torn)
            mr_rewind_blind(
                r, i,
                mr_arena_fmt(r->task->arena, "%s, at \"%.200s\" position %" PRIu64,
                             doubt != NULL ? doubt : "a transaction was rolled back in part",
                             step->begun.log, step->begun.position));
    }
    r->transactions += r->task->is_strict ? r->is_selected : counts;
    if (step->rewinds && !r->is_selected && r->is_saved)
        MR_TRY(MR_CASE_RUN(r->ours, err, MR_ARG_INT("tx", r->others)));
    return end_point(r, true, err);
}

/* Of those that hold nothing that is planned the end means nothing. */
static enum mr_code note_prepared(struct mr_rewind *r, const struct mr_binlog_step *step,
                                  struct mr_err *err)
{
    if (r->has_rows)
        return MR_OK;
    char **slot = mr_vec_push(&r->prepared);
    if (slot != NULL)
        *slot = strdup(step->xid);
    return slot != NULL && *slot != NULL ? MR_OK : mr_rewind_nomem(err);
}

static enum mr_code list_end_of_xa(struct mr_rewind *r, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    const char *word = step->kind == MR_STEP_XA_COMMIT ? "COMMIT" : "ROLLBACK";
    return list_deed(r, step, mr_arena_fmt(r->task->arena, "XA %s %.180s", word, step->xid), err);
}

/* What a selected XA COMMIT made true stands where it was prepared.  That of a selected one is blind by
 * itself; of one that was not, its rows were not met.  Strictly: whoever has it prepared yet ends it himself, and no log
 * prepares it anew. */
static enum mr_code end_prepared(struct mr_rewind *r, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    if (r->is_selected && r->task->is_strict)
        return list_end_of_xa(r, step, err);
    for (size_t i = r->prepared.count; i > 0; i--) {
        char **slot = mr_vec_at(&r->prepared, i - 1);
        if (*slot == NULL || strcmp(*slot, step->xid) != 0)
            continue;
        free(*slot);
        *slot = *(char **)mr_vec_at(&r->prepared, r->prepared.count - 1);
        r->prepared.count--;
        return MR_OK;
    }
    if (!r->is_selected || step->kind != MR_STEP_XA_COMMIT)
        return MR_OK;
    return list_end_of_xa(r, step, err);
}

static enum mr_code take(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    struct mr_rewind *r = ctx;
    switch (step->kind) {
    case MR_STEP_BEGIN: return begin_tx(r, step, err);
    case MR_STEP_ROWS: return take_rows(r, step, err);
    case MR_STEP_STATEMENT: return take_statement(r, step, err);
    case MR_STEP_COMMIT: return end_tx(r, step, NULL, err);
    case MR_STEP_ROLLBACK: return end_tx(r, step, "a transaction was rolled back in part", err);
    case MR_STEP_PREPARED:
        if (r->is_selected && r->task->is_strict)
            MR_TRY(list_deed(r, step, "an XA transaction that was prepared", err));
        MR_TRY(note_prepared(r, step, err));
        return end_tx(r, step, "an XA transaction was prepared, and ended elsewhere", err);
    case MR_STEP_UNFINISHED: return end_point(r, false, err);
    case MR_STEP_XA_COMMIT:
    case MR_STEP_XA_ROLLBACK: return end_prepared(r, step, err);
    case MR_STEP_END:
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_LOST: break;
    }
    return MR_OK;
}

/* ---- what is refused ---- */

static enum mr_code refuse_definitions(const struct mr_rewind *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const size_t n = r->definitions.count;
    for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? "; " : "",
                          *(const char **)mr_vec_at(&r->definitions, i));
    if (n > SHOWN_MAX)
        mr_strbuf_add_fmt(&text, "; and %zu more", n - SHOWN_MAX);
    (void)mr_err_set(err, MR_E_REFUSED, "the selected transactions hold what no log can undo: %s",
                     text.ptr);
    mr_err_hint(
        err, "%s",
        r->task->is_strict
            ? "Nothing was changed. Build the replica anew from a snapshot of the live server."
            : "Leave them out by --transactions, --from and --to, or leave the tables out by "
              "--exclude; rows that TRUNCATE or DROP took are in a backup alone.");
    mr_strbuf_release(&text);
    return MR_E_REFUSED;
}

static enum mr_code refuse_strange(const struct mr_rewind *r, struct mr_err *err)
{
    if (r->strange == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the selected transactions changed rows of a table that is not there, or "
                     "cannot be planned: %s",
                     r->strange);
    mr_err_hint(err, "Nothing was changed. With --exclude these rows are left as they are.");
    return MR_E_REFUSED;
}

static enum mr_code refuse_blind(const struct mr_rewind *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->task->tables->ntables; i++) {
        if (r->tables[i].why == NULL)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED, "table \"%s\" cannot be rewound: %s",
                         mr_plan_table_name(&r->task->tables->tables[i]), r->tables[i].why);
        mr_err_hint(err, "Nothing was changed. %s",
                    r->task->is_strict
                        ? "Build the replica anew from a snapshot of the live server."
                        : "With --exclude it is left as it is.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code refuse_missing(const struct mr_rewind *r, const struct mr_history_read *read,
                                   struct mr_err *err)
{
    struct mr_strbuf missing = MR_STRBUF_INIT;
    mr_rewind_select_add_missing(r->task->select, &missing);
    enum mr_code code = mr_strbuf_check(&missing, "rewinding", err);
    if (code == MR_OK && missing.len > 0) {
        code =
            mr_err_set(err, MR_E_REFUSED, "the server's binary logs do not hold %s", missing.ptr);
        mr_err_hint(err,
                    "Nothing was changed. A server removes its logs when they are old; myrecon "
                    "history show --top tells which transactions there are.");
    } else if (code == MR_OK && read->gap != NULL) {
        code = mr_err_set(err, MR_E_REFUSED, "the binary logs are not complete: %.*s",
                          (int)strcspn(read->gap, "\n"), read->gap);
        mr_err_hint(err, "Nothing was changed. What lacks might have changed the same rows.");
    }
    mr_strbuf_release(&missing);
    return code;
}

enum mr_code mr_rewind_read(struct mr_rewind *r, struct mr_err *err)
{
    struct mr_history_read read;
    uint64_t keys = 0;
    mr_history_read_init(&read);
    read.ep = r->task->ep;
    read.opts = r->task->opts;
    read.window = &r->task->select->window; /* logs without a transaction are met, too */
    read.arena = r->task->arena;
    read.takes_all = true; /* what was changed since counts, too */
    read.take = take;
    read.ctx = r;
    mr_log_info("reading the binary logs of the target");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_history_read(&read, err));
    MR_TRY_OUT(end_point(r, false, err));
    MR_TRY_OUT(mr_rewind_mark_ours(r, err));
    MR_TRY_OUT(refuse_missing(r, &read, err));
    if (r->task->check != NULL)
        MR_TRY_OUT(r->task->check(r->task->check_ctx, &read, r->transactions, err));
    if (r->definitions.count > 0)
        MR_TRY_OUT(refuse_definitions(r, err));
    MR_TRY_OUT(refuse_strange(r, err));
    MR_TRY_OUT(refuse_blind(r, err));
    for (size_t i = 0; i < r->task->tables->ntables; i++)
        keys += r->tables[i].keys;
    mr_log_info("%" PRIu64 " selected transaction%s changed %" PRIu64 " row%s of the plan's tables",
                r->transactions, r->transactions == 1 ? "" : "s", keys, keys == 1 ? "" : "s");
    if (r->transactions == 0 && !r->task->is_strict)
        mr_log_warning("no transaction that changed rows lies there: a time without Z or +HH:MM "
                       "behind it is UTC, and myrecon history show --top tells what the log has");
out:
    mr_history_read_release(&read);
    return code;
}
