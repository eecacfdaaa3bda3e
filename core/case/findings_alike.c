/* findings_alike.c: what the differing rows of a table have in common; see findings.h. */
#include <stdlib.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

enum mr_code mr_findings_alike_forget(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    bool has_table = false;
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_alike", &has_table, err);
    return code == MR_OK && has_table ? MR_CASE_ONCE(fd->cf, "DELETE FROM tbl_alike WHERE tbl=:tbl",
                                                     err, MR_ARG_INT("tbl", table))
                                      : code;
}

static enum mr_code insert(struct mr_findings *fd, int64_t table, const char *text,
                           struct mr_err *err)
{
    MR_TRY(mr_case_exec(fd->cf,
                        "CREATE TABLE IF NOT EXISTS tbl_alike (tbl INTEGER PRIMARY KEY,"
                        " text TEXT NOT NULL) STRICT",
                        err));
    return MR_CASE_ONCE(fd->cf, "INSERT OR REPLACE INTO tbl_alike (tbl, text) VALUES (:tbl, :text)",
                        err, MR_ARG_INT("tbl", table), MR_ARG_TEXT("text", text));
}

enum mr_code mr_findings_alike_save(struct mr_findings *fd, int64_t table, const char *text,
                                    struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        text != NULL ? insert(fd, table, text, err) : mr_findings_alike_forget(fd, table, err);
    return mr_findings_end(fd, code, err);
}

struct kept {
    int64_t tbl;
    const char *text;
};

static const struct mr_case_field fields[] = MR_CASE_LIST(
    MR_CASE_FIELD(struct kept, tbl, MR_CASE_INT), MR_CASE_FIELD(struct kept, text, MR_CASE_TEXT));

static int compare_kept(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return (x->tbl > y->tbl) - (x->tbl < y->tbl);
}

/* Few tables have any, of possibly very many: one question for all. */
enum mr_code mr_findings_alike_read(struct mr_findings *fd, struct mr_arena *arena,
                                    struct mr_find_table *tables, size_t count, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec kept = MR_VEC_INIT(struct kept);
    bool has_table = false;
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_alike", &has_table, err);
    if (code != MR_OK || !has_table)
        return code;
    code = MR_CASE_PREPARE(fd->cf,
                           "SELECT p.tbl AS tbl, p.text AS text FROM tbl_alike p JOIN tbl t"
                           " ON t.id = p.tbl WHERE t.run = :run ORDER BY p.tbl",
                           &stmt, err, MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, &kept, err);
    for (size_t i = 0; code == MR_OK && kept.count > 0 && i < count; i++) {
        const struct kept key = {.tbl = tables[i].id};
        const struct kept *found =
            bsearch(&key, kept.items, kept.count, sizeof(struct kept), compare_kept);
        tables[i].alike = found != NULL ? found->text : NULL;
    }
    mr_case_free(stmt);
    mr_vec_release(&kept);
    return code;
}
