/* casefile_tables.c: see casefile_tables.h. */
#include "core/case/casefile_tables.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/case/casefile_header.h"

static enum mr_code fail(sqlite3 *db, const char *path, struct mr_err *err)
{
    if (sqlite3_errcode(db) == SQLITE_NOMEM)
        return mr_err_nomem(err, "opening the case file");
    (void)mr_err_set(err, MR_E_CASE, "case file \"%s\": could not read its schema: %s", path,
                     sqlite3_errmsg(db));
    mr_err_hint(err, "Take the file from a backup, or start a new case.");
    return MR_E_CASE;
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

/* MR_OK: a table that is none of SQLite's extensions, or an index. */
static enum mr_code check_kind(sqlite3_stmt *row, const char *path, struct mr_err *err)
{
    static const char virtual[] = "CREATE VIRTUAL";
    const char *type = text_of(row, 0), *name = text_of(row, 1), *sql = text_of(row, 2);
    struct mr_strbuf reason = MR_STRBUF_INIT;
    bool is_table = strcmp(type, "table") == 0;
    if (is_table && sqlite3_strnicmp(sql, virtual, sizeof virtual - 1) == 0)
        type = "virtual table";
    else if (is_table || strcmp(type, "index") == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&reason, "it has a %s, \"%.200s\"", type, name);
    enum mr_code code = mr_strbuf_check(&reason, "opening the case file", err);
    if (code == MR_OK)
        code = mr_case_fail_foreign(path, reason.ptr, err);
    mr_strbuf_release(&reason);
    return code;
}

/* All of the file's schema is looked at, and not only tables by known names: triggers and views
 * of a stranger would run within our own statements. */
static enum mr_code check_kinds(sqlite3 *db, const char *path, struct mr_err *err)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_master", -1, &row, NULL);
    enum mr_code code = MR_OK;
    while (code == MR_OK && rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        code = check_kind(row, path, err);
        rc = SQLITE_OK;
    }
    if (code == MR_OK && rc != SQLITE_DONE)
        code = fail(db, path, err);
    (void)sqlite3_finalize(row);
    return code;
}

/* As `known` has it, or not at all: what is missing is reported when it is read. */
static enum mr_code check_one(sqlite3_stmt *known, sqlite3_stmt *found, const char *path,
                              struct mr_err *err)
{
    const char *name = text_of(known, 0);
    struct mr_strbuf reason = MR_STRBUF_INIT;
    (void)sqlite3_reset(found);
    (void)sqlite3_bind_text(found, sqlite3_bind_parameter_index(found, ":name"), name, -1,
                            SQLITE_TRANSIENT);
    int rc = sqlite3_step(found);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fail(sqlite3_db_handle(found), path, err);
    if (rc == SQLITE_DONE || strcmp(text_of(found, 0), text_of(known, 1)) == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&reason, "\"%s\" is not defined in it as myrecon does", name);
    enum mr_code code = mr_strbuf_check(&reason, "opening the case file", err);
    if (code == MR_OK)
        code = mr_case_fail_foreign(path, reason.ptr, err);
    mr_strbuf_release(&reason);
    return code;
}

/* The schema that this version makes is the measure, so that no second list of tables has to be
 * kept in step with it. */
static enum mr_code compare(sqlite3 *ours, sqlite3 *db, const char *path, struct mr_err *err)
{
    sqlite3_stmt *known = NULL, *found = NULL;
    enum mr_code code = MR_OK;
    int rc = SQLITE_OK;
    if (sqlite3_prepare_v2(ours, "SELECT name, sql FROM sqlite_master", -1, &known, NULL) !=
        SQLITE_OK)
        code = fail(ours, path, err);
    else if (sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master WHERE name = :name", -1, &found,
                                NULL) != SQLITE_OK)
        code = fail(db, path, err);
    while (code == MR_OK && (rc = sqlite3_step(known)) == SQLITE_ROW)
        code = check_one(known, found, path, err);
    if (code == MR_OK && rc != SQLITE_DONE)
        code = fail(ours, path, err);
    (void)sqlite3_finalize(known);
    (void)sqlite3_finalize(found);
    return code;
}

/* The version in the header is only a number that anybody can write: the tables must be those
 * that it promises. */
enum mr_code mr_case_check_tables(sqlite3 *db, const char *path, const char *schema_sql,
                                  struct mr_err *err)
{
    sqlite3 *ours = NULL;
    enum mr_code code = check_kinds(db, path, err);
    if (code != MR_OK)
        return code;
    if (sqlite3_open_v2(":memory:", &ours, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(ours, schema_sql, NULL, NULL, NULL) != SQLITE_OK)
        code = fail(ours, path, err);
    if (code == MR_OK)
        code = compare(ours, db, path, err);
    (void)sqlite3_close(ours);
    return code;
}
