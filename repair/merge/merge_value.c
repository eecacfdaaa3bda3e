/* merge_value.c: see merge_value.h. */
#include "repair/merge/merge_value.h"

#include <string.h>

#include "core/case/case_args.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_map.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_split.h"
#include "repair/merge/merge_three.h"
#include "repair/merge/merge_three_note.h"
#include "repair/side/counted.h"

/* A row and its twin. */
struct twin {
    const struct mr_merge_work_row *row;
    struct mr_key own, live; /* images: mapped, and TARGET's */
    struct mr_key name[MR_SIDES];
    bool differs;
};

struct comparing {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_merge_map map;
    struct mr_arena arena;
    struct mr_vec rows, twins, asks;
    struct mr_vec by_key; /* struct mr_merge_twin: the same twins, for whom logs tell of */
    struct mr_case_stmt *after, *kind;
    struct mr_merge_three_note note;
    struct mr_case_fields after_map; /* struct standing */
    struct mr_merge_three *by_logs;
    bool is_new; /* rows that both sides have made */
};

/* A row as it would stand on TARGET. */
struct standing {
    struct mr_key after;
    bool waits; /* something that it refers to */
};

#define STANDING(member, type) MR_CASE_FIELD(struct standing, member, MR_CASE_##type)
static const struct mr_case_field standing_fields[] =
    MR_CASE_LIST(STANDING(after, BYTES), STANDING(waits, FLAG));

/* The row as it would stand on TARGET; references to rows that wait are left alone. */
static enum mr_code mapped(struct comparing *c, struct twin *t, struct mr_err *err)
{
    struct standing row = {0};
    bool found = false;
    MR_CASE_BIND(c->after, MR_ARG_INT("id", t->row->id));
    enum mr_code code = mr_case_fields_next(&c->after_map, &c->arena, &row, &found, err);
    mr_case_reset(c->after);
    t->own = row.after;
    if (code != MR_OK || !row.waits)
        return code;
    code = mr_merge_map_row(&c->map, c->table->plan, t->row, MR_MERGE_MAP_KNOWN, (struct mr_key){0},
                            err);
    t->own.len = c->map.row.len;
    t->own.ptr = mr_arena_dup(&c->arena, c->map.row.ptr, c->map.row.len);
    return code == MR_OK && t->own.ptr == NULL ? mr_merge_nomem(err) : code;
}

/* Rows that are equal once references are mapped are done with here. */
static enum mr_code read_twins(struct comparing *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->twins);
    for (size_t i = 0; code == MR_OK && i < c->rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&c->rows, i);
        struct twin t = {.row = row, .live = {row->live, row->live_len}};
        code = mapped(c, &t, err);
        if (code == MR_OK)
            code = mr_merge_row_differs(c->m, c->table->plan, t.own, t.live, MR_NO_COLUMN,
                                        &t.differs, err);
        if (code != MR_OK || !t.differs)
            continue;
        struct twin *slot = mr_vec_push(&c->twins);
        if (slot == NULL)
            return mr_merge_nomem(err);
        *slot = t;
    }
    return code;
}

/* Canonical identities of both. */
static enum mr_code name_twins(struct comparing *c, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    mr_vec_clear(&c->asks);
    if (t->identity != MR_PLAN_BY_COLUMNS)
        return MR_OK;
    for (size_t i = 0; i < c->twins.count; i++) {
        const struct twin *twin = mr_vec_at(&c->twins, i);
        MR_TRY(mr_merge_lookup_push(&c->asks, (int64_t)(2 * i), twin->own, t->named_by, &c->arena,
                                    err));
        MR_TRY(mr_merge_lookup_push(&c->asks, (int64_t)(2 * i + 1), twin->live, t->named_by,
                                    &c->arena, err));
    }
    MR_TRY(mr_merge_lookup_canonise(c->m, t, t->named_by, &c->asks, &c->arena, err));
    for (size_t i = 0; i < c->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&c->asks, i);
        struct twin *twin = mr_vec_at(&c->twins, (size_t)ask->tag / 2);
        twin->name[ask->tag % 2] = ask->canon;
    }
    return MR_OK;
}

static bool is_renamed(const struct comparing *c, const struct twin *t)
{
    return c->table->plan->identity == MR_PLAN_BY_COLUMNS &&
           mr_key_compare(t->name[MR_SOURCE], t->name[MR_TARGET]) != 0;
}

/* ---- the test of the bound ---- */

/* What may have moved the bound, and is worse to be taken for an edit. */
static const char *ask_first(const char *origin)
{
    if (strcmp(origin, MR_BOUND_AT) == 0)
        return "Is the time of --split-at too late (its zone, its day)? Then give the right one. ";
    if (strcmp(origin, MR_BOUND_EQUAL) == 0)
        return "Has a plan been applied that this case does not know? Then plan in its case, or "
               "with --idmap DIR/idmap.csv of it. ";
    return "";
}

static enum mr_code refuse_bound(const struct comparing *c, const struct twin *t,
                                 struct mr_err *err)
{
    const struct mr_plan_table *table = c->table->plan;
    char key[MR_COUNTED_TEXT], base[MR_COUNTED_TEXT];
    (void)mr_err_set(err, MR_E_REFUSED,
                     "key %s of table \"%s\" is held by two different rows, "
                     "though the common past is said to reach to %s (%s)",
                     mr_counted_text(t->row->n, table->counts_unsigned, key),
                     mr_plan_table_name(table),
                     mr_counted_text(c->table->bound.base, table->counts_unsigned, base),
                     c->table->bound.base_origin);
    mr_err_hint(err,
                "%sIf both are one row that was edited, say so: --split-key %s=%s, and it "
                "is asked about (changed). If they are two, give the last key that both "
                "histories share, below %s. split-key = in the configuration is the same.",
                ask_first(c->table->bound.base_origin), mr_plan_table_name(table), base, key);
    return MR_E_REFUSED;
}

/* Without identities a difference alone belies the bound; with a time, two rows that were made at
 * one moment are one that was edited.  Logs may show the edit; or that the key was given to another. */
static enum mr_code test_bound(struct comparing *c, const struct twin *t, struct mr_err *err)
{
    const struct mr_plan_table *table = c->table->plan;
    struct mr_key own, live;
    bool explained = false;
    if (!mr_plan_has_counter(table) ||
        strcmp(c->table->bound.base_origin, MR_BOUND_SPLIT_KEY) == 0 ||
        (table->identity == MR_PLAN_BY_COLUMNS && !is_renamed(c, t)))
        return MR_OK;
    if (strcmp(c->table->bound.base_origin, MR_BOUND_LOGS) == 0)
        MR_TRY(mr_merge_evidence_explains(c->m, c->table, t->row->key, &explained, err));
    if (explained)
        return MR_OK;
    if (table->time_at != MR_NO_COLUMN) {
        enum mr_code code = mr_merge_row_value((struct mr_key){t->row->image, t->row->len},
                                               table->time_at, &own, err);
        if (code == MR_OK)
            code = mr_merge_row_value(t->live, table->time_at, &live, err);
        if (code != MR_OK || mr_key_compare(own, live) == 0)
            return code;
    }
    return refuse_bound(c, t, err);
}

/* ---- kinds ---- */

/* Was a state of a row made after the split?  Without a time nobody can say that it was not. */
static enum mr_code find_edited(const struct comparing *c, struct mr_key image, bool *edited,
                                struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    int side = 0;
    enum mr_code code = mr_merge_split_side(c->m, t, t->update_at, image, &side, err);
    *edited = side >= 0;
    return code;
}

static enum mr_code know(const struct comparing *c, const struct twin *t, struct mr_fact *f,
                         struct mr_err *err)
{
    *f = (struct mr_fact){.there = true, .differs = t->differs, .same_name = !is_renamed(c, t)};
    const struct mr_key images[MR_SIDES] = {{t->row->image, t->row->len}, t->live};
    struct mr_merge_edited logs;
    MR_TRY(mr_merge_evidence_edited(c->m, c->table, t->row->key, images, &logs, err));
    if (logs.known) {
        f->edited = logs.source;
        f->edited_live = logs.target;
        return MR_OK;
    }
    MR_TRY(find_edited(c, images[MR_SOURCE], &f->edited, err));
    return find_edited(c, images[MR_TARGET], &f->edited_live, err);
}

static enum mr_code write_kind(struct comparing *c, const struct twin *t, const struct mr_fact *f,
                               struct mr_err *err)
{
    const struct mr_obstacle found = mr_decide_values(f, MR_GROUP_BASE);
    c->m->result->live_only += found.because == MR_SAYS_LIVE_EDITED ? 1 : 0;
    return MR_CASE_RUN(c->kind, err, MR_ARG_INT("id", t->row->id),
                       MR_ARG_TEXT("kind", mr_conflict_name(found.conflict)),
                       MR_ARG_INT("facts", mr_fact_bits(f)));
}

/* *is: the logs tell what stood there at the split, so that nothing has to be inferred. */
static enum mr_code judge_by_logs(struct comparing *c, size_t at, bool *is, struct mr_err *err)
{
    const struct twin *t = mr_vec_at(&c->twins, at);
    struct mr_merge_three_result r;
    MR_TRY(mr_merge_three_decide(c->by_logs, at, &r, err));
    *is = r.is;
    if (!r.is)
        return MR_OK;
    const struct mr_fact f = {.there = true, .differs = true, .same_name = !is_renamed(c, t)};
    c->m->result->live_only += r.live_alone ? 1 : 0;
    return mr_merge_three_note(&c->note, t->row->id, &r, &f, err);
}

static enum mr_code ask_logs(struct comparing *c, struct mr_err *err)
{
    mr_vec_clear(&c->by_key);
    for (size_t i = 0; i < c->twins.count; i++) {
        const struct twin *t = mr_vec_at(&c->twins, i);
        struct mr_merge_twin *twin = mr_vec_push(&c->by_key);
        if (twin == NULL)
            return mr_merge_nomem(err);
        *twin = (struct mr_merge_twin){.id = t->row->id,
                                       .key = t->row->key,
                                       .own = {t->row->image, t->row->len},
                                       .live = t->live,
                                       .mapped = t->own,
                                       .live_key = t->row->live_key,
                                       .is_new = c->is_new};
    }
    return mr_merge_three_page(c->by_logs, c->table, c->by_key.items, c->by_key.count, err);
}

/* ---- rows that both sides have made ---- */

/* Whom an earlier plan has brought, or merged into somebody, is not of TARGET's making, and what became of him there
 * is the live side's word; under another key than the counter's, the two may be two. */
static enum mr_code is_made_twice(struct comparing *c, const struct twin *t, bool *is,
                                  struct mr_err *err)
{
    const struct mr_plan_table *table = c->table->plan;
    bool brought = false;
    MR_TRY(mr_merge_earlier_placed(c->m, table, t->row->key, &brought, err));
    *is = !brought;
    for (size_t i = 0; *is && i < table->key.count; i++) {
        struct mr_key own, live;
        if (table->key.at[i] == table->counter)
            continue;
        MR_TRY(mr_merge_row_value(t->own, table->key.at[i], &own, err));
        MR_TRY(mr_merge_row_value(t->live, table->key.at[i], &live, err));
        *is = mr_image_same_value(own, live, &table->pair->find.columns[table->key.at[i]]);
    }
    return MR_OK;
}

static enum mr_code drop_others(struct comparing *c, struct mr_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->twins.count; i++) {
        struct twin *t = mr_vec_at(&c->twins, i);
        bool is = false;
        MR_TRY(is_made_twice(c, t, &is, err));
        if (is)
            *(struct twin *)mr_vec_at(&c->twins, kept++) = *t;
    }
    c->twins.count = kept;
    return MR_OK;
}

/* Those that the logs do not tell of stay *differs*. */
static enum mr_code judge_new(struct comparing *c, struct mr_err *err)
{
    bool told = false;
    MR_TRY(drop_others(c, err));
    MR_TRY(ask_logs(c, err));
    for (size_t i = 0; i < c->twins.count; i++)
        MR_TRY(judge_by_logs(c, i, &told, err));
    return MR_OK;
}

/* Rules of its owner; and two orders are not poured into one by a rule for their columns: a subject is one person. */
static bool may_be_one(const struct mr_merge *m, const struct mr_merge_table *table)
{
    const struct mr_table_config *config = table->plan->pair->config;
    bool is_parent = false;
    for (size_t i = 0; i < m->plan->nreferences; i++)
        is_parent = is_parent || m->plan->references[i].parent == table->plan->at;
    return table->told != 0 && config != NULL && config->merge.nrules > 0 &&
           (table->plan->pair->find.subject != MR_SUBJECT_NO || !is_parent);
}

/* ---- rows of the past ---- */

static enum mr_code judge(struct comparing *c, struct mr_err *err)
{
    MR_TRY(ask_logs(c, err));
    for (size_t i = 0; i < c->twins.count; i++) {
        const struct twin *t = mr_vec_at(&c->twins, i);
        struct mr_fact f;
        bool told = false;
        MR_TRY(judge_by_logs(c, i, &told, err));
        if (told)
            continue;
        MR_TRY(test_bound(c, t, err));
        MR_TRY(know(c, t, &f, err));
        MR_TRY(write_kind(c, t, &f, err));
    }
    return MR_OK;
}

#define ROWS                                                                                       \
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, source.image,"                             \
    " m.there AS live_key, img.there AS live FROM m "                                              \
    "INDEXED BY m_tbl"                                                                             \
    " JOIN w ON w.id=m.id JOIN source ON source.id=m.id JOIN img ON img.id=m.id"                   \
    " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NOT NULL AND "
#define IN_ORDER " ORDER BY m.id LIMIT 1000"
static const char past_sql[] = ROWS "m.grp='base'" IN_ORDER;
/* Who is merged into somebody leaves him as he is. */
static const char new_sql[] =
    ROWS "m.differs AND NOT EXISTS (SELECT 1 FROM mark k WHERE k.id=m.id AND k.into_key IS NOT"
         " NULL AND k.known IS NOT 1)" IN_ORDER;

static enum mr_code compare_table(struct comparing *c, bool is_new, struct mr_err *err)
{
    c->is_new = is_new;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        code = MR_MERGE_PAGE(c->m, is_new ? new_sql : past_sql, after, &c->arena, &c->rows, err,
                             MR_ARG_INT("tbl", c->table->plan->at));
        if (code != MR_OK || c->rows.count == 0)
            break;
        after = ((struct mr_merge_work_row *)mr_vec_at(&c->rows, c->rows.count - 1))->id;
        code = read_twins(c, err);
        if (code == MR_OK)
            code = name_twins(c, err);
        if (code == MR_OK)
            code = is_new ? judge_new(c, err) : judge(c, err);
    }
    return code;
}

enum mr_code mr_merge_value(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    struct comparing c = {.m = m,
                          .arena = MR_ARENA_INIT,
                          .rows = MR_VEC_INIT(struct mr_merge_work_row),
                          .twins = MR_VEC_INIT(struct twin),
                          .asks = MR_VEC_INIT(struct mr_merge_ask),
                          .by_key = MR_VEC_INIT(struct mr_merge_twin)};
    const struct mr_case_sql list[] = {
        {&c.after, "SELECT after, EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent"
                   " WHERE l.child=:id AND p.waits AND p.id<>:id) AS waits FROM img WHERE id=:id"},
        {&c.kind, "UPDATE m SET kind=:kind, facts=facts|:facts WHERE id=:id"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_map_open(&c.map, m, err));
    MR_TRY_OUT(mr_merge_three_open(m, &c.by_logs, err));
    MR_TRY_OUT(mr_merge_three_note_open(&c.note, m, err));
    MR_TRY_OUT(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(mr_case_fields_open(&c.after_map, c.after, MR_CASE_FIELDS(standing_fields), err));
    for (size_t i = first; i < first + count; i++) {
        c.table = &m->tables[i];
        MR_TRY_OUT(compare_table(&c, false, err));
        if (may_be_one(m, c.table))
            MR_TRY_OUT(compare_table(&c, true, err));
    }
out:
    mr_merge_map_close(&c.map);
    mr_case_free(c.after);
    mr_case_free(c.kind);
    mr_merge_three_note_close(&c.note);
    mr_merge_three_close(c.by_logs);
    mr_vec_release(&c.rows);
    mr_vec_release(&c.twins);
    mr_vec_release(&c.asks);
    mr_vec_release(&c.by_key);
    mr_arena_release(&c.arena);
    return code;
}
