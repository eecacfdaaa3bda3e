/* findings.c: runs and tables of a case; see findings.h. */
#include "core/case/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/same_text.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
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
    " col TEXT, text TEXT NOT NULL, config TEXT NOT NULL) STRICT;" MR_LINEAGE_SCHEMA
        MR_PLANBOOK_SCHEMA MR_DICTIONARY_SCHEMA MR_PAGES_SCHEMA MR_DOUBLED_SCHEMA MR_EVIDENCE_SCHEMA
    "PRAGMA user_version=2";

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

void mr_find_counts_add(struct mr_find_counts *sum, const struct mr_find_counts *more)
{
    sum->source_rows += more->source_rows;
    sum->target_rows += more->target_rows;
    sum->bytes += more->bytes;
    sum->missing += more->missing;
    sum->extra += more->extra;
    sum->changed += more->changed;
    sum->collision += more->collision;
    sum->moved += more->moved;
    sum->null_identities += more->null_identities;
}

uint64_t mr_find_counts_differing(const struct mr_find_counts *counts)
{
    return counts->missing + counts->extra + counts->changed + counts->collision;
}

unsigned mr_find_counts_kinds(const struct mr_find_counts *counts)
{
    return (counts->missing > 0 ? 1U << MR_KIND_MISSING : 0) |
           (counts->extra > 0 ? 1U << MR_KIND_EXTRA : 0) |
           (counts->changed > 0 ? 1U << MR_KIND_CHANGED : 0) |
           (counts->collision > 0 ? 1U << MR_KIND_COLLISION : 0);
}

enum mr_verdict mr_find_counts_verdict(const struct mr_find_counts *counts, uint64_t unsettled)
{
    if (mr_find_counts_differing(counts) > 0)
        return MR_VERDICT_DIVERGED;
    return unsettled > 0 ? MR_VERDICT_UNSETTLED : MR_VERDICT_EQUAL;
}

enum mr_code mr_findings_begin(struct mr_findings *fd, struct mr_err *err)
{
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_begin(fd->cf, err);
    if (code != MR_OK)
        mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_end(struct mr_findings *fd, enum mr_code code, struct mr_err *err)
{
    if (code == MR_OK)
        code = mr_case_commit(fd->cf, err);
    if (code != MR_OK)
        mr_case_rollback(fd->cf);
    mr_case_unlock(fd->cf);
    return code;
}

/* The two statements that run for every chunk and suspect are prepared once; a reader has no use
 * for them. */
enum mr_code mr_findings_open(const char *path, enum mr_case_mode mode, struct mr_findings **out,
                              struct mr_err *err)
{
    struct mr_findings *fd = calloc(1, sizeof *fd);
    if (fd == NULL)
        return mr_err_nomem(err, "opening the case file");
    enum mr_code code = mr_case_open(path, mode, schema_sql, MR_FINDINGS_VERSION, &fd->cf, err);
    const struct mr_case_sql list[] = {
        {&fd->add_chunk,
         "INSERT INTO chunk (tbl, segment, no, hi, last, source_rows, target_rows, bytes,"
         " equal) VALUES (:tbl, :segment, :no, :hi, :last, :source_rows, :target_rows,"
         " :bytes, :equal)"},
        {&fd->add_suspect, "INSERT INTO finding (id, tbl, segment, chunk, pos, equal, key)"
                           " VALUES (:id, :tbl, :segment, :chunk, :pos, :equal, :key)"}};
    if (code == MR_OK)
        code = mr_findings_images_new(&fd->images, err);
    if (code == MR_OK && mode == MR_CASE_WRITE)
        code = mr_case_prepare_all(fd->cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK && mode == MR_CASE_WRITE)
        code = mr_case_exec(fd->cf, MR_PAGES_SCHEMA MR_DOUBLED_SCHEMA, err);
    if (code == MR_OK)
        code = mr_case_has_table(fd->cf, "suspect_page", &fd->has_pages, err);
    if (code == MR_OK)
        code = mr_case_has_table(fd->cf, "doubled", &fd->has_doubled, err);
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
    mr_findings_images_free(fd->images);
    free(fd);
    return code;
}

enum mr_code mr_findings_copy(const char *path, const char *copy, struct mr_err *err)
{
    struct mr_case *cf = NULL;
    MR_TRY(mr_case_open(path, MR_CASE_READ, schema_sql, MR_FINDINGS_VERSION, &cf, err));
    mr_case_heed_signals(cf, false);
    enum mr_code code = mr_case_copy(cf, copy, err);
    enum mr_code closed = mr_case_close(cf, code == MR_OK ? err : NULL);
    return code == MR_OK ? closed : code;
}

enum mr_code mr_findings_run_begin(struct mr_findings *fd, struct mr_find_run *run,
                                   struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf,
                     "INSERT INTO run (uuid, source, target, options, started)"
                     " VALUES (:uuid, :source, :target, :options, :started)",
                     err, MR_ARG_TEXT("uuid", run->uuid), MR_ARG_TEXT("source", run->source),
                     MR_ARG_TEXT("target", run->target), MR_ARG_TEXT("options", run->options),
                     MR_ARG_TEXT("started", run->started));
    run->id = fd->run = mr_case_last_id(fd->cf);
    return mr_findings_end(fd, code, err);
}

#define RUN_COLUMNS                                                                                \
    "SELECT id, uuid, source, target, options, started, finished, millis AS seconds,"              \
    " replication, hidden, objects_done, kin_done FROM run "
#define RUN(member, type) MR_CASE_FIELD(struct mr_find_run, member, MR_CASE_##type)

static const struct mr_case_field run_fields[] = MR_CASE_LIST(
    RUN(id, INT), RUN(uuid, TEXT), RUN(source, TEXT), RUN(target, TEXT), RUN(options, TEXT),
    RUN(started, TEXT), RUN(finished, FLAG), RUN(seconds, MILLIS), RUN(replication, TEXT),
    RUN(hidden, TEXT), RUN(objects_done, FLAG), RUN(kin_done, FLAG));

/* The first run that the statement finds; run->id 0 where there is none. */
static enum mr_code first_run(struct mr_findings *fd, const char *sql, const char *uuid,
                              struct mr_arena *arena, struct mr_find_run *run, struct mr_err *err)
{
    const struct mr_case_arg arg = MR_ARG_TEXT("uuid", uuid);
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    run->id = 0;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_prepare_with(fd->cf, sql, &arg, uuid != NULL, &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(run_fields), arena, run, &row, err);
    if (row)
        fd->run = run->id;
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
    if (mr_case_prepare(fd->cf, "SELECT uuid FROM run ORDER BY id DESC LIMIT 5", &stmt, NULL) ==
        MR_OK)
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
    int64_t found = 0;
    mr_case_lock(fd->cf);
    (void)MR_CASE_NUMBER(fd->cf, "SELECT 1 FROM run WHERE instr(uuid, :uuid) > 0 LIMIT 1", &found,
                         NULL, MR_ARG_TEXT("uuid", uuid));
    mr_case_unlock(fd->cf);
    return found != 0;
}

#define USUAL "ORDER BY finished DESC, id DESC LIMIT 1"

enum mr_code mr_findings_run_is_usual(struct mr_findings *fd, const struct mr_find_run *run,
                                      bool *is, struct mr_err *err)
{
    int64_t usual = 0;
    mr_case_lock(fd->cf);
    enum mr_code code =
        mr_case_number_with(fd->cf, "SELECT id FROM run " USUAL, NULL, 0, &usual, err);
    mr_case_unlock(fd->cf);
    *is = usual == run->id;
    return code;
}

/* A part of a name is enough where only one run has it. Without a name it is the run that
 * finished last. */
enum mr_code mr_findings_run_choose(struct mr_findings *fd, const char *uuid,
                                    struct mr_arena *arena, struct mr_find_run *run,
                                    struct mr_err *err)
{
    enum mr_code code =
        first_run(fd,
                  uuid != NULL ? RUN_COLUMNS
                      "WHERE uuid = :uuid OR (instr(uuid, :uuid) > 0 AND (SELECT count(*) FROM run"
                      " WHERE instr(uuid, :uuid) > 0) = 1) ORDER BY uuid = :uuid DESC LIMIT 1"
                               : RUN_COLUMNS USUAL,
                  uuid, arena, run, err);
    if (code != MR_OK || run->id != 0)
        return code;
    if (uuid != NULL && is_part_of_any(fd, uuid))
        (void)mr_err_set(err, MR_E_NO_SUCH,
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
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = MR_CASE_ONCE(
        fd->cf,
        "UPDATE run SET finished=:finished, millis=:millis,"
        " replication=:replication, hidden=:hidden,"
        " objects_done=:objects_done, kin_done=:kin_done WHERE id=:id",
        err, MR_ARG_INT("finished", run->finished), MR_ARG_INT("millis", run->seconds * 1000),
        MR_ARG_TEXT("replication", run->replication), MR_ARG_TEXT("hidden", run->hidden),
        MR_ARG_INT("objects_done", run->objects_done), MR_ARG_INT("kin_done", run->kin_done),
        MR_ARG_INT("id", run->id));
    if (code == MR_OK)
        code = mr_findings_pages_end(fd, err);
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
#define COL_AS(name, member, type)                                                                 \
    MR_CASE_FIELD_AS(name, struct mr_find_column, member, MR_CASE_##type)
#define COL(member, type) COL_AS(#member, member, type)

static const struct mr_case_field column_fields[] = MR_CASE_LIST(
    COL(name, TEXT), COL_AS("cls", style.cls, SMALL), COL_AS("decimals", style.decimals, SMALL),
    COL(show_at, INT), COL(charset, TEXT), COL(key_at, SMALL), COL(identity_at, SMALL),
    COL(flag_at, SMALL), COL(normalise, FLAG), COL(type, TEXT), COL(masked, FLAG));

/* Positions from the file are used as indices later on: what does not fit together is refused
 * here, once for all readers. */
static enum mr_code load_columns(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                                 struct mr_vec *columns, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT name, cls, decimals, show_at, charset, key_at, identity_at, flag_at,"
        " normalise, type, masked FROM col WHERE tbl=:tbl ORDER BY at",
        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(column_fields), arena, columns, err);
    mr_case_free(stmt);
    if (code == MR_OK && !is_sound(columns))
        code = mr_err_set(err, MR_E_CASE, "the case is damaged: columns of a table");
    return code;
}

/* Whether a resumed run may go on with what it has: images and keys are laid out by exactly
 * these properties, and any other one would read them wrongly. */
static bool same_columns(const struct mr_find_table *table, const struct mr_vec *known)
{
    if (known->count != table->ncolumns)
        return false;
    for (size_t i = 0; i < known->count; i++) {
        const struct mr_find_column *a = mr_vec_at(known, i);
        const struct mr_find_column *b = &table->columns[i];
        if (!mr_same_text(a->name, b->name) || a->style.cls != b->style.cls ||
            a->style.decimals != b->style.decimals || a->show_at != b->show_at ||
            !mr_same_text(a->charset, b->charset) || a->key_at != b->key_at ||
            a->identity_at != b->identity_at || a->flag_at != b->flag_at ||
            a->normalise != b->normalise)
            return false;
    }
    return true;
}

static enum mr_code save_columns(struct mr_findings *fd, const struct mr_find_table *table,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf,
        "INSERT INTO col (tbl, at, name, cls, decimals, show_at, charset, key_at,"
        " identity_at, flag_at, normalise, type, masked) VALUES (:tbl, :at, :name, :cls,"
        " :decimals, :show_at, :charset, :key_at, :identity_at, :flag_at, :normalise,"
        " :type, :masked)",
        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        const struct mr_find_column *col = &table->columns[i];
        code = MR_CASE_RUN(
            stmt, err, MR_ARG_INT("tbl", table->id), MR_ARG_INT("at", i),
            MR_ARG_TEXT("name", col->name), MR_ARG_INT("cls", col->style.cls),
            MR_ARG_INT("decimals", col->style.decimals), MR_ARG_INT("show_at", col->show_at),
            MR_ARG_TEXT("charset", col->charset), MR_ARG_INT("key_at", col->key_at),
            MR_ARG_INT("identity_at", col->identity_at), MR_ARG_INT("flag_at", col->flag_at),
            MR_ARG_INT("normalise", col->normalise), MR_ARG_TEXT("type", col->type),
            MR_ARG_INT("masked", col->masked));
    }
    mr_case_free(stmt);
    return code;
}

#define TABLE_COLUMNS                                                                              \
    "SELECT id, name, target_name, keyless, verdict, reason, schema_differs, scanned,"             \
    " settled, source_rows, target_rows, bytes, missing, extra, changed, collision,"               \
    " moved, null_identities, note, identity_known, subject, time_at, windowed FROM "              \
    "tbl "
#define TABLE_AS(name, member, type)                                                               \
    MR_CASE_FIELD_AS(name, struct mr_find_table, member, MR_CASE_##type)
#define TABLE(member, type) TABLE_AS(#member, member, type)
#define COUNT(member) TABLE_AS(#member, counts.member, INT)

static const struct mr_case_field table_fields[] = MR_CASE_LIST(
    TABLE(id, INT), TABLE(name, TEXT), TABLE(target_name, TEXT), TABLE(keyless, FLAG),
    TABLE(verdict, SMALL), TABLE(reason, TEXT), TABLE(schema_differs, FLAG), TABLE(scanned, FLAG),
    TABLE(settled, FLAG), COUNT(source_rows), COUNT(target_rows), COUNT(bytes), COUNT(missing),
    COUNT(extra), COUNT(changed), COUNT(collision), COUNT(moved), COUNT(null_identities),
    TABLE(note, TEXT), TABLE(identity_known, FLAG), TABLE(subject, SMALL), TABLE(time_at, SMALL),
    TABLE(windowed, FLAG));

static enum mr_code load_tables(struct mr_findings *fd, const char *sql,
                                const struct mr_case_arg *args, size_t count,
                                struct mr_arena *arena, struct mr_vec *tables, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(fd->cf, sql, args, count, &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(table_fields), arena, tables, err);
    mr_case_free(stmt);
    return code;
}

/* Finds the table of the current run by name; table->id stays 0 if it is new. */
static enum mr_code find_table(struct mr_findings *fd, const char *name, struct mr_arena *arena,
                               struct mr_find_table *table, struct mr_err *err)
{
    struct mr_vec found = MR_VEC_INIT(struct mr_find_table);
    enum mr_code code = load_tables(
        fd, TABLE_COLUMNS "WHERE run=:run AND name=:name",
        MR_CASE_ARGS(MR_ARG_INT("run", fd->run), MR_ARG_TEXT("name", name)), arena, &found, err);
    if (code == MR_OK && found.count > 0)
        *table = *(const struct mr_find_table *)mr_vec_at(&found, 0);
    mr_vec_release(&found);
    return code;
}

static enum mr_code insert_table(struct mr_findings *fd, struct mr_find_table *table,
                                 struct mr_err *err)
{
    enum mr_code code = MR_CASE_ONCE(
        fd->cf,
        "INSERT INTO tbl (run, name, target_name, keyless, identity_known, subject,"
        " time_at, windowed, verdict, schema_differs, scanned, settled, source_rows,"
        " target_rows, bytes, missing, extra, changed, collision, moved,"
        " null_identities) VALUES (:run, :name, :target_name, :keyless, :identity_known,"
        " :subject, :time_at, :windowed, 0,0,0,0,0,0,0,0,0,0,0,0,0)",
        err, MR_ARG_INT("run", fd->run), MR_ARG_TEXT("name", table->name),
        MR_ARG_TEXT("target_name", table->target_name), MR_ARG_INT("keyless", table->keyless),
        MR_ARG_INT("identity_known", table->identity_known), MR_ARG_INT("subject", table->subject),
        MR_ARG_INT("time_at", table->time_at), MR_ARG_INT("windowed", table->windowed));
    table->id = mr_case_last_id(fd->cf);
    return code;
}

/* Statements with one parameter, a table. */
static enum mr_code delete_all(struct mr_findings *fd, const char *const *sql, size_t count,
                               int64_t table, struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        MR_TRY(MR_CASE_ONCE(fd->cf, sql[i], err, MR_ARG_INT("tbl", table)));
    return MR_OK;
}

static enum mr_code clear_table(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    static const char *const deletes[] = {
        "DELETE FROM finding WHERE tbl=:tbl", "DELETE FROM chunk WHERE tbl=:tbl",
        "DELETE FROM segment WHERE tbl=:tbl", "DELETE FROM moved WHERE tbl=:tbl",
        "DELETE FROM duplicate WHERE tbl=:tbl"};
    MR_TRY(delete_all(fd, deletes, sizeof deletes / sizeof deletes[0], table, err));
    if (fd->has_pages)
        MR_TRY(MR_CASE_ONCE(fd->cf, "DELETE FROM suspect_page WHERE tbl=:tbl", err,
                            MR_ARG_INT("tbl", table)));
    if (fd->has_doubled)
        MR_TRY(MR_CASE_ONCE(fd->cf, "DELETE FROM doubled WHERE tbl=:tbl", err,
                            MR_ARG_INT("tbl", table)));
    return mr_findings_alike_forget(fd, table, err);
}

/* Takes over what an earlier try of this run knows of the table, or drops it. */
static enum mr_code adopt_table(struct mr_findings *fd, struct mr_find_table *table,
                                const struct mr_find_table *old, bool *known, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec columns = MR_VEC_INIT(struct mr_find_column);
    enum mr_code code = load_columns(fd, old->id, &arena, &columns, err);
    table->id = old->id;
    if (code == MR_OK && old->keyless == table->keyless && same_columns(table, &columns)) {
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
        code =
            MR_CASE_ONCE(fd->cf, "DELETE FROM col WHERE tbl=:tbl", err, MR_ARG_INT("tbl", old->id));
    if (code == MR_OK)
        code = save_columns(fd, table, err);
    mr_vec_release(&columns);
    mr_arena_release(&arena);
    return code;
}

/* A table that the run has already is taken up again with its chunks where it is the same still:
 * this is how an interrupted check goes on. */
enum mr_code mr_findings_table_add(struct mr_findings *fd, struct mr_find_table *table, bool *known,
                                   struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table old = {0};
    *known = false;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = find_table(fd, table->name, &arena, &old, err);
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

enum mr_code mr_findings_table_save(struct mr_findings *fd, const struct mr_find_table *table,
                                    struct mr_err *err)
{
    const struct mr_find_counts *c = &table->counts;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = MR_CASE_ONCE(
        fd->cf,
        "UPDATE tbl SET verdict=:verdict, reason=:reason, schema_differs=:schema_differs,"
        " scanned=:scanned, settled=:settled, source_rows=:source_rows,"
        " target_rows=:target_rows, bytes=:bytes, missing=:missing, extra=:extra,"
        " changed=:changed, collision=:collision, moved=:moved,"
        " null_identities=:null_identities, note=:note, identity_known=:identity_known,"
        " subject=:subject, time_at=:time_at, windowed=:windowed WHERE id=:id",
        err, MR_ARG_INT("verdict", table->verdict), MR_ARG_TEXT("reason", table->reason),
        MR_ARG_INT("schema_differs", table->schema_differs), MR_ARG_INT("scanned", table->scanned),
        MR_ARG_INT("settled", table->settled), MR_ARG_INT("source_rows", c->source_rows),
        MR_ARG_INT("target_rows", c->target_rows), MR_ARG_INT("bytes", c->bytes),
        MR_ARG_INT("missing", c->missing), MR_ARG_INT("extra", c->extra),
        MR_ARG_INT("changed", c->changed), MR_ARG_INT("collision", c->collision),
        MR_ARG_INT("moved", c->moved), MR_ARG_INT("null_identities", c->null_identities),
        MR_ARG_TEXT("note", table->note), MR_ARG_INT("identity_known", table->identity_known),
        MR_ARG_INT("subject", table->subject), MR_ARG_INT("time_at", table->time_at),
        MR_ARG_INT("windowed", table->windowed), MR_ARG_INT("id", table->id));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_table_clear(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = clear_table(fd, table, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_table_drop(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    static const char *const deletes[] = {"DELETE FROM col WHERE tbl=:tbl",
                                          "DELETE FROM counter WHERE tbl=:tbl",
                                          "DELETE FROM tbl WHERE id=:tbl"};
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = clear_table(fd, table, err);
    if (code == MR_OK)
        code = mr_findings_made_forget(fd, table, err);
    if (code == MR_OK)
        code = delete_all(fd, deletes, sizeof deletes / sizeof deletes[0], table, err);
    return mr_findings_end(fd, code, err);
}

/* What a table that was read has besides: its columns, and suspects that queries of finding do not
 * meet. */
static enum mr_code complete(struct mr_findings *fd, struct mr_arena *arena,
                             struct mr_find_table *table, struct mr_err *err)
{
    struct mr_vec columns = MR_VEC_INIT(struct mr_find_column);
    enum mr_code code = load_columns(fd, table->id, arena, &columns, err);
    table->ncolumns = columns.count;
    table->columns = (const struct mr_find_column *)(void *)mr_arena_dup(
        arena, columns.items, columns.count * sizeof(struct mr_find_column));
    if (code == MR_OK && table->columns == NULL)
        code = mr_err_nomem(err, "reading the case file");
    bool paged = false;
    if (code == MR_OK)
        code = mr_findings_has_pages(fd, table->id, &paged, err);
    table->settled = table->settled && !paged;
    mr_vec_release(&columns);
    return code;
}

enum mr_code mr_findings_table_find(struct mr_findings *fd, const char *name,
                                    struct mr_arena *arena, struct mr_find_table *table,
                                    bool *found, struct mr_err *err)
{
    *table = (struct mr_find_table){0};
    mr_case_lock(fd->cf);
    enum mr_code code = find_table(fd, name, arena, table, err);
    *found = code == MR_OK && table->id != 0;
    if (*found)
        code = complete(fd, arena, table, err);
    mr_case_unlock(fd->cf);
    return code;
}

/* One lock over all of it: tables and their columns are those of one moment. */
enum mr_code mr_findings_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_find_table **tables, size_t *count, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_find_table);
    mr_case_lock(fd->cf);
    enum mr_code code = load_tables(fd, TABLE_COLUMNS "WHERE run=:run ORDER BY name",
                                    MR_CASE_ARGS(MR_ARG_INT("run", fd->run)), arena, &list, err);
    *count = list.count;
    *tables = mr_arena_calloc(arena, list.count + 1, sizeof **tables);
    if (code == MR_OK && *tables == NULL)
        code = mr_err_nomem(err, "reading the case file");
    for (size_t i = 0; code == MR_OK && i < list.count; i++) {
        (*tables)[i] = *(struct mr_find_table *)mr_vec_at(&list, i);
        code = complete(fd, arena, &(*tables)[i], err);
    }
    if (code == MR_OK)
        code = mr_findings_alike_read(fd, arena, *tables, *count, err);
    mr_case_unlock(fd->cf);
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
