/* findings.c: runs and tables of a case; see findings.h. */
#include "core/case/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/findings_internal.h"

static const char schema_sql[] =
    "CREATE TABLE run (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, source TEXT NOT NULL,"
    " target TEXT NOT NULL, options TEXT NOT NULL, started TEXT NOT NULL,"
    " finished INT NOT NULL DEFAULT 0,"
    " millis INT NOT NULL DEFAULT 0, replication TEXT, hidden TEXT,"
    " objects_done INT NOT NULL DEFAULT 0, kin_done INT NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE tbl (id INTEGER PRIMARY KEY, run INT NOT NULL, name TEXT NOT NULL,"
    " target_name TEXT NOT NULL, keyless INT NOT NULL, verdict INT NOT NULL,"
    " reason TEXT, schema_differs INT NOT NULL, scanned INT NOT NULL,"
    " settled INT NOT NULL, source_rows INT NOT NULL, target_rows INT NOT NULL,"
    " bytes INT NOT NULL, missing INT NOT NULL, extra INT NOT NULL,"
    " changed INT NOT NULL, collision INT NOT NULL, moved INT NOT NULL,"
    " null_identities INT NOT NULL, note TEXT, identity_known INT NOT NULL DEFAULT 0,"
    " subject INT NOT NULL DEFAULT 0, time_at INT NOT NULL DEFAULT -1,"
    " windowed INT NOT NULL DEFAULT 0,"
    " UNIQUE (run, name)) STRICT;"
    "CREATE TABLE col (tbl INT NOT NULL, at INT NOT NULL, name TEXT NOT NULL,"
    " cls INT NOT NULL, decimals INT NOT NULL, show_at INT NOT NULL, charset TEXT,"
    " key_at INT NOT NULL, identity_at INT NOT NULL, flag_at INT NOT NULL,"
    " normalise INT NOT NULL, type TEXT, masked INT NOT NULL, PRIMARY KEY (tbl, at))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE segment (tbl INT NOT NULL, no INT NOT NULL, lo BLOB, hi BLOB,"
    " PRIMARY KEY (tbl, no)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE chunk (tbl INT NOT NULL, segment INT NOT NULL, no INT NOT NULL,"
    " hi BLOB, last INT NOT NULL, source_rows INT NOT NULL, target_rows INT NOT NULL,"
    " bytes INT NOT NULL, equal INT NOT NULL, PRIMARY KEY (tbl, segment, no))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE finding (id INTEGER PRIMARY KEY, tbl INT NOT NULL,"
    " segment INT NOT NULL, chunk INT NOT NULL, pos INT NOT NULL, equal INT NOT NULL,"
    " key BLOB, state INT NOT NULL DEFAULT 0, kind INT NOT NULL DEFAULT 0,"
    " count INT NOT NULL DEFAULT 1, source_id BLOB, target_id BLOB, source BLOB,"
    " target BLOB) STRICT;"
    "CREATE INDEX finding_state ON finding (tbl, state);"
    "CREATE INDEX finding_order ON finding (tbl, segment, chunk, pos);"
    "CREATE INDEX finding_key ON finding (tbl, key);"
    "CREATE TABLE moved (tbl INT NOT NULL, source INT NOT NULL, target INT NOT NULL,"
    " PRIMARY KEY (tbl, source, target)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE duplicate (tbl INT NOT NULL, side INT NOT NULL,"
    " identity BLOB NOT NULL, image BLOB NOT NULL, PRIMARY KEY (tbl, side, identity,"
    " image)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE object (id INTEGER PRIMARY KEY, run INT NOT NULL, kind TEXT NOT NULL,"
    " tbl TEXT, name TEXT, source TEXT, target TEXT, db TEXT) STRICT;"
    "CREATE TABLE counter (tbl INTEGER PRIMARY KEY, col TEXT NOT NULL,"
    " source_next TEXT NOT NULL, source_greatest TEXT NOT NULL,"
    " target_next TEXT NOT NULL, target_greatest TEXT NOT NULL) STRICT;"
    "CREATE TABLE advice (id INTEGER PRIMARY KEY, run INT NOT NULL, tbl TEXT NOT NULL,"
    " col TEXT, text TEXT NOT NULL, config TEXT NOT NULL) STRICT;" MR_KIN_SCHEMA
        MR_PLAN_SCHEMA;

const char *mr_kind_name(enum mr_find_kind kind)
{
    switch (kind) {
    case MR_KIND_MISSING: return "missing";
    case MR_KIND_EXTRA: return "extra";
    case MR_KIND_CHANGED: return "changed";
    case MR_KIND_COLLISION: return "collision";
    case MR_KIND_UNDECIDED: break;
    }
    return "undecided";
}

const char *mr_verdict_name(enum mr_verdict verdict)
{
    switch (verdict) {
    case MR_VERDICT_EQUAL: return "equal";
    case MR_VERDICT_DIVERGED: return "diverged";
    case MR_VERDICT_UNSETTLED: return "unsettled";
    case MR_VERDICT_NOT_CHECKED:
    case MR_VERDICT_UNDECIDED: break;
    }
    return "not-checked";
}

enum mr_code mr_findings_begin(struct mr_findings *fd, struct mr_err *err)
{
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_begin(fd->cf, err);
    if (code != MR_OK)
        mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_end(struct mr_findings *fd, enum mr_code code,
                             struct mr_err *err)
{
    if (code == MR_OK)
        code = mr_case_commit(fd->cf, err);
    if (code != MR_OK)
        mr_case_rollback(fd->cf);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_prepare(struct mr_findings *fd, const char *sql, int64_t id,
                                 struct mr_case_stmt **stmt, struct mr_err *err)
{
    enum mr_code code = mr_case_prepare(fd->cf, sql, stmt, err);
    if (code == MR_OK)
        mr_case_bind_int(*stmt, 1, id);
    return code;
}

enum mr_code mr_findings_run_int(struct mr_findings *fd, const char *sql, int64_t value,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_prepare(fd, sql, value, &stmt, err);
    if (code == MR_OK)
        code = mr_case_run(stmt, err);
    mr_case_free(stmt);
    return code;
}

const char *mr_findings_text(struct mr_case_stmt *stmt, int column,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err)
{
    const char *text = mr_case_text(stmt, column);
    if (text == NULL)
        return NULL;
    const char *copy = mr_arena_strdup(arena, text);
    if (copy == NULL)
        *code = mr_err_nomem(err, "reading the case file");
    return copy;
}

const void *mr_findings_blob(struct mr_case_stmt *stmt, int column, size_t *len,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err)
{
    const void *bytes = mr_case_blob(stmt, column, len);
    if (bytes == NULL)
        return NULL;
    const void *copy = mr_arena_dup(arena, bytes, *len);
    if (copy == NULL)
        *code = mr_err_nomem(err, "reading the case file");
    return copy;
}

enum mr_code mr_findings_open(const char *path, enum mr_case_mode mode,
                              struct mr_findings **out, struct mr_err *err)
{
    struct mr_findings *fd = calloc(1, sizeof *fd);
    if (fd == NULL)
        return mr_err_nomem(err, "opening the case file");
    enum mr_code code =
        mr_case_open(path, mode, schema_sql, MR_FINDINGS_VERSION, &fd->cf, err);
    if (code == MR_OK && mode == MR_CASE_WRITE)
        code = mr_case_prepare(fd->cf,
                               "INSERT INTO chunk (tbl, segment, no, hi, last,"
                               " source_rows, target_rows, bytes, equal)"
                               " VALUES (?,?,?,?,?,?,?,?,?)",
                               &fd->add_chunk, err);
    if (code == MR_OK && mode == MR_CASE_WRITE)
        code =
            mr_case_prepare(fd->cf,
                            "INSERT INTO finding (tbl, segment, chunk, pos, equal, key)"
                            " VALUES (?,?,?,?,?,?)",
                            &fd->add_suspect, err);
    if (code != MR_OK) {
        (void)mr_findings_close(fd, NULL);
        return code;
    }
    *out = fd;
    return MR_OK;
}

enum mr_code mr_findings_close(struct mr_findings *fd, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (fd == NULL)
        return code;
    mr_case_free(fd->add_chunk);
    mr_case_free(fd->add_suspect);
    if (fd->cf != NULL)
        code = mr_case_close(fd->cf, err);
    free(fd);
    return code;
}

enum mr_code mr_findings_run_begin(struct mr_findings *fd, struct mr_find_run *run,
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(fd->cf,
                           "INSERT INTO run (uuid, source, target, options, started)"
                           " VALUES (?,?,?,?,?)",
                           &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, run->uuid);
        mr_case_bind_text(stmt, 2, run->source);
        mr_case_bind_text(stmt, 3, run->target);
        mr_case_bind_text(stmt, 4, run->options);
        mr_case_bind_text(stmt, 5, run->started);
        code = mr_case_run(stmt, err);
        run->id = fd->run = mr_case_last_id(fd->cf);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

static enum mr_code read_run(struct mr_findings *fd, struct mr_case_stmt *stmt,
                             struct mr_arena *arena, struct mr_find_run *run,
                             struct mr_err *err)
{
    enum mr_code code = MR_OK;
    run->id = fd->run = mr_case_int(stmt, 0);
    run->uuid = mr_findings_text(stmt, 1, arena, &code, err);
    run->source = mr_findings_text(stmt, 2, arena, &code, err);
    run->target = mr_findings_text(stmt, 3, arena, &code, err);
    run->options = mr_findings_text(stmt, 4, arena, &code, err);
    run->started = mr_findings_text(stmt, 5, arena, &code, err);
    run->finished = mr_case_int(stmt, 6) != 0;
    run->seconds = (double)mr_case_int(stmt, 7) / 1000;
    run->replication = mr_findings_text(stmt, 8, arena, &code, err);
    run->hidden = mr_findings_text(stmt, 9, arena, &code, err);
    run->objects_done = mr_case_int(stmt, 10) != 0;
    run->kin_done = mr_case_int(stmt, 11) != 0;
    return code;
}

#define RUN_COLUMNS                                                                      \
    "SELECT id, uuid, source, target, options, started, finished, millis, replication,"  \
    " hidden, objects_done, kin_done FROM run "

/* The first run that the statement finds; run->id 0 where there is none. */
static enum mr_code first_run(struct mr_findings *fd, const char *sql, const char *uuid,
                              struct mr_arena *arena, struct mr_find_run *run,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    run->id = 0;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_prepare(fd->cf, sql, &stmt, err);
    if (code == MR_OK && uuid != NULL)
        mr_case_bind_text(stmt, 1, uuid);
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row)
        code = read_run(fd, stmt, arena, run, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    for (int side = 0; code == MR_OK && row && side < 2; side++)
        code = mr_findings_uri_whole(fd, arena, side == 0 ? run->source : run->target,
                                     &run->uri[side], err);
    return code;
}

enum mr_code mr_findings_run_last(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_find_run *run, struct mr_err *err)
{
    return first_run(fd, RUN_COLUMNS "ORDER BY id DESC LIMIT 1", NULL, arena, run, err);
}

/* The latest runs, for somebody who has named one that is not there. */
static void hint_runs(struct mr_findings *fd, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf hint = MR_STRBUF_INIT;
    bool row = false;
    mr_case_lock(fd->cf);
    if (mr_case_prepare(fd->cf, "SELECT uuid FROM run ORDER BY id DESC LIMIT 5", &stmt,
                        NULL) == MR_OK)
        while (mr_case_step(stmt, &row, NULL) == MR_OK && row)
            mr_strbuf_add_fmt(&hint, "%s %s", hint.len > 0 ? "," : "The last runs are",
                              mr_case_text(stmt, 0));
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    if (!hint.failed && hint.len > 0)
        mr_err_hint(err, "%s.", hint.ptr);
    else
        mr_err_hint(err, "Run myrecon check with --case first.");
    mr_strbuf_release(&hint);
}

static bool is_part_of_any(struct mr_findings *fd, const char *uuid)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    if (mr_case_prepare(fd->cf, "SELECT 1 FROM run WHERE instr(uuid, ?) > 0 LIMIT 1",
                        &stmt, NULL) == MR_OK) {
        mr_case_bind_text(stmt, 1, uuid);
        (void)mr_case_step(stmt, &row, NULL);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return row;
}

enum mr_code mr_findings_run_choose(struct mr_findings *fd, const char *uuid,
                                    struct mr_arena *arena, struct mr_find_run *run,
                                    struct mr_err *err)
{
    enum mr_code code = first_run(
        fd,
        uuid != NULL ? RUN_COLUMNS
            "WHERE uuid = ?1 OR (instr(uuid, ?1) > 0 AND (SELECT count(*) FROM run WHERE"
            " instr(uuid, ?1) > 0) = 1) ORDER BY uuid = ?1 DESC LIMIT 1"
                     : RUN_COLUMNS "ORDER BY finished DESC, id DESC LIMIT 1",
        uuid, arena, run, err);
    if (code != MR_OK || run->id != 0)
        return code;
    if (uuid != NULL && is_part_of_any(fd, uuid))
        (void)mr_err_set(
            err, MR_E_NO_SUCH,
            "several runs of the case file \"%s\" have \"%s\" in their names",
            mr_case_path(fd->cf), uuid);
    else if (uuid != NULL)
        (void)mr_err_set(err, MR_E_NO_SUCH, "the case file \"%s\" has no run \"%s\"",
                         mr_case_path(fd->cf), uuid);
    else
        (void)mr_err_set(err, MR_E_NO_SUCH, "the case file \"%s\" holds no run",
                         mr_case_path(fd->cf));
    hint_runs(fd, err);
    return MR_E_NO_SUCH;
}

enum mr_code mr_findings_run_end(struct mr_findings *fd, const struct mr_find_run *run,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(fd->cf,
                           "UPDATE run SET finished=?1, millis=?2, replication=?3,"
                           " hidden=?4, objects_done=?5, kin_done=?6 WHERE id=?7",
                           &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, run->finished);
        mr_case_bind_int(stmt, 2, (int64_t)(run->seconds * 1000));
        mr_case_bind_text(stmt, 3, run->replication);
        mr_case_bind_text(stmt, 4, run->hidden);
        mr_case_bind_int(stmt, 5, run->objects_done);
        mr_case_bind_int(stmt, 6, run->kin_done);
        mr_case_bind_int(stmt, 7, run->id);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

static int part_of(const struct mr_vec *columns, size_t i, bool of_key)
{
    const struct mr_find_column *col = mr_vec_at(columns, i);
    return of_key ? col->key_at : col->identity_at;
}

/* Have the columns the parts 0, 1, … of a role, each once? */
static bool is_numbered(const struct mr_vec *columns, bool of_key)
{
    size_t parts = 0;
    for (size_t i = 0; i < columns->count; i++)
        parts += part_of(columns, i, of_key) >= 0;
    for (size_t n = 0; n < parts; n++) {
        size_t found = 0;
        for (size_t i = 0; i < columns->count; i++)
            found += part_of(columns, i, of_key) == (int)n;
        if (found != 1)
            return false;
    }
    return true;
}

#define DECIMALS_MAX 255 /* no server has as many */

/* Whoever reads images goes by these numbers; a file may say anything. */
static bool is_sound(const struct mr_vec *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mr_find_column *col = mr_vec_at(columns, i);
        if (col->name == NULL || (unsigned)col->style.cls >= MR_CLASSES ||
            col->style.decimals > DECIMALS_MAX)
            return false;
    }
    return is_numbered(columns, true) && is_numbered(columns, false);
}

/* Columns: a table found again must have the same ones, in the same roles. */
static enum mr_code load_columns(struct mr_findings *fd, int64_t table,
                                 struct mr_arena *arena, struct mr_vec *columns,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_findings_prepare(fd,
                            "SELECT name, cls, decimals, show_at, charset,"
                            " key_at, identity_at, flag_at, normalise,"
                            " type, masked FROM col WHERE tbl=?"
                            " ORDER BY at",
                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_column *col = mr_vec_push(columns);
        if (col == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        col->name = mr_findings_text(stmt, 0, arena, &code, err);
        col->style.cls = (enum mr_class)mr_case_int(stmt, 1);
        col->style.decimals = (unsigned)mr_case_int(stmt, 2);
        col->show_at = (size_t)mr_case_int(stmt, 3);
        col->charset = mr_findings_text(stmt, 4, arena, &code, err);
        col->key_at = (int)mr_case_int(stmt, 5);
        col->identity_at = (int)mr_case_int(stmt, 6);
        col->flag_at = (int)mr_case_int(stmt, 7);
        col->normalise = mr_case_int(stmt, 8) != 0;
        col->type = mr_findings_text(stmt, 9, arena, &code, err);
        col->masked = mr_case_int(stmt, 10) != 0;
    }
    mr_case_free(stmt);
    if (code == MR_OK && !is_sound(columns))
        code = mr_err_set(err, MR_E_CASE, "the case is damaged: columns of a table");
    return code;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_columns(const struct mr_find_table *table, const struct mr_vec *known)
{
    if (known->count != table->ncolumns)
        return false;
    for (size_t i = 0; i < known->count; i++) {
        const struct mr_find_column *a = mr_vec_at(known, i);
        const struct mr_find_column *b = &table->columns[i];
        if (!same_text(a->name, b->name) || a->style.cls != b->style.cls ||
            a->style.decimals != b->style.decimals || a->show_at != b->show_at ||
            !same_text(a->charset, b->charset) || a->key_at != b->key_at ||
            a->identity_at != b->identity_at || a->flag_at != b->flag_at ||
            a->normalise != b->normalise)
            return false;
    }
    return true;
}

static enum mr_code save_columns(struct mr_findings *fd,
                                 const struct mr_find_table *table, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf, "INSERT INTO col VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        const struct mr_find_column *col = &table->columns[i];
        mr_case_bind_int(stmt, 1, table->id);
        mr_case_bind_int(stmt, 2, (int64_t)i);
        mr_case_bind_text(stmt, 3, col->name);
        mr_case_bind_int(stmt, 4, (int64_t)col->style.cls);
        mr_case_bind_int(stmt, 5, col->style.decimals);
        mr_case_bind_int(stmt, 6, (int64_t)col->show_at);
        mr_case_bind_text(stmt, 7, col->charset);
        mr_case_bind_int(stmt, 8, col->key_at);
        mr_case_bind_int(stmt, 9, col->identity_at);
        mr_case_bind_int(stmt, 10, col->flag_at);
        mr_case_bind_int(stmt, 11, col->normalise);
        mr_case_bind_text(stmt, 12, col->type);
        mr_case_bind_int(stmt, 13, col->masked);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

static const char table_columns[] =
    "id, name, target_name, keyless, verdict, reason, schema_differs, scanned, settled,"
    " source_rows, target_rows, bytes, missing, extra, changed, collision, moved,"
    " null_identities, note, identity_known, subject, time_at, windowed";

static enum mr_code read_table(struct mr_case_stmt *stmt, struct mr_arena *arena,
                               struct mr_find_table *table, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    uint64_t *counts[] = {&table->counts.source_rows,    &table->counts.target_rows,
                          &table->counts.bytes,          &table->counts.missing,
                          &table->counts.extra,          &table->counts.changed,
                          &table->counts.collision,      &table->counts.moved,
                          &table->counts.null_identities};
    table->id = mr_case_int(stmt, 0);
    table->name = mr_findings_text(stmt, 1, arena, &code, err);
    table->target_name = mr_findings_text(stmt, 2, arena, &code, err);
    table->keyless = mr_case_int(stmt, 3) != 0;
    table->verdict = (enum mr_verdict)mr_case_int(stmt, 4);
    table->reason = mr_findings_text(stmt, 5, arena, &code, err);
    table->schema_differs = mr_case_int(stmt, 6) != 0;
    table->scanned = mr_case_int(stmt, 7) != 0;
    table->settled = mr_case_int(stmt, 8) != 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = (uint64_t)mr_case_int(stmt, (int)(9 + i));
    table->note = mr_findings_text(stmt, 18, arena, &code, err);
    table->identity_known = mr_case_int(stmt, 19) != 0;
    table->subject = (enum mr_find_subject)mr_case_int(stmt, 20);
    table->time_at = (int)mr_case_int(stmt, 21);
    table->windowed = mr_case_int(stmt, 22) != 0;
    return code;
}

/* Finds the table of the current run by name; table->id stays 0 if it is new. */
static enum mr_code find_table(struct mr_findings *fd, const char *name,
                               struct mr_arena *arena, struct mr_find_table *table,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool row = false;
    mr_strbuf_add_fmt(&sql, "SELECT %s FROM tbl WHERE run=? AND name=?", table_columns);
    enum mr_code code = mr_strbuf_check(&sql, "reading the case file", err);
    if (code == MR_OK)
        code = mr_findings_prepare(fd, sql.ptr, fd->run, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 2, name);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && row)
        code = read_table(stmt, arena, table, err);
    mr_case_free(stmt);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code insert_table(struct mr_findings *fd, struct mr_find_table *table,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_prepare(
        fd,
        "INSERT INTO tbl (run, name, target_name, keyless, identity_known, subject,"
        " time_at, windowed, verdict, schema_differs, scanned, settled, source_rows,"
        " target_rows, bytes, missing, extra, changed, collision, moved,"
        " null_identities) VALUES (?,?,?,?,?,?,?,?,0,0,0,0,0,0,0,0,0,0,0,0,0)",
        fd->run, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 2, table->name);
        mr_case_bind_text(stmt, 3, table->target_name);
        mr_case_bind_int(stmt, 4, table->keyless);
        mr_case_bind_int(stmt, 5, table->identity_known);
        mr_case_bind_int(stmt, 6, (int64_t)table->subject);
        mr_case_bind_int(stmt, 7, table->time_at);
        mr_case_bind_int(stmt, 8, table->windowed);
        code = mr_case_run(stmt, err);
        table->id = mr_case_last_id(fd->cf);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code clear_table(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    static const char *const deletes[] = {
        "DELETE FROM finding WHERE tbl=?", "DELETE FROM chunk WHERE tbl=?",
        "DELETE FROM segment WHERE tbl=?", "DELETE FROM moved WHERE tbl=?",
        "DELETE FROM duplicate WHERE tbl=?"};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof deletes / sizeof deletes[0]; i++)
        code = mr_findings_run_int(fd, deletes[i], table, err);
    return code;
}

/* Takes over what an earlier try of this run knows of the table, or drops it. */
static enum mr_code adopt_table(struct mr_findings *fd, struct mr_find_table *table,
                                const struct mr_find_table *old, bool *known,
                                struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec columns = MR_VEC_INIT(struct mr_find_column);
    enum mr_code code = load_columns(fd, old->id, &arena, &columns, err);
    table->id = old->id;
    if (code == MR_OK && old->keyless == table->keyless &&
        same_columns(table, &columns)) {
        *known = true;
        table->verdict = old->verdict;
        table->schema_differs = old->schema_differs;
        table->scanned = old->scanned;
        table->settled = old->settled;
        table->counts = old->counts;
    } else if (code == MR_OK) {
        code = clear_table(fd, old->id, err);
    }
    /* what does not change the findings may have changed: type, mask */
    if (code == MR_OK)
        code = mr_findings_run_int(fd, "DELETE FROM col WHERE tbl=?", old->id, err);
    if (code == MR_OK)
        code = save_columns(fd, table, err);
    mr_vec_release(&columns);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_findings_table_add(struct mr_findings *fd, struct mr_find_table *table,
                                   bool *known, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table old = {0};
    *known = false;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = find_table(fd, table->name, &arena, &old, err);
    if (code == MR_OK && old.id != 0) {
        code = adopt_table(fd, table, &old, known, err);
    } else if (code == MR_OK) {
        code = insert_table(fd, table, err);
        if (code == MR_OK)
            code = save_columns(fd, table, err);
    }
    mr_arena_release(&arena);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_table_save(struct mr_findings *fd,
                                    const struct mr_find_table *table, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    const struct mr_find_counts *c = &table->counts;
    const uint64_t counts[] = {c->source_rows, c->target_rows, c->bytes,
                               c->missing,     c->extra,       c->changed,
                               c->collision,   c->moved,       c->null_identities};
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(fd->cf,
                           "UPDATE tbl SET verdict=?, reason=?, schema_differs=?,"
                           " scanned=?, settled=?, source_rows=?, target_rows=?, bytes=?,"
                           " missing=?, extra=?, changed=?, collision=?, moved=?,"
                           " null_identities=?, note=?, identity_known=?, subject=?,"
                           " time_at=?, windowed=? WHERE id=?",
                           &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, (int64_t)table->verdict);
        mr_case_bind_text(stmt, 2, table->reason);
        mr_case_bind_int(stmt, 3, table->schema_differs);
        mr_case_bind_int(stmt, 4, table->scanned);
        mr_case_bind_int(stmt, 5, table->settled);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            mr_case_bind_int(stmt, (int)(6 + i), (int64_t)counts[i]);
        mr_case_bind_text(stmt, 15, table->note);
        mr_case_bind_int(stmt, 16, table->identity_known);
        mr_case_bind_int(stmt, 17, (int64_t)table->subject);
        mr_case_bind_int(stmt, 18, table->time_at);
        mr_case_bind_int(stmt, 19, table->windowed);
        mr_case_bind_int(stmt, 20, table->id);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_table_clear(struct mr_findings *fd, int64_t table,
                                     struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = clear_table(fd, table, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_table_drop(struct mr_findings *fd, int64_t table,
                                    struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = clear_table(fd, table, err);
    if (code == MR_OK)
        code = mr_findings_run_int(fd, "DELETE FROM col WHERE tbl=?", table, err);
    if (code == MR_OK)
        code = mr_findings_run_int(fd, "DELETE FROM counter WHERE tbl=?", table, err);
    if (code == MR_OK)
        code = mr_findings_made_forget(fd, table, err);
    if (code == MR_OK)
        code = mr_findings_run_int(fd, "DELETE FROM tbl WHERE id=?", table, err);
    return mr_findings_end(fd, code, err);
}

static enum mr_code load_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *tables, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool row = false;
    mr_strbuf_add_fmt(&sql, "SELECT %s FROM tbl WHERE run=? ORDER BY name",
                      table_columns);
    enum mr_code code = mr_strbuf_check(&sql, "reading the case file", err);
    if (code == MR_OK)
        code = mr_findings_prepare(fd, sql.ptr, fd->run, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_table *table = mr_vec_push(tables);
        code = table != NULL ? read_table(stmt, arena, table, err)
                             : mr_err_nomem(err, "reading the case file");
    }
    mr_case_free(stmt);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_findings_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_find_table **tables, size_t *count,
                                struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_find_table);
    struct mr_vec columns = MR_VEC_INIT(struct mr_find_column);
    mr_case_lock(fd->cf);
    enum mr_code code = load_tables(fd, arena, &list, err);
    *count = list.count;
    *tables = mr_arena_calloc(arena, list.count + 1, sizeof **tables);
    if (code == MR_OK && *tables == NULL)
        code = mr_err_nomem(err, "reading the case file");
    for (size_t i = 0; code == MR_OK && i < list.count; i++) {
        struct mr_find_table *table = &(*tables)[i];
        *table = *(struct mr_find_table *)mr_vec_at(&list, i);
        mr_vec_clear(&columns);
        code = load_columns(fd, table->id, arena, &columns, err);
        table->ncolumns = columns.count;
        table->columns = (const struct mr_find_column *)(void *)mr_arena_dup(
            arena, columns.items, columns.count * sizeof(struct mr_find_column));
        if (code == MR_OK && table->columns == NULL)
            code = mr_err_nomem(err, "reading the case file");
    }
    mr_case_unlock(fd->cf);
    mr_vec_release(&columns);
    mr_vec_release(&list);
    return code;
}

struct mr_case *mr_findings_case(struct mr_findings *fd)
{
    return fd->cf;
}

int64_t mr_findings_run_id(const struct mr_findings *fd)
{
    return fd->run;
}
