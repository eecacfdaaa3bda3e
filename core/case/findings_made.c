/* findings_made.c: what a table was when its rows began to be read; see findings.h. */
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"
#include "core/schema/table_marks.h"

static enum mr_code insert(struct mr_findings *fd, int64_t table, int side,
                           const struct mr_find_made *made, struct mr_err *err)
{
    return MR_CASE_ONCE(fd->cf,
                        "INSERT OR REPLACE INTO tbl_made (tbl, side, key, numbers, time)"
                        " VALUES (:tbl, :side, :key, :numbers, :time)",
                        err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                        MR_ARG_TEXT("key", made->key), MR_ARG_TEXT("numbers", made->numbers),
                        MR_ARG_TEXT("time", made->time));
}

enum mr_code mr_findings_made_save(struct mr_findings *fd, int64_t table,
                                   const struct mr_find_made made[2], struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        mr_case_exec(fd->cf,
                     "CREATE TABLE IF NOT EXISTS tbl_made (tbl INT NOT NULL,"
                     " side INT NOT NULL, key TEXT NOT NULL, numbers TEXT, time TEXT,"
                     " PRIMARY KEY (tbl, side)) STRICT, WITHOUT ROWID",
                     err);
    for (int side = 0; code == MR_OK && side < 2; side++)
        code = insert(fd, table, side, &made[side], err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_made_forget(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    bool has_table = false;
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_made", &has_table, err);
    return code == MR_OK && has_table ? MR_CASE_ONCE(fd->cf, "DELETE FROM tbl_made WHERE tbl=:tbl",
                                                     err, MR_ARG_INT("tbl", table))
                                      : code;
}

#define MADE(member) MR_CASE_FIELD(struct mr_find_made, member, MR_CASE_TEXT)

static const struct mr_case_field fields[] = MR_CASE_LIST(MADE(key), MADE(numbers), MADE(time));

static enum mr_code find(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                         struct mr_vec *sides, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        "SELECT key, numbers, time FROM tbl_made WHERE tbl=:tbl AND side IN (0, 1)"
                        " ORDER BY side",
                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, sides, err);
    mr_case_free(stmt);
    return code;
}

/* A case made before the table existed is no damaged one: its answer is that nothing is known.
 * One side alone tells nothing either. */
enum mr_code mr_findings_made(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                              struct mr_find_made made[2], bool *known, struct mr_err *err)
{
    struct mr_vec sides = MR_VEC_INIT(struct mr_find_made);
    bool has_table = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_made", &has_table, err);
    if (code == MR_OK && has_table)
        code = find(fd, table, arena, &sides, err);
    mr_case_unlock(fd->cf);
    *known = code == MR_OK && sides.count == 2;
    if (*known)
        memcpy(made, sides.items, 2 * sizeof *made);
    mr_vec_release(&sides);
    return code;
}

static bool same_key(const char *a, const char *b)
{
    const size_t len = strcspn(a, "\n");
    if (a[len] != '\0' && b[strcspn(b, "\n")] != '\0')
        return strcmp(a, b) == 0;
    return len == strcspn(b, "\n") && memcmp(a, b, len) == 0;
}

bool mr_findings_made_is_same(const struct mr_find_made *was, const struct mr_find_made *now)
{
    if (!same_key(was->key, now->key))
        return false;
    if (was->numbers != NULL && now->numbers != NULL)
        return mr_table_marks_agree(was->numbers, now->numbers);
    return was->time == NULL || now->time == NULL || strcmp(was->time, now->time) == 0;
}
