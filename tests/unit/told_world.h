/*
 * told_world: what the binary logs say of the rows of a merge_world.
 *
 *   world_open_case(&w) → told_begin(&w, &t) → told_table, told_tx, told_mark … → told_end(&t)
 *
 * An image is written as a row of that table is, "7|ann|NULL"; "?" is a column that the log has not
 * shown.  A column that is not compared has no place in it, whatever the row says there.
 */
#ifndef MR_TESTS_TOLD_WORLD_H
#define MR_TESTS_TOLD_WORLD_H

#include "merge_world.h"

#include "core/case/evidence.h"
#include "core/case/seen_image.h"
#include "repair/merge/merge_evidence.h"

struct told {
    struct world *w;
    struct mr_evidence_writer *writer;
    int64_t tables[WORLD_TABLES];
};

#define TOLD_DO(t, call)                                                                           \
    do {                                                                                           \
        world_require(mr_findings_begin((t)->w->fd, NULL));                                        \
        world_require(mr_findings_end((t)->w->fd, (call), NULL));                                  \
    } while (0)

static inline void told_begin(struct world *w, struct told *t)
{
    bool resumed = false;
    *t = (struct told){.w = w};
    world_require(mr_evidence_writer_new(w->fd, "", false, &t->writer, &resumed, NULL));
}

/* What history collect knows of a table's columns. */
static inline struct mr_find_table told_compared(struct world *w, size_t table)
{
    const struct mr_pair *pair = w->pairs[table];
    struct mr_find_table known = pair->find;
    struct mr_find_column *columns =
        mr_arena_calloc(&w->arena, known.ncolumns + 1, sizeof *columns);
    known.ncolumns = 0;
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if (!pair->ignored[i])
            columns[known.ncolumns++] = pair->find.columns[i];
    known.columns = columns;
    return known;
}

/* Logs of a table, and whether each side's are to be relied upon. */
static inline void told_table(struct told *t, size_t table, enum mr_witness source,
                              enum mr_witness target)
{
    const struct mr_find_table known = told_compared(t->w, table);
    struct mr_evidence_table of = {.name = known.name,
                                   .target_name = known.target_name,
                                   .columns = mr_evidence_columns(&known, &t->w->arena),
                                   .of = {{.witness = source}, {.witness = target}}};
    world_require(mr_evidence_table_add(t->writer, &t->w->arena, &of, NULL));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        TOLD_DO(t, mr_evidence_table_save(t->writer, &of, side, NULL));
    t->tables[table] = of.id;
}

/* A transaction, by when it was committed; its number. */
static inline int64_t told_tx(struct told *t, enum mr_side side, int64_t committed_us)
{
    struct mr_evidence_tx tx = {.side = (int)side,
                                .gtid = "0-1-101",
                                .committed_us = committed_us,
                                .log = "bin.000001",
                                .position = 4};
    world_require(mr_evidence_last_tx(t->writer, &tx.id, NULL));
    tx.id++;
    TOLD_DO(t, mr_evidence_tx_add(t->writer, &tx, NULL));
    return tx.id;
}

static inline struct mr_key told_image(struct world *w, size_t table, const char *row)
{
    const struct world_table *t = &w->tables[table];
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_value values[WORLD_COLUMNS];
    if (row == NULL)
        return (struct mr_key){0};
    world_values(w, t, row, values);
    for (size_t i = 0; i < t->pair.find.ncolumns; i++) {
        const size_t len = strcspn(row, "|");
        const bool unseen = len == 1 && *row == '?';
        struct mr_strbuf value = MR_STRBUF_INIT;
        row += len + (row[len] == '|');
        if (t->ignored[i])
            continue;
        world_require(mr_row_encode_exact(&value, &values[i], NULL));
        mr_seen_image_add(&out, unseen ? (struct mr_key){NULL, 0}
                                       : (struct mr_key){value.ptr, value.len});
        mr_strbuf_release(&value);
    }
    const struct mr_key image = {mr_arena_dup(&w->arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return image;
}

/* What one side's log has of a key.  first and last: images, NULL where there was none; both
 * NULL: they were not kept. */
struct told_mark {
    int flags; /* those that images tell are added */
    const char *first, *last;
    int64_t first_tx, last_tx; /* 0: any */
};

/* Of the key that the row has, which was changed so often. */
static inline void told_changed(struct told *t, size_t table, enum mr_side side, const char *row,
                                struct told_mark m, uint64_t changes)
{
    const bool kept = m.first != NULL || m.last != NULL;
    const struct mr_evidence_mark mark = {
        .key = world_key(t->w, table, row),
        .flags = m.flags | (kept && m.first == NULL ? MR_MARK_ABSENT_BEFORE : 0) |
                 (kept && m.last == NULL ? MR_MARK_DELETED : 0),
        .changes = changes,
        .first_tx = m.first_tx,
        .last_tx = m.last_tx,
        .first = told_image(t->w, table, m.first),
        .last = told_image(t->w, table, m.last),
        .has_images = kept};
    TOLD_DO(t, mr_evidence_mark_put(t->writer, t->tables[table], (int)side, &mark, NULL));
}

/* Once. */
static inline void told_mark(struct told *t, size_t table, enum mr_side side, const char *row,
                             struct told_mark m)
{
    told_changed(t, table, side, row, m, 1);
}

/* A change of that key, the n-th from 1 on; image: what it has changed, or inserted; NULL: a deletion. */
static inline void told_change(struct told *t, size_t table, enum mr_side side, const char *row,
                               int64_t n, enum mr_change_kind kind, int64_t tx, const char *image)
{
    const struct mr_evidence_change change = {
        .n = n, .kind = kind, .tx = tx, .image = told_image(t->w, table, image)};
    TOLD_DO(t, mr_evidence_change_add(t->writer, t->tables[table], (int)side,
                                      world_key(t->w, table, row), &change, NULL));
}

/* What was told counts, the plan begins, and knows of which tables something is told. */
static inline void told_end(struct told *t)
{
    world_require(mr_evidence_finish(t->writer, NULL));
    mr_evidence_writer_free(t->writer);
    world_open_plan(t->w);
    for (size_t i = 0; i < t->w->plan.ntables; i++)
        world_require(mr_merge_evidence_find(&t->w->m, &t->w->merged[i], NULL));
}

/* Both servers are as they were when their logs were read. */
static inline void told_still(struct world *w)
{
    w->m.is_still[MR_SOURCE] = w->m.is_still[MR_TARGET] = true;
}

/* The side's foreign key of the reference at that place; `to`: another column of the parent, or NULL. */
static inline void told_foreign_key(struct world *w, size_t reference, enum mr_side side,
                                    const char *on_update, const char *on_delete, const char *to)
{
    const struct mr_plan_reference *r = &w->references[reference];
    const char **names = mr_arena_calloc(&w->arena, 2, sizeof *names);
    struct mr_foreign_key *fk = mr_arena_calloc(&w->arena, 1, sizeof *fk);
    const struct mr_table *parent = &w->tables[r->parent].side[side];
    struct mr_table *child = &w->tables[r->child].side[side];
    names[0] = w->tables[r->child].find[r->from.at[0]].name;
    names[1] = to != NULL ? to : w->tables[r->parent].find[r->to.at[0]].name;
    *fk = (struct mr_foreign_key){.name = "fk",
                                  .columns = &names[0],
                                  .ref_db = parent->db,
                                  .ref_table = parent->name,
                                  .ref_columns = &names[1],
                                  .ncolumns = 1,
                                  .on_update = on_update,
                                  .on_delete = on_delete};
    child->fks = fk;
    child->nfks = 1;
}

#endif
