/* plan_mentions.c: see plan_mentions.h. */
#include "repair/plan/plan_mentions.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/plan/plan_text.h"
#include "repair/side/text_ids.h"

/* Of a column. */
struct seen {
    bool looked_at;
    uint64_t rows;
    uint64_t old_id, new_id; /* the first one */
    size_t parent;           /* whose it was */
    const char *key;         /* of the row on TARGET */
};

struct mentions {
    const struct mr_plan_mentions_task *task;
    struct mr_case *cf;
    struct mr_case_stmt *find;
    struct mr_case_fields find_map; /* struct moved */
    struct mr_text_ids ids;
    uint64_t least, greatest; /* old ids are within; least > greatest: there is none */
    /* of the value that is read */
    bool found;
    uint64_t old_id, new_id;
    size_t parent;
};

/* ---- old ids ---- */

static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.moved;"
    "CREATE TEMP TABLE moved (n INT, tbl INT, new INT, PRIMARY KEY (n, tbl))"
    " WITHOUT ROWID";

/* Rows that stand, or will, under two keys. */
static const char moved_sql[] =
    "SELECT source_key, target_key FROM entity WHERE plan=:plan AND tbl=:tbl AND"
    " source_key<>target_key AND decision IN (:same, :matched, :update, :renumber)";

struct keys {
    struct mr_key source_key, target_key;
};

#define KEY(member) MR_CASE_FIELD(struct keys, member, MR_CASE_BYTES)
static const struct mr_case_field key_fields[] = MR_CASE_LIST(KEY(source_key), KEY(target_key));

/* What the counter gave: it is a value of the key. */
static enum mr_code counted(const struct mr_plan_table *t, struct mr_key key, uint64_t *n,
                            struct mr_err *err)
{
    struct mr_value value = {.cls = MR_CLASS_NULL};
    size_t pos = 0;
    *n = 0;
    for (size_t i = 0; i < t->key.count && pos < key.len; i++) {
        MR_TRY(mr_row_decode(key.ptr, key.len, &pos, &value, err));
        if (t->key.at[i] != t->counter)
            continue;
        if (value.cls == MR_CLASS_UINT)
            *n = value.u;
        else if (value.cls == MR_CLASS_INT && value.i > 0)
            *n = (uint64_t)value.i;
        break;
    }
    return MR_OK;
}

/* Only ids that mean somebody else by then are kept, and their range with them: most numbers of
 * a text are outside of it, and cost no question. */
static enum mr_code keep_moved(struct mentions *x, const struct mr_plan_table *t,
                               const struct keys *keys, struct mr_case_stmt *to, struct mr_err *err)
{
    uint64_t old_id = 0, new_id = 0;
    enum mr_code code = counted(t, keys->source_key, &old_id, err);
    if (code == MR_OK)
        code = counted(t, keys->target_key, &new_id, err);
    if (code != MR_OK || old_id == 0 || new_id == 0 || old_id == new_id)
        return code;
    x->least = old_id < x->least ? old_id : x->least;
    x->greatest = old_id > x->greatest ? old_id : x->greatest;
    return MR_CASE_RUN(to, err, MR_ARG_INT("n", old_id), MR_ARG_INT("tbl", t->at),
                       MR_ARG_INT("new", new_id));
}

static enum mr_code collect_table(struct mentions *x, const struct mr_plan_table *t,
                                  const struct mr_case_fields *from, struct mr_case_stmt *to,
                                  struct mr_err *err)
{
    struct keys keys;
    bool row = false;
    enum mr_code code = MR_OK;
    MR_CASE_BIND(from->stmt, MR_ARG_INT("plan", mr_plan_store_id(x->task->store)),
                 MR_ARG_INT("tbl", t->at), MR_ARG_INT("same", MR_DECIDE_SAME),
                 MR_ARG_INT("matched", MR_DECIDE_MATCHED), MR_ARG_INT("update", MR_DECIDE_UPDATE),
                 MR_ARG_INT("renumber", MR_DECIDE_RENUMBER));
    while (code == MR_OK && (code = mr_case_fields_next(from, NULL, &keys, &row, err)) == MR_OK &&
           row)
        code = keep_moved(x, t, &keys, to, err);
    mr_case_reset(from->stmt);
    return code;
}

static enum mr_code collect(struct mentions *x, struct mr_err *err)
{
    const struct mr_plan_tables *tables = x->task->tables;
    struct mr_case_stmt *from = NULL, *to = NULL;
    struct mr_case_fields map;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(x->cf, schema_sql, err));
    MR_TRY_OUT(mr_case_prepare(x->cf, moved_sql, &from, err));
    MR_TRY_OUT(mr_case_fields_open(&map, from, MR_CASE_FIELDS(key_fields), err));
    MR_TRY_OUT(mr_case_prepare(
        x->cf, "INSERT OR IGNORE INTO moved (n, tbl, new) VALUES (:n, :tbl, :new)", &to, err));
    for (size_t i = 0; i < tables->ntables; i++)
        if (mr_plan_has_counter(&tables->tables[i]))
            MR_TRY_OUT(collect_table(x, &tables->tables[i], &map, to, err));
out:
    mr_case_free(from);
    mr_case_free(to);
    return code;
}

/* ---- texts ---- */

struct moved {
    size_t tbl;
    uint64_t new_id;
};

#define MOVED(member) MR_CASE_FIELD(struct moved, member, MR_CASE_INT)
static const struct mr_case_field moved_fields[] = MR_CASE_LIST(MOVED(tbl), MOVED(new_id));

/* One hit is enough of a value: it is a note for people, which names an example. */
static enum mr_code take_id(void *ctx, uint64_t id, struct mr_err *err)
{
    struct mentions *x = ctx;
    struct moved moved;
    bool row = false;
    if (x->found || id < x->least || id > x->greatest)
        return MR_OK;
    MR_CASE_BIND(x->find, MR_ARG_INT("n", id));
    enum mr_code code = mr_case_fields_next(&x->find_map, NULL, &moved, &row, err);
    if (code == MR_OK && row) {
        x->found = true;
        x->old_id = id;
        x->parent = moved.tbl;
        x->new_id = moved.new_id;
    }
    mr_case_reset(x->find);
    return code;
}

/* Is the value neither mapped nor computed? */
static bool is_text(const struct mr_plan_tables *tables, const struct mr_plan_table *t,
                    size_t column)
{
    enum mr_class cls = t->pair->find.columns[column].style.cls;
    if ((cls != MR_CLASS_TEXT && cls != MR_CLASS_JSON) || t->generated[column] ||
        mr_plan_columns_has(&t->key, column) ||
        (t->identity == MR_PLAN_BY_COLUMNS && mr_plan_columns_has(&t->named_by, column)))
        return false;
    for (size_t i = 0; i < tables->nreferences; i++)
        if (tables->references[i].child == t->at &&
            mr_plan_columns_has(&tables->references[i].from, column))
            return false;
    return true;
}

static enum mr_code first_seen(struct mentions *x, const struct mr_plan_table *t,
                               struct mr_key image, struct seen *seen, struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    enum mr_code code = mr_plan_text_of_row(&key, t, &t->key, image, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&key, "naming a row", err);
    seen->key = code == MR_OK ? mr_arena_strdup(x->task->arena, key.ptr) : NULL;
    seen->old_id = x->old_id;
    seen->new_id = x->new_id;
    seen->parent = x->parent;
    mr_strbuf_release(&key);
    return code == MR_OK && seen->key == NULL ? mr_err_nomem(err, "naming a row") : code;
}

static enum mr_code read_row(struct mentions *x, const struct mr_plan_table *t, struct mr_key image,
                             struct seen *seen, struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->pair->find.ncolumns; i++) {
        struct mr_value value;
        code = mr_row_decode(image.ptr, image.len, &pos, &value, err);
        if (code != MR_OK || !seen[i].looked_at || value.cls == MR_CLASS_NULL)
            continue;
        x->found = false;
        code = mr_text_ids_scan(&x->ids, value.ptr, value.len, err);
        if (code == MR_OK && x->found && seen[i].rows++ == 0)
            code = first_seen(x, t, image, &seen[i], err);
    }
    return code;
}

/* ---- what is said ---- */

static enum mr_code report(struct mentions *x, const struct mr_plan_table *t, size_t column,
                           const struct seen *seen, struct mr_vec *mentions, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_plan_mention *mention = mr_vec_push(mentions);
    if (mention == NULL)
        return mr_err_nomem(err, "planning");
    mr_strbuf_add_fmt(&text,
                      "\"%s\" of %" PRIu64 " restored row%s seems to name old ids, which "
                      "stay as they are",
                      mr_plan_column_name(t, column), seen->rows, seen->rows == 1 ? "" : "s");
    mr_strbuf_add_fmt(&text, "; such as, in row %s, %" PRIu64 " of %s, which is %" PRIu64,
                      seen->key[0] != '\0' ? seen->key : "without a key", seen->old_id,
                      mr_plan_table_name(&x->task->tables->tables[seen->parent]), seen->new_id);
    mention->table = mr_plan_table_name(t);
    mention->text = text.failed ? NULL : mr_arena_strdup(x->task->arena, text.ptr);
    mr_strbuf_release(&text);
    return mention->text != NULL ? MR_OK : mr_err_nomem(err, "planning");
}

static enum mr_code read_rows(struct mentions *x, const struct mr_plan_table *t, struct seen *seen,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(
        x->cf,
        "SELECT after FROM entity WHERE plan=:plan AND tbl=:tbl"
        " AND decision IN (:insert, :renumber)",
        &stmt, err, MR_ARG_INT("plan", mr_plan_store_id(x->task->store)), MR_ARG_INT("tbl", t->at),
        MR_ARG_INT("insert", MR_DECIDE_INSERT), MR_ARG_INT("renumber", MR_DECIDE_RENUMBER));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_key image = {0};
        image.ptr = mr_case_blob(stmt, 0, &image.len);
        if (image.ptr != NULL)
            code = read_row(x, t, image, seen, err);
    }
    mr_case_free(stmt);
    return code;
}

/* Texts of keys, identities and references are mapped, and not looked at; without any other
 * column no row is read. */
static enum mr_code read_table(struct mentions *x, const struct mr_plan_table *t,
                               struct mr_vec *mentions, struct mr_err *err)
{
    size_t n = t->pair->find.ncolumns;
    struct seen *seen = calloc(n + 1, sizeof *seen);
    bool any = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(seen != NULL ? MR_OK : mr_err_nomem(err, "planning"));
    for (size_t i = 0; i < n; i++) {
        seen[i].looked_at = is_text(x->task->tables, t, i);
        any = any || seen[i].looked_at;
    }
    if (any)
        MR_TRY_OUT(read_rows(x, t, seen, err));
    for (size_t i = 0; i < n; i++)
        if (seen[i].rows > 0)
            MR_TRY_OUT(report(x, t, i, &seen[i], mentions, err));
out:
    free(seen);
    return code;
}

/* Only texts of restored rows are looked at. */
static enum mr_code restores(const struct mr_plan_mentions_task *task, bool *any,
                             struct mr_err *err)
{
    static const enum mr_decision restored[] = {MR_DECIDE_INSERT, MR_DECIDE_RENUMBER};
    *any = false;
    for (size_t i = 0; i < task->tables->ntables; i++)
        for (size_t d = 0; !*any && d < sizeof restored / sizeof restored[0]; d++) {
            uint64_t count = 0;
            MR_TRY(mr_plan_store_count(task->store, task->tables->tables[i].at, restored[d], &count,
                                       err));
            *any = count > 0;
        }
    return MR_OK;
}

enum mr_code mr_plan_mentions(const struct mr_plan_mentions_task *task, struct mr_vec *mentions,
                              struct mr_err *err)
{
    struct mentions x = {.task = task,
                         .cf = mr_findings_case(task->fd),
                         .ids = {.fn = take_id, .json = MR_STRBUF_INIT},
                         .least = UINT64_MAX};
    bool any = false;
    enum mr_code code = restores(task, &any, err);
    if (code != MR_OK || !any)
        return code;
    x.ids.ctx = &x;
    code = collect(&x, err);
    if (code == MR_OK)
        code = mr_case_prepare(
            x.cf, "SELECT tbl, new AS new_id FROM moved WHERE n=:n ORDER BY tbl LIMIT 1", &x.find,
            err);
    if (code == MR_OK)
        code = mr_case_fields_open(&x.find_map, x.find, MR_CASE_FIELDS(moved_fields), err);
    for (size_t i = 0; code == MR_OK && x.least <= x.greatest && i < task->tables->ntables; i++)
        code = read_table(&x, &task->tables->tables[i], mentions, err);
    mr_case_free(x.find);
    mr_text_ids_release(&x.ids);
    if (code == MR_OK)
        code = mr_case_exec(x.cf, "DROP TABLE temp.moved", err);
    return code;
}
