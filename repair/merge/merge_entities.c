/* merge_entities.c: see merge_entities.h. */
#include "repair/merge/merge_entities.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_identity.h"
#include "repair/decide/decide_three.h"
#include "repair/merge/merge_choice.h"
#include "repair/merge/merge_restored.h"
#include "repair/merge/merge_newer.h"
#include "repair/merge/merge_referrers.h"
#include "repair/merge/merge_row.h"

/* One row of w with all that is known of it. */
struct decided {
    int64_t id;
    struct mr_key key, image, there, live, after, ident;
    /* image and live with the values of conditions; meant: as the row is to stand */
    struct mr_key meant, live_meant;
    struct mr_key holder_key, holder; /* of a unique value */
    const char *grp;                  /* its group's name */
    bool newid, waits, skip;
    int64_t root;
    const char *kind, *detail, *choice, *choices;
    const char *referenced; /* by rows of a table, when SOURCE's values are chosen */
    bool unfit;             /* the same: they do not fit */
    bool is_derived;        /* the choice: nobody has said it of the row */
    bool hangs;             /* on a row that waits for a reason of its own */
    bool taken;             /* somebody has its key on TARGET */
    uint64_t facts;         /* mr_fact_bits() */
    bool left;              /* it stays deleted */
    int64_t three, deed;    /* of a row that was decided by its columns (merge_three.h) */
    const char *tells, *sums;
    struct mr_key merged, base;
};

struct writing {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    bool *mapped; /* per column: may hold a provisional id */
    bool *stays;  /* per reference: it, and what its condition looks at, is TARGET's */
    bool chooses; /* something was chosen for some row */
    struct mr_key *values;
    size_t nvalues; /* of the widest image */
    struct mr_arena arena;
    struct mr_strbuf bytes;
    struct mr_merge_restored *restored;
    struct mr_case_stmt *fresh, *chosen, *last, *waiting, *note;
    struct mr_case_fields chosen_map, last_map; /* struct choice */
};

/* What was chosen for a row, in what conflict. */
struct choice {
    const char *choice, *kind;
    const char *choices; /* that there were, where the kind does not say; or NULL */
    bool derived;
};

#define CHOICE(member, type) MR_CASE_FIELD(struct choice, member, MR_CASE_##type)
static const struct mr_case_field choice_fields[] = MR_CASE_LIST(
    CHOICE(choice, TEXT), CHOICE(kind, TEXT), CHOICE(choices, TEXT), CHOICE(derived, FLAG));

/* ---- real ids ---- */

/* Replaces a provisional id by the real one, as the column writes it; a row that waits has
 * none. */
static enum mr_code real_id(struct writing *w, size_t column, struct mr_key *value,
                            struct mr_err *err)
{
    const struct mr_spelling *spelling = mr_plan_spelling(w->table->plan, column);
    int64_t row = mr_merge_provisional_row(*value);
    struct mr_value number = {.cls = MR_CLASS_UINT};
    bool found = false;
    if (row == 0)
        return MR_OK;
    enum mr_code code = MR_CASE_ASK(w->fresh, &found, err, MR_ARG_INT("id", row));
    if (code == MR_OK && found)
        number.u = strtoull(mr_case_text(w->fresh, 0), NULL, 10);
    mr_case_reset(w->fresh);
    if (code != MR_OK || !found)
        return code;
    struct mr_strbuf bytes = MR_STRBUF_INIT, spelt = MR_STRBUF_INIT;
    bool can = false;
    code = mr_row_encode(&bytes, &number, err);
    if (code == MR_OK && spelling != NULL)
        code = mr_spelling_write(spelling, (struct mr_key){bytes.ptr, bytes.len}, 0,
                                 (struct mr_key){0}, &spelt, &can, err);
    const struct mr_strbuf *as = can ? &spelt : &bytes;
    value->ptr = mr_arena_dup(&w->arena, as->ptr, as->len);
    value->len = as->len;
    mr_strbuf_release(&bytes);
    mr_strbuf_release(&spelt);
    return code == MR_OK && value->ptr == NULL ? mr_merge_nomem(err) : code;
}

/* The same for encoded values of these columns, in w->arena. */
static enum mr_code real_values(struct writing *w, struct mr_key *values,
                                const struct mr_plan_columns *columns, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (values->ptr == NULL || !mr_merge_provisional_within(*values))
        return MR_OK;
    memset(w->values, 0, w->table->plan->pair->find.ncolumns * sizeof *w->values);
    size_t n = columns != NULL ? columns->count : w->table->plan->pair->find.ncolumns;
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        size_t column = columns != NULL ? columns->at[i] : i;
        if (!w->mapped[column])
            continue;
        code = mr_merge_row_value(*values, i, &w->values[i], err);
        if (code == MR_OK)
            code = real_id(w, column, &w->values[i], err);
    }
    if (code == MR_OK)
        code = mr_merge_row_edit(*values, w->values, n, &w->bytes, err);
    values->ptr = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    values->len = w->bytes.len;
    return code == MR_OK && values->ptr == NULL ? mr_merge_nomem(err) : code;
}

static void find_mapped(struct writing *w)
{
    const struct mr_plan_table *t = w->table->plan;
    memset(w->mapped, 0, t->pair->find.ncolumns * sizeof *w->mapped);
    if (mr_plan_has_counter(t))
        w->mapped[t->counter] = true;
    for (size_t i = 0; i < w->m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &w->m->plan->references[i];
        for (size_t k = 0; r->child == t->at && k < r->from.count; k++)
            w->mapped[r->from.at[k]] = true;
    }
}

/* An image without the hidden values behind its columns and their flags. */
static enum mr_code cut(const struct writing *w, struct mr_key *image, struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; image->ptr != NULL && code == MR_OK && i < w->table->plan->pair->ncompared;
         i++)
        code = mr_row_skip(image->ptr, image->len, &pos, err);
    image->len = pos;
    return code;
}

/* ---- decisions ---- */

/* Who was merged into a row of TARGET leaves it as it is. */
static enum mr_code read_merge(struct writing *w, struct decided *d, struct mr_err *err)
{
    struct choice last = {0};
    bool found = false;
    MR_CASE_BIND(w->last, MR_ARG_INT("id", d->id));
    enum mr_code code = mr_case_fields_next(&w->last_map, NULL, &last, &found, err);
    if (code == MR_OK && last.choice != NULL && strcmp(last.choice, "merge-into") == 0) {
        d->choice = "merge-into";
        d->is_derived = last.derived;
    }
    mr_case_reset(w->last);
    return code;
}

/* What was chosen for the conflict that there is; else the last one that was decided
 * away, as is that of a row that was left out by it: no reader knows a kind of its own for these. */
static enum mr_code read_choice(struct writing *w, struct decided *d, struct mr_err *err)
{
    const bool is_left_out =
        d->kind != NULL && strcmp(d->kind, "skip") == 0; /* as name_kinds() has it */
    struct choice said = {.kind = d->kind};
    bool found = false, open = d->kind != NULL && !is_left_out;
    const struct mr_case_fields *map = open ? &w->chosen_map : &w->last_map;
    if (is_left_out)
        d->kind = mr_conflict_name(MR_CONFLICT_PARENT_ABSENT);
    if (!w->chooses)
        return MR_OK;
    if (open)
        MR_CASE_BIND(map->stmt, MR_ARG_INT("id", d->id), MR_ARG_TEXT("kind", d->kind));
    else
        MR_CASE_BIND(map->stmt, MR_ARG_INT("id", d->id));
    enum mr_code code = mr_case_fields_next(map, &w->arena, &said, &found, err);
    if (code == MR_OK && found) {
        bool stands = !open || mr_conflict_is_value(mr_conflict_named(d->kind)) ||
                      (said.choice != NULL && strcmp(said.choice, "skip") == 0);
        d->choice = stands ? said.choice : NULL;
        d->is_derived = stands && said.derived;
        d->kind = said.kind;
        d->choices = stands && said.choices != NULL ? said.choices : d->choices;
    }
    mr_case_reset(map->stmt);
    if (code == MR_OK && open && !found && mr_conflict_is_value(mr_conflict_named(d->kind)))
        code = read_merge(w, d, err);
    return code;
}

static enum mr_code keep_column(struct writing *w, const struct decided *d, size_t column,
                                struct mr_err *err)
{
    return mr_merge_row_value(d->live, column, &w->values[column], err);
}

/* TARGET's row refers by it as it did. */
static enum mr_code keep_reference(struct writing *w, const struct decided *d, size_t at,
                                   struct mr_err *err)
{
    const struct mr_plan_reference *r = &w->m->plan->references[at];
    size_t n = w->table->plan->pair->find.ncolumns;
    w->stays[at] = true;
    for (size_t i = 0; i < r->from.count; i++)
        MR_TRY(keep_column(w, d, r->from.at[i], err));
    for (size_t i = 0; r->reads != NULL && i < n; i++)
        if (r->reads[i])
            MR_TRY(keep_column(w, d, i, err));
    return MR_OK;
}

/* Does the condition of a reference look at what stays with another one? */
static bool reads_of(const struct mr_plan_reference *r, const struct mr_plan_reference *other,
                     size_t ncolumns)
{
    if (r->child != other->child || r->reads == NULL)
        return false;
    for (size_t i = 0; i < ncolumns; i++)
        if (r->reads[i] &&
            (mr_plan_columns_has(&other->from, i) || (other->reads != NULL && other->reads[i])))
            return true;
    return false;
}

/* A type that stays says of other columns, too, whom they mean. */
static enum mr_code keep_related(struct writing *w, const struct decided *d, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->m->plan;
    size_t n = w->table->plan->pair->find.ncolumns;
    enum mr_code code = MR_OK;
    for (bool grown = true; code == MR_OK && grown;) {
        grown = false;
        for (size_t i = 0; code == MR_OK && i < plan->nreferences * plan->nreferences; i++) {
            size_t by = i / plan->nreferences, at = i % plan->nreferences;
            if (!w->stays[by] || w->stays[at] ||
                !reads_of(&plan->references[at], &plan->references[by], n))
                continue;
            code = keep_reference(w, d, at, err);
            grown = true;
        }
    }
    return code;
}

/* d->meant with the values that conditions have on TARGET, where they stay. */
static enum mr_code keep_meant(struct writing *w, struct decided *d, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    memset(w->values, 0, w->nvalues * sizeof *w->values);
    for (size_t i = 0; code == MR_OK && i < w->m->plan->nreferences; i++) {
        int at = w->m->plan->references[i].pair->edge.condition_at;
        if (w->stays[i] && at >= 0)
            code = mr_merge_row_value(d->live_meant, (size_t)at, &w->values[(size_t)at], err);
    }
    if (code == MR_OK)
        code = mr_merge_row_edit(d->meant, w->values, w->nvalues, &w->bytes, err);
    d->meant.ptr = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    d->meant.len = w->bytes.len;
    return code == MR_OK && d->meant.ptr == NULL ? mr_merge_nomem(err) : code;
}

/* TARGET's row with SOURCE's values: its key stays, and so do references to rows that
 * wait, with what says that they are some. */
static enum mr_code merged_image(struct writing *w, struct decided *d, struct mr_err *err)
{
    const struct mr_plan_table *t = w->table->plan;
    bool row = false;
    enum mr_code code = MR_OK;
    memset(w->values, 0, t->pair->find.ncolumns * sizeof *w->values);
    memset(w->stays, 0, w->m->plan->nreferences * sizeof *w->stays);
    for (size_t i = 0; code == MR_OK && i < t->key.count; i++)
        code = keep_column(w, d, t->key.at[i], err);
    MR_CASE_BIND(w->waiting, MR_ARG_INT("id", d->id));
    while (code == MR_OK && (code = mr_case_step(w->waiting, &row, err)) == MR_OK && row)
        code = keep_reference(w, d, (size_t)mr_case_int(w->waiting, 0), err);
    mr_case_reset(w->waiting);
    if (code == MR_OK)
        code = keep_related(w, d, err);
    if (code == MR_OK)
        code = mr_merge_row_edit(d->after, w->values, t->pair->find.ncolumns, &w->bytes, err);
    d->after.ptr = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    d->after.len = w->bytes.len;
    if (code == MR_OK && d->after.ptr == NULL)
        code = mr_merge_nomem(err);
    return code == MR_OK ? keep_meant(w, d, err) : code;
}

/* Does the choice write SOURCE's values? */
static enum mr_code takes_source(struct writing *w, const struct decided *d, bool *takes,
                                 struct mr_err *err)
{
    *takes = false;
    if (d->kind == NULL || d->choice == NULL || !mr_conflict_is_value(mr_conflict_named(d->kind)))
        return MR_OK;
    const struct mr_key rows[MR_SIDES] = {[MR_SOURCE] = d->image, [MR_TARGET] = d->live};
    int by = 0;
    if (strncmp(d->choice, "newest:", 7) == 0) {
        enum mr_code code = mr_merge_newer(w->m, w->table->plan, d->choice + 7, rows, &by, err);
        *takes = by > 0;
        return code;
    }
    *takes = strcmp(d->choice, "source") == 0;
    return MR_OK;
}

/* What others refer to is not taken away by a choice of values, nor by a log: that is a conflict of its
 * own. */
static bool is_referred_to(struct decided *d)
{
    if (d->referenced == NULL)
        return false;
    d->kind = mr_conflict_name(MR_CONFLICT_REFERENCED);
    d->detail = d->referenced;
    d->choice = NULL;
    return true;
}

/* Somebody, or a rule, may have said that it stays as it is: there is nothing else to choose. */
static enum mr_code choose_referred(struct writing *w, struct decided *d, struct mr_err *err)
{
    const struct mr_merge_options *o = w->m->options;
    const struct mr_decision_ask ask = {.table = mr_plan_table_name(w->table->plan),
                                        .source_key = d->key,
                                        .kind = d->kind,
                                        .source = d->image,
                                        .target = d->live};
    const char *choice = NULL;
    if (o->decision != NULL)
        MR_TRY(o->decision(o->decision_ctx, &ask, &choice, err));
    d->is_derived = choice == NULL;
    if (choice == NULL)
        choice = mr_merge_choice_rule(w->m, w->table->plan, d->kind);
    if (choice != NULL && strcmp(choice, "target") == 0)
        d->choice = mr_arena_strdup(&w->arena, choice);
    return choice != NULL && strcmp(choice, "target") == 0 && d->choice == NULL
               ? mr_merge_nomem(err)
               : MR_OK;
}

/* References of which no column is written are TARGET's, with what their conditions look at. */
static enum mr_code keep_unwritten(struct writing *w, struct decided *d, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->m->plan;
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        bool written = false;
        if (r->child == w->table->plan->at)
            MR_TRY(mr_merge_row_leaves(d->live, d->merged, r->from, &written, err));
        w->stays[i] = r->child == w->table->plan->at && !written;
    }
    return keep_meant(w, d, err);
}

/* Columns of TARGET's row get SOURCE's values; where it is asked about, what they would be is kept for
 * those who decide. */
static enum mr_code decide_by_columns(struct writing *w, struct decided *d, struct mr_entity *e,
                                      struct mr_err *err)
{
    const bool updates = d->deed == MR_THREE_UPDATES && d->merged.ptr != NULL;
    if (updates && is_referred_to(d))
        return choose_referred(w, d, err);
    if (updates)
        MR_TRY(keep_unwritten(w, d, err));
    if (d->merged.ptr != NULL)
        MR_TRY(cut(w, &d->merged, err));
    if (d->merged.ptr != NULL)
        MR_TRY(real_values(w, &d->merged, NULL, err));
    if (updates) {
        e->decision = MR_DECIDE_UPDATE;
        e->after = d->merged;
    }
    return MR_OK;
}

/* TARGET's row stands, and stays as it is unless SOURCE's values were chosen. */
static enum mr_code decide_standing(struct writing *w, struct decided *d, struct mr_entity *e,
                                    struct mr_err *err)
{
    bool takes = false;
    e->decision = mr_group_named(d->grp) == MR_GROUP_LOST ? MR_DECIDE_MATCHED : MR_DECIDE_SAME;
    e->target_key = d->there;
    if (d->three != MR_THREE_NOTHING)
        return decide_by_columns(w, d, e, err);
    enum mr_code code = takes_source(w, d, &takes, err);
    if (code != MR_OK || !takes || is_referred_to(d))
        return code;
    e->decision = MR_DECIDE_UPDATE;
    code = merged_image(w, d, err);
    if (code == MR_OK)
        code = real_values(w, &d->after, NULL, err);
    e->after = d->after;
    return code;
}

/* A row that waits is written by nobody, whatever else is known of it; only of one that is written
 * are provisional ids made real. */
static enum mr_code decide_absent(struct writing *w, struct decided *d, struct mr_entity *e,
                                  struct mr_err *err)
{
    const struct mr_plan_table *t = w->table->plan;
    bool null = false;
    if (d->left) {
        e->decision = MR_DECIDE_LEFT;
        d->three = MR_THREE_IS_SOURCE_SAME;
        d->kind = d->choice = NULL;
        return MR_OK;
    }
    if (d->skip) {
        e->decision = MR_DECIDE_SKIP;
        d->choice = d->choice != NULL ? d->choice : "skip";
        return MR_OK;
    }
    if (d->waits) {
        e->decision = d->root == d->id ? MR_DECIDE_CONFLICT : MR_DECIDE_WAITS;
        e->waits_for = d->root == d->id ? 0 : d->root;
        return MR_OK;
    }
    e->decision = d->newid ? MR_DECIDE_RENUMBER : MR_DECIDE_INSERT;
    enum mr_code code = real_values(w, &d->after, NULL, err);
    if (code == MR_OK)
        code = mr_pair_values_of(d->after.ptr, d->after.len, t->key.at, t->key.count, &w->bytes,
                                 &null, err);
    if (code == MR_OK && t->key.count > 0) {
        e->target_key.ptr = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
        e->target_key.len = w->bytes.len;
        if (e->target_key.ptr == NULL)
            return mr_merge_nomem(err);
    }
    e->after = d->after;
    return code;
}

/* Has TARGET another row of SOURCE under its key? */
static bool is_displaced(const struct decided *d)
{
    const struct mr_fact fact = mr_fact_of(d->facts);
    return mr_decide_displaced(&fact);
}

/* Whoever decides about a unique value, or whether two rows are one, has to see the other. */
static enum mr_code name_holder(struct writing *w, struct decided *d, struct mr_entity *e,
                                struct mr_err *err)
{
    if (e->decision != MR_DECIDE_CONFLICT || e->kind == NULL)
        return MR_OK;
    if (strcmp(e->kind, "unique") != 0 && strcmp(e->kind, "past-or-lost") != 0 &&
        (strcmp(e->kind, "duplicate") != 0 || !is_displaced(d) || d->holder.ptr == NULL))
        return MR_OK;
    enum mr_code code = cut(w, &d->holder, err);
    e->target_key = d->holder_key;
    e->target = d->holder;
    return code;
}

/* Can a row be restored in spite of a conflict of this kind? */
static bool can_restore(const struct writing *w, const struct decided *d)
{
    static const char *const never[] = {"not-null-cycle", "references-disagree"};
    static const char *const named[] = {"duplicate", "identity-crosses-base", "owner-differs"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(d->kind, never[i]) == 0)
            return false;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(d->kind, named[i]) == 0 &&
            (mr_plan_is_guarded(w->table->plan) || is_displaced(d)))
            return false;
    if (d->hangs && strcmp(d->kind, "parent-differs") != 0) /* with the row above it may */
        return false;
    return strcmp(d->kind, "key-taken") != 0 || !d->taken;
}

/* Can SOURCE's values not be chosen? */
static bool keeps_live(const struct decided *d)
{
    return d->unfit || d->referenced != NULL;
}

/* Those that can be carried out. */
static const char *choices_of(const struct writing *w, const struct decided *d)
{
    bool own = strcmp(d->kind, MR_FIT_KIND) == 0 || strcmp(d->kind, "unique") == 0;
    if (keeps_live(d))
        return "target";
    if (d->three != MR_THREE_NOTHING && !mr_conflict_is_value(mr_conflict_named(d->kind)))
        return strcmp(d->kind, "orphan-would-attach") == 0 ? "restore;skip" : "skip";
    if (own && d->choices != NULL)
        return d->choices;
    return can_restore(w, d) ? mr_conflict_choices(mr_conflict_named(d->kind)) : "skip";
}

/* Who is found to be deleted since is left out, and nobody is asked. */
static bool is_asked(const struct decided *d)
{
    return d->kind != NULL && (d->choice == NULL || strcmp(d->kind, "deleted-since") != 0);
}

/* Images are cut for the plan, whose readers know columns only; what conditions look at behind them
 * is still needed to say by which references the row refers. */
static enum mr_code fill(struct writing *w, struct decided *d, struct mr_entity *e,
                         struct mr_err *err)
{
    const struct mr_plan_table *t = w->table->plan;
    MR_TRY(read_choice(w, d, err));
    d->meant = d->image;
    d->live_meant = d->live;
    MR_TRY(cut(w, &d->image, err));
    MR_TRY(cut(w, &d->live, err));
    MR_TRY(cut(w, &d->after, err));
    if (t->identity == MR_PLAN_BY_COLUMNS)
        MR_TRY(real_values(w, &d->ident, &t->named_by, err));
    e->table = t->at;
    e->source_key = d->key;
    MR_TRY(d->there.ptr != NULL ? decide_standing(w, d, e, err) : decide_absent(w, d, e, err));
    if (t->identity == MR_PLAN_BY_COLUMNS)
        e->identity = d->ident;
    e->kind = d->kind;
    e->detail = d->kind != NULL ? d->detail : NULL;
    e->choice = d->choice;
    e->is_derived = d->choice != NULL && d->is_derived;
    e->choices = is_asked(d) ? choices_of(w, d) : NULL;
    e->source = d->image;
    e->target = d->live;
    return name_holder(w, d, e, err);
}

/* ---- rows ---- */

static const char rows_sql[] =
    "SELECT m.id AS id, w.skey AS key, source.image AS image, m.there AS there,"
    " img.there AS live, img.after AS after, m.ident AS ident, m.grp AS grp,"
    " m.newid AS newid, m.waits AS waits, k.skip AS skip, m.root AS root, m.kind AS kind,"
    " m.detail AS detail, h.key AS holder_key, h.image AS holder, m.choices AS choices,"
    " m.unfit AS unfit, m.taken IS NOT NULL AS taken, m.waits AND EXISTS (SELECT 1"
    " FROM link l JOIN m p ON p.id=l.parent WHERE l.child=m.id AND p.waits"
    " AND p.id<>m.id AND p.root IS NOT m.id) AS hangs,"
    " m.referenced AS referenced, m.facts AS facts, k.left AS left, m.three AS three,"
    " m.deed AS deed, m.tells AS tells, m.sums AS sums, img.merged AS merged, img.base AS base "
    "FROM m"
    " JOIN w ON w.id=m.id JOIN source ON source.id=m.id JOIN img ON img.id=m.id"
    " LEFT JOIN mark k ON k.id=m.id LEFT JOIN holder h ON h.id=m.id WHERE m.tbl=:tbl ORDER BY m.id";

#define FIELD(member, type) MR_CASE_FIELD(struct decided, member, type)
static const struct mr_case_field fields[] = MR_CASE_LIST(
    FIELD(id, MR_CASE_INT), FIELD(key, MR_CASE_BYTES), FIELD(image, MR_CASE_BYTES),
    FIELD(there, MR_CASE_BYTES), FIELD(live, MR_CASE_BYTES), FIELD(after, MR_CASE_BYTES),
    FIELD(ident, MR_CASE_BYTES), FIELD(grp, MR_CASE_TEXT), FIELD(newid, MR_CASE_FLAG),
    FIELD(waits, MR_CASE_FLAG), FIELD(skip, MR_CASE_FLAG), FIELD(root, MR_CASE_INT),
    FIELD(kind, MR_CASE_TEXT), FIELD(detail, MR_CASE_TEXT), FIELD(holder_key, MR_CASE_BYTES),
    FIELD(holder, MR_CASE_BYTES), FIELD(choices, MR_CASE_TEXT), FIELD(unfit, MR_CASE_FLAG),
    FIELD(taken, MR_CASE_FLAG), FIELD(hangs, MR_CASE_FLAG), FIELD(referenced, MR_CASE_TEXT),
    FIELD(facts, MR_CASE_INT), FIELD(left, MR_CASE_FLAG), FIELD(three, MR_CASE_INT),
    FIELD(deed, MR_CASE_INT), FIELD(tells, MR_CASE_TEXT), FIELD(sums, MR_CASE_TEXT),
    FIELD(merged, MR_CASE_BYTES), FIELD(base, MR_CASE_BYTES));

static enum mr_code add_logs(struct writing *w, const struct decided *d, int64_t entity,
                             struct mr_err *err)
{
    const struct mr_plan_logs logs = {.outcome =
                                          mr_three_outcome_name((enum mr_three_outcome)d->three),
                                      .columns = d->tells,
                                      .sums = d->sums,
                                      .base = d->base,
                                      .merged = d->merged};
    return mr_plan_store_add_logs(w->m->store, entity, &logs, err);
}

/* A later plan has to know that it is not to write it once more. */
static enum mr_code keep_restored(struct writing *w, const struct decided *d,
                                  const struct mr_entity *e, struct mr_err *err)
{
    return e->decision == MR_DECIDE_UPDATE
               ? mr_merge_restored_keep(w->restored, w->table->plan, e, d->sums, err)
               : MR_OK;
}

/* Rows without a key that stay are many, and have no name: only what is done about them is
 * kept. */
static enum mr_code write_row(struct writing *w, struct decided *d, struct mr_err *err)
{
    struct mr_entity e = {0};
    MR_TRY(fill(w, d, &e, err));
    if (w->table->plan->key.count == 0) {
        e.source_key = e.source;
        if (e.decision == MR_DECIDE_SAME || e.decision == MR_DECIDE_MATCHED)
            return MR_OK;
    }
    MR_TRY(mr_plan_store_save(w->m->store, &e, err));
    MR_TRY(mr_plan_store_add_facts(w->m->store, e.id, d->facts, mr_group_named(d->grp), err));
    if (d->three != MR_THREE_NOTHING) {
        MR_TRY(add_logs(w, d, e.id, err));
        MR_TRY(keep_restored(w, d, &e, err));
    }
    if (e.after.ptr != NULL)
        MR_TRY(mr_merge_row_unmeant(w->m, w->table->plan, d->meant, e.id, err));
    if (e.kind != NULL && e.choice == NULL)
        w->m->result->open++;
    return MR_CASE_RUN(w->note, err, MR_ARG_INT("w", d->id), MR_ARG_INT("entity", e.id));
}

/* In the order of ids, row by row: no more than one row's images are in memory. */
static enum mr_code write_table(struct writing *w, struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL;
    struct mr_case_fields map;
    bool row = false;
    find_mapped(w);
    enum mr_code code =
        MR_CASE_PREPARE(w->m->cf, rows_sql, &rows, err, MR_ARG_INT("tbl", w->table->plan->at));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, rows, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(rows, &row, err)) == MR_OK && row) {
        struct decided d = {0};
        mr_arena_reset(&w->arena);
        code = mr_case_fields_read(&map, &w->arena, &d, err);
        if (code == MR_OK)
            code = write_row(w, &d, err);
    }
    mr_case_free(rows);
    return code;
}

static enum mr_code open_statements(struct writing *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->fresh, "SELECT value FROM fresh_id WHERE id=:id"},
        {&w->chosen, "SELECT choice, choices, derived FROM chosen WHERE id=:id AND kind=:kind"},
        {&w->last, "SELECT choice, kind, choices, derived FROM chosen WHERE id=:id ORDER BY seq "
                   "DESC LIMIT 1"},
        {&w->waiting, "SELECT l.ref FROM link l JOIN m p ON p.id=l.parent"
                      " WHERE l.child=:id AND p.waits"},
        {&w->note, "INSERT INTO ent (w, entity) VALUES (:w, :entity)"},
    };
    enum mr_code code = mr_case_exec(w->m->cf,
                                     "DROP TABLE IF EXISTS temp.ent;"
                                     "CREATE TEMP TABLE ent (w INTEGER PRIMARY KEY, entity INT)",
                                     err);
    if (code == MR_OK)
        code = mr_case_prepare_all(w->m->cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK)
        code = mr_case_fields_open(&w->chosen_map, w->chosen, MR_CASE_FIELDS(choice_fields), err);
    return code == MR_OK
               ? mr_case_fields_open(&w->last_map, w->last, MR_CASE_FIELDS(choice_fields), err)
               : code;
}

/* waits_for names rows of w so far. */
static enum mr_code name_roots(struct mr_merge *m, struct mr_err *err)
{
    return MR_CASE_ONCE(m->cf,
                        "UPDATE entity SET waits_for=(SELECT e.entity FROM ent e"
                        " WHERE e.w=entity.waits_for) WHERE plan=:plan AND waits_for<>0",
                        err, MR_ARG_INT("plan", mr_plan_store_id(m->store)));
}

static enum mr_code open_arrays(struct writing *w, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->m->plan;
    for (size_t i = 0; i < plan->ntables; i++) {
        size_t most = plan->tables[i].pair->full[MR_SOURCE].ncols;
        w->nvalues = most > w->nvalues ? most : w->nvalues;
    }
    w->mapped = mr_arena_calloc(&w->m->arena, w->nvalues + 1, sizeof *w->mapped);
    w->values = mr_arena_calloc(&w->m->arena, w->nvalues + 1, sizeof *w->values);
    w->stays = mr_arena_calloc(&w->m->arena, plan->nreferences + 1, sizeof *w->stays);
    return w->mapped != NULL && w->values != NULL && w->stays != NULL ? MR_OK : mr_merge_nomem(err);
}

enum mr_code mr_merge_entities(struct mr_merge *m, struct mr_err *err)
{
    struct writing w = {.m = m, .arena = MR_ARENA_INIT, .bytes = MR_STRBUF_INIT};
    int64_t chooses = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(open_arrays(&w, err));
    MR_TRY_OUT(open_statements(&w, err));
    MR_TRY_OUT(mr_merge_restored_open(m, &w.restored, err));
    MR_TRY_OUT(
        mr_case_number_with(m->cf, "SELECT EXISTS (SELECT 1 FROM chosen)", NULL, 0, &chooses, err));
    w.chooses = chooses != 0;
    for (size_t i = 0; i < m->plan->ntables; i++) {
        w.table = &m->tables[i];
        MR_TRY_OUT(write_table(&w, err));
    }
    MR_TRY_OUT(name_roots(m, err));
out:
    mr_merge_restored_close(w.restored);
    mr_case_free(w.fresh);
    mr_case_free(w.chosen);
    mr_case_free(w.last);
    mr_case_free(w.waiting);
    mr_case_free(w.note);
    mr_strbuf_release(&w.bytes);
    mr_arena_release(&w.arena);
    return code;
}
