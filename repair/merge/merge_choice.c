/* merge_choice.c: see merge_choice.h. */
#include "repair/merge/merge_choice.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/decide/conflict.h"
#include "repair/decide/fact.h"
#include "repair/merge/merge_fit.h"
#include "repair/merge/merge_referrers.h"
#include "repair/merge/merge_spread.h"
#include "repair/merge/merge_unique.h"
#include "repair/merge/merge_work.h"

bool mr_merge_is_choice(const char *kind, const char *choice)
{
    enum mr_conflict conflict = mr_conflict_named(kind);
    if (kind != NULL && conflict == MR_CONFLICT_NONE)
        conflict = MR_CONFLICT_PARENT_ABSENT; /* left out by a choice for what is above it */
    return mr_conflict_takes(conflict, choice) ||
           (conflict == MR_CONFLICT_DOES_NOT_FIT && mr_plan_fit_is_value(choice));
}

/* The last one of a kind counts. */
static const struct mr_conflict_rule *last_rule(const struct mr_conflict_rule *rules, size_t count,
                                                const char *kind)
{
    for (size_t i = count; i > 0; i--)
        if (strcmp(rules[i - 1].kind, kind) == 0)
            return &rules[i - 1];
    return NULL;
}

const char *mr_merge_choice_rule(const struct mr_merge *m, const struct mr_plan_table *table,
                                 const char *kind)
{
    const struct mr_table_config *config = table->pair->config;
    const struct mr_conflict_rule *rule =
        last_rule(m->options->on_conflict, m->options->non_conflict, kind);
    if (rule == NULL)
        rule = last_rule(config->on_conflict, config->non_conflict, kind);
    return rule != NULL && rule->column == NULL ? rule->choice : NULL;
}

/* A conflict without a choice. */
struct conflict {
    int64_t id, tbl;
    struct mr_key key, other;
    const char *kind;
    bool unfit; /* SOURCE's values cannot be chosen */
    bool three; /* it stands on TARGET, and is decided by its columns (merge_three.h) */
    int64_t facts;
};

struct choosing {
    struct mr_merge *m;
    size_t first, count;
    struct mr_arena arena;
    struct mr_vec conflicts;
    struct mr_strbuf text;
    struct mr_case_stmt *above, *revived, *earlier, *note, *mark, *reach, *edits, *rows;
    struct mr_case_fields above_map, rows_map; /* struct above, struct mr_decision_ask */
    bool inner;                                /* rows of the component refer to each other */
    bool revives; /* some row of a table before or of it was restored */
    bool again;
};

/* ---- who says what ---- */

static enum mr_code from_rules(struct choosing *c, const struct mr_conflict_rule *rules,
                               size_t count, const char *kind, const char **choice,
                               struct mr_err *err)
{
    const struct mr_conflict_rule *r = last_rule(rules, count, kind);
    if (r == NULL)
        return MR_OK;
    mr_strbuf_reset(&c->text);
    mr_strbuf_add_fmt(&c->text, r->column != NULL ? "%s:%s" : "%s", r->choice, r->column);
    *choice = mr_arena_strdup(&c->arena, c->text.ptr);
    return *choice != NULL ? MR_OK : mr_merge_nomem(err);
}

/* What is above has been decided about in a component before this one. */
static enum mr_code from_revived(struct choosing *c, const struct conflict *x, const char **choice,
                                 struct mr_err *err)
{
    bool row = false;
    if (!c->revives || !mr_conflict_is_of_tree(mr_conflict_named(x->kind)))
        return MR_OK;
    enum mr_code code = MR_CASE_ASK(c->revived, &row, err, MR_ARG_INT("id", x->id));
    if (code == MR_OK && row)
        *choice = MR_CHOICE_RESTORE;
    mr_case_reset(c->revived);
    return code;
}

/* Parents that wait, and those of them that were left out, or restored. */
struct above {
    int64_t waiting, skipped, restored;
};

#define ABOVE(member) MR_CASE_FIELD(struct above, member, MR_CASE_INT)
static const struct mr_case_field above_fields[] =
    MR_CASE_LIST(ABOVE(waiting), ABOVE(skipped), ABOVE(restored));

/* One decision restores or drops the tree; nobody has said of one of its orphans that it may be a
 * stranger's, which is asked once what is above it is there. */
static enum mr_code from_above(struct choosing *c, const struct conflict *x, const char **choice,
                               struct mr_err *err)
{
    struct above above = {0};
    bool row = false;
    if (strcmp(x->kind, "parent-absent") != 0)
        return from_revived(c, x, choice, err);
    MR_CASE_BIND(c->above, MR_ARG_INT("id", x->id));
    enum mr_code code = mr_case_fields_next(&c->above_map, NULL, &above, &row, err);
    if (code == MR_OK && above.skipped > 0)
        *choice = MR_CHOICE_SKIP;
    else if (code == MR_OK && above.waiting > 0 && above.restored == above.waiting &&
             !mr_fact_of((uint64_t)x->facts).attaches)
        *choice = MR_CHOICE_RESTORE;
    mr_case_reset(c->above);
    return code;
}

/* An earlier plan was told who it is, and the other is, to the byte, whom it was told about. */
static enum mr_code from_earlier(struct choosing *c, const struct conflict *x, const char **choice,
                                 struct mr_err *err)
{
    bool row = false;
    if (strcmp(x->kind, "unique") != 0)
        return MR_OK;
    enum mr_code code = MR_CASE_ASK(c->earlier, &row, err, MR_ARG_INT("id", x->id),
                                    MR_ARG_BYTES("other", x->other));
    if (code == MR_OK && row)
        *choice = MR_DECIDE_MERGED;
    mr_case_reset(c->earlier);
    return code;
}

#define IMAGE(member) MR_CASE_FIELD(struct mr_decision_ask, member, MR_CASE_BYTES)
static const struct mr_case_field image_fields[] = MR_CASE_LIST(IMAGE(source), IMAGE(target));

/* A person, of the row in this conflict, and of whoever holds its unique value. */
static enum mr_code from_person(struct choosing *c, const struct conflict *x, const char **choice,
                                struct mr_err *err)
{
    const struct mr_merge_options *o = c->m->options;
    struct mr_decision_ask ask = {.table = mr_plan_table_name(&c->m->plan->tables[x->tbl]),
                                  .source_key = x->key,
                                  .kind = x->kind};
    bool row = false;
    if (o->decision == NULL)
        return MR_OK;
    MR_CASE_BIND(c->rows, MR_ARG_INT("id", x->id), MR_ARG_BYTES("other", x->other));
    enum mr_code code = mr_case_fields_next(&c->rows_map, NULL, &ask, &row, err);
    if (code == MR_OK)
        code = o->decision(o->decision_ctx, &ask, choice, err);
    mr_case_reset(c->rows);
    return code;
}

/* Of a row that stands on TARGET, what keeps a column from being written is not a question of its
 * existence: TARGET's value stays, or the column comes to mean whom it was said to. */
static bool is_of_columns(const char *kind, const char *choice)
{
    const enum mr_conflict conflict = mr_conflict_named(kind);
    return mr_conflict_is_value(conflict) || strcmp(choice, MR_CHOICE_SKIP) == 0 ||
           strcmp(choice, MR_CHOICE_STOP) == 0 ||
           (conflict == MR_CONFLICT_ORPHAN_WOULD_ATTACH && strcmp(choice, MR_CHOICE_RESTORE) == 0);
}

/* What was chosen for a conflict, and whether nobody has said it of that very row. */
struct taken {
    const char *choice; /* NULL: nothing */
    bool is_derived;
};

static bool is_said_by(const char *voice, const char *choice)
{
    return voice != NULL && strcmp(voice, choice) == 0;
}

/* A choice that the conflict does not offer is none: a rule for a kind may meet rows that it
 * cannot be carried out on, and they stay asked about. */
static enum mr_code find_choice(struct choosing *c, const struct conflict *x, struct taken *taken,
                                struct mr_err *err)
{
    const struct mr_table_config *config = c->m->plan->tables[x->tbl].pair->config;
    const struct mr_merge_options *o = c->m->options;
    struct mr_voices v = {0};
    MR_TRY(from_person(c, x, &v.person, err));
    MR_TRY(from_above(c, x, &v.above, err));
    MR_TRY(from_rules(c, o->on_conflict, o->non_conflict, x->kind, &v.command, err));
    MR_TRY(from_earlier(c, x, &v.earlier, err));
    MR_TRY(from_rules(c, config->on_conflict, config->non_conflict, x->kind, &v.table, err));
    if (v.table == NULL && config->merge.by_columns &&
        mr_conflict_named(x->kind) == MR_CONFLICT_BOTH_CHANGED)
        v.table = MR_CHOICE_COLUMNS;
    const char *choice = mr_decide_choice(&v);
    if (choice == NULL || !mr_merge_is_choice(x->kind, choice) ||
        (x->three && !is_of_columns(x->kind, choice)))
        return MR_OK;
    *taken =
        (struct taken){choice, !is_said_by(v.person, choice) && !is_said_by(v.earlier, choice)};
    return MR_OK;
}

/* ---- what it does ---- */

/* What earlier choices have edited already, in c->text. */
static enum mr_code read_edits(struct choosing *c, int64_t id, struct mr_err *err)
{
    bool found = false;
    size_t len = 0;
    mr_strbuf_reset(&c->text);
    enum mr_code code = MR_CASE_ASK(c->edits, &found, err, MR_ARG_INT("id", id));
    const void *known = code == MR_OK && found ? mr_case_blob(c->edits, 0, &len) : NULL;
    if (known != NULL)
        mr_strbuf_add(&c->text, known, len);
    mr_case_reset(c->edits);
    return code;
}

/* *possible false: nobody can carry it out, and the conflict stays open. */
static enum mr_code find_edits(struct choosing *c, const struct conflict *x, const char *choice,
                               bool *possible, struct mr_err *err)
{
    const struct mr_plan_table *t = &c->m->plan->tables[x->tbl];
    enum mr_code code = read_edits(c, x->id, err);
    *possible = true;
    if (code != MR_OK || strcmp(choice, MR_CHOICE_SKIP) == 0)
        return code;
    if (strcmp(x->kind, MR_FIT_KIND) == 0)
        return mr_merge_fit_choose(c->m, t, x->id, choice, &c->text, possible, err);
    return strcmp(choice, MR_FIT_WITHOUT) == 0
               ? mr_merge_columns_to_empty(c->m, t, x->id, &c->text, err)
               : MR_OK;
}

static enum mr_code set_mark(struct choosing *c, const struct conflict *x, const char *choice,
                             struct mr_err *err)
{
    bool skip = strcmp(choice, MR_CHOICE_SKIP) == 0;
    const bool merges = strcmp(choice, MR_DECIDE_MERGED) == 0;
    const struct mr_key edits = {c->text.len > 0 ? c->text.ptr : NULL, c->text.len};
    c->again = c->again || !skip || c->inner;
    return MR_CASE_RUN(
        c->mark, err, MR_ARG_INT("id", x->id),
        MR_ARG_INT("restored", strcmp(choice, MR_CHOICE_RESTORE) == 0), MR_ARG_INT("skip", skip),
        MR_ARG_BYTES("into", merges ? x->other : (struct mr_key){0}), MR_ARG_BYTES("edits", edits));
}

static enum mr_code add_note(struct choosing *c, const struct conflict *x, struct taken taken,
                             struct mr_err *err)
{
    return MR_CASE_RUN(c->note, err, MR_ARG_INT("id", x->id), MR_ARG_TEXT("kind", x->kind),
                       MR_ARG_TEXT("choice", taken.choice), MR_ARG_BYTES("other", x->other),
                       MR_ARG_INT("derived", taken.is_derived));
}

/* Of a value conflict whose values do not fit, only TARGET's can be chosen. */
static bool is_open_to(const struct conflict *x, const char *choice)
{
    return !x->unfit || strcmp(choice, "target") == 0 || strcmp(choice, MR_CHOICE_STOP) == 0;
}

/* Existence is decided again with the choice (mark); a value conflict changes nobody's place, and
 * is noted alone; what is decided by columns is decided again with all that was noted. */
static enum mr_code take(struct choosing *c, const struct conflict *x, struct mr_err *err)
{
    const struct mr_plan_table *t = &c->m->plan->tables[x->tbl];
    struct taken taken = {.choice = NULL};
    enum mr_code code = find_choice(c, x, &taken, err);
    const char *choice = taken.choice;
    if (code != MR_OK || choice == NULL)
        return code;
    if (strcmp(choice, MR_CHOICE_STOP) == 0) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "a row of table \"%s\" is in conflict: %s; the choice for it is "
                         "to stop",
                         mr_plan_table_name(t), x->kind);
        return MR_E_REFUSED;
    }
    const bool value = x->three || mr_conflict_is_value(mr_conflict_named(x->kind));
    bool possible = true;
    if (value && !is_open_to(x, choice))
        return MR_OK;
    if (!value)
        code = find_edits(c, x, choice, &possible, err);
    if (code != MR_OK || !possible)
        return code;
    code = add_note(c, x, taken, err);
    c->again = c->again || x->three;
    if (code != MR_OK || value)
        return code;
    code = MR_CASE_RUN(c->reach, err, MR_ARG_INT("id", x->id));
    return code == MR_OK ? set_mark(c, x, choice, err) : code;
}

/* ---- conflicts ---- */

/* A conflict that nothing was chosen for. */
#define UNDECIDED                                                                                  \
    "m.kind IS NOT NULL AND NOT EXISTS (SELECT 1 FROM mark k WHERE k.id=m.id AND"                  \
    " (k.skip OR (k.into_key IS NOT NULL AND NOT k.known)))"                                       \
    " AND NOT EXISTS (SELECT 1 FROM chosen c WHERE c.id=m.id AND c.kind=m.kind)"

#define CONFLICT                                                                                   \
    "SELECT m.id AS id, m.tbl AS tbl, w.skey AS key, m.other AS other, m.kind AS kind,"            \
    " m.unfit AS unfit, m.three<>0 AS three, m.facts AS facts FROM "
#define FIELD(member, type) MR_CASE_FIELD(struct conflict, member, type)
static const struct mr_case_field fields[] =
    MR_CASE_LIST(FIELD(id, MR_CASE_INT), FIELD(tbl, MR_CASE_INT), FIELD(key, MR_CASE_BYTES),
                 FIELD(other, MR_CASE_BYTES), FIELD(kind, MR_CASE_TEXT), FIELD(unfit, MR_CASE_FLAG),
                 FIELD(three, MR_CASE_FLAG), FIELD(facts, MR_CASE_INT));

/* Of a table; of what a wave may reach. */
static const char conflicts_sql[] =
    CONFLICT "m JOIN w ON w.id=m.id WHERE m.tbl=:tbl AND m.id>:after AND " UNDECIDED
             " ORDER BY m.id LIMIT 1000";
static const char beside_sql[] = CONFLICT MR_MERGE_BESIDE
    " JOIN w ON w.id=m.id"
    " WHERE m.tbl>=:tbl AND m.id>:after AND " UNDECIDED " ORDER BY m.id LIMIT 1000";

/* A page is read to its end before any of it is taken, since taking writes the tables that are
 * read. */
static enum mr_code read_conflicts(struct choosing *c, const char *sql, size_t table, int64_t after,
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool row = false;
    mr_vec_clear(&c->conflicts);
    mr_arena_reset(&c->arena);
    enum mr_code code = MR_CASE_PREPARE(c->m->cf, sql, &stmt, err, MR_ARG_INT("tbl", table),
                                        MR_ARG_INT("after", after));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct conflict *x = mr_vec_push(&c->conflicts);
        code = x != NULL ? mr_case_fields_read(&map, &c->arena, x, err) : mr_merge_nomem(err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code take_each(struct choosing *c, const char *sql, size_t table, struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        code = read_conflicts(c, sql, table, after, err);
        for (size_t i = 0; code == MR_OK && i < c->conflicts.count; i++) {
            const struct conflict *x = mr_vec_at(&c->conflicts, i);
            after = x->id;
            code = take(c, x, err);
        }
    } while (code == MR_OK && c->conflicts.count > 0);
    return code;
}

static enum mr_code take_all(void *ctx, bool first, struct mr_err *err)
{
    struct choosing *c = ctx;
    if (!first)
        return take_each(c, beside_sql, c->first, err);
    for (size_t i = c->first; i < c->first + c->count; i++)
        MR_TRY(take_each(c, conflicts_sql, i, err));
    return MR_OK;
}

/* What is chosen for a row decides about those below it. */
static enum mr_code choose_all(struct choosing *c, struct mr_err *err)
{
    const struct mr_merge_spread what = {.table = "m",
                                         .takes = "m.tbl>=:first AND m.tbl<:end AND " UNDECIDED,
                                         .take = take_all,
                                         .ctx = c,
                                         .way = MR_MERGE_TO_CHILDREN};
    return mr_merge_spread(
        c->m, &what,
        MR_CASE_ARGS(MR_ARG_INT("first", c->first), MR_ARG_INT("end", c->first + c->count)), NULL,
        err);
}

/* ---- trees that are restored ---- */

#define ABSENT_PARENT                                                                              \
    "SELECT 1 FROM link l JOIN m p ON p.id=l.parent LEFT JOIN mark k ON k.id=p.id"                 \
    " WHERE l.child=m.id AND p.id<>m.id AND p.there IS NULL"

/* Rows below those that were restored, and below nobody who came to be otherwise.  Below an
 * order that differs each row is decided by itself. */
static const char revived_sql[] =
    "m.tbl>=:first AND m.tbl<:end"
    " AND m.there IS NULL AND m.id NOT IN (SELECT id FROM revived)"
    " AND EXISTS (" ABSENT_PARENT " AND k.skip IS NOT 1"
    " AND ((k.restored AND NOT EXISTS (SELECT 1 FROM chosen c WHERE c.id=p.id AND"
    " c.kind='parent-differs')) OR p.id IN (SELECT id FROM revived)))"
    " AND NOT EXISTS (" ABSENT_PARENT " AND k.edits IS NOT NULL)";

static enum mr_code find_revived(struct choosing *c, struct mr_err *err)
{
    const struct mr_merge_spread what = {.table = "m",
                                         .takes = revived_sql,
                                         .write = "INSERT INTO revived SELECT id FROM reached",
                                         .way = MR_MERGE_TO_CHILDREN};
    int64_t any = 0;
    enum mr_code code = mr_case_number_with(
        c->m->cf, "SELECT EXISTS (SELECT 1 FROM mark WHERE restored)", NULL, 0, &any, err);
    c->revives = any != 0;
    return code == MR_OK && c->revives
               ? mr_merge_spread(c->m, &what,
                                 MR_CASE_ARGS(MR_ARG_INT("first", c->first),
                                              MR_ARG_INT("end", c->first + c->count)),
                                 NULL, err)
               : code;
}

#define SPARE(columns, from)                                                                       \
    "SELECT m.id, w.skey AS key, w.n, w.above, w.equal" columns " FROM m JOIN w ON w.id=m.id" from \
    " LEFT JOIN mark k ON k.id=m.id WHERE m.tbl=:tbl AND m.id>:after AND m.kind IS NULL"           \
    " AND m.there IS NULL AND k.skip IS NOT 1 ORDER BY m.id LIMIT 1000"

/* A key of several columns may be spelled as another row's: of which it was said, only the row tells. */
static const char spare_sql[] = SPARE("", ""),
                  spare_rows_sql[] =
                      SPARE(", s.image AS image", " LEFT JOIN source s ON s.id=m.id");

/* A row that nobody needs to be asked about may be left out all the same: one of a tree that
 * is restored, or was by an earlier plan. */
static enum mr_code leave_out(struct choosing *c, const struct mr_plan_table *t,
                              const struct mr_merge_work_row *row, struct mr_err *err)
{
    const struct mr_merge_options *o = c->m->options;
    const struct conflict x = {.id = row->id, .key = row->key, .kind = "parent-absent"};
    const struct mr_decision_ask ask = {
        .table = mr_plan_table_name(t), .source_key = row->key, .source = {row->image, row->len}};
    const char *choice = NULL;
    enum mr_code code = o->decision(o->decision_ctx, &ask, &choice, err);
    if (code != MR_OK || choice == NULL || strcmp(choice, MR_CHOICE_SKIP) != 0)
        return code;
    code = add_note(c, &x, (struct taken){.choice = choice}, err);
    if (code == MR_OK)
        code = read_edits(c, x.id, err);
    if (code == MR_OK)
        code = set_mark(c, &x, choice, err);
    c->again = true;
    return code;
}

/* Asked of every row that is written, since no conflict would bring it up. */
static enum mr_code spare_table(struct choosing *c, const struct mr_plan_table *t,
                                struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    const char *sql = t->key.count > 1 ? spare_rows_sql : spare_sql;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        code = MR_MERGE_PAGE(c->m, sql, after, &arena, &rows, err, MR_ARG_INT("tbl", t->at));
        for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&rows, i);
            after = row->id;
            code = leave_out(c, t, row, err);
        }
    } while (code == MR_OK && rows.count > 0);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code spare(struct choosing *c, struct mr_err *err)
{
    for (size_t i = c->first; i < c->first + c->count; i++)
        if (c->m->options->decision != NULL)
            MR_TRY(spare_table(c, &c->m->plan->tables[i], err));
    return MR_OK;
}

static enum mr_code open_statements(struct choosing *c, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&c->above, "SELECT count(*) AS waiting, total(k.skip AND NOT k.left) AS skipped,"
                    " total(k.restored AND NOT k.skip) AS restored"
                    " FROM link l JOIN m p ON p.id=l.parent LEFT JOIN mark k ON k.id=p.id"
                    " WHERE l.child=:id AND p.waits AND p.id<>:id"},
        {&c->revived, "SELECT 1 FROM revived WHERE id=:id"},
        {&c->earlier, "SELECT 1 FROM earlier WHERE id=:id AND tkey=:other AND exact"},
        {&c->note, "INSERT INTO chosen (id, kind, choice, other, derived, choices)"
                   " VALUES (:id, :kind, :choice, :other, :derived,"
                   " (SELECT choices FROM m WHERE id=:id AND kind=:kind))"},
        {&c->mark, "INSERT INTO mark (id, restored, skip, into_key, edits)"
                   " VALUES (:id, :restored, :skip, :into, :edits)"
                   " ON CONFLICT (id) DO UPDATE SET restored=max(restored, excluded.restored),"
                   " skip=excluded.skip, into_key=excluded.into_key, edits=excluded.edits"},
        {&c->reach, MR_MERGE_REACH},
        {&c->edits, "SELECT edits FROM mark WHERE id=:id"},
        {&c->rows, "SELECT s.image AS source, ifnull(img.there, h.image) AS target FROM source s"
                   " LEFT JOIN img ON img.id=s.id LEFT JOIN holder h ON h.id=s.id AND h.key=:other"
                   " WHERE s.id=:id"},
    };
    MR_TRY(mr_case_prepare_all(c->m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY(mr_case_fields_open(&c->above_map, c->above, MR_CASE_FIELDS(above_fields), err));
    return mr_case_fields_open(&c->rows_map, c->rows, MR_CASE_FIELDS(image_fields), err);
}

/* Whether rows of the component refer to each other says if a row that is left out takes others
 * with it, so that all has to be decided again. */
enum mr_code mr_merge_choose(struct mr_merge *m, size_t first, size_t count, bool *again,
                             struct mr_err *err)
{
    struct choosing c = {.m = m,
                         .first = first,
                         .count = count,
                         .arena = MR_ARENA_INIT,
                         .conflicts = MR_VEC_INIT(struct conflict),
                         .text = MR_STRBUF_INIT};
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        c.inner = c.inner || (r->child >= first && r->child < first + count && r->parent >= first);
    }
    enum mr_code code = MR_OK;
    MR_TRY_OUT(open_statements(&c, err));
    MR_TRY_OUT(find_revived(&c, err));
    MR_TRY_OUT(choose_all(&c, err));
    MR_TRY_OUT(spare(&c, err));
out:
    *again = c.again;
    mr_case_free(c.above);
    mr_case_free(c.revived);
    mr_case_free(c.earlier);
    mr_case_free(c.note);
    mr_case_free(c.mark);
    mr_case_free(c.reach);
    mr_case_free(c.edits);
    mr_case_free(c.rows);
    mr_vec_release(&c.conflicts);
    mr_strbuf_release(&c.text);
    mr_arena_release(&c.arena);
    return code;
}
