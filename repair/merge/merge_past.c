/* merge_past.c: see merge_past.h. */
#include "repair/merge/merge_past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/run_change.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "core/row/value_text.h"
#include "core/schema/column_default.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_facts.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_split.h"
#include "repair/merge/merge_work.h"
#include "repair/side/counted.h"
#include "repair/side/side_column.h"

#define RUN 2 /* keys in doubt, one after the other, that nobody is asked about one by one */

/* A person who named the last key of the past is believed, and so are logs that showed the insertion of
 * every row above it. */
static bool is_tested(const struct mr_merge_table *t)
{
    return mr_plan_has_counter(t->plan) && strcmp(t->bound.base_origin, MR_BOUND_SPLIT_KEY) != 0 &&
           strcmp(t->bound.base_origin, MR_BOUND_LOGS) != 0;
}

/* ---- when a row was created ---- */

/* Zero and NULL times say nothing, and neither does a column of another type. */
static enum mr_code created(const struct mr_plan_table *t, struct mr_key image,
                            struct mr_time *time, bool *known, struct mr_err *err)
{
    struct mr_key bytes;
    struct mr_value value = {0};
    size_t pos = 0;
    *known = false;
    if (t->created_at == MR_NO_COLUMN)
        return MR_OK;
    enum mr_code code = mr_merge_row_value(image, t->created_at, &bytes, err);
    if (code == MR_OK)
        code = mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err);
    *known = code == MR_OK && mr_class_is_moment(value.cls) && value.t.year > 0;
    *time = value.t;
    return code;
}

/* A side may have cut off what is less than a second. */
static bool is_same_time(struct mr_time a, struct mr_time b)
{
    if (a.micros == 0 || b.micros == 0)
        a.micros = b.micros = 0;
    return mr_when_compare(&a, &b) == 0;
}

/* ---- columns that agree ---- */

/* Without a default that is stated the servers take 0, or nothing. */
static bool is_default(const struct mr_column *column, const struct mr_value *value)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (column->default_text != NULL || value->cls == MR_CLASS_NULL)
        return mr_column_holds_default(column, value);
    mr_value_to_text(&text, value, (struct mr_value_style){.cls = column->cls});
    bool is = text.len == 0 || (mr_class_is_number(column->cls) && strtod(text.ptr, NULL) == 0);
    mr_strbuf_release(&text);
    return is;
}

/* Sets what columns of references are that do not lead to the common past. */
static enum mr_code find_open_ends(struct mr_merge_matching *x, const struct mr_merge_candidate *c,
                                   bool *open, struct mr_err *err)
{
    bool more = false;
    enum mr_code code = MR_OK;
    memset(open, 0, x->table->plan->pair->find.ncolumns * sizeof *open);
    if (!mr_plan_refers(x->m->plan, x->table->plan->at))
        return MR_OK;
    MR_CASE_BIND(x->ends, MR_ARG_INT("id", c->row->id));
    while ((code = mr_case_step(x->ends, &more, err)) == MR_OK && more) {
        const struct mr_plan_reference *r = &x->m->plan->references[mr_case_int(x->ends, 0)];
        for (size_t i = 0; i < r->from.count; i++)
            open[r->from.at[i]] = true;
    }
    mr_case_reset(x->ends);
    return code;
}

/* What two rows of one key have in common. */
struct likeness {
    bool agree;    /* in a column that says something */
    size_t differ; /* columns that do */
    size_t last;   /* of them */
};

/* A column tells only if its value is no default, and no reference to what is not of the past:
 * there both sides would agree by chance. */
static enum mr_code compare(struct mr_merge_matching *x, struct mr_merge_candidate *c,
                            struct likeness *like, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    const struct mr_pair *pair = t->pair;
    bool *open = mr_arena_calloc(&x->arena, pair->find.ncolumns + 1, sizeof *open);
    *like = (struct likeness){0};
    if (open == NULL)
        return mr_merge_nomem(err);
    enum mr_code code = find_open_ends(x, c, open, err);
    if (code == MR_OK)
        code = mr_image_open(&x->m->image[0], c->row->image, c->row->len, err);
    if (code == MR_OK)
        code = mr_image_open(&x->m->image[1], c->taken.ptr, c->taken.len, err);
    for (size_t i = 0; code == MR_OK && i < pair->find.ncolumns; i++) {
        struct mr_value value;
        if (t->generated[i] || (pair->ignored != NULL && pair->ignored[i]))
            continue;
        if (mr_image_differs(&x->m->image[0], &x->m->image[1], i, &pair->find.columns[i])) {
            like->differ++;
            like->last = i;
            continue;
        }
        if (like->agree || open[i] || mr_plan_columns_has(&t->key, i))
            continue;
        code = mr_image_value(&x->m->image[1], i, &value, err);
        like->agree = !is_default(mr_pair_column(pair, MR_TARGET, i), &value);
    }
    return code;
}

/* ---- keys that both sides hold ---- */

static void keep_past(struct mr_merge_table *t, const struct mr_time *time)
{
    if (!t->has_past || mr_when_compare(time, &t->past) > 0)
        t->past = *time;
    t->has_past = true;
}

/* A row in doubt that refers to lost history is in none.  As a rule its parents are decided, so
 * that it need not wait for clear_doubts, and the whole component be decided again. */
static enum mr_code ask_parents(struct mr_merge_matching *x, const struct mr_merge_candidate *c,
                                struct mr_fact *f, struct mr_err *err)
{
    struct mr_merge_table *t = x->table;
    enum mr_code code = MR_CASE_ASK(x->lost, &f->refers_to_lost, err, MR_ARG_INT("id", c->row->id));
    mr_case_reset(x->lost);
    if (code != MR_OK || !f->refers_to_lost)
        return code;
    if (!t->has_certain || c->row->n < t->certain)
        t->certain = c->row->n;
    t->has_certain = true;
    return MR_OK;
}

/* What is known of a row and TARGET's under its key; live: when that was created. */
static enum mr_code know(struct mr_merge_matching *x, const struct mr_merge_candidate *c,
                         struct mr_fact *f, struct mr_time *live, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    struct mr_time own;
    bool knows_own = false, knows_live = false;
    enum mr_code code =
        created(t, (struct mr_key){c->row->image, c->row->len}, &own, &knows_own, err);
    if (code == MR_OK)
        code = created(t, c->taken, live, &knows_live, err);
    if (code != MR_OK)
        return code;
    *f = mr_merge_facts_about(x->table);
    f->same_name = t->identity == MR_PLAN_BY_COLUMNS && c->ident.ptr != NULL &&
                   mr_key_compare(c->ident, c->taken_ident) == 0;
    f->dated = knows_own && knows_live;
    f->same_time = f->dated && is_same_time(own, *live);
    f->settled = c->settled;
    return MR_OK;
}

static enum mr_code judge_one(struct mr_merge_matching *x, struct mr_merge_candidate *c,
                              struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    struct mr_fact f;
    struct mr_time live;
    struct likeness like;
    enum mr_code code = compare(x, c, &like, err);
    if (code == MR_OK && like.differ > 0)
        code = know(x, c, &f, &live, err);
    if (code != MR_OK || like.differ == 0)
        return code;
    f.alike = like.agree;
    enum mr_twin twin = mr_decide_twin(&f).twin;
    if (twin == MR_TWIN_DOUBT) {
        code = ask_parents(x, c, &f, err);
        twin = mr_decide_twin(&f).twin;
    }
    if (!f.dated) { /* two people who have nothing in common are no edit */
        bool may_be_edit = f.same_name || f.alike || t->identity != MR_PLAN_BY_COLUMNS;
        c->lone = like.differ == 1 && may_be_edit ? (int64_t)like.last : -1;
    }
    c->doubt = twin == MR_TWIN_DOUBT;
    c->past = twin == MR_TWIN_SELF;
    if (code != MR_OK || !c->past)
        return code;
    keep_past(x->table, &live);
    c->there = c->taken_key;
    c->there_image = c->taken;
    return MR_OK;
}

enum mr_code mr_merge_past_judge(struct mr_merge_matching *x, struct mr_err *err)
{
    for (size_t i = 0; is_tested(x->table) && i < x->candidates.count; i++) {
        struct mr_merge_candidate *c = mr_vec_at(&x->candidates, i);
        if (c->row->above && !c->same && c->taken.ptr != NULL && c->into.ptr == NULL)
            MR_TRY(judge_one(x, c, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_past_forget(struct mr_merge_matching *x, struct mr_err *err)
{
    for (size_t i = x->first; i < x->first + x->count; i++)
        x->m->tables[i].has_past = x->m->tables[i].has_certain = false;
    return MR_CASE_ONCE(x->m->cf,
                        "UPDATE w SET above=1, past=0 WHERE tbl>=:first AND tbl<:end AND past=1",
                        err, MR_ARG_INT("first", x->first), MR_ARG_INT("end", x->first + x->count));
}

/* ---- what is in doubt no longer ---- */

#define HANGS_ON_LOST                                                                              \
    "EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent WHERE l.child=m.id"                    \
    " AND p.id<>m.id AND p.grp='lost')"

/* The first key of a row in doubt that refers to lost history, or did (settle). */
static enum mr_code find_certain(struct mr_merge *m, const struct mr_merge_table *t, bool *any,
                                 int64_t *first, struct mr_err *err)
{
    int64_t n = 0, least = 0;
    enum mr_code code =
        MR_CASE_NUMBER(m->cf, "SELECT count(*) FROM m WHERE tbl=:tbl AND doubt AND " HANGS_ON_LOST,
                       &n, err, MR_ARG_INT("tbl", t->plan->at));
    if (code == MR_OK && n > 0)
        code = MR_CASE_NUMBER(m->cf,
                              "SELECT min(w.n) FROM m JOIN w ON w.id=m.id"
                              " WHERE m.tbl=:tbl AND m.doubt AND " HANGS_ON_LOST,
                              &least, err, MR_ARG_INT("tbl", t->plan->at));
    *any = n > 0 || t->has_certain;
    *first = n == 0 || (t->has_certain && t->certain < least) ? t->certain : least;
    return code;
}

static enum mr_code clear_doubts(struct mr_merge *m, struct mr_merge_table *t, int64_t *cleared,
                                 struct mr_err *err)
{
    struct mr_merge_bound *b = &t->bound;
    int64_t first = 0;
    bool any = false, is_lower = false;
    enum mr_code code = find_certain(m, t, &any, &first, err);
    if (code == MR_OK && any && (!b->has_fresh || first < b->fresh)) {
        is_lower = true;
        b->has_fresh = true;
        b->fresh = first;
        b->fresh_origin = MR_BOUND_COLLISION;
    }
    *cleared = 0;
    if (code == MR_OK)
        code = MR_CASE_CHANGE(m->cf,
                              "INSERT INTO mark (id, cleared) SELECT m.id, 1 FROM m JOIN w"
                              " ON w.id=m.id WHERE m.tbl=:tbl AND m.doubt AND"
                              " ((:has_fresh AND w.n>=:fresh) OR " HANGS_ON_LOST ")"
                              " ON CONFLICT (id) DO UPDATE SET cleared=1",
                              cleared, err, MR_ARG_INT("tbl", t->plan->at),
                              MR_ARG_INT("has_fresh", b->has_fresh), MR_ARG_INT("fresh", b->fresh));
    if (is_lower)
        ++*cleared; /* the groups go by it */
    return code;
}

/* ---- keys that only SOURCE holds ---- */

struct ageing {
    struct mr_merge *m;
    struct mr_merge_table *table;
    struct mr_case_stmt *past;
    struct mr_arena arena;
    struct mr_vec rows; /* struct mr_merge_work_row */
    bool any;
};

/* Creation of the youngest row of a side up to the base bound. */
static enum mr_code newest_of(struct ageing *a, enum mr_side side, struct mr_time *time,
                              bool *known, struct mr_err *err)
{
    const struct mr_plan_table *t = a->table->plan;
    const struct mr_table *table = t->pair->side[side];
    const struct mr_side_counter counter = {
        {a->m->reader[side], table, mr_pair_column(t->pair, side, t->counter)}, t->counts_unsigned};
    return mr_side_newest(&counter, mr_pair_column(t->pair, side, t->created_at),
                          a->table->bound.base, time, known, err);
}

/* Both sides must say so: a row of the past is known as such by both. */
static enum mr_code find_newest(struct ageing *a, struct mr_err *err)
{
    struct mr_time newest[MR_SIDES];
    bool known[MR_SIDES] = {false};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(newest_of(a, (enum mr_side)side, &newest[side], &known[side], err));
    if (known[MR_SOURCE] && known[MR_TARGET])
        keep_past(a->table, mr_when_compare(&newest[MR_SOURCE], &newest[MR_TARGET]) < 0
                                ? &newest[MR_SOURCE]
                                : &newest[MR_TARGET]);
    return MR_OK;
}

/* Strictly before: rows of one second may stand on both sides of the split. */
static enum mr_code judge_age(struct ageing *a, const struct mr_merge_work_row *row,
                              struct mr_err *err)
{
    const struct mr_plan_table *t = a->table->plan;
    const struct mr_key image = {row->image, row->len};
    struct mr_time time;
    bool known = false;
    int side = 0;
    enum mr_code code = created(t, image, &time, &known, err);
    if (code == MR_OK && known)
        code = mr_merge_split_side(a->m, t, t->created_at, image, &side, err);
    bool is_older =
        known && (side < 0 || (a->table->has_past && mr_when_compare(&time, &a->table->past) < 0));
    if (code != MR_OK || !is_older)
        return code;
    a->any = true;
    return MR_CASE_RUN(a->past, err, MR_ARG_INT("id", row->id));
}

static const char alone_sql[] =
    "SELECT " MR_MERGE_WORK_COLUMNS " FROM m JOIN w ON w.id=m.id JOIN source ON source.id=w.id"
    " LEFT JOIN target ON target.id=w.id"
    " LEFT JOIN mark k ON k.id=m.id WHERE m.tbl=:tbl AND m.id>:after AND w.above"
    " AND m.taken IS NULL AND k.into_key IS NULL AND NOT (:has_fresh AND w.n>=:fresh)"
    " ORDER BY m.id LIMIT 1000";

/* Only where the bound was inferred: a person who said where the past ends is believed. */
static enum mr_code find_older(struct ageing *a, struct mr_err *err)
{
    const struct mr_merge_bound *b = &a->table->bound;
    int64_t after = 0;
    bool begun = false;
    enum mr_code code = MR_OK;
    if (!is_tested(a->table) || a->table->plan->created_at == MR_NO_COLUMN ||
        strcmp(b->base_origin, MR_BOUND_EQUAL) != 0)
        return MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&a->arena);
        code = MR_MERGE_PAGE(a->m, alone_sql, after, &a->arena, &a->rows, err,
                             MR_ARG_INT("tbl", a->table->plan->at),
                             MR_ARG_INT("has_fresh", b->has_fresh), MR_ARG_INT("fresh", b->fresh));
        if (code != MR_OK || a->rows.count == 0)
            break;
        if (!begun)
            code = find_newest(a, err);
        begun = true;
        for (size_t i = 0; code == MR_OK && i < a->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&a->rows, i);
            after = row->id;
            code = judge_age(a, row, err);
        }
    }
    return code;
}

static enum mr_code find_all_older(struct mr_merge *m, size_t first, size_t count, bool *any,
                                   struct mr_err *err)
{
    struct ageing a = {
        .m = m, .arena = MR_ARENA_INIT, .rows = MR_VEC_INIT(struct mr_merge_work_row)};
    enum mr_code code =
        mr_case_prepare(m->cf, "UPDATE w SET past=2, above=0 WHERE id=:id", &a.past, err);
    for (size_t i = first; code == MR_OK && i < first + count; i++) {
        a.table = &m->tables[i];
        if (mr_plan_has_counter(a.table->plan))
            code = find_older(&a, err);
    }
    *any = a.any;
    mr_case_free(a.past);
    mr_vec_release(&a.rows);
    mr_arena_release(&a.arena);
    return code;
}

enum mr_code mr_merge_past_learn(struct mr_merge *m, size_t first, size_t count, bool *learnt,
                                 struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *learnt = false;
    for (size_t i = first; code == MR_OK && i < first + count; i++) {
        int64_t cleared = 0;
        if (is_tested(&m->tables[i]))
            code = clear_doubts(m, &m->tables[i], &cleared, err);
        *learnt = *learnt || cleared > 0;
    }
    return code == MR_OK && !*learnt ? find_all_older(m, first, count, learnt, err) : code;
}

/* ---- bounds that cannot be right ---- */

/* What is left to do: not what was done already. */
static void hint_bound(const struct mr_merge *m, const struct mr_merge_table *t, struct mr_err *err)
{
    const struct mr_when *split = m->options->split_at;
    const char *name = mr_plan_table_name(t->plan);
    bool no_time = t->plan->time_at == MR_NO_COLUMN;
    if (split == NULL)
        mr_err_hint(err,
                    "Nothing was changed. Say when the histories parted (--split-at TIME, with "
                    "a time-column for the table), or which key both share last (--split-key "
                    "%s=KEY); the binary logs of both sides tell it.",
                    name);
    else if (mr_merge_split_misses(t->plan, split) != NULL)
        mr_err_hint(err,
                    "Nothing was changed. The time given says nothing of this table: %s, "
                    "or say which key both share last (--split-key %s=KEY); the binary "
                    "logs of both sides tell it.",
                    no_time ? "configure its time-column"
                            : "give a day without a time, since the time-column is a DATE",
                    name);
    else if (t->bound.base == mr_counted_of(0, t->plan->counts_unsigned))
        mr_err_hint(err,
                    "Nothing was changed. No row of the table was created before the "
                    "time given: if --split-at is too early (its zone, its day, its "
                    "year), give the right one; else say which key both share last "
                    "(--split-key %s=KEY).",
                    name);
    else
        mr_err_hint(err,
                    "Nothing was changed. The time given does not settle it: rows above "
                    "the key have no creation time, or one on both sides. Say which key "
                    "both share last (--split-key %s=KEY); the binary logs of both sides "
                    "tell it.",
                    name);
}

static enum mr_code refuse(const struct mr_merge *m, const struct mr_merge_table *t,
                           const char *why, struct mr_err *err)
{
    const char *name = mr_plan_table_name(t->plan);
    char base[MR_COUNTED_TEXT];
    (void)mr_err_set(
        err, MR_E_REFUSED, "the common past of table \"%s\" does not end at key %s (%s): %s", name,
        mr_counted_text(t->bound.base, t->plan->counts_unsigned, base), t->bound.base_origin, why);
    hint_bound(m, t, err);
    return MR_E_REFUSED;
}

/* A run of keys in doubt that begins right above the bound. */
static enum mr_code test_run(struct mr_merge *m, const struct mr_merge_table *t, struct mr_err *err)
{
    char why[128];
    int64_t run = 0;
    enum mr_code code = MR_CASE_NUMBER(
        m->cf,
        "SELECT count(*) FROM m JOIN w ON w.id=m.id WHERE m.tbl=:tbl AND m.doubt AND"
        " w.n<=COALESCE((SELECT min(ow.n) FROM m o JOIN w ow ON ow.id=o.id LEFT JOIN mark"
        " k ON k.id=o.id WHERE o.tbl=:tbl AND NOT o.doubt AND o.taken IS NOT NULL AND NOT"
        " o.same AND (ow.above OR ow.past=1) AND k.into_key IS NULL),"
        " 9223372036854775807)",
        &run, err, MR_ARG_INT("tbl", t->plan->at));
    if (code != MR_OK || run < RUN)
        return code;
    (void)snprintf(why, sizeof why,
                   "the next %" PRId64 " keys that both sides hold are rows that differ in "
                   "some columns and agree in others",
                   run);
    return refuse(m, t, why, err);
}

/* Most keys that both sides hold differ in one and the same column. */
static enum mr_code test_edited(struct mr_merge *m, const struct mr_merge_table *t,
                                struct mr_err *err)
{
    const struct mr_find_counts *found = &t->plan->found->counts;
    char why[256];
    int64_t column = 0, most = 0;
    bool is_part;
    MR_TRY(mr_table_is_part(m->cf, t->plan->found->id, &is_part, err));
    if (is_part) /* how many rows both sides hold was not counted */
        return MR_OK;
    enum mr_code code = MR_CASE_NUMBER(m->cf,
                                       "SELECT count(*) FROM m LEFT JOIN mark k ON "
                                       "k.id=m.id WHERE m.tbl=:tbl AND m.lone>=0"
                                       " AND k.cleared IS NOT 1 AND NOT " HANGS_ON_LOST
                                       " GROUP BY m.lone ORDER BY 1 DESC LIMIT 1",
                                       &most, err, MR_ARG_INT("tbl", t->plan->at));
    uint64_t common = found->source_rows > found->missing ? found->source_rows - found->missing : 0;
    if (code != MR_OK || most < RUN || 2 * (uint64_t)most <= common)
        return code;
    code = MR_CASE_NUMBER(
        m->cf,
        "SELECT m.lone FROM m LEFT JOIN mark k ON k.id=m.id WHERE m.tbl=:tbl AND m.lone>=0"
        " AND k.cleared IS NOT 1 AND NOT " HANGS_ON_LOST
        " GROUP BY m.lone ORDER BY count(*) DESC LIMIT 1",
        &column, err, MR_ARG_INT("tbl", t->plan->at));
    if (code != MR_OK)
        return code;
    (void)snprintf(why, sizeof why, "most keys that both sides hold differ in column \"%s\" alone",
                   mr_plan_column_name(t->plan, (size_t)column));
    return refuse(m, t, why, err);
}

static enum mr_code test_tables(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    for (size_t i = first; i < first + count; i++) {
        const struct mr_merge_table *t = &m->tables[i];
        if (!is_tested(t))
            continue;
        MR_TRY(test_run(m, t, err));
        MR_TRY(test_edited(m, t, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_past_note(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = test_tables(m, first, count, &why);
    if (code == MR_E_REFUSED) {
        m->past_refusal = m->has_past_refusal ? m->past_refusal : why;
        m->has_past_refusal = true;
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

enum mr_code mr_merge_past_test(struct mr_merge *m, struct mr_err *err)
{
    if (!m->has_past_refusal)
        return test_tables(m, 0, m->plan->ntables, err);
    *err = m->past_refusal;
    return MR_E_REFUSED;
}
