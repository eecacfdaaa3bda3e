/* merge_restored.c: see merge_restored.h. */
#include "repair/merge/merge_restored.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/seen_image.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"
#include "repair/plan/entity_file.h"

#define CHANGES "changes INT NOT NULL DEFAULT -1"
#define SUMS "sums TEXT"
#define SINCE "since INT NOT NULL DEFAULT 0"
static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_restored (plan INT NOT NULL, tbl TEXT NOT NULL,"
    " key BLOB NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL, after BLOB NOT NULL,"
    " state TEXT NOT NULL, " CHANGES ", " SUMS ", " SINCE ", PRIMARY KEY (tbl, key, plan))"
    " STRICT, WITHOUT ROWID;";

/* What one of the plans would have made of the row. */
struct planned {
    struct mr_key source, target, after;
    const char *state, *sums;
    int64_t changes; /* of TARGET's row until then, as its log had them; -1: not known */
};

struct mr_merge_restored {
    struct mr_merge *m;
    struct mr_case_stmt *find, *keep;
    struct mr_case_fields map; /* struct planned */
    struct mr_arena arena;
};

#define PLANNED(member, type) MR_CASE_FIELD(struct planned, member, MR_CASE_##type)
static const struct mr_case_field fields[] =
    MR_CASE_LIST(PLANNED(source, BYTES), PLANNED(target, BYTES), PLANNED(after, BYTES),
                 PLANNED(state, TEXT), PLANNED(sums, TEXT), PLANNED(changes, INT));

/* A case of an earlier version has less. */
static enum mr_code make_table(struct mr_merge *m, struct mr_err *err)
{
    static const struct {
        const char *name, *add;
    } later[] = {
#define LATER(name, column) {name, "ALTER TABLE plan_restored ADD COLUMN " column}
        LATER("changes", CHANGES),
        LATER("sums", SUMS),
        LATER("since", SINCE),
    };
    MR_TRY(mr_case_exec(m->cf, schema_sql, err));
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        bool known = false;
        MR_TRY(mr_case_has_column(m->cf, "plan_restored", later[i].name, &known, err));
        if (!known)
            MR_TRY(mr_case_exec(m->cf, later[i].add, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_restored_open(struct mr_merge *m, struct mr_merge_restored **out,
                                    struct mr_err *err)
{
    struct mr_merge_restored *a = calloc(1, sizeof *a);
    *out = a;
    if (a == NULL)
        return mr_merge_nomem(err);
    a->m = m;
    a->arena = (struct mr_arena)MR_ARENA_INIT;
    const struct mr_case_sql list[] = {
        {&a->find,
         "SELECT source, target, after, state, sums, changes FROM plan_restored WHERE tbl=:name AND"
         " key=:key AND plan<>:plan AND state<>'undone' ORDER BY state='applied' DESC,"
         " state='begun' DESC, plan DESC"},
        {&a->keep, "INSERT OR REPLACE INTO plan_restored (plan, tbl, key, source, target, after,"
                   " state, changes, sums) VALUES (:plan, :name, :key, :source, :target, :after,"
                   " 'proposed', :changes, :sums)"},
    };
    MR_TRY(make_table(m, err));
    MR_TRY(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&a->map, a->find, MR_CASE_FIELDS(fields), err);
}

void mr_merge_restored_close(struct mr_merge_restored *a)
{
    if (a == NULL)
        return;
    mr_case_free(a->find);
    mr_case_free(a->keep);
    mr_arena_release(&a->arena);
    free(a);
}

static enum mr_code is_equal(struct mr_key a, struct mr_key b, size_t column, bool *is,
                             struct mr_err *err)
{
    struct mr_key x, y;
    MR_TRY(mr_merge_row_value(a, column, &x, err));
    MR_TRY(mr_merge_row_value(b, column, &y, err));
    *is = mr_key_compare(x, y) == 0;
    return MR_OK;
}

/* Whether what was planned stands, by what is there now.  What SOURCE has changed since cannot be
 * told from what it had changed then; nor can what TARGET has set back from what undo.sql took back. */
static enum mr_code judge(const struct planned *p, size_t column,
                          const struct mr_key rows[MR_SIDES], enum mr_restored *is,
                          struct mr_err *err)
{
    bool same = false, before = false, after = false;
    MR_TRY(is_equal(p->source, rows[MR_SOURCE], column, &same, err));
    MR_TRY(is_equal(p->target, rows[MR_TARGET], column, &before, err));
    MR_TRY(is_equal(p->after, rows[MR_TARGET], column, &after, err));
    if (after || (strcmp(p->state, "applied") == 0 && !before))
        *is = same ? MR_RESTORED_DONE : MR_RESTORED_UNSURE;
    else if (!before || strcmp(p->state, "applied") == 0)
        *is = MR_RESTORED_UNSURE;
    else
        *is = strcmp(p->state, "begun") == 0 ? MR_RESTORED_MAYBE : MR_RESTORED_NOT;
    return MR_OK;
}

/* ---- what TARGET's log has of the row since then ---- */

static const struct mr_merge_table *table_of(const struct mr_merge_restored *a,
                                             const struct mr_plan_table *table)
{
    return &a->m->tables[table->at];
}

/* *changes -1: the log is not to be relied upon. */
static enum mr_code count_changes(struct mr_merge_restored *a, const struct mr_plan_table *table,
                                  struct mr_key key, int64_t *changes, struct mr_err *err)
{
    const struct mr_merge_table *t = table_of(a, table);
    struct mr_evidence_mark mark;
    bool found = false;
    *changes = -1;
    if (t->told == 0 || t->witness[MR_TARGET] != MR_WITNESS_GOOD)
        return MR_OK;
    MR_TRY(mr_merge_evidence_mark(a->m, t, MR_TARGET, key, &a->arena, &mark, &found, err));
    if (!found || (mark.flags & (MR_MARK_BROKEN | MR_MARK_SHARED)) == 0)
        *changes = found ? (int64_t)mark.changes : 0;
    return MR_OK;
}

/* Columns that are not compared have no place in what a log has shown. */
static size_t place_of(const struct mr_pair *pair, size_t column)
{
    size_t place = column;
    for (size_t i = 0; pair->ignored != NULL && i < column; i++)
        place -= pair->ignored[i];
    return place;
}

struct since {
    const struct mr_plan_table *table;
    struct mr_key key;
    size_t column;
    int64_t from, to; /* changes of the row behind the first of them */
};

/* The column as the change has written it, in its image; ptr NULL: it has not. */
static enum mr_code read_written(const struct mr_evidence_change *change,
                                 const struct mr_plan_table *table, size_t column,
                                 struct mr_key *value, struct mr_err *err)
{
    struct mr_seen_image image;
    mr_seen_image_init(&image);
    const enum mr_code code = mr_seen_image_open(&image, change->image.ptr, change->image.len, err);
    *value = mr_seen_image_at(&image, place_of(table->pair, column));
    mr_seen_image_release(&image);
    return code;
}

/* May the change be the plan's?  A sum may have come to anything. */
static enum mr_code may_be_it(const struct since *s, const struct mr_evidence_change *change,
                              bool *may, struct mr_err *err)
{
    struct mr_key value;
    *may = true;
    if (change->kind != MR_CHANGE_UPDATE)
        return MR_OK;
    MR_TRY(read_written(change, s->table, s->column, &value, err));
    *may = value.ptr != NULL;
    return MR_OK;
}

/* Of a change that was not kept nobody knows what it wrote. */
static enum mr_code is_written(struct mr_merge_restored *a, const struct since *s, bool *is,
                               struct mr_err *err)
{
    const struct mr_merge_table *t = table_of(a, s->table);
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    int64_t known = s->from;
    enum mr_code code = mr_evidence_changes(a->m->fd, mr_merge_evidence_id(t), MR_TARGET, s->key,
                                            &a->arena, &changes, err);
    *is = false;
    for (size_t i = 0; code == MR_OK && !*is && i < changes.count; i++) {
        const struct mr_evidence_change *change = mr_vec_at(&changes, i);
        if (change->n <= s->from)
            continue;
        if (change->n != ++known)
            *is = true;
        else
            code = may_be_it(s, change, is, err);
    }
    *is = *is || known != s->to;
    mr_vec_release(&changes);
    return code;
}

/* It stands as before that plan: TARGET's log tells whether it was written since, be it by the plan or by others,
 * and set back.  That it was not is certain only where the log reaches as far as the row. */
static enum mr_code ask_log(struct mr_merge_restored *a, struct since *s, enum mr_restored *is,
                            struct mr_err *err)
{
    bool written = false;
    if (s->from < 0)
        return MR_OK;
    MR_TRY(count_changes(a, s->table, s->key, &s->to, err));
    if (s->to < s->from)
        return MR_OK;
    MR_TRY(is_written(a, s, &written, err));
    if (written)
        *is = MR_RESTORED_UNSURE;
    else if (a->m->is_still[MR_TARGET])
        *is = MR_RESTORED_NOT;
    return MR_OK;
}

/* Which plan wrote the column: one that is known as applied, or as begun; else the last one, which has looked at those
 * before it.  Good until the next question. */
static enum mr_code find_plan(struct mr_merge_restored *a, const struct mr_plan_table *table,
                              struct mr_key key, size_t column, struct planned *plan, bool *found,
                              struct mr_err *err)
{
    bool more = false, kept = true;
    enum mr_code code = MR_OK;
    mr_arena_reset(&a->arena);
    MR_CASE_BIND(a->find, MR_ARG_TEXT("name", mr_plan_table_name(table)), MR_ARG_BYTES("key", key),
                 MR_ARG_INT("plan", mr_plan_store_id(a->m->store)));
    while (code == MR_OK && kept &&
           (code = mr_case_fields_next(&a->map, &a->arena, plan, &more, err)) == MR_OK && more)
        code = is_equal(plan->target, plan->after, column, &kept, err);
    mr_case_reset(a->find);
    *found = !kept;
    return code;
}

enum mr_code mr_merge_restored_find(struct mr_merge_restored *a, const struct mr_plan_table *table,
                                    struct mr_key key, size_t column,
                                    const struct mr_key rows[MR_SIDES], enum mr_restored *is,
                                    struct mr_err *err)
{
    struct planned p = {0};
    bool found = false;
    *is = MR_RESTORED_NOT;
    MR_TRY(find_plan(a, table, key, column, &p, &found, err));
    if (!found)
        return MR_OK;
    MR_TRY(judge(&p, column, rows, is, err));
    if ((*is != MR_RESTORED_NOT && *is != MR_RESTORED_MAYBE) || p.sums == NULL ||
        !mr_entity_written_has(p.sums, column))
        return MR_OK;
    return ask_log(a, &(struct since){table, key, column, p.changes, 0}, is, err);
}

/* ---- what TARGET has made since of what a plan wrote ---- */

static enum mr_code shows_value(const struct mr_restored_column *of,
                                const struct mr_evidence_change *change, struct mr_key value,
                                bool *is, struct mr_err *err)
{
    struct mr_key seen;
    if (change->kind == MR_CHANGE_DELETE)
        return MR_OK;
    MR_TRY(read_written(change, of->table, of->column, &seen, err));
    *is = *is || (seen.ptr != NULL &&
                  mr_image_same_value(seen, value, &of->table->pair->find.columns[of->column]));
    return MR_OK;
}

/* Has TARGET's log the planned value among those that the row has had?  *known false: not all of it is there. */
static enum mr_code find_in_log(struct mr_merge_restored *a, const struct mr_restored_column *of,
                                struct mr_key after, bool *is, bool *known, struct mr_err *err)
{
    const struct mr_merge_table *t = table_of(a, of->table);
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    struct mr_key value;
    int64_t count = 0;
    *is = false;
    MR_TRY(mr_merge_row_value(after, of->column, &value, err));
    enum mr_code code = count_changes(a, of->table, of->live_key, &count, err);
    *known = count >= 0;
    if (code != MR_OK || !*known)
        return code;
    MR_TRY_OUT(mr_evidence_changes(a->m->fd, mr_merge_evidence_id(t), MR_TARGET, of->live_key,
                                   &a->arena, &changes, err));
    for (size_t i = 0; i < changes.count; i++)
        MR_TRY_OUT(shows_value(of, mr_vec_at(&changes, i), value, is, err));
    *known = *is || (int64_t)changes.count == count;
out:
    mr_vec_release(&changes);
    return code;
}

/* It is not what the plan has made of it. */
static enum mr_code judge_since(struct mr_merge_restored *a, const struct mr_restored_column *of,
                                const struct planned *p, bool *is, struct mr_err *err)
{
    bool before = false, known = false;
    *is = strcmp(p->state, "proposed") != 0;
    if (*is)
        return MR_OK;
    MR_TRY(find_in_log(a, of, p->after, is, &known, err));
    MR_TRY(is_equal(p->target, of->live, of->column, &before, err));
    *is = *is || (!known && !before);
    return MR_OK;
}

enum mr_code mr_merge_restored_is_changed_since(struct mr_merge_restored *a,
                                                const struct mr_restored_column *of, bool *is,
                                                struct mr_err *err)
{
    struct planned p = {0};
    bool found = false, stands = false;
    *is = false;
    MR_TRY(find_plan(a, of->table, of->key, of->column, &p, &found, err));
    if (!found)
        return MR_OK;
    MR_TRY(is_equal(p.after, of->live, of->column, &stands, err));
    return stands ? MR_OK : judge_since(a, of, &p, is, err);
}

enum mr_code mr_merge_restored_keep(struct mr_merge_restored *a, const struct mr_plan_table *table,
                                    const struct mr_entity *e, const char *sums, struct mr_err *err)
{
    int64_t changes = -1;
    mr_arena_reset(&a->arena);
    MR_TRY(count_changes(a, table, e->source_key, &changes, err));
    return MR_CASE_RUN(a->keep, err, MR_ARG_INT("changes", changes), MR_ARG_TEXT("sums", sums),
                       MR_ARG_INT("plan", mr_plan_store_id(a->m->store)),
                       MR_ARG_TEXT("name", mr_plan_table_name(table)),
                       MR_ARG_BYTES("key", e->source_key), MR_ARG_BYTES("source", e->source),
                       MR_ARG_BYTES("target", e->target), MR_ARG_BYTES("after", e->after));
}
