/* conflict_changes.c: see conflict_changes.h. */
#include "repair/planning/conflict_changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/evidence.h"
#include "core/case/image.h"
#include "core/case/seen_image.h"
#include "core/json/jsonw.h"
#include "core/row/when.h"
#include "repair/merge/merge_evidence.h"

/* Marks that say nothing for certain. */
#define NO_EVIDENCE (MR_MARK_BROKEN | MR_MARK_SHARED | MR_MARK_MOVING)

struct mr_conflict_changes {
    struct mr_findings *fd;
    struct mr_arena arena; /* of the table at hand */
    struct mr_arena scrap; /* of a row */
    const struct mr_plan_table *table;
    struct mr_find_table known; /* its columns that are compared */
    int64_t evidence;           /* the table of the collection; 0: none */
    struct mr_seen_image row, last, change;
    struct mr_vec list; /* struct mr_evidence_change */
};

/* What is told of a row: transactions, 0 for none. */
struct told {
    const char *kind; /* of the whole row; NULL: no such change */
    int64_t row;
    int64_t *columns; /* one a column that is compared; -1: changed, and not known by which */
    uint64_t not_kept;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "writing conflicts");
}

/* ---- the table ---- */

/* Rows come table by table. */
static enum mr_code take_table(struct mr_conflict_changes *c, const struct mr_plan_table *table,
                               struct mr_err *err)
{
    struct mr_evidence_table of;
    bool found = false;
    if (c->table == table)
        return MR_OK;
    mr_arena_reset(&c->arena);
    c->table = NULL;
    c->evidence = 0;
    MR_TRY(mr_merge_evidence_compared(table->pair, &c->arena, &c->known, err));
    if (table->witness.is_used && table->key.count > 0)
        MR_TRY(mr_evidence_match(c->fd, &c->known, &c->arena, &of, &found, err));
    c->evidence = found ? of.id : 0;
    c->table = table;
    return MR_OK;
}

/* ---- may the log be believed? ---- */

static const struct mr_key *key_of(const struct mr_entity *e, enum mr_side side)
{
    return side == MR_SOURCE ? &e->source_key : &e->target_key;
}

static const struct mr_key *row_of(const struct mr_entity *e, enum mr_side side)
{
    return side == MR_SOURCE ? &e->source : &e->target;
}

/* A row under that key stood at the split, by the marks of both sides: what one side has deleted is it. */
static enum mr_code stood(struct mr_conflict_changes *c, struct mr_key key, bool *yes,
                          struct mr_err *err)
{
    *yes = true;
    for (int side = MR_SOURCE; *yes && side < MR_SIDES; side++) {
        struct mr_evidence_mark mark;
        bool found = false;
        MR_TRY(mr_evidence_mark(c->fd, c->evidence, side, key, &c->scrap, &mark, &found, err));
        *yes = !found || (mark.flags & MR_MARK_ABSENT_BEFORE) == 0;
    }
    return MR_OK;
}

/* Does the log lead to the row that is there?  Columns that no change has shown are not contradicted. */
static enum mr_code leads_to(struct mr_conflict_changes *c, const struct mr_evidence_mark *mark,
                             struct mr_key row, bool *yes, struct mr_err *err)
{
    const struct mr_pair *pair = c->table->pair;
    MR_TRY(mr_seen_image_open(&c->row, row.ptr, row.len, err));
    MR_TRY(mr_seen_image_open(&c->last, mark->last.ptr, mark->last.len, err));
    *yes = true;
    for (size_t i = 0, at = 0; *yes && i < pair->find.ncolumns; i++) {
        if (pair->ignored != NULL && pair->ignored[i])
            continue;
        const struct mr_key last = mr_seen_image_at(&c->last, at++);
        const struct mr_key now = mr_seen_image_at(&c->row, i);
        *yes = last.ptr == NULL ||
               (now.ptr != NULL && mr_image_same_value(last, now, &pair->find.columns[i]));
    }
    return MR_OK;
}

/* Which key of the side the conflict is about, and the mark of it.  *is false: nothing is attested. */
static enum mr_code find_mark(struct mr_conflict_changes *c, const struct mr_entity *e,
                              enum mr_side side, struct mr_key *key, struct mr_evidence_mark *mark,
                              bool *is, struct mr_err *err)
{
    const struct mr_key row = *row_of(e, side);
    *is = false;
    if (c->evidence == 0 || c->table->witness.side[side] != MR_WITNESS_GOOD)
        return MR_OK;
    *key = *key_of(e, side);
    if (key->ptr == NULL) /* it is not there any more */
        *key = *key_of(e, side == MR_SOURCE ? MR_TARGET : MR_SOURCE);
    if (key->ptr == NULL)
        return MR_OK;
    MR_TRY(mr_evidence_mark(c->fd, c->evidence, (int)side, *key, &c->scrap, mark, is, err));
    if (!*is || !mark->has_images || (mark->flags & NO_EVIDENCE) != 0 ||
        ((mark->flags & MR_MARK_DELETED) != 0) != (row.ptr == NULL)) {
        *is = false;
        return MR_OK;
    }
    return row.ptr == NULL ? stood(c, *key, is, err) : leads_to(c, mark, row, is, err);
}

/* ---- the last change of each column ---- */

/* Of what changed columns, from the last change back to the first: the first that is met is the last of its
 * column.  is_gap: changes between this one and the last are not kept. */
static enum mr_code take_update(struct mr_conflict_changes *c,
                                const struct mr_evidence_change *change, bool is_gap,
                                struct told *told, struct mr_err *err)
{
    MR_TRY(mr_seen_image_open(&c->change, change->image.ptr, change->image.len, err));
    for (size_t i = 0; i < c->known.ncolumns; i++)
        if (told->columns[i] == 0 && mr_seen_image_at(&c->change, i).ptr != NULL)
            told->columns[i] = is_gap ? -1 : change->tx;
    return MR_OK;
}

/* Behind the insertion nothing is of this row; what was deleted is no row any more.  Where changes are
 * lacking in between, and it was inserted again, which insertion it was is not known. */
static enum mr_code take_changes(struct mr_conflict_changes *c, const struct mr_evidence_mark *mark,
                                 struct told *told, struct mr_err *err)
{
    uint64_t expected = mark->changes;
    bool is_gap = false;
    for (size_t i = c->list.count; i-- > 0 && told->kind == NULL;) {
        const struct mr_evidence_change *change = mr_vec_at(&c->list, i);
        is_gap |= (uint64_t)change->n != expected;
        expected = (uint64_t)change->n - 1;
        if (change->kind == MR_CHANGE_UPDATE) {
            MR_TRY(take_update(c, change, is_gap, told, err));
            continue;
        }
        if (is_gap && (mark->flags & MR_MARK_AGAIN) != 0)
            break;
        const bool deleted = change->kind == MR_CHANGE_DELETE;
        told->row = change->tx;
        told->kind = deleted ? (mark->flags & MR_MARK_WENT) != 0 ? "went" : "delete"
                     : (mark->flags & MR_MARK_CAME) != 0 ? "came"
                                                         : "insert";
    }
    told->not_kept = mark->changes > c->list.count ? mark->changes - c->list.count : 0;
    return MR_OK;
}

/* ---- the cell ---- */

static enum mr_code put_tx(struct mr_conflict_changes *c, struct mr_jsonw *w, const char *kind,
                           int64_t id, struct mr_err *err)
{
    struct mr_strbuf when = MR_STRBUF_INIT;
    struct mr_evidence_tx tx;
    char position[24];
    bool found = false;
    MR_TRY(mr_evidence_tx(c->fd, id, &c->scrap, &tx, &found, err));
    if (!found)
        return mr_err_set(err, MR_E_CASE, "the case file lacks a transaction of its evidence");
    mr_when_format_us(tx.committed_us, &when);
    (void)snprintf(position, sizeof position, "%" PRIu64, tx.position);
    mr_jsonw_object_begin(w);
    if (kind != NULL)
        mr_jsonw_add_str(w, "kind", kind);
    mr_jsonw_add_str(w, "time", when.ptr);
    mr_jsonw_add_str(w, "gtid", tx.gtid);
    mr_jsonw_add_str(w, "log", tx.log);
    mr_jsonw_add_str(w, "position", position);
    mr_jsonw_object_end(w);
    const enum mr_code code = mr_strbuf_check(&when, "writing conflicts", err);
    mr_strbuf_release(&when);
    return code;
}

static enum mr_code put_columns(struct mr_conflict_changes *c, struct mr_jsonw *w,
                                const struct told *told, struct mr_err *err)
{
    mr_jsonw_key(w, "columns");
    mr_jsonw_object_begin(w);
    for (size_t i = 0; i < c->known.ncolumns; i++) {
        if (told->columns[i] == 0)
            continue;
        mr_jsonw_key(w, c->known.columns[i].name);
        if (told->columns[i] < 0)
            mr_jsonw_null(w);
        else
            MR_TRY(put_tx(c, w, NULL, told->columns[i], err));
    }
    mr_jsonw_object_end(w);
    return MR_OK;
}

static enum mr_code put_told(struct mr_conflict_changes *c, struct mr_jsonw *w,
                             const struct told *told, struct mr_err *err)
{
    char count[24];
    mr_jsonw_object_begin(w);
    if (told->kind != NULL) {
        mr_jsonw_key(w, "row");
        MR_TRY(put_tx(c, w, told->kind, told->row, err));
    }
    MR_TRY(put_columns(c, w, told, err));
    (void)snprintf(count, sizeof count, "%" PRIu64, told->not_kept);
    if (told->not_kept > 0)
        mr_jsonw_add_str(w, "not_kept", count);
    mr_jsonw_object_end(w);
    return MR_OK;
}

enum mr_code mr_conflict_changes_add(struct mr_conflict_changes *c,
                                     const struct mr_plan_table *table,
                                     const struct mr_entity *entity, enum mr_side side,
                                     struct mr_strbuf *text, struct mr_err *err)
{
    struct told told = {.kind = NULL};
    struct mr_evidence_mark mark;
    struct mr_key key = {NULL, 0};
    struct mr_jsonw json;
    bool is = false;
    mr_arena_reset(&c->scrap);
    mr_vec_clear(&c->list);
    MR_TRY(take_table(c, table, err));
    MR_TRY(find_mark(c, entity, side, &key, &mark, &is, err));
    if (!is)
        return MR_OK;
    told.columns = mr_arena_calloc(&c->scrap, c->known.ncolumns + 1, sizeof *told.columns);
    if (told.columns == NULL)
        return no_memory(err);
    MR_TRY(mr_evidence_changes(c->fd, c->evidence, (int)side, key, &c->scrap, &c->list, err));
    MR_TRY(take_changes(c, &mark, &told, err));
    mr_jsonw_init_buf(&json, text);
    enum mr_code code = put_told(c, &json, &told, err);
    if (code == MR_OK)
        code = mr_jsonw_finish(&json, "conflicts", err);
    mr_jsonw_release(&json);
    return code;
}

/* ---- its life ---- */

enum mr_code mr_conflict_changes_open(struct mr_findings *fd, struct mr_conflict_changes **out,
                                      struct mr_err *err)
{
    struct mr_conflict_changes *c = calloc(1, sizeof *c);
    *out = c;
    if (c == NULL)
        return no_memory(err);
    c->fd = fd;
    c->arena = c->scrap = (struct mr_arena)MR_ARENA_INIT;
    c->list = (struct mr_vec)MR_VEC_INIT(struct mr_evidence_change);
    mr_seen_image_init(&c->row);
    mr_seen_image_init(&c->last);
    mr_seen_image_init(&c->change);
    return MR_OK;
}

void mr_conflict_changes_close(struct mr_conflict_changes *c)
{
    if (c == NULL)
        return;
    mr_seen_image_release(&c->row);
    mr_seen_image_release(&c->last);
    mr_seen_image_release(&c->change);
    mr_vec_release(&c->list);
    mr_arena_release(&c->arena);
    mr_arena_release(&c->scrap);
    free(c);
}
