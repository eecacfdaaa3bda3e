/* script.c: see script.h. */
#include "repair/script/script.h"

#include <inttypes.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/db/sqltext.h"
#include "core/schema/made_key.h"
#include "repair/merge/merge_row.h"
#include "repair/plan/plan_packet.h"
#include "repair/script/reseed_sql.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

#define DRAIN_BYTES ((size_t)1 << 20) /* of text in memory, beside one statement */

/* ---- opening ---- */

/* Columns that a circle of references may leave empty for a while. */
static enum mr_code find_opens(struct mr_script *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        struct mr_script_table *own = &s->tables[i];
        own->opens = mr_arena_calloc(&s->arena, t->pair->find.ncolumns + 1, sizeof *own->opens);
        if (own->opens == NULL)
            return mr_merge_nomem(err);
        for (size_t c = 0; c < t->pair->find.ncolumns && own->nopens < 63; c++)
            for (size_t k = 0; k < s->plan->nreferences; k++) {
                const struct mr_plan_reference *r = &s->plan->references[k];
                if (r->child == i && t->nullable[c] && mr_plan_columns_has(&r->from, c)) {
                    own->opens[own->nopens++] = c;
                    break;
                }
            }
    }
    return MR_OK;
}

struct written {
    size_t tbl;
    enum mr_step_op op;
};

static const struct mr_case_field written_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct written, tbl, MR_CASE_INT),
                 MR_CASE_FIELD(struct written, op, MR_CASE_SMALL));

/* Tables that are written to, and how. */
static enum mr_code find_planned(struct mr_script *s, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct written written;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(s->lookup.cf, "SELECT DISTINCT tbl, op FROM step WHERE plan=:plan", &stmt,
                        err, MR_ARG_INT("plan", mr_plan_store_id(s->task->store)));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(written_fields), err);
    while (code == MR_OK &&
           (code = mr_case_fields_next(&map, NULL, &written, &row, err)) == MR_OK && row) {
        struct mr_script_table *t = &s->tables[written.tbl];
        t->planned = true;
        t->steps[written.op] = true;
    }
    mr_case_free(stmt);
    return code;
}

/* A column that the server computes: rows are staged without. */
static size_t find_computed(const struct mr_plan_table *t, const struct mr_plan_columns *columns,
                            const bool *reads)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!mr_script_is_written(t, columns->at[i]))
            return columns->at[i];
    for (size_t i = 0; reads != NULL && i < t->pair->find.ncolumns; i++)
        if (reads[i] && !mr_script_is_written(t, i))
            return i;
    return MR_NO_COLUMN;
}

static enum mr_code refuse_computed(const struct mr_plan_table *t, size_t column,
                                    struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "a reference of rows to be written is read from column \"%s\" of "
                     "table \"%s\", which the server computes",
                     mr_plan_column_name(t, column), mr_plan_table_name(t));
    mr_err_hint(err, "Nothing was changed. A condition can name the columns that it is "
                     "computed from; else make it a plain column on the target first.");
    return MR_E_REFUSED;
}

/* What rows refer by has to be seen before they are written, and when they are taken back. */
static enum mr_code check_references(const struct mr_script *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        const struct mr_plan_table *child = &s->plan->tables[r->child];
        const struct mr_plan_table *parent = &s->plan->tables[r->parent];
        size_t column = MR_NO_COLUMN;
        if (s->tables[r->child].planned)
            column = find_computed(child, &r->from, r->reads);
        if (column != MR_NO_COLUMN)
            return refuse_computed(child, column, err);
        if (s->tables[r->parent].planned)
            column = find_computed(parent, &r->to, NULL);
        if (column != MR_NO_COLUMN)
            return refuse_computed(parent, column, err);
    }
    return MR_OK;
}

/* What holds for the whole plan is found out, and refused, before the first byte of a file: a
 * script that ends half way would be one that somebody runs. */
static enum mr_code open_script(struct mr_script *s, struct mr_err *err)
{
    struct mr_source *view = s->plan->pairing.side[MR_TARGET].view;
    s->lookup = (struct mr_merge){.plan = s->task->tables,
                                  .fd = s->task->fd,
                                  .cf = mr_findings_case(s->task->fd),
                                  .store = s->task->store,
                                  .arena = MR_ARENA_INIT};
    s->db = s->plan->tables[0].pair->side[MR_TARGET]->db;
    s->tables = mr_arena_calloc(&s->arena, s->plan->ntables, sizeof *s->tables);
    s->nameless = mr_arena_calloc(&s->arena, s->plan->nreferences + 1, sizeof *s->nameless);
    if (s->tables == NULL || s->nameless == NULL)
        return mr_merge_nomem(err);
    if (view == NULL)
        return mr_err_set(err, MR_E_BUG, "the target has no view");
    MR_TRY(mr_source_reader_new(view, &s->lookup.reader[MR_TARGET], err));
    MR_TRY(find_opens(s, err));
    MR_TRY(mr_script_literal_open(s, err));
    MR_TRY(mr_script_befores_open(s, err));
    MR_TRY(mr_script_images_open(s, err));
    MR_TRY(mr_script_equals_open(s, err));
    MR_TRY(mr_script_parents_open(s, err));
    MR_TRY(mr_script_later_open(s, err));
    MR_TRY(mr_script_outside_open(s, err));
    MR_TRY(find_planned(s, err));
    MR_TRY(check_references(s, err));
    return mr_plan_store_units(s->task->store, &s->units, err);
}

/* The temporary tables go, too: the case stays open behind it, and they may be as large as the
 * plan. */
static void close_script(struct mr_script *s)
{
    mr_case_free(s->equals);
    mr_script_images_close(s);
    (void)mr_case_exec(s->lookup.cf,
                       "DROP TABLE IF EXISTS temp.script_equal;"
                       "DROP TABLE IF EXISTS temp.script_bag;"
                       "DROP TABLE IF EXISTS temp.script_goes;"
                       "DROP TABLE IF EXISTS temp.script_parent",
                       NULL);
    mr_reader_free(s->lookup.reader[MR_TARGET]);
    mr_strbuf_release(&s->sql);
    mr_strbuf_release(&s->staged);
    mr_vec_release(&s->rows);
    mr_vec_release(&s->batches);
    mr_vec_release(&s->extents);
    mr_vec_release(&s->parents);
    mr_vec_release(&s->later);
    mr_vec_release(&s->leaving);
    mr_vec_release(&s->outers);
    mr_vec_release(&s->outer_leaving);
    mr_vec_release(&s->spans);
    mr_arena_release(&s->lookup.arena);
    mr_arena_release(&s->unit_arena);
    mr_arena_release(&s->arena);
}

/* ---- writing ---- */

static const struct mr_sink *sink_of(const struct mr_script *s)
{
    return s->kind == MR_SCRIPT_APPLY  ? &s->task->apply
           : s->kind == MR_SCRIPT_UNDO ? &s->task->undo
                                       : &s->task->verify;
}

static const char *name_of(const struct mr_script *s)
{
    static const char *const names[] = {"", "apply.sql", "undo.sql", "verify.sql"};
    return names[s->kind];
}

static enum mr_code write_text(struct mr_script *s, struct mr_err *err)
{
    const struct mr_sink *sink = sink_of(s);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&s->sql, "writing a script", err));
    MR_TRY_OUT(mr_plan_packet_check(s->plan, name_of(s), s->sql.ptr, s->sql.len, err));
    MR_TRY_OUT(sink->write(sink->arg, s->sql.ptr, s->sql.len, err));
out:
    mr_strbuf_reset(&s->sql);
    return code;
}

/* After a failure nothing more is written, and no text is kept either. */
void mr_script_drain(struct mr_script *s)
{
    if (s->sql.len < DRAIN_BYTES)
        return;
    if (s->late == MR_OK)
        s->late = write_text(s, &s->late_err);
    mr_strbuf_reset(&s->sql);
}

static enum mr_code flush(struct mr_script *s, struct mr_err *err)
{
    if (s->late == MR_OK)
        return write_text(s, err);
    if (err != NULL)
        *err = s->late_err;
    return s->late;
}

/* A statement that fails where the table has other columns than were planned. */
static void guard_columns(struct mr_script *s, const struct mr_plan_table *t)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    struct mr_strbuf where = MR_STRBUF_INIT;
    mr_strbuf_add_str(&where, "(SELECT COUNT(*) FROM information_schema.COLUMNS WHERE"
                              " TABLE_SCHEMA = ");
    mr_sql_string(&where, table->db);
    mr_strbuf_add_str(&where, " AND TABLE_NAME = ");
    mr_sql_string(&where, table->name);
    if (table->made_key_hidden) /* servers may show it or not */
        mr_strbuf_add_str(&where, " AND COLUMN_NAME <> '" MR_MADE_KEY_COLUMN "'");
    mr_strbuf_add_fmt(&s->sql, "SET SESSION time_zone = IF(%s) = %zu\n    AND %s AND (", where.ptr,
                      table->ncolumns, where.ptr);
    for (size_t i = 0; i < table->ncolumns; i++) {
        mr_strbuf_add_str(&s->sql, i > 0 ? "\n    OR COLUMN_NAME = " : "COLUMN_NAME = ");
        mr_sql_string(&s->sql, table->columns[i].name);
        mr_strbuf_add_str(&s->sql, " AND COLUMN_TYPE = ");
        mr_sql_string(&s->sql, table->columns[i].type);
    }
    mr_strbuf_add_fmt(&s->sql, ")) = %zu,\n    @@SESSION.time_zone, LEFT(", table->ncolumns);
    mr_strbuf_reset(&where);
    mr_strbuf_add_fmt(&where, "myrecon: other columns than planned: %s", mr_plan_table_name(t));
    mr_sql_string(&s->sql, where.ptr);
    mr_strbuf_add_str(&s->sql, ", 62));\n");
    s->sql.failed |= where.failed;
    mr_strbuf_release(&where);
}

/* A client keeps no journal: what a crash means for it stands where it is read. */
static enum mr_code say_sums(struct mr_script *s, struct mr_err *err)
{
    bool has = false;
    MR_TRY(mr_plan_store_has_sums(s->task->store, &has, err));
    if (!has)
        return MR_OK;
    mr_strbuf_add_str(
        &s->sql,
        s->kind == MR_SCRIPT_APPLY
            ? "-- It adds to columns (merge = COLUMN add). Run this file or repair apply,\n"
              "-- never both.\n"
            : "-- It takes back what was added (merge = COLUMN add). Run this file only\n"
              "-- where apply.sql was run by a client; else repair undo.\n");
    mr_strbuf_add_str(
        &s->sql,
        "-- Such a row is written where it stands as the plan knows it from before, and\n"
        "-- passed over where it stands as it would afterwards; any other is listed.\n"
        "-- A client that is lost at the COMMIT of a unit does not know whether that was\n"
        "-- done; run again, it goes by the row. One that was written, and that others have\n"
        "-- set back to what it was before, would be written again: look at it first.\n");
    return MR_OK;
}

/* The statements that must fail before anything is staged: another server, a shorter packet, a
 * table that is not as it was planned. Only tables that are written to are asked about, since
 * nobody is hindered from altering the others. */
static enum mr_code head(struct mr_script *s, struct mr_err *err)
{
    static const char *const what[] = {
        "", "restores what the plan says; see plan.json",
        "takes back what apply.sql has written, where nothing was changed since",
        "reads whether all stands as planned; changes nothing"};
    mr_script_header(&s->sql, s->manifest, name_of(s), what[s->kind]);
    if (s->kind == MR_SCRIPT_VERIFY) {
        mr_strbuf_add_str(&s->sql, "-- It lists what does not, and ends with an error "
                                   "where there is any.\n\n");
        mr_script_guard(&s->sql, s->manifest, false);
        mr_strbuf_add_str(&s->sql, "SET @myrecon_wrong = 0;\n");
    } else {
        mr_strbuf_add_str(
            &s->sql, "-- Each unit is a transaction of its own, and compares what is there "
                     "before\n"
                     "-- it writes. What cannot be written is listed, and the script ends there:\n"
                     "-- units before stay. It may be run again at any time.\n");
        if (s->kind == MR_SCRIPT_UNDO)
            mr_strbuf_add_str(
                &s->sql, "-- What stood as planned before apply came is taken back, too: only\n"
                         "-- repair undo knows which rows those are.\n");
        if (s->kind == MR_SCRIPT_APPLY)
            mr_strbuf_add_str(&s->sql, "-- Run reseed.sql first.\n");
        MR_TRY(say_sums(s, err));
        mr_strbuf_add_char(&s->sql, '\n');
        mr_script_guard(&s->sql, s->manifest, true);
    }
    mr_script_guard_packet(&s->sql, s->manifest);
    for (size_t i = 0; i < s->plan->ntables; i++) {
        if (!s->tables[i].planned)
            continue;
        guard_columns(s, &s->plan->tables[i]);
        MR_TRY(mr_script_guard_around(s, &s->plan->tables[i], err));
    }
    return flush(s, err);
}

/* Rows are loaded first, and all that they lean on, since what is staged depends on it: a table
 * that is not needed is not even created. A unit without rows leaves no trace. */
static enum mr_code unit(struct mr_script *s, struct mr_err *err)
{
    MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
    MR_TRY(mr_script_load(s, err));
    MR_TRY(mr_script_later_find(s, err));
    MR_TRY(mr_script_leaves_find(s, err));
    MR_TRY(mr_script_outside_find(s, err));
    MR_TRY(mr_script_befores_find(s, err));
    MR_TRY(s->kind != MR_SCRIPT_VERIFY ? mr_script_parents_find(s, err) : MR_OK);
    if (s->rows.count == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&s->sql, "\n-- unit %" PRIu64 " of %" PRIu64 ": %zu rows\n", s->number,
                      s->count, s->rows.count);
    if (s->kind == MR_SCRIPT_UNDO)
        MR_TRY(mr_script_origins(s, err));
    mr_script_stage(s);
    if (s->kind == MR_SCRIPT_VERIFY) {
        mr_script_proof(s);
    } else {
        mr_script_aside(s);
        mr_script_locks(s);
        mr_script_guards(s);
        mr_script_changes(s);
        mr_script_again(s);
        mr_script_end(s);
    }
    return flush(s, err);
}

static enum mr_code tail(struct mr_script *s, struct mr_err *err)
{
    if (s->kind != MR_SCRIPT_VERIFY)
        return MR_OK;
    mr_strbuf_add_str(&s->sql, "\nSET SESSION time_zone = IF(@myrecon_wrong = 0, '+00:00',"
                               " 'myrecon: rows are not as planned, see the lists');\n");
    mr_strbuf_add_str(&s->sql, "\n-- counters\n");
    mr_reseed_proof(s->manifest, &s->sql);
    return flush(s, err);
}

static enum mr_code write_units(struct mr_script *s, uint64_t *rows, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    s->count = s->units;
    for (uint64_t i = 1; code == MR_OK && i <= s->units; i++) {
        s->unit = s->last_unit = s->number = i;
        code = unit(s, err);
        *rows += s->rows.count;
    }
    return code;
}

static enum mr_code undo_units(struct mr_script *s, struct mr_err *err)
{
    enum mr_code code = mr_script_spans_close(s, err);
    s->count = s->spans.count;
    for (size_t i = s->spans.count; code == MR_OK && i > 0; i--) {
        const struct mr_script_span *span = mr_vec_at(&s->spans, i - 1);
        s->unit = span->first;
        s->last_unit = span->last;
        s->number = i;
        code = unit(s, err);
    }
    return code;
}

static enum mr_code write_file(struct mr_script *s, enum mr_script_kind kind, uint64_t *rows,
                               struct mr_err *err)
{
    s->kind = kind;
    *rows = 0;
    MR_TRY(head(s, err));
    MR_TRY(kind == MR_SCRIPT_UNDO ? undo_units(s, err) : write_units(s, rows, err));
    MR_TRY(tail(s, err));
    return s->task->written != NULL ? s->task->written(s->task->written_ctx, name_of(s), err)
                                    : MR_OK;
}

/* The three files come from one opening and one view of TARGET, apply.sql first: what its units
 * note (parents, spans) is what undo.sql is made from. */
enum mr_code mr_script_write(const struct mr_script_task *task, struct mr_script_result *result,
                             struct mr_err *err)
{
    struct mr_script s = {.task = task,
                          .plan = task->tables,
                          .manifest = task->manifest,
                          .arena = MR_ARENA_INIT,
                          .unit_arena = MR_ARENA_INIT,
                          .sql = MR_STRBUF_INIT,
                          .staged = MR_STRBUF_INIT,
                          .images = MR_VEC_INIT(struct mr_key),
                          .rows = MR_VEC_INIT(struct mr_script_row),
                          .batches = MR_VEC_INIT(struct mr_script_batch),
                          .extents = MR_VEC_INIT(struct mr_script_extent),
                          .parents = MR_VEC_INIT(struct mr_script_parent),
                          .later = MR_VEC_INIT(struct mr_script_later),
                          .leaving = MR_VEC_INIT(struct mr_script_leaving),
                          .outers = MR_VEC_INIT(struct mr_script_outer),
                          .outer_leaving = MR_VEC_INIT(struct mr_script_outer_leaving),
                          .spans = MR_VEC_INIT(struct mr_script_span)};
    uint64_t rows = 0;
    *result = (struct mr_script_result){0};
    if (task->tables->ntables == 0)
        return MR_OK;
    enum mr_code code = open_script(&s, err);
    for (int kind = MR_SCRIPT_APPLY; code == MR_OK && kind <= MR_SCRIPT_VERIFY; kind++) {
        code = write_file(&s, (enum mr_script_kind)kind, &rows, err);
        if (kind == MR_SCRIPT_APPLY)
            *result = (struct mr_script_result){s.units, rows};
    }
    close_script(&s);
    return code;
}
