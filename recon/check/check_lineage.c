/* check_lineage.c: see check_lineage.h. */
#include "recon/check/check_lineage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/pair/pair_references.h"
#include "recon/check/lineage_reader.h"

#define BATCH_BYTES ((size_t)4 * 1024 * 1024) /* of the images of a batch's rows */
#define READ_TRIES 4

struct climb {
    struct mr_check_run *check;
    enum mr_side side;
    struct mr_lineage_reader reader;
    struct mr_arena arena;   /* of a batch of nodes */
    struct mr_vec findings;  /* struct mr_finding */
    struct mr_vec ancestors; /* struct mr_lineage_ancestor */
    struct mr_vec nodes;     /* struct mr_lineage_node */
    struct mr_vec steps;     /* struct mr_lineage_step */
    struct mr_vec rows;      /* const struct mr_lineage_row * */
    uint64_t nsteps;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "following references");
}

static const struct mr_lineage_node *node_at(const struct climb *c, size_t i)
{
    return mr_vec_at(&c->nodes, i);
}

static const struct mr_lineage_ancestor *ancestor_at(const struct climb *c, size_t i)
{
    return mr_vec_at(&c->ancestors, i);
}

/* What is done with the pairs of one statement. */
typedef enum mr_code take_fn(struct climb *c, int64_t reference, const struct mr_vec *pairs,
                             struct mr_err *err);

/* Reads what the nodes name.  A connection that is lost begins anew: what was saved
 * before is the same again. */
static enum mr_code look_up(struct climb *c, const struct mr_lineage_lookup *lookup,
                            int64_t reference, take_fn *take, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < READ_TRIES; attempt++) {
        const struct mr_vec *pairs = NULL;
        code = mr_lineage_reader_begin(&c->reader, lookup, c->nodes.items, c->nodes.count, err);
        do {
            if (code == MR_OK)
                code = mr_lineage_reader_next(&c->reader, &pairs, err);
            if (code == MR_OK && pairs->count > 0)
                code = take(c, reference, pairs, err);
        } while (code == MR_OK && pairs->count > 0);
        if (code != MR_E_LOST || mr_is_cancelled())
            break;
    }
    return code;
}

/* Saved with each statement, so that a connection that is lost repeats one and not all. */
static enum mr_code save_steps(struct climb *c, int64_t reference, const struct mr_vec *pairs,
                               struct mr_err *err)
{
    mr_vec_clear(&c->steps);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct mr_lineage_pair *pair = mr_vec_at(pairs, i);
        struct mr_lineage_step *step = mr_vec_push(&c->steps);
        if (step == NULL)
            return nomem(err);
        *step = (struct mr_lineage_step){.child = node_at(c, pair->node)->id,
                                         .reference = reference,
                                         .node = pair->known,
                                         .parent = pair->row};
    }
    c->nsteps += c->steps.count;
    return mr_lineage_save(c->check->fd, (int)c->side, c->steps.items, c->steps.count, err);
}

/* The references of one batch of rows of a table, all of c->nodes. */
static enum mr_code follow_all(struct climb *c, const struct mr_pair *table, struct mr_err *err)
{
    for (size_t i = 0; i < c->check->pairing.nreferences; i++) {
        const struct mr_pair_reference *r = &c->check->pairing.references[i];
        if (r->child != table || r->parent == NULL || atomic_load(&r->parent->failed))
            continue;
        const struct mr_lineage_lookup lookup = {.table = r->parent,
                                                 .side = c->side,
                                                 .columns = r->edge.columns,
                                                 .named_columns = r->edge.parent_columns,
                                                 .ncolumns = r->edge.ncolumns,
                                                 .spelling = r->spelling,
                                                 .condition_at = r->edge.condition_at};
        MR_TRY(look_up(c, &lookup, r->edge.id, save_steps, err));
        if (mr_is_cancelled())
            MR_TRY(mr_cancelled_err(err));
    }
    return MR_OK;
}

static enum mr_code push_node(struct climb *c, int64_t id, const void *image, size_t len,
                              struct mr_err *err)
{
    struct mr_lineage_node *node = mr_vec_push(&c->nodes);
    if (node == NULL)
        return nomem(err);
    *node = (struct mr_lineage_node){id, image, len};
    return MR_OK;
}

/* Batches by id: findings are not added here, so the last id is where the next one begins. */
static enum mr_code climb_from_findings(struct climb *c, const struct mr_pair *table,
                                        struct mr_err *err)
{
    struct mr_find_page page = {.table = table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = MR_CHECK_KIN_BATCH,
                                .max_bytes = BATCH_BYTES,
                                .with_images = true};
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->findings);
        mr_vec_clear(&c->nodes);
        code = mr_findings_page(c->check->fd, &page, &c->arena, &c->findings, err);
        if (code != MR_OK || c->findings.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < c->findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&c->findings, i);
            const void *image = c->side == MR_SOURCE ? f->source : f->target;
            size_t len = c->side == MR_SOURCE ? f->source_len : f->target_len;
            page.after_id = f->id;
            if (image != NULL)
                code = push_node(c, f->id, image, len, err);
        }
        if (code == MR_OK)
            code = follow_all(c, table, err);
    }
    return code;
}

/* The next ancestors of a table on c->side behind `after`, as nodes; none: that is all. */
static enum mr_code next_ancestors(struct climb *c, const struct mr_pair *table, int64_t *after,
                                   struct mr_err *err)
{
    const struct mr_lineage_page page = {.table = table->find.id,
                                         .side = (int)c->side,
                                         .after_id = *after,
                                         .limit = MR_CHECK_KIN_BATCH,
                                         .max_bytes = BATCH_BYTES};
    mr_arena_reset(&c->arena);
    mr_vec_clear(&c->ancestors);
    mr_vec_clear(&c->nodes);
    enum mr_code code = mr_lineage_ancestors(c->check->fd, &page, &c->arena, &c->ancestors, err);
    for (size_t i = 0; code == MR_OK && i < c->ancestors.count; i++) {
        const struct mr_lineage_ancestor *a = ancestor_at(c, i);
        *after = a->id;
        code = push_node(c, -a->id, a->row.image, a->row.image_len, err);
    }
    return code;
}

/* The rows that were found since `after`; *grown: there were any. */
static enum mr_code climb_from_ancestors(struct climb *c, const struct mr_pair *table,
                                         int64_t *after, bool *grown, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        code = next_ancestors(c, table, after, err);
        if (code != MR_OK || c->nodes.count == 0)
            break;
        *grown = true;
        code = follow_all(c, table, err);
    }
    return code;
}

static bool is_followed(const struct mr_check_run *check, const struct mr_pair *table)
{
    if (table->find.subject != MR_SUBJECT_NO || atomic_load(&table->failed))
        return false;
    for (size_t i = 0; i < check->pairing.nreferences; i++)
        if (check->pairing.references[i].child == table)
            return true;
    return false;
}

/* Under one key it is one person, unless both sides know who it is and it is another. */
static bool same_person(const struct mr_lineage_row *a, const struct mr_lineage_row *b)
{
    if (a->identity == NULL || b->identity == NULL)
        return true;
    return a->identity_len == b->identity_len &&
           memcmp(a->identity, b->identity, a->identity_len) == 0;
}

/* Rows that are somebody else under the same key must not be kept as this person's. */
static enum mr_code save_same_people(struct climb *c, int64_t reference, const struct mr_vec *pairs,
                                     struct mr_err *err)
{
    (void)reference;
    mr_vec_clear(&c->rows);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct mr_lineage_pair *pair = mr_vec_at(pairs, i);
        if (pair->row == NULL || !same_person(&ancestor_at(c, pair->node)->row, pair->row))
            continue;
        const struct mr_lineage_row **row = mr_vec_push(&c->rows);
        if (row == NULL)
            return nomem(err);
        *row = pair->row;
    }
    return mr_lineage_ancestors_add(c->check->fd, (int)mr_other_side(c->side), c->rows.items,
                                    c->rows.count, err);
}

/*
 * In a table that was compared only in part, a row outside the window need not be on the
 * other side: it is looked for there, under its key.
 */
static enum mr_code look_across(struct climb *c, const struct mr_pair *table, struct mr_err *err)
{
    bool spilled = table->join == MR_JOIN_SPILL;
    const size_t *key = spilled ? table->key_columns : table->full[c->side].key;
    const struct mr_lineage_lookup lookup = {.table = table,
                                             .side = mr_other_side(c->side),
                                             .columns = key,
                                             .named_columns = key,
                                             .ncolumns = spilled ? table->nkey_columns
                                                                 : table->full[c->side].nkey,
                                             .condition_at = -1};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        code = next_ancestors(c, table, &after, err);
        if (code != MR_OK || c->nodes.count == 0)
            break;
        code = look_up(c, &lookup, 0, save_same_people, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    return code;
}

static enum mr_code look_across_all(struct climb *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->check->pairing.ntables; i++) {
        const struct mr_pair *table = c->check->pairing.tables[i];
        if (table->find.subject != MR_SUBJECT_NO && table->find.windowed && !table->find.keyless &&
            !atomic_load(&table->failed))
            MR_TRY(look_across(c, table, err));
    }
    return MR_OK;
}

/* Level by level, until a round over all tables finds no new row: a table may be reached again
 * from one that comes after it. */
static enum mr_code climb_all(struct climb *c, int64_t *after, struct mr_err *err)
{
    const struct mr_check_run *check = c->check;
    bool grown = true;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        if (is_followed(check, check->pairing.tables[i]))
            MR_TRY(climb_from_findings(c, check->pairing.tables[i], err));
    while (grown) {
        grown = false;
        for (size_t i = 0; i < check->pairing.ntables; i++)
            if (is_followed(check, check->pairing.tables[i]))
                MR_TRY(climb_from_ancestors(c, check->pairing.tables[i], &after[i], &grown, err));
    }
    return MR_OK;
}

/* One side by one worker: a step up needs the one before it. */
enum mr_code mr_check_lineage(struct mr_check_worker *worker, enum mr_side side, struct mr_err *err)
{
    struct climb c = {.check = worker->check,
                      .side = side,
                      .arena = MR_ARENA_INIT,
                      .findings = MR_VEC_INIT(struct mr_finding),
                      .ancestors = MR_VEC_INIT(struct mr_lineage_ancestor),
                      .nodes = MR_VEC_INIT(struct mr_lineage_node),
                      .steps = MR_VEC_INIT(struct mr_lineage_step),
                      .rows = MR_VEC_INIT(const struct mr_lineage_row *)};
    double begun = mr_clock_now_s();
    int64_t *after = calloc(worker->check->pairing.ntables + 1, sizeof *after);
    mr_lineage_reader_init(&c.reader, worker);
    enum mr_code code = after != NULL ? climb_all(&c, after, err) : nomem(err);
    if (code == MR_OK)
        code = look_across_all(&c, err);
    mr_log_detail("references on the %s: %" PRIu64 " followed in %.1f s", mr_side_name(side),
                  c.nsteps, mr_clock_now_s() - begun);
    free(after);
    mr_lineage_reader_release(&c.reader);
    mr_vec_release(&c.rows);
    mr_vec_release(&c.steps);
    mr_vec_release(&c.nodes);
    mr_vec_release(&c.ancestors);
    mr_vec_release(&c.findings);
    mr_arena_release(&c.arena);
    return code;
}
