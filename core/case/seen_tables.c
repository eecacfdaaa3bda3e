/* seen_tables.c: see seen_tables.h. */
#include "core/case/seen_tables.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"
#include "core/row/row.h"

int mr_seen_tables_by_name(const void *a, const void *b)
{
    return strcmp(((const struct mr_seen_table *)a)->name, ((const struct mr_seen_table *)b)->name);
}

/* The digest of all stands under no name. */
static enum mr_code insert_digest(struct mr_case_stmt *insert, const struct mr_findings *fd,
                                  int side, const struct mr_strbuf *all, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const struct mr_digest digest = mr_digest_bytes(all->ptr, all->len);
    mr_strbuf_add_hex(&text, &digest, sizeof digest);
    enum mr_code code = mr_strbuf_check(all, "keeping tables", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "keeping tables", err);
    if (code == MR_OK)
        code = MR_CASE_RUN(insert, err, MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side),
                           MR_ARG_TEXT("name", ""), MR_ARG_TEXT("columns", text.ptr));
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code replace(struct mr_findings *fd, int side, const struct mr_seen_table *tables,
                            size_t count, struct mr_err *err)
{
    struct mr_strbuf all = MR_STRBUF_INIT;
    struct mr_case_stmt *insert = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(fd->cf,
                            "CREATE TABLE IF NOT EXISTS seen_table (run INT NOT NULL, side INT NOT"
                            " NULL, name TEXT NOT NULL, columns TEXT NOT NULL, PRIMARY KEY (run,"
                            " side, name)) STRICT, WITHOUT ROWID",
                            err));
    MR_TRY_OUT(MR_CASE_ONCE(fd->cf, "DELETE FROM seen_table WHERE run=:run AND side=:side", err,
                            MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side)));
    MR_TRY_OUT(mr_case_prepare(fd->cf,
                               "INSERT OR REPLACE INTO seen_table (run, side, name, columns)"
                               " VALUES (:run, :side, :name, :columns)",
                               &insert, err));
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add_fmt(&all, "%s\n%s\n", tables[i].name, tables[i].columns);
        MR_TRY_OUT(MR_CASE_RUN(insert, err, MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side),
                               MR_ARG_TEXT("name", tables[i].name),
                               MR_ARG_TEXT("columns", tables[i].columns)));
    }
    MR_TRY_OUT(insert_digest(insert, fd, side, &all, err));
out:
    mr_case_free(insert);
    mr_strbuf_release(&all);
    return code;
}

enum mr_code mr_seen_tables_save(struct mr_findings *fd, int side,
                                 const struct mr_seen_table *tables, size_t count,
                                 struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    return mr_findings_end(fd, replace(fd, side, tables, count, err), err);
}

#define SEEN(member) MR_CASE_FIELD(struct mr_seen_table, member, MR_CASE_TEXT)
static const struct mr_case_field fields[] = MR_CASE_LIST(SEEN(name), SEEN(columns));

/* digest: of all, else the tables. */
static enum mr_code read_locked(struct mr_findings *fd, int side, bool digest,
                                struct mr_arena *arena, struct mr_vec *tables, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool has_table = false;
    MR_TRY(mr_case_has_table(fd->cf, "seen_table", &has_table, err));
    if (!has_table)
        return MR_OK;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        digest ? "SELECT name, columns FROM seen_table WHERE run=:run AND"
                                 " side=:side AND name = ''"
                               : "SELECT name, columns FROM seen_table WHERE run=:run AND"
                                 " side=:side AND name > '' ORDER BY name",
                        &stmt, err, MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, tables, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_seen_tables(struct mr_findings *fd, int side, struct mr_arena *arena,
                            struct mr_vec *tables, struct mr_err *err)
{
    mr_case_lock(fd->cf);
    const enum mr_code code = read_locked(fd, side, false, arena, tables, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_seen_tables_digest(struct mr_findings *fd, int side, struct mr_arena *arena,
                                   const char **digest, struct mr_err *err)
{
    struct mr_vec all = MR_VEC_INIT(struct mr_seen_table);
    *digest = NULL;
    mr_case_lock(fd->cf);
    const enum mr_code code = read_locked(fd, side, true, arena, &all, err);
    mr_case_unlock(fd->cf);
    if (code == MR_OK && all.count > 0)
        *digest = ((const struct mr_seen_table *)mr_vec_at(&all, 0))->columns;
    mr_vec_release(&all);
    return code;
}
