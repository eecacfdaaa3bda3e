/* findings_facts.c: schema objects and counters of a run; see findings.h. */
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

#define OBJECT(name, member) MR_CASE_FIELD_AS(name, struct mr_find_object, member, MR_CASE_TEXT)

static const struct mr_case_field object_fields[] =
    MR_CASE_LIST(OBJECT("kind", kind), OBJECT("tbl", table), OBJECT("name", name),
                 OBJECT("source", source), OBJECT("target", target), OBJECT("db", database));

enum mr_code mr_findings_object_add(struct mr_findings *fd, const struct mr_find_object *object,
                                    struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf,
                     "INSERT INTO object (run, kind, tbl, name, source, target, db)"
                     " VALUES (:run, :kind, :tbl, :name, :source, :target, :db)",
                     err, MR_ARG_INT("run", fd->run), MR_ARG_TEXT("kind", object->kind),
                     MR_ARG_TEXT("tbl", object->table), MR_ARG_TEXT("name", object->name),
                     MR_ARG_TEXT("source", object->source), MR_ARG_TEXT("target", object->target),
                     MR_ARG_TEXT("db", object->database));
    return mr_findings_end(fd, code, err);
}

/* A CHECK is told as of kind table, too, by a name of its own. */
static bool is_itself(const struct mr_find_object *object)
{
    const size_t table = object->table != NULL ? strlen(object->table) : 0,
                 name = object->name != NULL ? strlen(object->name) : 0;
    return table > name && object->table[table - name - 1] == '.' && name > 0 &&
           strcmp(object->table + table - name, object->name) == 0;
}

bool mr_find_object_is_one_sided(const struct mr_find_object *object)
{
    return (object->source == NULL) != (object->target == NULL) &&
           strcmp(object->kind, "table") == 0 && is_itself(object);
}

enum mr_code mr_findings_objects_clear(struct mr_findings *fd, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf, "DELETE FROM object WHERE run=:run", err, MR_ARG_INT("run", fd->run));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                 struct mr_vec *objects, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(fd->cf,
                                        "SELECT kind, tbl, name, source, target, db"
                                        " FROM object WHERE run=:run ORDER BY id",
                                        &stmt, err, MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(object_fields), arena, objects, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

#define COUNTER(name, member, type)                                                                \
    MR_CASE_FIELD_AS(name, struct mr_find_counter, member, MR_CASE_##type)

static const struct mr_case_field counter_fields[] = MR_CASE_LIST(
    COUNTER("tbl", table, INT), COUNTER("col", column, TEXT),
    COUNTER("source_next", next[0], DIGITS), COUNTER("source_greatest", greatest[0], DIGITS),
    COUNTER("target_next", next[1], DIGITS), COUNTER("target_greatest", greatest[1], DIGITS));

/* Counters are unsigned, and SQLite's integers end at 2^63-1: they are kept as digits. A table
 * checked again replaces what was known. */
enum mr_code mr_findings_counter_save(struct mr_findings *fd, const struct mr_find_counter *counter,
                                      struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf,
                     "INSERT OR REPLACE INTO counter (tbl, col, source_next, source_greatest,"
                     " target_next, target_greatest) VALUES (:tbl, :col, :source_next,"
                     " :source_greatest, :target_next, :target_greatest)",
                     err, MR_ARG_INT("tbl", counter->table), MR_ARG_TEXT("col", counter->column),
                     MR_ARG_DIGITS("source_next", counter->next[0]),
                     MR_ARG_DIGITS("source_greatest", counter->greatest[0]),
                     MR_ARG_DIGITS("target_next", counter->next[1]),
                     MR_ARG_DIGITS("target_greatest", counter->greatest[1]));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_counters(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *counters, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT c.tbl AS tbl, c.col AS col, c.source_next AS source_next,"
        " c.source_greatest AS source_greatest, c.target_next AS target_next,"
        " c.target_greatest AS target_greatest FROM counter c JOIN tbl t ON t.id = c.tbl"
        " WHERE t.run = :run ORDER BY t.name",
        &stmt, err, MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(counter_fields), arena, counters, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
