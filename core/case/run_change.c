/* run_change.c: see run_change.h. */
#include "core/case/run_change.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

/* ---- places ---- */

#define TABLES(name)                                                                               \
    {                                                                                              \
        "CREATE TABLE IF NOT EXISTS " name                                                         \
        " (run INT NOT NULL, side INT NOT NULL, log TEXT, position INT NOT NULL, gtids TEXT NOT"   \
        " NULL, applied TEXT NOT NULL, at INT NOT NULL, why TEXT, PRIMARY KEY (run, side)) "       \
        "STRICT,"                                                                                  \
        " WITHOUT ROWID",                                                                          \
            "INSERT OR REPLACE INTO " name                                                         \
            " (run, side, log, position, gtids, applied, at, why) VALUES (:run, :side, :log,"      \
            " :position, :gtids, :applied, :at, :why)",                                            \
            "SELECT log, position, gtids, applied, at, why FROM " name                             \
            " WHERE run=:run AND side=:side",                                                      \
            name                                                                                   \
    }

/* One of its own for each moment: cases of earlier versions know one alone. */
static const struct {
    const char *create, *insert, *select, *name;
} kept[] = {[MR_RUN_BEGAN] = TABLES("run_place"), [MR_RUN_ENDED] = TABLES("run_place_end")};

static enum mr_code insert_place(struct mr_findings *fd, enum mr_run_moment moment, int side,
                                 const struct mr_log_place *place, struct mr_err *err)
{
    return MR_CASE_ONCE(fd->cf, kept[moment].insert, err, MR_ARG_INT("run", fd->run),
                        MR_ARG_INT("side", side), MR_ARG_TEXT("log", place->log),
                        MR_ARG_INT("position", place->position), MR_ARG_TEXT("gtids", place->gtids),
                        MR_ARG_TEXT("applied", place->applied), MR_ARG_INT("at", place->at),
                        MR_ARG_TEXT("why", place->why));
}

enum mr_code mr_run_places_save(struct mr_findings *fd, enum mr_run_moment moment,
                                const struct mr_log_place *places, size_t count, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf, kept[moment].create, err);
    for (size_t side = 0; code == MR_OK && side < count; side++)
        code = insert_place(fd, moment, (int)side, &places[side], err);
    return mr_findings_end(fd, code, err);
}

#define PLACE(member, type) MR_CASE_FIELD(struct mr_log_place, member, MR_CASE_##type)
static const struct mr_case_field place_fields[] =
    MR_CASE_LIST(PLACE(log, TEXT), PLACE(position, INT), PLACE(gtids, TEXT), PLACE(applied, TEXT),
                 PLACE(at, INT), PLACE(why, TEXT));

static enum mr_code find_place(struct mr_findings *fd, enum mr_run_moment moment, int side,
                               struct mr_arena *arena, struct mr_log_place *place,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(fd->cf, kept[moment].select, &stmt, err,
                                        MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(place_fields), arena, place, NULL, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_run_places(struct mr_findings *fd, enum mr_run_moment moment,
                           struct mr_arena *arena, struct mr_log_place *places, size_t count,
                           struct mr_err *err)
{
    bool has_table = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, kept[moment].name, &has_table, err);
    for (size_t side = 0; side < count; side++) {
        places[side] = (struct mr_log_place){.gtids = "", .applied = ""};
        if (code == MR_OK && has_table)
            code = find_place(fd, moment, (int)side, arena, &places[side], err);
    }
    mr_case_unlock(fd->cf);
    return code;
}

/* ---- runs ---- */

enum mr_code mr_run_change_save(struct mr_findings *fd, const struct mr_run_change *change,
                                struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf,
                                     "CREATE TABLE IF NOT EXISTS run_change (run INTEGER PRIMARY"
                                     " KEY, base INT NOT NULL, since TEXT NOT NULL,"
                                     " parts INT NOT NULL, turn INT NOT NULL, note TEXT) STRICT",
                                     err);
    if (code == MR_OK)
        code =
            MR_CASE_ONCE(fd->cf,
                         "INSERT OR REPLACE INTO run_change (run, base, since, parts, turn, note)"
                         " VALUES (:run, :base, :since, :parts, :turn, :note)",
                         err, MR_ARG_INT("run", fd->run), MR_ARG_INT("base", change->base),
                         MR_ARG_TEXT("since", change->since), MR_ARG_INT("parts", change->parts),
                         MR_ARG_INT("turn", change->turn), MR_ARG_TEXT("note", change->note));
    return mr_findings_end(fd, code, err);
}

#define CHANGE(member, type) MR_CASE_FIELD(struct mr_run_change, member, MR_CASE_##type)
static const struct mr_case_field change_fields[] =
    MR_CASE_LIST(CHANGE(base, INT), CHANGE(since, TEXT), CHANGE(parts, SMALL), CHANGE(turn, INT),
                 CHANGE(note, TEXT));

static enum mr_code find_change(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_run_change *change, bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, "SELECT base, since, parts, turn, note FROM run_change WHERE run=:run", &stmt, err,
        MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(change_fields), arena, change, found, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_run_change(struct mr_findings *fd, struct mr_arena *arena,
                           struct mr_run_change *change, bool *found, struct mr_err *err)
{
    bool has_table = false;
    *found = false;
    *change = (struct mr_run_change){0};
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "run_change", &has_table, err);
    if (code == MR_OK && has_table)
        code = find_change(fd, arena, change, found, err);
    mr_case_unlock(fd->cf);
    return code;
}

/* ---- tables ---- */

enum mr_code mr_table_proof_save(struct mr_findings *fd, int64_t table,
                                 const struct mr_table_proof *proof, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf,
                                     "CREATE TABLE IF NOT EXISTS tbl_proof (tbl INTEGER PRIMARY"
                                     " KEY, how INT NOT NULL, why TEXT, keys INT NOT NULL,"
                                     " proved TEXT NOT NULL) STRICT",
                                     err);
    if (code == MR_OK)
        code = MR_CASE_ONCE(fd->cf,
                            "INSERT OR REPLACE INTO tbl_proof (tbl, how, why, keys, proved)"
                            " VALUES (:tbl, :how, :why, :keys, :proved)",
                            err, MR_ARG_INT("tbl", table), MR_ARG_INT("how", proof->how),
                            MR_ARG_TEXT("why", proof->why), MR_ARG_INT("keys", proof->keys),
                            MR_ARG_TEXT("proved", proof->proved));
    return mr_findings_end(fd, code, err);
}

#define PROOF(member, type) MR_CASE_FIELD(struct mr_table_proof, member, MR_CASE_##type)
static const struct mr_case_field proof_fields[] =
    MR_CASE_LIST(PROOF(how, SMALL), PROOF(why, TEXT), PROOF(keys, INT), PROOF(proved, TEXT));

static enum mr_code find_proof(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                               struct mr_table_proof *proof, bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf, "SELECT how, why, keys, proved FROM tbl_proof WHERE tbl=:tbl",
                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(proof_fields), arena, proof, found, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_table_proof(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                            struct mr_table_proof *proof, bool *found, struct mr_err *err)
{
    bool has_table = false;
    *found = false;
    *proof = (struct mr_table_proof){0};
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_proof", &has_table, err);
    if (code == MR_OK && has_table)
        code = find_proof(fd, table, arena, proof, found, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_table_is_part(struct mr_case *cf, int64_t table, bool *is_part, struct mr_err *err)
{
    bool has_both = false;
    *is_part = false;
    MR_TRY(mr_case_has_table(cf, "tbl_proof", &has_both, err));
    if (has_both)
        MR_TRY(mr_case_has_table(cf, "run_change", &has_both, err));
    if (!has_both)
        return MR_OK;
    return MR_CASE_HAS(cf,
                       "SELECT 1 FROM tbl_proof p JOIN tbl t ON t.id = p.tbl"
                       " JOIN run_change c ON c.run = t.run WHERE p.tbl=:tbl AND p.how<>:whole",
                       is_part, err, MR_ARG_INT("tbl", table), MR_ARG_INT("whole", MR_READ_WHOLE));
}
