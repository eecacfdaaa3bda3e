/* findings_facts.c: schema objects and counters of a run; see findings.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/case/findings_internal.h"

enum mr_code mr_findings_object_add(struct mr_findings *fd,
                                    const struct mr_find_object *object,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_prepare(
        fd,
        "INSERT INTO object (run, kind, tbl, name, source, target, db)"
        " VALUES (?,?,?,?,?,?,?)",
        fd->run, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 2, object->kind);
        mr_case_bind_text(stmt, 3, object->table);
        mr_case_bind_text(stmt, 4, object->name);
        mr_case_bind_text(stmt, 5, object->source);
        mr_case_bind_text(stmt, 6, object->target);
        mr_case_bind_text(stmt, 7, object->database);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_objects_clear(struct mr_findings *fd, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_run_int(fd, "DELETE FROM object WHERE run=?", fd->run, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                 struct mr_vec *objects, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(fd,
                                            "SELECT kind, tbl, name, source, target, db"
                                            " FROM object WHERE run=? ORDER BY id",
                                            fd->run, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_object *object = mr_vec_push(objects);
        if (object == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        object->kind = mr_findings_text(stmt, 0, arena, &code, err);
        object->table = mr_findings_text(stmt, 1, arena, &code, err);
        object->name = mr_findings_text(stmt, 2, arena, &code, err);
        object->source = mr_findings_text(stmt, 3, arena, &code, err);
        object->target = mr_findings_text(stmt, 4, arena, &code, err);
        object->database = mr_findings_text(stmt, 5, arena, &code, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* SQLite's integers end at 2^63-1. */
static void bind_uint(struct mr_case_stmt *stmt, int at, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    mr_case_bind_text(stmt, at, text);
}

static uint64_t get_uint(struct mr_case_stmt *stmt, int column)
{
    const char *text = mr_case_text(stmt, column);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

enum mr_code mr_findings_counter_save(struct mr_findings *fd,
                                      const struct mr_find_counter *counter,
                                      struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_prepare(fd, "INSERT OR REPLACE INTO counter VALUES (?,?,?,?,?,?)",
                               counter->table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 2, counter->column);
        for (int side = 0; side < 2; side++) {
            bind_uint(stmt, 3 + 2 * side, counter->next[side]);
            bind_uint(stmt, 4 + 2 * side, counter->greatest[side]);
        }
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_counters(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *counters, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT c.tbl, c.col, c.source_next, c.source_greatest, c.target_next,"
        " c.target_greatest FROM counter c JOIN tbl t ON t.id = c.tbl WHERE t.run = ?"
        " ORDER BY t.name",
        fd->run, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_counter *counter = mr_vec_push(counters);
        if (counter == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        counter->table = mr_case_int(stmt, 0);
        counter->column = mr_findings_text(stmt, 1, arena, &code, err);
        for (int side = 0; side < 2; side++) {
            counter->next[side] = get_uint(stmt, 2 + 2 * side);
            counter->greatest[side] = get_uint(stmt, 3 + 2 * side);
        }
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
