/* rewind_fill.c: what each row is to become, three ways, and which are asked about; see rewind.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/case/case_fields.h"
#include "core/logs/cascades.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "repair/copy/copy_internal.h"
#include "repair/decide/conflict.h"
#include "repair/decide/decide_three.h"
#include "repair/plan/plan_column_rules.h"
#include "repair/rewind/rewind_internal.h"

/* A row of rw, and what stands under its key. */
struct row {
    struct mr_key key, s, base, last, live; /* live: TARGET's row now */
    struct mr_key canon;
    int flags;
    int is_moved; /* it had another key */
    int is_away;  /* under the key that they gave it, it stays */
};

/* What becomes of it. */
struct deed {
    struct mr_key becomes;  /* ptr NULL: no row */
    const char *kind, *why; /* of a conflict, else NULL */
    const char *choices;
};

struct filling {
    struct mr_rewind *r;
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *page, *add, *mark;
    struct mr_vec rows; /* struct row */
    struct mr_vec asks; /* struct mr_merge_ask */
    struct mr_arena arena;
    struct mr_image s, base, live;
    struct mr_plan_column_rules rules;
    struct mr_column_fact *facts;
    struct mr_column_ruling *rulings;
    struct mr_key *values; /* with flags behind them */
    struct mr_key *made;
    bool *refers, *is_referred; /* per column; is_referred: by a foreign key that acts ON UPDATE */
    struct mr_strbuf bytes, row;
};

static size_t count_columns(const struct filling *w)
{
    return w->table->pair->find.ncolumns;
}

/* ---- a row ---- */

static enum mr_code open_images(struct filling *w, const struct row *row, struct mr_err *err)
{
    MR_TRY(mr_image_open(&w->s, row->s.ptr, row->s.len, err));
    MR_TRY(mr_image_open(&w->base, row->base.ptr, row->base.len, err));
    return mr_image_open(&w->live, row->live.ptr, row->live.len, err);
}

static bool differs(const struct filling *w, const struct mr_image *a, const struct mr_image *b,
                    size_t column)
{
    return mr_image_differs(a, b, column, &w->table->pair->find.columns[column]);
}

/* Are two rows the same in all that is not computed? */
static bool same_rows(const struct filling *w, const struct mr_image *a, const struct mr_image *b)
{
    for (size_t i = 0; i < count_columns(w); i++)
        if (!w->table->generated[i] && differs(w, a, b, i))
            return false;
    return true;
}

/* Does the log lead to the row that stands?  Else nothing that it says of it is to be relied upon. */
static enum mr_code check_last(struct filling *w, const struct row *row, bool *leads,
                               struct mr_err *err)
{
    struct mr_image last;
    mr_image_init(&last);
    enum mr_code code = mr_image_open(&last, row->last.ptr, row->last.len, err);
    *leads = code == MR_OK && (row->last.ptr != NULL) == (row->live.ptr != NULL) &&
             (row->last.ptr == NULL || same_rows(w, &last, &w->live));
    mr_image_release(&last);
    return code;
}

/* ---- columns ---- */

static enum mr_code keep_value(struct filling *w, const void *ptr, size_t len, struct mr_key *out,
                               struct mr_err *err)
{
    *out = (struct mr_key){mr_arena_dup(&w->arena, ptr, len), len};
    return out->ptr != NULL ? MR_OK : mr_rewind_nomem(err);
}

/* What is undone leads where the rule does, and what stands may have come of it: of two histories the rule would
 * take that, of one it keeps what nobody wants. */
static enum mr_rule_answer but_undone(const struct mr_rule_values *v, enum mr_column_rule rule,
                                      enum mr_rule_answer answer)
{
    const struct mr_rule_values was = {v->column, v->source, v->base, NULL};
    const struct mr_rule_values came = {v->column, v->base, v->source, NULL};
    struct mr_strbuf none = MR_STRBUF_INIT;
    bool leads = false;
    if (rule == MR_RULE_UNION)
        leads = answer != MR_RULE_NO_MEMBERS && mr_rule_union(&came, &none) != MR_RULE_TAKES_TARGET;
    else if (answer == MR_RULE_TAKES_TARGET)
        leads = mr_rule_extreme(&was, rule == MR_RULE_MAX) == MR_RULE_TAKES_TARGET;
    mr_strbuf_release(&none);
    return leads ? MR_RULE_TAKES_UNDONE : answer;
}

/* Which the rule of a column that was changed again makes of it; newest is what was committed later, and
 * that is what stands. */
static enum mr_code ask_rule(struct filling *w, const struct row *row, size_t at,
                             struct mr_err *err)
{
    struct mr_column_fact *f = &w->facts[at];
    struct mr_value s, base, live;
    const struct mr_rule_values v = {mr_pair_column(w->table->pair, MR_TARGET, at), &s, &live,
                                     &base};
    MR_TRY(mr_image_value(&w->s, at, &s, err));
    MR_TRY(mr_image_value(&w->base, at, &base, err));
    MR_TRY(mr_image_value(&w->live, at, &live, err));
    mr_strbuf_reset(&w->bytes);
    switch (f->rule) {
    case MR_RULE_ADD:
        f->answer =
            (row->flags & MR_REWIND_BACK) != 0 ? MR_RULE_MAYBE_ADDED : mr_rule_add(&v, &w->bytes);
        break;
    case MR_RULE_MAX:
    case MR_RULE_MIN:
        f->answer = but_undone(&v, f->rule, mr_rule_extreme(&v, f->rule == MR_RULE_MAX));
        break;
    case MR_RULE_UNION: f->answer = but_undone(&v, f->rule, mr_rule_union(&v, &w->bytes)); break;
    case MR_RULE_NEWEST: f->answer = MR_RULE_TAKES_TARGET; break;
    case MR_RULE_NONE:
    case MR_RULE_SOURCE:
    case MR_RULE_TARGET:
    case MR_COLUMN_RULES: break;
    }
    MR_TRY(mr_strbuf_check(&w->bytes, "rewinding", err));
    return w->bytes.len > 0 ? keep_value(w, w->bytes.ptr, w->bytes.len, &w->made[at], err) : MR_OK;
}

/* Between two selected changes others made theirs: what these have made of a column is nobody's to undo. */
static enum mr_code find_facts(struct filling *w, const struct row *row, struct mr_err *err)
{
    const struct mr_plan_table *t = w->table;
    for (size_t i = 0; i < count_columns(w); i++) {
        struct mr_column_fact *f = &w->facts[i];
        w->made[i] = (struct mr_key){NULL, 0};
        *f = (struct mr_column_fact){.generated = t->generated[i],
                                     .key = mr_plan_columns_has(&t->key, i),
                                     .reference = w->refers[i],
                                     .seen = true,
                                     .source_changed = differs(w, &w->s, &w->base, i),
                                     .target_changed = differs(w, &w->live, &w->base, i),
                                     .same = !differs(w, &w->s, &w->live, i),
                                     .rule = mr_plan_column_rules_find(&w->rules, i)};
        if ((row->flags & MR_REWIND_BETWEEN) != 0 && f->source_changed)
            f->target_changed = true;
        if (f->source_changed && w->is_referred[i])
            w->r->tables[t->at].lets_go = true;
        /* the server sets it by itself, with whatever else is changed: the later time stays */
        if (f->rule == MR_RULE_NONE && mr_pair_column(t->pair, MR_TARGET, i)->on_update != NULL)
            f->rule = MR_RULE_NEWEST;
        if (f->source_changed && f->target_changed && !f->same && f->rule != MR_RULE_NONE &&
            (row->flags & MR_REWIND_BETWEEN) == 0)
            MR_TRY(ask_rule(w, row, i, err));
    }
    return MR_OK;
}

/* A value goes with what its text does not tell. */
static enum mr_code put_back(struct filling *w, const struct row *row, size_t column,
                             struct mr_err *err)
{
    const int flag = w->table->pair->find.columns[column].flag_at;
    MR_TRY(mr_merge_row_value(row->s, column, &w->values[column], err));
    return flag < 0 ? MR_OK : mr_merge_row_value(row->s, (size_t)flag, &w->values[flag], err);
}

/* TARGET's row with some columns as the selected transactions had found them; all: also those that are
 * asked about. */
static enum mr_code edit(struct filling *w, const struct row *row, bool all, struct mr_key *out,
                         struct mr_err *err)
{
    const size_t nvalues = w->table->pair->ncompared;
    memset(w->values, 0, nvalues * sizeof *w->values);
    for (size_t i = 0; i < count_columns(w); i++) {
        const struct mr_column_ruling *ruling = &w->rulings[i];
        const bool writes = all ? w->facts[i].source_changed && !w->facts[i].generated
                                : ruling->deed == MR_COLUMN_WRITES;
        if (writes)
            MR_TRY(put_back(w, row, i, err));
        if (!all && ruling->deed == MR_COLUMN_COMPUTES)
            w->values[i] = w->made[i];
    }
    MR_TRY(mr_merge_row_edit(row->live, w->values, nvalues, &w->row, err));
    return keep_value(w, w->row.ptr, w->row.len, out, err);
}

/* "price, stock" */
static enum mr_code name_doubts(struct filling *w, const char **why, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "changed again since:");
    for (size_t i = 0; i < count_columns(w); i++) {
        const char *words = w->rulings[i].outcome == MR_COLUMN_RULE_FAILS
                                ? mr_rule_answer_words(w->facts[i].answer)
                                : NULL;
        if (w->rulings[i].why.conflict != MR_CONFLICT_NONE)
            mr_strbuf_add_fmt(&text, "%s %s%s%s%s", strchr(text.ptr, ':')[1] == '\0' ? "" : ",",
                              mr_plan_column_name(w->table, i), words != NULL ? " (" : "",
                              words != NULL ? words : "", words != NULL ? ")" : "");
    }
    *why = text.failed ? NULL : mr_arena_strdup(&w->arena, text.ptr);
    mr_strbuf_release(&text);
    return *why != NULL ? MR_OK : mr_rewind_nomem(err);
}

static enum mr_code by_columns(struct filling *w, const struct row *row, struct deed *deed,
                               struct mr_err *err)
{
    const struct mr_three_fact about = {.evidence = true,
                                        .base_known = true,
                                        .base = true,
                                        .source = true,
                                        .target = true,
                                        .source_touched = true,
                                        .target_touched = true};
    enum mr_pick picks[MR_CONFLICTS] = {MR_PICK_NONE};
    picks[MR_CONFLICT_BOTH_CHANGED] = MR_PICK_COLUMNS; /* what was changed rightly since stays */
    MR_TRY(find_facts(w, row, err));
    const struct mr_three_ruling ruling =
        mr_decide_three(&about, w->facts, count_columns(w), picks, w->rulings);
    deed->becomes = row->live;
    if (ruling.why.conflict != MR_CONFLICT_NONE) {
        deed->kind = mr_conflict_name(MR_CONFLICT_CHANGED_SINCE);
        MR_TRY(name_doubts(w, &deed->why, err));
        return edit(w, row, true, &deed->becomes, err);
    }
    return ruling.deed == MR_THREE_UPDATES ? edit(w, row, false, &deed->becomes, err) : MR_OK;
}

/* ---- what becomes of it ---- */

static struct deed asks(struct mr_key becomes, const char *why)
{
    return (struct deed){becomes, mr_conflict_name(MR_CONFLICT_CHANGED_SINCE), why, NULL};
}

static const char moved[] = "its key was changed by them, and the row since";

static const char remade[] = "deleted and made anew since: it may be another row";

/* It stands, if at all, under a key that nobody has selected: there is no row here to put back or to take away. */
static struct deed asks_where(struct mr_key shown)
{
    struct deed deed = asks(shown, "others changed its key since");
    deed.choices = "target";
    return deed;
}

static const char between[] = "others changed it between two of the transactions";

/* Is there anything to undo, and who stands there not the one that they had changed, as far as the log tells? */
static bool is_remade(const struct filling *w, const struct row *row)
{
    if (same_rows(w, &w->s, &w->live) || same_rows(w, &w->s, &w->base))
        return false;
    return (row->flags & MR_REWIND_REMADE) != 0 ||
           ((row->flags & MR_REWIND_ANEW) != 0 && !same_rows(w, &w->base, &w->live));
}

/* A row stood there before the first selected change. */
static enum mr_code of_row(struct filling *w, const struct row *row, struct deed *deed,
                           struct mr_err *err)
{
    deed->becomes = row->s;
    if (row->base.ptr != NULL && row->live.ptr != NULL && row->is_moved &&
        !same_rows(w, &w->base, &w->live) && !same_rows(w, &w->s, &w->live))
        *deed = asks(row->s, moved);
    else if (row->base.ptr != NULL && row->live.ptr != NULL && is_remade(w, row))
        *deed = asks(row->s, remade);
    else if (row->base.ptr != NULL && row->live.ptr != NULL)
        return by_columns(w, row, deed, err);
    else if (row->base.ptr != NULL && (row->flags & MR_REWIND_MOVED) != 0)
        *deed = asks_where(row->s);
    else if (row->base.ptr != NULL)
        *deed = asks(row->s, "deleted since");
    else if (row->live.ptr == NULL && (row->flags & MR_REWIND_BETWEEN) != 0)
        *deed = asks(row->s, between);
    else if (row->live.ptr == NULL && row->is_away)
        *deed = asks(row->s, moved);
    else if (row->live.ptr != NULL && !same_rows(w, &w->s, &w->live))
        *deed = (struct deed){row->s, mr_conflict_name(MR_CONFLICT_KEY_TAKEN),
                              "its key was given to another row since", ""};
    return MR_OK;
}

/* None stood there: it was inserted by them, and goes if nobody has changed it.  One that they brought there from another
 * key is told of under that one. */
static void of_none(const struct filling *w, const struct row *row, struct deed *deed)
{
    deed->becomes = (struct mr_key){NULL, 0};
    if (row->base.ptr == NULL) /* they deleted it, too */
        deed->becomes = row->live;
    else if (row->live.ptr != NULL && (row->flags & MR_REWIND_REMADE) != 0)
        *deed = asks((struct mr_key){NULL, 0}, remade);
    else if (row->live.ptr != NULL && !same_rows(w, &w->base, &w->live))
        *deed =
            asks((struct mr_key){NULL, 0}, row->is_moved ? moved : "inserted, and changed since");
    else if (row->live.ptr == NULL && (row->flags & MR_REWIND_MOVED) != 0 && !row->is_moved)
        *deed = asks_where(row->base);
    else if (row->live.ptr != NULL && (row->flags & MR_REWIND_BETWEEN) != 0)
        *deed = asks((struct mr_key){NULL, 0}, between);
}

static enum mr_code decide(struct filling *w, const struct row *row, struct deed *deed,
                           struct mr_err *err)
{
    bool leads;
    *deed = (struct deed){.becomes = row->live};
    MR_TRY(open_images(w, row, err));
    MR_TRY(check_last(w, row, &leads, err));
    if (row->s.ptr != NULL)
        MR_TRY(of_row(w, row, deed, err));
    else
        of_none(w, row, deed);
    if (leads && (row->flags & MR_REWIND_BROKEN) == 0)
        return MR_OK;
    if (row->s.ptr != NULL && deed->kind == NULL)
        deed->becomes = row->live.ptr != NULL && row->base.ptr != NULL ? deed->becomes : row->s;
    if (deed->kind == NULL || strcmp(deed->kind, "key-taken") != 0)
        *deed = asks(deed->becomes, leads ? "an image in the log is not what the change before it "
                                            "had left"
                                          : "the log does not lead to the row that stands: it was "
                                            "changed without the log, or is being changed now");
    return MR_OK;
}

/* ---- what was chosen ---- */

static const char *choose(const struct filling *w, const char *kind)
{
    const struct mr_rewind_task *t = w->r->task;
    const struct mr_table_config *config = w->table->pair->config;
    for (size_t i = 0; i < t->non_conflict; i++)
        if (strcmp(t->on_conflict[i].kind, kind) == 0)
            return t->on_conflict[i].choice;
    for (size_t i = 0; i < config->non_conflict; i++)
        if (strcmp(config->on_conflict[i].kind, kind) == 0)
            return config->on_conflict[i].choice;
    return NULL;
}

/* A choice carries the row out, or leaves it; it is none any more.  Of an old primary that is to be a replica nobody
 * chooses, whatever the configuration says for a rewind: what the log does not lead to stays a reason to refuse. */
static enum mr_code heed(struct filling *w, const struct row *row, struct deed *deed,
                         struct mr_err *err)
{
    const char *choice = NULL;
    if (deed->kind == NULL || w->r->task->is_strict ||
        (deed->choices != NULL && *deed->choices == '\0'))
        return MR_OK;
    const struct mr_decision_ask ask = {.table = mr_plan_table_name(w->table),
                                        .source_key = row->key,
                                        .kind = deed->kind,
                                        .source = deed->becomes,
                                        .target = row->live};
    if (w->r->task->decision != NULL)
        MR_TRY(w->r->task->decision(w->r->task->decision_ctx, &ask, &choice, err));
    if (choice == NULL)
        choice = choose(w, deed->kind);
    if (choice == NULL || strcmp(choice, MR_CHOICE_OPEN) == 0)
        return MR_OK;
    if (strcmp(choice, MR_CHOICE_STOP) == 0)
        return mr_err_set(err, MR_E_REFUSED, "a row of table \"%s\" is in conflict: %s (%s)",
                          mr_plan_table_name(w->table), deed->kind, deed->why);
    if (mr_pick_of(choice) == MR_PICK_TARGET)
        deed->becomes = row->live;
    else if (deed->choices != NULL) /* it is not offered */
        return MR_OK;
    deed->kind = deed->why = deed->choices = NULL;
    return MR_OK;
}

/* ---- a page ---- */

static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *answer, struct mr_err *err)
{
    struct filling *w = ctx;
    struct row *row = mr_vec_at(&w->rows, (size_t)ask->tag);
    return keep_value(w, answer->image, answer->len, &row->live, err);
}

/* Rows as they are now, and the keys as TARGET's collation has them. */
static enum mr_code read_live(struct filling *w, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, w->table, w->table->key};
    mr_vec_clear(&w->asks);
    for (size_t i = 0; i < w->rows.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&w->asks);
        if (ask == NULL)
            return mr_rewind_nomem(err);
        *ask = (struct mr_merge_ask){.tag = (int64_t)i,
                                     .value = ((struct row *)mr_vec_at(&w->rows, i))->key};
    }
    MR_TRY(mr_merge_lookup_canonise(&w->c->m, w->table, w->table->key, &w->asks, &w->arena, err));
    for (size_t i = 0; i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        struct row *row = mr_vec_at(&w->rows, (size_t)ask->tag);
        MR_TRY(keep_value(w, ask->canon.ptr, ask->canon.len, &row->canon, err));
    }
    return mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_live, w, err);
}

/* Nothing is asked, and it is what it is to become. */
static bool is_done(const struct row *row, const struct deed *deed)
{
    return deed->kind == NULL && (deed->becomes.ptr == NULL) == (row->live.ptr == NULL) &&
           (deed->becomes.ptr == NULL || deed->becomes.ptr == row->live.ptr);
}

/* Two spellings of one key, which the log has as two. */
static enum mr_code refuse_spellings(const struct filling *w, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" cannot be rewound: a key of it was written in two ways that its "
                     "collation does not tell apart",
                     mr_plan_table_name(w->table));
    mr_err_hint(err, "Nothing was changed. With --exclude it is left as it is.");
    return MR_E_REFUSED;
}

/* Does what becomes of the row have another value of a column that the condition reads? */
static enum mr_code changes_condition(const struct filling *w, const struct mr_plan_reference *r,
                                      const struct row *row, struct mr_key becomes, bool *is,
                                      struct mr_err *err)
{
    for (size_t i = 0; !*is && i < count_columns(w); i++) {
        struct mr_key was, now;
        if (!r->reads[i])
            continue;
        MR_TRY(mr_merge_row_value(row->live, i, &was, err));
        MR_TRY(mr_merge_row_value(becomes, i, &now, err));
        *is = mr_key_compare(was, now) != 0;
    }
    return MR_OK;
}

static enum mr_code refuse_condition(const struct filling *w, const struct mr_plan_reference *r,
                                     struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "table \"%s\" cannot be rewound: its rows refer to \"%s\" under a condition, and "
        "no log says of a row whether it holds",
        mr_plan_table_name(w->table), mr_plan_table_name(&w->c->m.plan->tables[r->parent]));
    mr_err_hint(err,
                "Nothing was changed. Plan with a --config without that reference, and see to it "
                "yourself that what these rows refer to is there%s.",
                w->r->task->is_strict ? "" : "; or leave the table out by --exclude");
    return MR_E_REFUSED;
}

/* A server answers a condition when the row is read; a row that stood once is of the log. */
static enum mr_code check_conditions(const struct filling *w, const struct row *row,
                                     struct mr_key becomes, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->c->m.plan;
    for (size_t i = 0; becomes.ptr != NULL && i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        bool is_unknown = becomes.ptr == row->s.ptr;
        if (r->child != w->table->at || r->pair->edge.condition_at < 0)
            continue;
        if (!is_unknown && row->live.ptr != NULL)
            MR_TRY(changes_condition(w, r, row, becomes, &is_unknown, err));
        if (is_unknown)
            return refuse_condition(w, r, err);
    }
    return MR_OK;
}

static enum mr_code add_slot(struct filling *w, const struct row *row, const struct deed *deed,
                             struct mr_err *err)
{
    const struct mr_key none = {NULL, 0};
    MR_TRY(check_conditions(w, row, deed->becomes, err));
    MR_TRY(MR_CASE_RUN(
        w->add, err, MR_ARG_INT("tbl", w->table->at), MR_ARG_BYTES("canon", row->canon),
        MR_ARG_BYTES("skey", deed->becomes.ptr != NULL || deed->kind != NULL ? row->key : none),
        MR_ARG_BYTES("source", deed->becomes),
        MR_ARG_BYTES("tkey", row->live.ptr != NULL ? row->key : none),
        MR_ARG_BYTES("target", row->live), MR_ARG_TEXT("kind", deed->kind),
        MR_ARG_TEXT("why", deed->why), MR_ARG_TEXT("choices", deed->choices)));
    return mr_case_changes(w->c->m.cf) == 1 ? MR_OK : refuse_spellings(w, err);
}

/* Does it end as they had found it? */
static bool goes_back(const struct filling *w, const struct row *row, const struct deed *deed)
{
    if (deed->kind != NULL)
        return false;
    if (row->s.ptr == NULL)
        return row->base.ptr == NULL || (row->live.ptr != NULL && deed->becomes.ptr == NULL);
    if (row->live.ptr != NULL && same_rows(w, &w->s, &w->live))
        return true;
    return deed->becomes.ptr != NULL && deed->becomes.ptr != row->live.ptr;
}

static enum mr_code mark(struct filling *w, const struct row *row, const struct deed *deed,
                         bool was_asked, struct mr_err *err)
{
    const int flags = (goes_back(w, row, deed) ? 0 : MR_REWIND_STAYS) |
                      (was_asked && deed->kind == NULL ? MR_REWIND_CHOSEN : 0);
    return flags == 0 ? MR_OK
                      : MR_CASE_RUN(w->mark, err, MR_ARG_INT("tbl", w->table->at),
                                    MR_ARG_BYTES("key", row->key), MR_ARG_INT("flags", flags));
}

static enum mr_code fill_page(struct filling *w, struct mr_err *err)
{
    MR_TRY(read_live(w, err));
    for (size_t i = 0; i < w->rows.count; i++) {
        const struct row *row = mr_vec_at(&w->rows, i);
        struct deed deed;
        MR_TRY(decide(w, row, &deed, err));
        const bool was_asked = deed.kind != NULL;
        MR_TRY(heed(w, row, &deed, err));
        MR_TRY(mark(w, row, &deed, was_asked, err));
        if (!is_done(row, &deed))
            MR_TRY(add_slot(w, row, &deed, err));
    }
    return MR_OK;
}

#define ROW(member, type) MR_CASE_FIELD(struct row, member, MR_CASE_##type)
static const struct mr_case_field row_fields[] =
    MR_CASE_LIST(ROW(key, BYTES), ROW(s, BYTES), ROW(base, BYTES), ROW(last, BYTES),
                 ROW(flags, SMALL), ROW(is_moved, SMALL), ROW(is_away, SMALL));

static enum mr_code fill_rows(struct filling *w, bool came, struct mr_err *err)
{
    struct mr_arena keys = MR_ARENA_INIT;
    struct mr_key after = {"", 0};
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&w->arena);
        mr_vec_clear(&w->rows);
        MR_CASE_BIND(w->page, MR_ARG_INT("tbl", w->table->at), MR_ARG_BYTES("after", after),
                     MR_ARG_INT("came", came));
        MR_TRY_OUT(
            mr_case_fields_all(w->page, MR_CASE_FIELDS(row_fields), &w->arena, &w->rows, err));
        mr_case_reset(w->page);
        if (w->rows.count == 0)
            break;
        const struct row *last = mr_vec_at(&w->rows, w->rows.count - 1);
        mr_arena_reset(&keys);
        after = (struct mr_key){mr_arena_dup(&keys, last->key.ptr, last->key.len), last->key.len};
        MR_TRY_OUT(after.ptr != NULL ? MR_OK : mr_rewind_nomem(err));
        MR_TRY_OUT(fill_page(w, err));
    } while (w->rows.count > 0);
out:
    mr_case_reset(w->page);
    mr_arena_release(&keys);
    return code;
}

/* ---- a table ---- */

/* Images of the log are the columns' own values; a table that is read in another form is not compared
 * with them. */
static enum mr_code check_form(const struct filling *w, struct mr_err *err)
{
    const struct mr_readspec *full = &w->table->pair->full[MR_TARGET];
    for (size_t i = 0; i < count_columns(w); i++)
        if (full->cols[i].expr != MR_EXPR_COLUMN ||
            full->cols[i].cls != mr_pair_column(w->table->pair, MR_TARGET, i)->cls)
            return mr_err_set(
                err, MR_E_REFUSED,
                "table \"%s\" cannot be rewound: column \"%s\" is read in another form "
                "than the log has it",
                mr_plan_table_name(w->table), mr_plan_column_name(w->table, i));
    return MR_OK;
}

static bool is_itself(const struct mr_pair *pair, const struct mr_column *column, size_t at)
{
    return mr_pair_column(pair, MR_TARGET, at) == column &&
           strcmp(mr_pair_column(pair, MR_SOURCE, at)->name, column->name) == 0;
}

/* `column = a -> b` is of two servers.  Of one that has both, a would be read as b, and never be put back. */
static enum mr_code check_columns(const struct filling *w, struct mr_err *err)
{
    const struct mr_pair *pair = w->table->pair;
    const struct mr_table *table = pair->side[MR_TARGET];
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *c = &table->columns[i];
        size_t at = 0;
        while (at < count_columns(w) && !is_itself(pair, c, at))
            at++;
        if (at < count_columns(w) || c->system_time)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "table \"%s\" cannot be rewound: the configuration has column \"%s\" for "
                         "another one",
                         mr_plan_table_name(w->table), c->name);
        mr_err_hint(err, "Nothing was changed. Plan with a --config without that \"column\": it "
                         "is of two servers, and a rewind is of one.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static void find_referred(struct filling *w)
{
    const struct mr_pair *pair = w->table->pair;
    const struct mr_catalogue *cat = w->c->m.plan->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < cat->ntables; i++)
        for (size_t k = 0; k < cat->tables[i].nfks; k++) {
            const struct mr_foreign_key *fk = &cat->tables[i].fks[k];
            if (!mr_cascades_acts(fk->on_update) ||
                !mr_catalogue_is_table(cat, pair->side[MR_TARGET], fk->ref_db, fk->ref_table))
                continue;
            for (size_t c = 0; c < fk->ncolumns * count_columns(w); c++)
                if (strcasecmp(mr_pair_column(pair, MR_TARGET, c / fk->ncolumns)->name,
                               fk->ref_columns[c % fk->ncolumns]) == 0)
                    w->is_referred[c / fk->ncolumns] = true;
        }
}

static enum mr_code begin_table(struct filling *w, struct mr_err *err)
{
    const size_t n = count_columns(w);
    const struct mr_plan_tables *plan = w->c->m.plan;
    struct mr_arena *arena = w->r->task->arena;
    w->facts = mr_arena_calloc(arena, n + 1, sizeof *w->facts);
    w->rulings = mr_arena_calloc(arena, n + 1, sizeof *w->rulings);
    w->values = mr_arena_calloc(arena, w->table->pair->ncompared + 1, sizeof *w->values);
    w->made = mr_arena_calloc(arena, n + 1, sizeof *w->made);
    w->refers = mr_arena_calloc(arena, n + 1, sizeof *w->refers);
    w->is_referred = mr_arena_calloc(arena, n + 1, sizeof *w->is_referred);
    if (w->facts == NULL || w->rulings == NULL || w->values == NULL || w->made == NULL ||
        w->refers == NULL || w->is_referred == NULL)
        return mr_rewind_nomem(err);
    find_referred(w);
    for (size_t i = 0; i < plan->nreferences; i++)
        for (size_t k = 0;
             plan->references[i].child == w->table->at && k < plan->references[i].from.count; k++)
            w->refers[plan->references[i].from.at[k]] = true;
    MR_TRY(check_columns(w, err));
    MR_TRY(check_form(w, err));
    return mr_plan_column_rules_load(&w->rules, plan, w->table->at, err);
}

static enum mr_code fill_table(struct mr_rewind *r, struct mr_copy *c, size_t table,
                               struct mr_err *err)
{
    struct filling w = {.r = r,
                        .c = c,
                        .table = &c->m.plan->tables[table],
                        .rows = MR_VEC_INIT(struct row),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .bytes = MR_STRBUF_INIT,
                        .row = MR_STRBUF_INIT,
                        .arena = MR_ARENA_INIT};
    const struct mr_case_sql list[] = {
        {&w.page,
         "SELECT key, s, base, last, flags, origin IS NOT NULL AND origin<>key AS is_moved,"
         " EXISTS (SELECT 1 FROM rw n INDEXED BY rw_origin WHERE n.tbl=rw.tbl AND n.origin=rw.key"
         " AND n.key<>rw.key AND n.flags&8) AS is_away FROM rw WHERE tbl=:tbl AND key>:after"
         " AND (s IS NULL AND origin IS NOT NULL)=:came ORDER BY key LIMIT 500"},
        {&w.mark, "UPDATE rw SET flags=flags|:flags WHERE tbl=:tbl AND key=:key"},
        {&w.add,
         "INSERT OR IGNORE INTO c (tbl, canon, skey, source, tkey, target, kind, why, choices)"
         " VALUES (:tbl, :canon, :skey, :source, :tkey, :target, :kind, :why, :choices)"},
    };
    enum mr_code code = MR_OK;
    mr_image_init(&w.s);
    mr_image_init(&w.base);
    mr_image_init(&w.live);
    MR_TRY_OUT(mr_case_prepare_all(c->m.cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(begin_table(&w, err));
    MR_TRY_OUT(fill_rows(&w, true, err)); /* where they stand says whether they may come back */
    MR_TRY_OUT(fill_rows(&w, false, err));
    MR_TRY_OUT(mr_rewind_tie(c, table, err));
out:
    mr_case_free(w.page);
    mr_case_free(w.add);
    mr_case_free(w.mark);
    mr_plan_column_rules_release(&w.rules);
    mr_image_release(&w.s);
    mr_image_release(&w.base);
    mr_image_release(&w.live);
    mr_vec_release(&w.rows);
    mr_vec_release(&w.asks);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.row);
    mr_arena_release(&w.arena);
    return code;
}

/* ---- what no log has ---- */

static enum mr_code note_cascade(struct mr_rewind *r, const struct mr_table *child,
                                 const struct mr_foreign_key *fk, size_t parent, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *name = mr_plan_table_name(&r->task->tables->tables[parent]);
    if (fk->on_delete == NULL || fk->on_update == NULL)
        mr_strbuf_add_fmt(
            &text,
            "rows may have gone or changed with its own by foreign key \"%s\" of \"%s.%s\", whose "
            "rules this account may not see: the server does not log that, and none of it is "
            "brought back",
            fk->name, child->db, child->name);
    else
        mr_strbuf_add_fmt(&text,
                          "rows of \"%s.%s\" refer to it by foreign key \"%s\" with %s, which the "
                          "server does not log: what that deleted or changed there is not brought "
                          "back",
                          child->db, child->name, fk->name,
                          strcmp(fk->on_delete, "CASCADE") == 0    ? "ON DELETE CASCADE"
                          : strcmp(fk->on_delete, "SET NULL") == 0 ? "ON DELETE SET NULL"
                                                                   : "ON UPDATE");
    enum mr_code code = mr_strbuf_check(&text, "rewinding", err);
    if (code == MR_OK) {
        mr_log_warning("table \"%s\": %s", name, text.ptr);
        code = r->task->note(r->task->note_ctx, "cascade", name, text.ptr, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* MariaDB logs no change that a foreign key makes by itself, nor does MySQL before 9.6: rows that went
 * with their parent are not in the log, and nobody knows whether there were any. */
static enum mr_code note_cascades(struct mr_rewind *r, struct mr_err *err)
{
    const struct mr_plan_tables *plan = r->task->tables;
    const struct mr_catalogue *cat = plan->pairing.side[MR_TARGET].cat;
    if (mr_cascades_may_be_logged(r->task->server))
        return MR_OK;
    for (size_t i = 0; i < cat->ntables; i++)
        for (size_t k = 0; k < cat->tables[i].nfks; k++) {
            const struct mr_foreign_key *fk = &cat->tables[i].fks[k];
            if (!mr_cascades_acts(fk->on_delete) && !mr_cascades_acts(fk->on_update))
                continue;
            for (size_t p = 0; p < plan->ntables; p++)
                if (r->tables[p].lets_go &&
                    mr_catalogue_is_table(cat, plan->tables[p].pair->side[MR_TARGET], fk->ref_db,
                                          fk->ref_table))
                    MR_TRY(note_cascade(r, &cat->tables[i], fk, p, err));
        }
    return MR_OK;
}

enum mr_code mr_rewind_fill(void *ctx, struct mr_copy *c, struct mr_err *err)
{
    struct mr_rewind *r = ctx;
    for (size_t i = 0; i < r->task->tables->ntables; i++)
        if (r->tables[i].keys > 0)
            MR_TRY(fill_table(r, c, i, err));
    return note_cascades(r, err);
}
