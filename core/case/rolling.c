/* rolling.c: see rolling.h. */
#include "core/case/rolling.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

#define ROLLING_SCHEMA                                                                             \
    "CREATE TABLE IF NOT EXISTS rolling (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"       \
    " key_order TEXT NOT NULL, parts INT NOT NULL, first INT NOT NULL) STRICT;"                    \
    "CREATE TABLE IF NOT EXISTS rolling_range (rolling INT NOT NULL, no INT NOT NULL,"             \
    " slot INT NOT NULL, lo BLOB, hi BLOB, PRIMARY KEY (rolling, no)) STRICT, WITHOUT ROWID;"

/* ---- tables ---- */

static enum mr_code load(struct mr_findings *fd, const struct mr_rolling_table *table,
                         struct mr_arena *arena, uint64_t *first, struct mr_vec *ranges,
                         struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_rolling_range, slot, MR_CASE_SMALL),
                     MR_CASE_FIELD_AS("lo", struct mr_rolling_range, range.lo, MR_CASE_BYTES),
                     MR_CASE_FIELD_AS("hi", struct mr_rolling_range, range.hi, MR_CASE_BYTES));
    struct mr_case_stmt *stmt = NULL;
    int64_t id = 0, begun = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_NUMBER(fd->cf,
                              "SELECT id FROM rolling WHERE name=:name AND key_order=:key_order"
                              " AND parts=:parts",
                              &id, err, MR_ARG_TEXT("name", table->name),
                              MR_ARG_TEXT("key_order", table->order),
                              MR_ARG_INT("parts", table->parts)));
    MR_TRY_OUT(MR_CASE_NUMBER(fd->cf, "SELECT first FROM rolling WHERE id=:id", &begun, err,
                              MR_ARG_INT("id", id)));
    MR_TRY_OUT(MR_CASE_PREPARE(
        fd->cf, "SELECT slot, lo, hi FROM rolling_range WHERE rolling=:id ORDER BY no", &stmt, err,
        MR_ARG_INT("id", id)));
    MR_TRY_OUT(mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, ranges, err));
    *first = (uint64_t)begun;
out:
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_rolling_load(struct mr_findings *fd, const struct mr_rolling_table *table,
                             struct mr_arena *arena, uint64_t *first, struct mr_vec *ranges,
                             struct mr_err *err)
{
    bool has_table = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "rolling", &has_table, err);
    if (code == MR_OK && has_table)
        code = load(fd, table, arena, first, ranges, err);
    mr_case_unlock(fd->cf);
    return code;
}

static enum mr_code replace(struct mr_findings *fd, const struct mr_rolling_table *table,
                            const struct mr_rolling_range *ranges, size_t count, struct mr_err *err)
{
    int64_t id = 0;
    MR_TRY(mr_case_exec(fd->cf, ROLLING_SCHEMA, err));
    MR_TRY(MR_CASE_ONCE(fd->cf,
                        "DELETE FROM rolling_range WHERE rolling IN"
                        " (SELECT id FROM rolling WHERE name=:name)",
                        err, MR_ARG_TEXT("name", table->name)));
    MR_TRY(MR_CASE_ONCE(fd->cf,
                        "INSERT OR REPLACE INTO rolling (name, key_order, parts, first)"
                        " VALUES (:name, :key_order, :parts, :first)",
                        err, MR_ARG_TEXT("name", table->name),
                        MR_ARG_TEXT("key_order", table->order), MR_ARG_INT("parts", table->parts),
                        MR_ARG_INT("first", table->first)));
    MR_TRY(MR_CASE_NUMBER(fd->cf, "SELECT id FROM rolling WHERE name=:name", &id, err,
                          MR_ARG_TEXT("name", table->name)));
    for (size_t i = 0; i < count; i++)
        MR_TRY(MR_CASE_ONCE(
            fd->cf,
            "INSERT INTO rolling_range (rolling, no, slot, lo, hi)"
            " VALUES (:rolling, :no, :slot, :lo, :hi)",
            err, MR_ARG_INT("rolling", id), MR_ARG_INT("no", i), MR_ARG_INT("slot", ranges[i].slot),
            MR_ARG_BYTES("lo", ranges[i].range.lo), MR_ARG_BYTES("hi", ranges[i].range.hi)));
    return MR_OK;
}

enum mr_code mr_rolling_save(struct mr_findings *fd, const struct mr_rolling_table *table,
                             const struct mr_rolling_range *ranges, size_t count,
                             struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    return mr_findings_end(fd, replace(fd, table, ranges, count, err), err);
}

/* ---- turns ---- */

#define TURNS " FROM run_change c JOIN run r ON r.id = c.run WHERE r.finished AND c.parts > :none"

static enum mr_code last(struct mr_findings *fd, unsigned *parts, uint64_t *turn,
                         struct mr_err *err)
{
    int64_t n = 0, at = 0;
    MR_TRY(MR_CASE_NUMBER(fd->cf, "SELECT c.parts" TURNS " ORDER BY r.id DESC LIMIT 1", &n, err,
                          MR_ARG_INT("none", 0)));
    MR_TRY(MR_CASE_NUMBER(fd->cf, "SELECT c.turn" TURNS " ORDER BY r.id DESC LIMIT 1", &at, err,
                          MR_ARG_INT("none", 0)));
    *parts = (unsigned)n;
    *turn = (uint64_t)at;
    return MR_OK;
}

enum mr_code mr_rolling_last(struct mr_findings *fd, unsigned *parts, uint64_t *turn,
                             struct mr_err *err)
{
    bool has_table = false;
    *parts = 0;
    *turn = 0;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "run_change", &has_table, err);
    if (code == MR_OK && has_table)
        code = last(fd, parts, turn, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_rolling_began(struct mr_findings *fd, unsigned parts, uint64_t turn,
                              struct mr_arena *arena, const char **started, struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"started", MR_CASE_TEXT, 0}};
    struct mr_case_stmt *stmt = NULL;
    *started = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT r.started AS started" TURNS " AND c.parts = :parts AND c.turn = :turn"
        " ORDER BY r.id DESC LIMIT 1",
        &stmt, err, MR_ARG_INT("none", 0), MR_ARG_INT("parts", parts), MR_ARG_INT("turn", turn));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, started, NULL, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
