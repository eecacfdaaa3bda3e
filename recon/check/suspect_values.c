/* suspect_values.c: see suspect_values.h. */
#include "recon/check/suspect_values.h"

#include <stdlib.h>

#include "core/base/clock.h"

enum { FINDINGS = 500, PAGE_BYTES = 8 * 1024 * 1024 };

struct looking {
    struct mr_check_run *check;
    struct mr_suspect_look *look;
    double end_s;
    const struct mr_pair *table;
    size_t id;         /* column of its ids */
    struct mr_vec ids; /* uint64_t, of the table */
    struct mr_arena arena;
};

typedef enum mr_code finding_fn(struct looking *l, const struct mr_finding *finding,
                                struct mr_err *err);

static bool is_late(const struct looking *l)
{
    return mr_clock_now_s() > l->end_s;
}

/* Each row of SOURCE's table that differs, of these kinds (0: all). */
static enum mr_code each_finding(struct looking *l, unsigned kinds, finding_fn *fn,
                                 struct mr_err *err)
{
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page page = {.table = l->table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = FINDINGS,
                                .max_bytes = PAGE_BYTES,
                                .kinds = kinds,
                                .with_images = true};
    enum mr_code code = MR_OK;
    while (code == MR_OK && !is_late(l)) {
        mr_arena_reset(&l->arena);
        mr_vec_clear(&findings);
        code = mr_findings_page(l->check->fd, &page, &l->arena, &findings, err);
        if (code != MR_OK || findings.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&findings, i);
            page.after_id = f->id;
            if (f->source != NULL)
                code = fn(l, f, err);
        }
    }
    mr_vec_release(&findings);
    return code;
}

/* ---- ids ---- */

/* The kinds of rows whose ids may change hands. Of rows that nothing but a counter names, whoever
 * differs may be somebody else. All others are left unread: after a change of a whole table they
 * are most. */
static unsigned changes_hands(const struct mr_pair *table)
{
    return 1U << MR_KIND_MISSING | 1U << MR_KIND_COLLISION |
           (table->find.identity_known ? 0 : 1U << MR_KIND_CHANGED);
}

/* At most MR_SUSPECT_IDS: of more, those that were seen first are as good. */
static enum mr_code take_id(struct looking *l, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_value value = {.cls = MR_CLASS_NULL};
    size_t pos = 0;
    uint64_t n = 0;
    enum mr_code code = MR_OK;
    if (l->ids.count == MR_SUSPECT_IDS)
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i <= l->id; i++)
        code = mr_row_decode(f->source, f->source_len, &pos, &value, err);
    if (code != MR_OK || !mr_suspect_number(&value, &n))
        return code;
    uint64_t *slot = mr_vec_push(&l->ids);
    if (slot == NULL)
        return mr_err_nomem(err, "looking for references");
    *slot = n;
    return MR_OK;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorted once, since each value of each column is looked up in them. */
static enum mr_code find_parent(struct looking *l, struct mr_err *err)
{
    struct mr_suspect_parent *parent = &l->look->parents[l->table->at];
    uint64_t next = 0;
    mr_vec_clear(&l->ids);
    enum mr_code code = each_finding(l, changes_hands(l->table), take_id, err);
    if (code != MR_OK || l->ids.count == 0)
        return code;
    qsort(l->ids.items, l->ids.count, sizeof(uint64_t), compare_ids);
    parent->ids = (const uint64_t *)mr_arena_dup(&l->look->arena, l->ids.items,
                                                 l->ids.count * sizeof(uint64_t));
    parent->nids = l->ids.count;
    if (parent->ids == NULL)
        return mr_err_nomem(err, "looking for references");
    code = mr_reader_counter(l->look->source, l->table->side[MR_SOURCE], &next, &parent->greatest,
                             err);
    if (code == MR_OK && parent->greatest < parent->ids[parent->nids - 1])
        parent->greatest = parent->ids[parent->nids - 1];
    return code;
}

/* ---- rows ---- */

static enum mr_code take_row(struct looking *l, const struct mr_finding *f, struct mr_err *err)
{
    return mr_suspect_look_row(l->look, f->source, f->source_len, err);
}

static enum mr_code look_at_table(struct looking *l, struct mr_err *err)
{
    MR_TRY(mr_suspect_look_begin(l->look, l->table, err));
    MR_TRY(each_finding(l, 0, take_row, err));
    MR_TRY(mr_throttle_wait(l->check->throttle, err));
    MR_TRY(mr_suspect_look_tail(l->look, err));
    return mr_suspect_look_end(l->look, err);
}

static bool is_compared(const struct mr_pair *table)
{
    return !atomic_load(&table->failed) && table->find.ncolumns > 0 && table->config != NULL;
}

/* Parents first: without an id that changes hands no table need be read. */
enum mr_code mr_suspect_values(struct mr_check_run *check, struct mr_suspect_look *look,
                               double end_s, struct mr_err *err)
{
    struct looking l = {.check = check,
                        .look = look,
                        .end_s = end_s,
                        .ids = MR_VEC_INIT(uint64_t),
                        .arena = MR_ARENA_INIT};
    const struct mr_pairing *pairing = &check->pairing;
    bool any = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++) {
        l.table = pairing->tables[i];
        if (is_compared(l.table) && mr_suspect_look_id(l.table, &l.id))
            code = find_parent(&l, err);
        any = any || look->parents[i].nids > 0;
    }
    for (size_t i = 0; code == MR_OK && any && !is_late(&l) && i < pairing->ntables; i++) {
        l.table = pairing->tables[i];
        if (is_compared(l.table))
            code = look_at_table(&l, err);
    }
    mr_vec_release(&l.ids);
    mr_arena_release(&l.arena);
    return code;
}
