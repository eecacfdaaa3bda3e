/* merge_three.c: see merge_three.h. */
#include "repair/merge/merge_three.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_choice.h"
#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_newer.h"
#include "repair/merge/merge_restored.h"
#include "repair/merge/merge_rivals.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_told.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_column_rules.h"

struct mr_merge_three {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    const struct mr_merge_twin *twins, *twin; /* of the page; the one at hand */
    struct mr_merge_told_row told;
    struct mr_merge_restored *restored;
    struct mr_merge_rivals rivals;
    struct mr_case_stmt *ends, *choices, *disagrees;
    struct mr_case_fields ends_map, choices_map; /* struct end, struct choice */
    struct mr_image mapped, live;
    enum mr_pick picks[MR_CONFLICTS];
    /* one a column of the widest table */
    struct mr_column_fact *facts;
    struct mr_column_ruling *rulings;
    struct mr_key *values;
    struct mr_key *made; /* what the column's rule makes */
    struct mr_plan_column_rules rules;
    const struct mr_merge_table *rules_of; /* whose these are; NULL: nobody's yet */
    unsigned *references;                  /* that the column is of */
    struct mr_arena arrays, arena;         /* for good; of the row at hand */
    struct mr_strbuf row, base, bytes, columns, detail, sums;
};

static size_t count_columns(const struct mr_merge_three *x)
{
    return x->table->plan->pair->find.ncolumns;
}

/* ---- what was chosen ---- */

struct choice {
    const char *kind, *choice;
};

#define CHOICE(member) MR_CASE_FIELD(struct choice, member, MR_CASE_TEXT)
static const struct mr_case_field choice_fields[] = MR_CASE_LIST(CHOICE(kind), CHOICE(choice));

/* newest:COLUMN is a side once the rows have been looked at. */
static enum mr_code pick(struct mr_merge_three *x, const char *kind, const char *choice,
                         struct mr_err *err)
{
    const enum mr_conflict conflict = mr_conflict_named(kind);
    const struct mr_key rows[MR_SIDES] = {x->twin->own, x->twin->live};
    int by = 0;
    if (strncmp(choice, "newest:", 7) != 0) {
        x->picks[conflict] = mr_pick_of(choice);
        return MR_OK;
    }
    MR_TRY(mr_merge_newer(x->m, x->table->plan, choice + 7, rows, &by, err));
    x->picks[conflict] = by > 0 ? MR_PICK_SOURCE : MR_PICK_TARGET;
    return MR_OK;
}

/* Of conflicts that came up; and of restored changes, which are none. */
static enum mr_code find_picks(struct mr_merge_three *x, struct mr_err *err)
{
    const char *restored = mr_conflict_name(MR_CONFLICT_RESTORED_CHANGE);
    struct choice said = {0};
    bool more = false;
    enum mr_code code = MR_OK;
    memset(x->picks, 0, sizeof x->picks);
    mr_arena_reset(&x->arena);
    MR_CASE_BIND(x->choices, MR_ARG_INT("id", x->twin->id));
    while (code == MR_OK &&
           (code = mr_case_fields_next(&x->choices_map, &x->arena, &said, &more, err)) == MR_OK &&
           more)
        code = pick(x, said.kind, said.choice, err);
    mr_case_reset(x->choices);
    const char *rule = mr_merge_choice_rule(x->m, x->table->plan, restored);
    return code == MR_OK && rule != NULL ? pick(x, restored, rule, err) : code;
}

/* ---- the row ---- */

static bool has_flag(const struct mr_merge_three *x, enum mr_side side, enum mr_mark_flag flag)
{
    return x->told.found[side] && (x->told.mark[side].flags & (int)flag) != 0;
}

static enum mr_code read_told(struct mr_merge_three *x, bool *is, struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {x->twin->own, x->twin->live};
    const struct mr_key keys[MR_SIDES] = {x->twin->key, x->twin->live_key};
    return x->twin->is_new
               ? mr_merge_told_made(&x->told, x->m, x->table, keys, rows, is, err)
               : mr_merge_told_read(&x->told, x->m, x->table, x->twin->key, rows, is, err);
}

static struct mr_three_fact about_row(const struct mr_merge_three *x)
{
    const struct mr_explain *e = &x->told.explain;
    return (struct mr_three_fact){
        .evidence = true,
        .base_known = e->base == MR_BASE_ABSENT || e->base == MR_BASE_ROW,
        .base = e->base == MR_BASE_ROW,
        .bases_differ = e->bases_differ,
        .source = true,
        .target = true,
        .source_touched = x->told.found[MR_SOURCE],
        .target_touched = x->told.found[MR_TARGET],
        .source_remade = mr_merge_told_is_remade(&x->told, x->table, MR_SOURCE),
        .target_remade = mr_merge_told_is_remade(&x->told, x->table, MR_TARGET),
        .source_moved = has_flag(x, MR_SOURCE, MR_MARK_WENT),
        .target_moved = has_flag(x, MR_TARGET, MR_MARK_WENT),
        .source_arrived = has_flag(x, MR_SOURCE, MR_MARK_CAME),
        .same_entity = x->twin->is_new,
    };
}

/* ---- its columns ---- */

static bool is_changed_by(enum mr_changed changed, enum mr_side side)
{
    return changed == MR_CHANGED_ALIKE || changed == MR_CHANGED_BY_BOTH ||
           changed == (side == MR_SOURCE ? MR_CHANGED_BY_SOURCE : MR_CHANGED_BY_TARGET);
}

/* A column that is not compared is none of the merge's. */
static bool is_ignored(const struct mr_pair *pair, size_t column)
{
    return pair->ignored != NULL && pair->ignored[column];
}

static struct mr_column_fact about_column(const struct mr_merge_three *x, size_t at)
{
    const struct mr_plan_table *t = x->table->plan;
    const struct mr_explain_column *told = mr_explain_column(&x->told.explain, at);
    const bool is_told = told->changed != MR_CHANGED_UNSEEN &&
                         told->changed != MR_CHANGED_NOT_TOLD &&
                         told->changed != MR_CHANGED_UNEXPLAINED;
    return (struct mr_column_fact){
        .generated = t->generated[at],
        .key = mr_plan_columns_has(&t->key, at),
        .identity = t->identity == MR_PLAN_BY_COLUMNS && mr_plan_columns_has(&t->named_by, at),
        .reference = x->references[at] > 0,
        .seen = is_ignored(t->pair, at) || told->changed == MR_CHANGED_BY_CASCADE ||
                (told->base.ptr != NULL && is_told),
        .source_changed = is_changed_by(told->changed, MR_SOURCE),
        .target_changed = is_changed_by(told->changed, MR_TARGET),
        .same = is_ignored(t->pair, at) ||
                !mr_image_differs(&x->mapped, &x->live, at, &t->pair->find.columns[at])};
}

static enum mr_code open_images(struct mr_merge_three *x, struct mr_err *err)
{
    MR_TRY(mr_image_open(&x->mapped, x->twin->mapped.ptr, x->twin->mapped.len, err));
    return mr_image_open(&x->live, x->twin->live.ptr, x->twin->live.len, err);
}

static enum mr_code find_columns(struct mr_merge_three *x, struct mr_err *err)
{
    const struct mr_plan_tables *plan = x->m->plan;
    const size_t n = count_columns(x);
    memset(x->references, 0, n * sizeof *x->references);
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        for (size_t k = 0; r->child == x->table->plan->at && k < r->from.count; k++)
            x->references[r->from.at[k]]++;
    }
    MR_TRY(open_images(x, err));
    for (size_t i = 0; i < n; i++) {
        struct mr_column_fact *f = &x->facts[i];
        *f = about_column(x, i);
        if (x->twin->is_new) /* each side has given all of its columns their values */
            f->source_changed = f->target_changed = !f->same && !f->key;
    }
    return MR_OK;
}

/* Where a reference leads to. */
struct end {
    int64_t ref;
    bool waits;    /* the parent is not on TARGET, nor to be, as things stand */
    bool attaches; /* nobody on SOURCE, somebody on TARGET */
    bool returns;  /* the parent is to be written, or an earlier plan of the run has written it */
    bool stands;   /* the parent is itself on both sides */
    struct mr_key value; /* then, what SOURCE has in the columns that the reference leads to */
};

#define END(member, type) MR_CASE_FIELD(struct end, member, MR_CASE_##type)
static const struct mr_case_field end_fields[] =
    MR_CASE_LIST(END(ref, INT), END(waits, FLAG), END(attaches, FLAG), END(returns, FLAG),
                 END(stands, FLAG), END(value, BYTES));

/* Whether a column means somebody else may be said by others, that a condition looks at: half of
 * such a reference is not written. */
static bool is_torn(const struct mr_merge_three *x, const struct mr_plan_reference *r)
{
    bool written = false, stays = false;
    for (size_t i = 0; r->reads != NULL && i < count_columns(x); i++) {
        const struct mr_column_fact *f = &x->facts[i];
        if ((!r->reads[i] && !mr_plan_columns_has(&r->from, i)) || f->same)
            continue;
        const bool alone = x->twin->is_new && mr_decide_rule(f) == MR_RULE_NONE;
        written = written || f->source_changed;
        stays = stays || (!alone && (!f->source_changed || f->target_changed));
    }
    return written && stays;
}

/* Has a plan of an earlier run brought the parent back?  Where the value is not its key, whether any of the table. */
static enum mr_code is_back(const struct mr_merge_three *x, const struct mr_plan_reference *r,
                            struct mr_key value, bool *is, struct mr_err *err)
{
    const struct mr_plan_table *parent = &x->m->plan->tables[r->parent];
    bool by_key = r->to.count == parent->key.count;
    for (size_t i = 0; by_key && i < r->to.count; i++)
        by_key = r->to.at[i] == parent->key.at[i];
    return mr_merge_earlier_restored(x->m, parent, by_key ? value : (struct mr_key){0}, is, err);
}

/* May a foreign key of TARGET have set the column?  Else it was TARGET's own edit, whatever became of the parent. */
static bool may_be_taken(const struct mr_merge_three *x, size_t at)
{
    const unsigned char *unlogged = x->table->unlogged[MR_TARGET];
    return unlogged != NULL && (unlogged[at] & (MR_UNLOGGED_NULL | MR_UNLOGGED_VALUE)) != 0;
}

/* Of a reference to somebody who is back, or comes back, to TARGET: which of its columns a cascade parted from him. */
static enum mr_code note_parted(struct mr_merge_three *x, const struct end *end, struct mr_err *err)
{
    const struct mr_plan_reference *r = &x->m->plan->references[end->ref];
    bool back = end->returns;
    for (size_t i = 0; (back || end->stands) && i < r->from.count; i++) {
        const size_t at = r->from.at[i];
        bool parted = false;
        MR_TRY(mr_merge_told_is_parted(&x->told, x->m, x->table, at, &parted, err));
        if (parted && !back && may_be_taken(x, at))
            MR_TRY(is_back(x, r, end->value, &back, err));
        x->facts[at].seen = x->facts[at].seen && !(parted && back);
    }
    return MR_OK;
}

/* Who comes back to TARGET may have lost a child by going: whether it is to be his again is asked, by each plan
 * until somebody says. */
static enum mr_code find_ends(struct mr_merge_three *x, struct mr_err *err)
{
    struct end end = {0};
    bool more = false, disagrees = false;
    enum mr_code code = MR_CASE_ASK(x->disagrees, &disagrees, err, MR_ARG_INT("id", x->twin->id));
    mr_case_reset(x->disagrees);
    MR_CASE_BIND(x->ends, MR_ARG_INT("id", x->twin->id), MR_ARG_INT("plain", MR_LINK_PLAIN));
    while (code == MR_OK &&
           (code = mr_case_fields_next(&x->ends_map, NULL, &end, &more, err)) == MR_OK && more) {
        const struct mr_plan_reference *r = &x->m->plan->references[end.ref];
        const bool torn = is_torn(x, r);
        code = note_parted(x, &end, err);
        for (size_t i = 0; i < r->from.count; i++) {
            struct mr_column_fact *f = &x->facts[r->from.at[i]];
            f->nobody = f->nobody || end.waits;
            f->attaches = f->attaches || end.attaches;
            f->disagrees = f->disagrees || torn || (disagrees && x->references[r->from.at[i]] > 1);
        }
    }
    mr_case_reset(x->ends);
    return code;
}

/* Of the whole row: which of its values do not fit. */
static enum mr_code find_unfit(struct mr_merge_three *x, struct mr_err *err)
{
    struct mr_plan_fit *fit = &x->m->fit;
    const struct mr_plan_table *t = x->table->plan;
    if (!mr_plan_fit_is_needed(t))
        return MR_OK;
    MR_TRY(mr_plan_fit_row(fit, t, x->twin->mapped, x->twin->live, err));
    for (size_t i = 0; i < fit->columns.count; i++)
        x->facts[*(const size_t *)mr_vec_at(&fit->columns, i)].unfit = true;
    for (size_t i = 0; fit->is_stuck && i < count_columns(x); i++)
        x->facts[i].unfit = true;
    return MR_OK;
}

/* ---- what an earlier plan wrote ---- */

/* What was perhaps written, and stands as before, is written again at worst; but a sum is not added again. */
static bool is_restored(const struct mr_merge_three *x, size_t at, enum mr_restored is)
{
    if (is == MR_RESTORED_MAYBE)
        return mr_plan_column_rules_find(&x->rules, at) == MR_RULE_ADD;
    return is != MR_RESTORED_NOT;
}

/* SOURCE alone has changed the column, by the logs: was that restored before, so that TARGET has set it
 * back since? */
static enum mr_code find_set_back(struct mr_merge_three *x, struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {x->twin->own, x->twin->live};
    for (size_t i = 0; i < count_columns(x); i++) {
        struct mr_column_fact *f = &x->facts[i];
        enum mr_restored is = MR_RESTORED_NOT;
        if (!f->source_changed || f->target_changed || f->same || f->generated)
            continue;
        MR_TRY(
            mr_merge_restored_find(x->restored, x->table->plan, x->twin->key, i, rows, &is, err));
        f->target_changed = is_restored(x, i, is);
    }
    return MR_OK;
}

/* ---- rules ---- */

static enum mr_code load_rules(struct mr_merge_three *x, struct mr_err *err)
{
    if (x->rules_of == x->table)
        return MR_OK;
    mr_plan_column_rules_release(&x->rules);
    x->rules_of = x->table;
    return mr_plan_column_rules_load(&x->rules, x->m->plan, x->table->plan->at, err);
}

/* Times that no log tells more exactly are those of a whole second. */
static uint64_t last_of(uint64_t us)
{
    return us % 1000000 == 0 ? us + 999999 : us;
}

/* When the row was changed on that side; a mark that does not lead to today's row knows no end. */
static enum mr_code find_times(struct mr_merge_three *x, enum mr_side side,
                               struct mr_rule_times *times, struct mr_err *err)
{
    const struct mr_evidence_mark *mark = x->told.sides[side].mark;
    struct mr_evidence_tx first, last;
    bool has_first = false, has_last = false;
    *times = (struct mr_rule_times){.is_known = false};
    if (mark == NULL || x->told.explain.told[side] != MR_TOLD)
        return MR_OK;
    MR_TRY(mr_evidence_tx(x->m->fd, mark->first_tx, &x->arena, &first, &has_first, err));
    MR_TRY(mr_evidence_tx(x->m->fd, mark->last_tx, &x->arena, &last, &has_last, err));
    if (!has_first || !has_last || first.committed_us <= 0 || last.committed_us <= 0)
        return MR_OK;
    *times = (struct mr_rule_times){true, (uint64_t)first.committed_us,
                                    last_of((uint64_t)last.committed_us)};
    return MR_OK;
}

static enum mr_code ask_newest(struct mr_merge_three *x, enum mr_rule_answer *answer,
                               struct mr_err *err)
{
    struct mr_rule_times times[MR_SIDES];
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(find_times(x, (enum mr_side)side, &times[side], err));
    *answer = mr_rule_newest(times[MR_SOURCE], times[MR_TARGET], x->m->options->clock_skew_us);
    return MR_OK;
}

static enum mr_code decode(struct mr_key bytes, struct mr_value *value, struct mr_err *err)
{
    size_t pos = 0;
    return mr_row_decode(bytes.ptr, bytes.len, &pos, value, err);
}

/* TARGET's value may be the sum already. */
static enum mr_code ask_add(struct mr_merge_three *x, size_t at, const struct mr_rule_values *v,
                            enum mr_rule_answer *answer, struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {x->twin->own, x->twin->live};
    enum mr_restored is = MR_RESTORED_NOT;
    MR_TRY(mr_merge_restored_find(x->restored, x->table->plan, x->twin->key, at, rows, &is, err));
    if (is == MR_RESTORED_NOT)
        *answer = mr_rule_add(v, &x->bytes);
    else
        *answer = is == MR_RESTORED_DONE ? MR_RULE_TAKES_TARGET : MR_RULE_MAYBE_ADDED;
    return MR_OK;
}

/* Asked where both sides have changed the column, each otherwise. */
static enum mr_code ask_rule(struct mr_merge_three *x, size_t at, struct mr_err *err)
{
    struct mr_column_fact *f = &x->facts[at];
    const struct mr_key base = mr_explain_column(&x->told.explain, at)->base;
    struct mr_value values[MR_SIDES], was;
    const struct mr_rule_values v = {mr_pair_column(x->table->plan->pair, MR_TARGET, at),
                                     &values[MR_SOURCE], &values[MR_TARGET],
                                     base.ptr != NULL ? &was : NULL};
    mr_strbuf_reset(&x->bytes);
    MR_TRY(mr_image_value(&x->mapped, at, &values[MR_SOURCE], err));
    MR_TRY(mr_image_value(&x->live, at, &values[MR_TARGET], err));
    if (base.ptr != NULL)
        MR_TRY(decode(base, &was, err));
    if (f->rule == MR_RULE_NEWEST)
        return ask_newest(x, &f->answer, err);
    if (f->rule == MR_RULE_ADD)
        MR_TRY(ask_add(x, at, &v, &f->answer, err));
    else if (f->rule == MR_RULE_UNION)
        f->answer = mr_rule_union(&v, &x->bytes);
    else if (f->rule == MR_RULE_MAX || f->rule == MR_RULE_MIN)
        f->answer = mr_rule_extreme(&v, f->rule == MR_RULE_MAX);
    MR_TRY(mr_strbuf_check(&x->bytes, "deciding the plan", err));
    x->made[at] =
        (struct mr_key){mr_arena_dup(&x->arena, x->bytes.ptr, x->bytes.len), x->bytes.len};
    return x->made[at].ptr != NULL || x->bytes.len == 0 ? MR_OK : mr_merge_nomem(err);
}

/* What TARGET has changed since a plan wrote the column is its own doing, of which no rule takes anything back.  A sum
 * asks for itself. */
static enum mr_code heed_since(struct mr_merge_three *x, size_t at, struct mr_err *err)
{
    struct mr_column_fact *f = &x->facts[at];
    bool is = false;
    const struct mr_restored_column column = {x->table->plan, x->twin->key, x->twin->live_key, at,
                                              x->twin->live};
    if (f->rule != MR_RULE_ADD)
        MR_TRY(mr_merge_restored_is_changed_since(x->restored, &column, &is, err));
    f->rule = is ? MR_RULE_NONE : f->rule;
    return MR_OK;
}

static enum mr_code ask_rules(struct mr_merge_three *x, struct mr_err *err)
{
    for (size_t i = 0; i < count_columns(x); i++) {
        struct mr_column_fact *f = &x->facts[i];
        f->rule = mr_plan_column_rules_find(&x->rules, i);
        if (mr_decide_rule(f) == MR_RULE_NONE || !f->source_changed || !f->target_changed ||
            f->same)
            continue;
        MR_TRY(heed_since(x, i, err));
        if (f->rule != MR_RULE_NONE)
            MR_TRY(ask_rule(x, i, err));
    }
    return MR_OK;
}

/* ---- who has its unique values ---- */

/* TARGET's row with SOURCE's changes, whatever becomes of each. */
static enum mr_code imagine(struct mr_merge_three *x, struct mr_err *err)
{
    const size_t n = count_columns(x);
    memset(x->values, 0, n * sizeof *x->values);
    for (size_t i = 0; i < n; i++)
        if (!x->facts[i].same && x->facts[i].source_changed)
            MR_TRY(mr_merge_row_value(x->twin->mapped, i, &x->values[i], err));
    return mr_merge_row_edit(x->twin->live, x->values, n, &x->row, err);
}

static bool is_touched(const struct mr_merge_three *x, const struct mr_plan_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!x->facts[columns->at[i]].same && x->facts[columns->at[i]].source_changed)
            return true;
    return false;
}

/* Has any of them another value on the two sides?  Of most rows none has, and their logs need not be
 * looked at twice. */
static enum mr_code may_have_rivals(struct mr_merge_three *x, bool *may, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    *may = false;
    MR_TRY(open_images(x, err));
    for (size_t i = 0; !*may && i < mr_merge_rivals_indexes(t); i++) {
        const struct mr_plan_columns columns = mr_merge_rivals_columns(t, i);
        for (size_t k = 0; k < columns.count; k++)
            *may = *may || mr_image_differs(&x->mapped, &x->live, columns.at[k],
                                            &t->pair->find.columns[columns.at[k]]);
    }
    return MR_OK;
}

static enum mr_code add_rivals(struct mr_merge_three *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    bool is = false;
    MR_TRY(may_have_rivals(x, &is, err));
    if (is)
        MR_TRY(read_told(x, &is, err));
    if (!is)
        return MR_OK;
    MR_TRY(find_columns(x, err));
    MR_TRY(imagine(x, err));
    for (size_t i = 0; i < mr_merge_rivals_indexes(t); i++) {
        const struct mr_plan_columns columns = mr_merge_rivals_columns(t, i);
        const struct mr_key row = {x->row.ptr, x->row.len};
        if (is_touched(x, &columns))
            MR_TRY(mr_merge_rivals_add(&x->rivals, x->twin->id, x->twin->live_key, row, i, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_three_page(struct mr_merge_three *x, const struct mr_merge_table *table,
                                 const struct mr_merge_twin *twins, size_t count,
                                 struct mr_err *err)
{
    x->table = table;
    x->twins = twins;
    MR_TRY(mr_merge_rivals_begin(&x->rivals, table->plan, err));
    for (size_t i = 0; table->told != 0 && i < count; i++) {
        x->twin = &twins[i];
        MR_TRY(add_rivals(x, err));
    }
    return mr_merge_rivals_ask(&x->rivals, err);
}

static void find_rivals(struct mr_merge_three *x)
{
    const struct mr_plan_table *t = x->table->plan;
    for (size_t i = 0; i < mr_merge_rivals_indexes(t); i++) {
        const struct mr_plan_columns columns = mr_merge_rivals_columns(t, i);
        const bool has = mr_merge_rivals_has(&x->rivals, x->twin->id, i);
        for (size_t k = 0; has && k < columns.count; k++)
            x->facts[columns.at[k]].rival = true;
    }
}

/* ---- the outcome ---- */

static const char *column_name(const struct mr_merge_three *x, size_t at)
{
    return x->table->plan->pair->find.columns[at].name;
}

static void tell(struct mr_strbuf *out, const char *name, const char *what)
{
    mr_strbuf_add_fmt(out, "%s%s", out->len > 0 ? "; " : "", name);
    if (what != NULL)
        mr_strbuf_add_fmt(out, ": %s", what);
}

/* Has its rule come to nothing? */
static bool has_failed(const struct mr_merge_three *x, size_t at)
{
    const enum mr_column_outcome outcome = x->rulings[at].outcome;
    return outcome == MR_COLUMN_RULE_FAILS ||
           (outcome == MR_COLUMN_DIFFERS && mr_decide_rule(&x->facts[at]) != MR_RULE_NONE);
}

/* Columns that nobody changed, or that both made alike, are not worth a word. */
static bool is_worth_telling(const struct mr_merge_three *x, enum mr_column_outcome outcome)
{
    return outcome > (x->twin->is_new ? MR_COLUMN_ALIKE : MR_COLUMN_OWN_KEY);
}

static enum mr_code describe(struct mr_merge_three *x, const struct mr_three_ruling *ruling,
                             struct mr_err *err)
{
    mr_strbuf_reset(&x->columns);
    mr_strbuf_reset(&x->detail);
    for (size_t i = 0; i < count_columns(x); i++) {
        const struct mr_column_ruling *r = &x->rulings[i];
        if (is_worth_telling(x, r->outcome))
            tell(&x->columns, column_name(x, i), mr_column_outcome_name(r->outcome));
        if (r->why.conflict != MR_CONFLICT_NONE ||
            (ruling->outcome == MR_THREE_IS_BOTH_CHANGED && r->deed != MR_COLUMN_KEEPS))
            tell(&x->detail, column_name(x, i),
                 has_failed(x, i) ? mr_rule_answer_words(x->facts[i].answer) : NULL);
    }
    MR_TRY(mr_strbuf_check(&x->detail, "deciding the plan", err));
    return mr_strbuf_check(&x->columns, "deciding the plan", err);
}

/* The row that the rulings make. */
static enum mr_code compose(struct mr_merge_three *x, struct mr_key *merged, struct mr_err *err)
{
    const size_t n = count_columns(x);
    bool any = false;
    memset(x->values, 0, n * sizeof *x->values);
    for (size_t i = 0; i < n; i++) {
        const enum mr_column_deed deed = x->rulings[i].deed;
        any = any || deed != MR_COLUMN_KEEPS;
        if (deed == MR_COLUMN_COMPUTES)
            x->values[i] = x->made[i];
        else if (deed == MR_COLUMN_WRITES)
            MR_TRY(mr_merge_row_value(x->twin->mapped, i, &x->values[i], err));
    }
    *merged = (struct mr_key){NULL, 0};
    if (!any)
        return MR_OK;
    MR_TRY(mr_merge_row_edit(x->twin->live, x->values, n, &x->row, err));
    *merged = (struct mr_key){x->row.ptr, x->row.len};
    return MR_OK;
}

/* Is what is written TARGET's value and what SOURCE has added to that of the split?  So it is where both
 * have changed it, and where TARGET's was still that of the split: it may have moved by the time that the
 * plan is applied. */
static bool is_sum(const struct mr_merge_three *x, size_t at, struct mr_key live, struct mr_key own)
{
    const struct mr_column_fact *f = &x->facts[at];
    const enum mr_column_outcome outcome = x->rulings[at].outcome;
    const bool alone = outcome == MR_COLUMN_RESTORED && f->source_changed && !f->target_changed;
    return f->seen && !f->baseless && mr_decide_rule(f) == MR_RULE_ADD &&
           x->rulings[at].deed != MR_COLUMN_KEEPS &&
           (outcome == MR_COLUMN_RULE_COMPUTES || alone) && !mr_image_value_is_null(live) &&
           !mr_image_value_is_null(own);
}

static enum mr_code find_sums(struct mr_merge_three *x, const char **sums, struct mr_err *err)
{
    const size_t n = count_columns(x);
    bool *of = mr_arena_calloc(&x->arena, n + 1, sizeof *of);
    if (of == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct mr_key live, own;
        MR_TRY(mr_merge_row_value(x->twin->live, i, &live, err));
        MR_TRY(mr_merge_row_value(x->twin->mapped, i, &own, err));
        of[i] = is_sum(x, i, live, own);
    }
    mr_strbuf_reset(&x->sums);
    mr_entity_written_add(&x->sums, of, n);
    *sums = x->sums.len > 0 ? x->sums.ptr : NULL;
    return mr_strbuf_check(&x->sums, "deciding the plan", err);
}

/* As far as the logs have shown it. */
static enum mr_code write_base(struct mr_merge_three *x, struct mr_key *base, struct mr_err *err)
{
    mr_strbuf_reset(&x->base);
    *base = (struct mr_key){NULL, 0};
    if (x->told.explain.base != MR_BASE_ROW)
        return MR_OK;
    for (size_t i = 0; i < count_columns(x); i++)
        mr_seen_image_add(&x->base, mr_explain_column(&x->told.explain, i)->base);
    *base = (struct mr_key){x->base.ptr, x->base.len};
    return mr_strbuf_check(&x->base, "deciding the plan", err);
}

static bool is_live_alone(const struct mr_merge_three *x)
{
    bool any = false;
    for (size_t i = 0; i < count_columns(x); i++) {
        if (x->rulings[i].outcome > MR_COLUMN_LIVE)
            return false;
        any = any || x->facts[i].target_changed;
    }
    return any;
}

/* A restored change is no conflict, that would be met when choices are: who wants to stop is heard here. */
static enum mr_code heed_stop(const struct mr_merge_three *x, const struct mr_three_ruling *ruling,
                              struct mr_err *err)
{
    const char *kind = mr_conflict_name(MR_CONFLICT_RESTORED_CHANGE);
    const char *rule = mr_merge_choice_rule(x->m, x->table->plan, kind);
    if (ruling->outcome != MR_THREE_IS_RESTORED || rule == NULL ||
        strcmp(rule, MR_CHOICE_STOP) != 0)
        return MR_OK;
    return mr_err_set(err, MR_E_REFUSED,
                      "a row of table \"%s\" has a change to be restored: the choice for "
                      "%s is to stop",
                      mr_plan_table_name(x->table->plan), kind);
}

/* Invariant: what does not compare columns leaves none written. */
enum mr_code mr_merge_three_decide(struct mr_merge_three *x, size_t at,
                                   struct mr_merge_three_result *out, struct mr_err *err)
{
    *out = (struct mr_merge_three_result){.is = false};
    x->twin = &x->twins[at];
    MR_TRY(read_told(x, &out->is, err));
    if (!out->is)
        return MR_OK;
    MR_TRY(find_picks(x, err));
    MR_TRY(find_columns(x, err));
    MR_TRY(load_rules(x, err));
    MR_TRY(find_set_back(x, err));
    MR_TRY(ask_rules(x, err));
    MR_TRY(find_ends(x, err));
    MR_TRY(find_unfit(x, err));
    find_rivals(x);
    const struct mr_three_fact row = about_row(x);
    out->ruling = mr_decide_three(&row, x->facts, count_columns(x), x->picks, x->rulings);
    out->is = out->ruling.deed != MR_THREE_FOLLOWS;
    if (!out->is)
        return MR_OK;
    MR_TRY(heed_stop(x, &out->ruling, err));
    MR_TRY(describe(x, &out->ruling, err));
    MR_TRY(compose(x, &out->merged, err));
    MR_TRY(write_base(x, &out->base, err));
    MR_TRY(find_sums(x, &out->sums, err));
    out->columns = x->columns.ptr;
    out->detail = x->detail.len > 0 ? x->detail.ptr : NULL;
    out->live_alone = is_live_alone(x);
    return MR_OK;
}

/* ---- its life ---- */

static enum mr_code open_arrays(struct mr_merge_three *x, struct mr_err *err)
{
    struct mr_arena *arena = &x->arrays;
    size_t n = 1;
    for (size_t i = 0; i < x->m->plan->ntables; i++)
        if (x->m->plan->tables[i].pair->find.ncolumns > n)
            n = x->m->plan->tables[i].pair->find.ncolumns;
    x->facts = mr_arena_calloc(arena, n, sizeof *x->facts);
    x->rulings = mr_arena_calloc(arena, n, sizeof *x->rulings);
    x->values = mr_arena_calloc(arena, n, sizeof *x->values);
    x->references = mr_arena_calloc(arena, n, sizeof *x->references);
    x->made = mr_arena_calloc(arena, n, sizeof *x->made);
    return x->made != NULL && x->facts != NULL && x->rulings != NULL && x->values != NULL &&
                   x->references != NULL
               ? MR_OK
               : mr_merge_nomem(err);
}

static enum mr_code open_statements(struct mr_merge_three *x, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&x->ends, "SELECT l.ref AS ref, coalesce(p.waits, 0) AS waits,"
                   " l.parent=0 AND l.live IS NOT NULL AS attaches,"
                   " p.id IS NOT NULL AND p.waits=0 AND (p.there IS NULL OR coalesce(k.known AND"
                   " k.into_key IS NOT NULL, 0)) AS returns, l.parent=:plain AS stands,"
                   " l.value AS value FROM link l"
                   " LEFT JOIN m p ON p.id=l.parent AND p.id<>l.child LEFT JOIN mark k ON k.id=p.id"
                   " WHERE l.child=:id"},
        {&x->choices, "SELECT kind, choice FROM chosen WHERE id=:id"},
        {&x->disagrees, "SELECT 1 FROM m WHERE id=:id AND disagrees"},
    };
    MR_TRY(mr_case_prepare_all(x->m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY(mr_case_fields_open(&x->ends_map, x->ends, MR_CASE_FIELDS(end_fields), err));
    return mr_case_fields_open(&x->choices_map, x->choices, MR_CASE_FIELDS(choice_fields), err);
}

enum mr_code mr_merge_three_open(struct mr_merge *m, struct mr_merge_three **out,
                                 struct mr_err *err)
{
    struct mr_merge_three *x = calloc(1, sizeof *x);
    *out = x;
    if (x == NULL)
        return mr_merge_nomem(err);
    x->m = m;
    x->arrays = x->arena = (struct mr_arena)MR_ARENA_INIT;
    x->row = x->base = x->bytes = x->columns = x->detail = x->sums =
        (struct mr_strbuf)MR_STRBUF_INIT;
    mr_merge_told_init(&x->told);
    mr_merge_rivals_init(&x->rivals, m);
    mr_image_init(&x->mapped);
    mr_image_init(&x->live);
    MR_TRY(open_arrays(x, err));
    MR_TRY(mr_merge_restored_open(m, &x->restored, err));
    return open_statements(x, err);
}

void mr_merge_three_close(struct mr_merge_three *x)
{
    if (x == NULL)
        return;
    mr_merge_restored_close(x->restored);
    mr_merge_rivals_release(&x->rivals);
    mr_case_free(x->ends);
    mr_case_free(x->choices);
    mr_case_free(x->disagrees);
    mr_plan_column_rules_release(&x->rules);
    mr_merge_told_release(&x->told);
    mr_image_release(&x->mapped);
    mr_image_release(&x->live);
    mr_arena_release(&x->arrays);
    mr_arena_release(&x->arena);
    mr_strbuf_release(&x->row);
    mr_strbuf_release(&x->base);
    mr_strbuf_release(&x->bytes);
    mr_strbuf_release(&x->columns);
    mr_strbuf_release(&x->sums);
    mr_strbuf_release(&x->detail);
    free(x);
}
