/* apply_case.c: see apply_case.h. */
#include "repair/apply/apply_case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/file/io.h"
#include "core/json/journal_line.h"
#include "core/row/row.h"
#include "core/row/value_text.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_dir.h"

struct mr_apply_case {
    struct mr_findings *fd;
    struct mr_case *cf;
    struct mr_arena arena;
    const struct mr_manifest *manifest;
    int64_t plan;
    bool has_map;      /* rows of plans are kept in it */
    bool has_restored; /* and what they wrote into rows that stand (merge_restored.h) */
    bool has_sums;     /* and what of that was added to (an earlier version made the case: not) */
};

/* ---- opening ---- */

static enum mr_code find_plan(struct mr_apply_case *ac, const char *path,
                              const struct mr_manifest *manifest, struct mr_err *err)
{
    MR_TRY(MR_CASE_NUMBER(ac->cf, "SELECT id FROM plan WHERE uuid = :uuid", &ac->plan, err,
                          MR_ARG_TEXT("uuid", manifest->uuid)));
    if (ac->plan == 0) {
        (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" is not of case \"%s\"", manifest->uuid,
                         path);
        mr_err_hint(err, "Nothing was changed. Name the case that it was planned from.");
        return MR_E_REFUSED;
    }
    MR_TRY(mr_case_has_table(ac->cf, "plan_restored", &ac->has_restored, err));
    /* the younger one of those that sums need */
    MR_TRY(mr_case_has_column(ac->cf, "plan_restored", "since", &ac->has_sums, err));
    return mr_case_has_table(ac->cf, "plan_map", &ac->has_map, err);
}

/* SQLite would make a case that is not there, and a plan that nobody knows would be refused with
 * the wrong reason. */
enum mr_code mr_apply_case_open(const char *path, const struct mr_manifest *manifest,
                                struct mr_apply_case **out, struct mr_err *err)
{
    struct mr_apply_case *ac = calloc(1, sizeof *ac);
    *out = NULL;
    if (ac == NULL)
        return mr_err_nomem(err, "opening a case");
    mr_arena_init(&ac->arena);
    ac->manifest = manifest;
    enum mr_code code = MR_OK;
    if (access(path, F_OK) != 0)
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not open case \"%s\"", path));
    MR_TRY_OUT(mr_findings_open(path, MR_CASE_WRITE, &ac->fd, err));
    ac->cf = mr_findings_case(ac->fd);
    MR_TRY_OUT(find_plan(ac, path, manifest, err));
    *out = ac;
    ac = NULL;
out:
    (void)mr_apply_case_close(ac, NULL);
    return code;
}

enum mr_code mr_apply_case_close(struct mr_apply_case *ac, struct mr_err *err)
{
    if (ac == NULL)
        return MR_OK;
    enum mr_code code = ac->fd != NULL ? mr_findings_close(ac->fd, err) : MR_OK;
    mr_arena_release(&ac->arena);
    free(ac);
    return code;
}

/* ---- other plans ---- */

/* Plans that were made one after the other, and not applied, propose the same rows at the
 * same keys: the case knows them as the last one's.  They belong to the one that is at
 * work now. */
static enum mr_code claim(struct mr_apply_case *ac, struct mr_err *err)
{
    const struct mr_planned *planned = &ac->manifest->planned;
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        ac->cf,
        "UPDATE plan_map SET plan = :plan WHERE tbl = :name AND plan <> :plan AND"
        " plan NOT IN (SELECT id FROM plan WHERE state = 'applied') AND"
        " (source_key, target_key) IN (SELECT e.source_key, e.target_key FROM step s"
        " JOIN entity e ON e.id = s.entity WHERE s.plan = :plan AND s.tbl = :tbl)",
        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++)
        code = MR_CASE_RUN(stmt, err, MR_ARG_INT("plan", ac->plan),
                           MR_ARG_TEXT("name", planned->tables[i].table), MR_ARG_INT("tbl", i));
    mr_case_free(stmt);
    return code;
}

struct later {
    const char *uuid, *dir;
};

#define LATER(member) MR_CASE_FIELD(struct later, member, MR_CASE_TEXT)
static const struct mr_case_field later_fields[] = MR_CASE_LIST(LATER(uuid), LATER(dir));

/* What a later plan has written may refer to rows of this one: taken back in the wrong order they
 * would be kept, or lead to nobody.  An apply that was cut short counts, too. */
static enum mr_code check_later(struct mr_apply_case *ac, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf names = MR_STRBUF_INIT;
    struct mr_case_fields map;
    struct later later;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(
        ac->cf,
        ac->has_map ? "SELECT p.uuid, p.dir FROM plan p WHERE p.id > :plan AND (p.state ="
                      " 'applied' OR EXISTS (SELECT 1 FROM plan_map m WHERE m.plan = p.id AND"
                      " m.state = 'applied')) ORDER BY p.id DESC LIMIT 20"
                    : "SELECT uuid, dir FROM plan WHERE id > :plan AND state = 'applied'"
                      " ORDER BY id DESC LIMIT 20",
        &stmt, err, MR_ARG_INT("plan", ac->plan));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(later_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &later, &row, err)) == MR_OK &&
           row)
        mr_strbuf_add_fmt(&names, "%s\"%s\" (%s)", names.len > 0 ? ", " : "",
                          later.dir != NULL ? later.dir : "", later.uuid != NULL ? later.uuid : "");
    mr_case_free(stmt);
    if (code == MR_OK && names.len > 0) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "later plans of the case are applied, and may build on this "
                          "one: %s",
                          names.ptr);
        mr_err_hint(err, "Nothing was changed. Undo them first, in that order; what undo.sql "
                         "took back, too: repair undo finds it gone, and notes that.");
    }
    mr_strbuf_release(&names);
    return code;
}

enum mr_code mr_apply_case_check_later(struct mr_apply_case *ac, struct mr_err *err)
{
    enum mr_code code = mr_case_begin(ac->cf, err);
    if (code != MR_OK)
        return code;
    if (ac->has_map)
        code = claim(ac, err);
    if (code == MR_OK)
        code = check_later(ac, err);
    mr_case_rollback(ac->cf); /* it may be a dry run */
    return code;
}

/* ---- sums ---- */

struct twice {
    const char *own, *other; /* columns that are added to, as mr_entity_written_add() has them */
    const char *dir;         /* of the other plan */
};

#define TWICE(member) MR_CASE_FIELD(struct twice, member, MR_CASE_TEXT)
static const struct mr_case_field twice_fields[] =
    MR_CASE_LIST(TWICE(own), TWICE(other), TWICE(dir));

static bool is_twice(const struct twice *t)
{
    char *end = NULL;
    for (const char *at = t->own; *at != '\0'; at = *end == ' ' ? end + 1 : end)
        if (mr_entity_written_has(t->other, strtoul(at, &end, 10)))
            return true;
        else if (end == at)
            return false;
    return false;
}

static enum mr_code refuse_twice(const char *dir, uint64_t rows, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "plan \"%s\" of the case was carried out since this plan was made, and adds to "
        "%zu row%s that this one adds to, too",
        dir, (size_t)rows, rows == 1 ? "" : "s");
    mr_err_hint(err, "Nothing was changed. Plan again: what was added is left out then, and what "
                     "nobody knows of is asked about.");
    return MR_E_REFUSED;
}

/* The guards let a sum be added to whatever stands there, and the journal of a plan knows of that plan alone. */
enum mr_code mr_apply_case_check_sums(struct mr_apply_case *ac, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct twice row;
    const char *dir = NULL;
    uint64_t rows = 0;
    bool more = false;
    if (!ac->has_sums)
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(
        ac->cf,
        "SELECT p.sums AS own, q.sums AS other, o.dir AS dir FROM plan_restored p"
        " JOIN plan_restored q ON q.tbl = p.tbl AND q.key = p.key AND q.plan <> p.plan"
        " JOIN plan o ON o.id = q.plan WHERE p.plan = :plan AND p.state <> 'applied' AND"
        " p.sums IS NOT NULL AND q.sums IS NOT NULL AND q.state IN ('applied', 'begun') AND"
        " q.since >= :plan ORDER BY q.plan DESC",
        &stmt, err, MR_ARG_INT("plan", ac->plan));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(twice_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &row, &more, err)) == MR_OK &&
           more) {
        if (!is_twice(&row))
            continue;
        if (rows++ == 0)
            dir = mr_arena_strdup(&ac->arena, row.dir != NULL ? row.dir : "");
    }
    mr_case_free(stmt);
    return code == MR_OK && rows > 0 ? refuse_twice(dir != NULL ? dir : "", rows, err) : code;
}

/* ---- states ---- */

static enum mr_code set_plan(struct mr_apply_case *ac, const char *state, struct mr_err *err)
{
    return MR_CASE_ONCE(ac->cf, "UPDATE plan SET state = :state WHERE id = :plan", err,
                        MR_ARG_TEXT("state", state), MR_ARG_INT("plan", ac->plan));
}

static enum mr_code set_restored(struct mr_apply_case *ac, const char *state, struct mr_err *err)
{
    return MR_CASE_ONCE(ac->cf, "UPDATE plan_restored SET state = :state WHERE plan = :plan", err,
                        MR_ARG_TEXT("state", state), MR_ARG_INT("plan", ac->plan));
}

/* From here on a row that stands as before tells nothing: until the end says more, it may have been written,
 * or taken back. */
static enum mr_code begin_restored(struct mr_apply_case *ac, enum mr_journal_script which,
                                   struct mr_err *err)
{
    const char *told = which == MR_JOURNAL_UNDO ? "undone" : "applied";
    if (ac->has_sums)
        MR_TRY(MR_CASE_ONCE(ac->cf,
                            "UPDATE plan_restored SET since = (SELECT max(id) FROM plan)"
                            " WHERE plan = :plan AND state <> :told",
                            err, MR_ARG_INT("plan", ac->plan), MR_ARG_TEXT("told", told)));
    return MR_CASE_ONCE(
        ac->cf, "UPDATE plan_restored SET state = 'begun' WHERE plan = :plan AND state <> :told",
        err, MR_ARG_INT("plan", ac->plan), MR_ARG_TEXT("told", told));
}

/* What a check has found as the plan made it is so no more, whatever becomes of the undo: the next check tells. */
static enum mr_code forget_explained(struct mr_apply_case *ac, struct mr_err *err)
{
    bool is_there = false;
    MR_TRY(mr_case_has_table(ac->cf, "explained", &is_there, err));
    return is_there ? MR_CASE_ONCE(ac->cf, "DELETE FROM explained WHERE plan = :plan", err,
                                   MR_ARG_INT("plan", ac->plan))
                    : MR_OK;
}

enum mr_code mr_apply_case_begin(struct mr_apply_case *ac, enum mr_journal_script which,
                                 struct mr_err *err)
{
    enum mr_code code = MR_OK;
    MR_TRY(mr_case_begin(ac->cf, err));
    if (ac->has_map)
        MR_TRY_OUT(claim(ac, err));
    if (ac->has_restored)
        MR_TRY_OUT(begin_restored(ac, which, err));
    if (which == MR_JOURNAL_UNDO)
        MR_TRY_OUT(forget_explained(ac, err));
    /* a plan without rows is never in the way of another */
    if (which == MR_JOURNAL_APPLY && ac->manifest->planned.rows > 0)
        MR_TRY_OUT(set_plan(ac, "applied", err));
    MR_TRY_OUT(mr_case_commit(ac->cf, err));
out:
    if (code != MR_OK)
        mr_case_rollback(ac->cf);
    return code;
}

static enum mr_code set_map(struct mr_apply_case *ac, const char *state, struct mr_err *err)
{
    return MR_CASE_ONCE(ac->cf,
                        "UPDATE plan_map SET state = :state WHERE plan = :plan AND"
                        " state NOT IN (:state, 'matched')",
                        err, MR_ARG_TEXT("state", state), MR_ARG_INT("plan", ac->plan));
}

/* Tables stand in the manifest in the order in which the plan's store counts them. */
static enum mr_code set_unit(struct mr_apply_case *ac, struct mr_case_stmt *stmt, uint64_t unit,
                             struct mr_err *err)
{
    const struct mr_planned *planned = &ac->manifest->planned;
    for (size_t i = 0; i < planned->ntables; i++)
        MR_TRY(MR_CASE_RUN(stmt, err, MR_ARG_INT("plan", ac->plan),
                           MR_ARG_TEXT("name", planned->tables[i].table), MR_ARG_INT("tbl", i),
                           MR_ARG_INT("unit", unit)));
    return MR_OK;
}

static const char done_rows_sql[] =
    "UPDATE plan_map SET state = 'applied' WHERE plan = :plan AND tbl = :name AND"
    " state <> 'matched' AND"
    " (source_key, target_key) IN (SELECT e.source_key, e.target_key FROM step s"
    " JOIN entity e ON e.id = s.entity WHERE s.plan = :plan AND s.tbl = :tbl AND"
    " s.unit = :unit)";
#define RESTORED_OF_UNIT(state)                                                                    \
    "UPDATE plan_restored SET state = '" state "' WHERE plan = :plan AND tbl = :name AND"          \
    " key IN (SELECT e.source_key FROM step s JOIN entity e ON e.id = s.entity"                    \
    " WHERE s.plan = :plan AND s.tbl = :tbl AND s.unit = :unit)"
static const char done_restored_sql[] = RESTORED_OF_UNIT("applied");
static const char begun_restored_sql[] = RESTORED_OF_UNIT("begun");
static const char undone_restored_sql[] = RESTORED_OF_UNIT("undone");

typedef bool is_unit(const struct mr_journal *j, uint64_t unit);

static bool is_done(const struct mr_journal *j, uint64_t unit)
{
    return mr_journal_unit_is_done(j, MR_JOURNAL_APPLY, unit);
}

static bool is_undone(const struct mr_journal *j, uint64_t unit)
{
    return mr_journal_unit_is_done(j, MR_JOURNAL_UNDO, unit);
}

static enum mr_code set_units(struct mr_apply_case *ac, const struct mr_journal *j, is_unit *is,
                              const char *sql, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_prepare(ac->cf, sql, &stmt, err));
    for (uint64_t i = 1; i <= ac->manifest->planned.units; i++)
        if (is(j, i))
            MR_TRY_OUT(set_unit(ac, stmt, i, err));
out:
    mr_case_free(stmt);
    return code;
}

/* ---- rows that were left out ---- */

struct begun {
    struct mr_key key, target_key;
};

static const struct mr_case_field begun_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct begun, key, MR_CASE_BYTES),
                 MR_CASE_FIELD(struct begun, target_key, MR_CASE_BYTES));

/* The journal calls a row by the text of its key, of which a number alone has one way to be written; one with ZEROFILL
 * has another, which is not found. */
static bool has_number(const struct mr_planned_table *t)
{
    for (size_t i = 0; t->key.count == 1 && i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, t->key.items[0]) == 0)
            return t->columns[i].reading != NULL && (strcmp(t->columns[i].reading, "int") == 0 ||
                                                     strcmp(t->columns[i].reading, "uint") == 0);
    return false;
}

static enum mr_code is_left_out(struct mr_journal *journal, const struct mr_planned_table *t,
                                struct mr_key key, bool *is, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_value value;
    size_t pos = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_row_decode(key.ptr, key.len, &pos, &value, err));
    mr_value_to_text(&text, &value, (struct mr_value_style){.cls = value.cls});
    MR_TRY_OUT(mr_strbuf_check(&text, "reading the journal", err));
    code = mr_journal_is_left_out(journal, t->table, text.ptr, is, err);
out:
    mr_strbuf_release(&text);
    return code;
}

/* Rows that the plan never wrote, by its journal, though others of their units may have been. */
static enum mr_code set_left_out(struct mr_apply_case *ac, struct mr_journal *journal, size_t tbl,
                                 struct mr_err *err)
{
    static const char find_sql[] =
        "SELECT r.key AS key, e.target_key AS target_key FROM step s CROSS JOIN entity e ON"
        " e.id = s.entity CROSS JOIN plan_restored r ON r.tbl = :name AND r.key = e.source_key AND"
        " r.plan = s.plan WHERE s.plan = :plan AND s.tbl = :tbl AND r.state = 'begun'";
    static const char set_sql[] = "UPDATE plan_restored SET state = 'proposed' WHERE plan = :plan"
                                  " AND tbl = :name AND key = :key";
    const struct mr_planned_table *t = &ac->manifest->planned.tables[tbl];
    struct mr_vec rows = MR_VEC_INIT(struct begun);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_case_stmt *find = NULL, *set = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(ac->cf, find_sql, &find, err, MR_ARG_INT("plan", ac->plan),
                               MR_ARG_TEXT("name", t->table), MR_ARG_INT("tbl", tbl)));
    MR_TRY_OUT(mr_case_fields_all(find, MR_CASE_FIELDS(begun_fields), &arena, &rows, err));
    MR_TRY_OUT(mr_case_prepare(ac->cf, set_sql, &set, err));
    for (size_t i = 0; i < rows.count; i++) {
        const struct begun *row = mr_vec_at(&rows, i);
        bool is = false;
        if (row->target_key.ptr != NULL)
            MR_TRY_OUT(is_left_out(journal, t, row->target_key, &is, err));
        if (is)
            MR_TRY_OUT(MR_CASE_RUN(set, err, MR_ARG_INT("plan", ac->plan),
                                   MR_ARG_TEXT("name", t->table), MR_ARG_BYTES("key", row->key)));
    }
out:
    mr_case_free(find);
    mr_case_free(set);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code end_map(struct mr_apply_case *ac, const struct mr_journal *journal, bool undo,
                            bool clean, struct mr_err *err)
{
    if (clean)
        return set_map(ac, undo ? "undone" : "applied", err);
    MR_TRY(set_map(ac, "proposed", err));
    return undo ? MR_OK : set_units(ac, journal, is_done, done_rows_sql, err);
}

/* undo.sql takes some units together, and numbers what it has; where it has as many as apply.sql, none is. */
static enum mr_code end_undo(struct mr_apply_case *ac, const struct mr_journal *journal,
                             struct mr_err *err)
{
    MR_TRY(set_restored(ac, "begun", err));
    return mr_journal_undo_units(journal) == ac->manifest->planned.units
               ? set_units(ac, journal, is_undone, undone_restored_sql, err)
               : MR_OK;
}

static enum mr_code end_restored(struct mr_apply_case *ac, struct mr_journal *journal, bool undo,
                                 bool clean, struct mr_err *err)
{
    const struct mr_planned *planned = &ac->manifest->planned;
    if (clean)
        return set_restored(ac, undo ? "undone" : "applied", err);
    if (undo)
        return end_undo(ac, journal, err);
    MR_TRY(set_restored(ac, "proposed", err));
    MR_TRY(set_units(ac, journal, mr_journal_unit_may_be_written, begun_restored_sql, err));
    for (size_t i = 0; mr_journal_has_left_out(journal) && i < planned->ntables; i++)
        if (has_number(&planned->tables[i]))
            MR_TRY(set_left_out(ac, journal, i, err));
    return set_units(ac, journal, is_done, done_restored_sql, err);
}

/* Only where nothing was refused is it known of every row what became of it; of the others the
 * next plan asks TARGET: of a unit with a refused row nobody has noted which others went with it. */
enum mr_code mr_apply_case_end(struct mr_apply_case *ac, struct mr_journal *journal,
                               enum mr_journal_script which, bool clean, struct mr_err *err)
{
    const bool undo = which == MR_JOURNAL_UNDO;
    enum mr_code code = MR_OK;
    MR_TRY(mr_case_begin(ac->cf, err));
    if (ac->has_map)
        MR_TRY_OUT(end_map(ac, journal, undo, clean, err));
    if (ac->has_restored)
        MR_TRY_OUT(end_restored(ac, journal, undo, clean, err));
    if (undo && clean)
        MR_TRY_OUT(set_plan(ac, "undone", err));
    MR_TRY_OUT(mr_case_commit(ac->cf, err));
out:
    if (code != MR_OK)
        mr_case_rollback(ac->cf);
    return code;
}

/* ---- the journal ---- */

/* A line each, by its number: the file only grows, so that a copy made again changes nothing, and
 * who has cut the file cannot cut the case. */
static enum mr_code copy_lines(struct mr_apply_case *ac, struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    char *at = text->ptr, *end = text->ptr + text->len;
    enum mr_code code = mr_case_prepare(ac->cf,
                                        "INSERT OR REPLACE INTO plan_journal (plan, n, line)"
                                        " VALUES (:plan, :n, :line)",
                                        &stmt, err);
    for (int64_t n = 1; code == MR_OK && at < end; n++) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop != NULL)
            *stop = '\0';
        code = MR_CASE_RUN(stmt, err, MR_ARG_INT("plan", ac->plan), MR_ARG_INT("n", n),
                           MR_ARG_TEXT("line", at));
        at = stop != NULL ? stop + 1 : end;
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code keep_lines(struct mr_apply_case *ac, struct mr_strbuf *text, struct mr_err *err)
{
    MR_TRY(mr_case_exec(ac->cf,
                        "CREATE TABLE IF NOT EXISTS plan_journal (plan INT NOT NULL,"
                        " n INT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (plan, n))"
                        " STRICT, WITHOUT ROWID",
                        err));
    MR_TRY(copy_lines(ac, text, err));
    return mr_case_commit(ac->cf, err);
}

/* The directory of a plan may be lost before the case is: what was written, and which rows were
 * left out, is then known from here. */
enum mr_code mr_apply_case_journal(struct mr_apply_case *ac, const char *dir, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct stat st;
    const char *path = mr_plan_path(&ac->arena, dir, MR_JOURNAL_NAME);
    if (path == NULL)
        return mr_err_nomem(err, "copying the journal");
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_io_read_part(path, MR_JOURNAL_MAX_BYTES, &text, err));
    MR_TRY_OUT(mr_case_begin(ac->cf, err));
    code = keep_lines(ac, &text, err);
    if (code != MR_OK)
        mr_case_rollback(ac->cf);
out:
    mr_strbuf_release(&text);
    return code;
}
