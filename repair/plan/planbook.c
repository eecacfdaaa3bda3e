/* planbook.c: see planbook.h. */
#include "repair/plan/planbook.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"

/* What a plan proposed stays in plan_map when the plan itself is removed: under its number another
 * one would take those rows for its own, and note with them that they were applied. */
static enum mr_code next_id(struct mr_case *cf, int64_t *id, struct mr_err *err)
{
    bool mapped = false;
    MR_TRY(mr_case_has_table(cf, "plan_map", &mapped, err));
    return mr_case_number_with(cf,
                               mapped ? "SELECT 1 + max(coalesce((SELECT max(id) FROM plan), 0),"
                                        " coalesce((SELECT max(plan) FROM plan_map), 0))"
                                      : "SELECT 1 + coalesce(max(id), 0) FROM plan",
                               NULL, 0, id, err);
}

static enum mr_code add_plan(struct mr_findings *fd, struct mr_plan_record *plan,
                             struct mr_err *err)
{
    int64_t id = 0;
    MR_TRY(next_id(mr_findings_case(fd), &id, err));
    MR_TRY(MR_CASE_ONCE(
        mr_findings_case(fd),
        "INSERT INTO plan (id, uuid, run, policy, created, source, target, dir, state)"
        " VALUES (:id, :uuid, nullif(:run, 0), :policy, :created, :source, :target, :dir,"
        " 'proposed')",
        err, MR_ARG_INT("id", id), MR_ARG_TEXT("uuid", plan->uuid), MR_ARG_INT("run", plan->run),
        MR_ARG_TEXT("policy", plan->policy), MR_ARG_TEXT("created", plan->created),
        MR_ARG_TEXT("source", plan->source), MR_ARG_TEXT("target", plan->target),
        MR_ARG_TEXT("dir", plan->dir)));
    plan->id = id;
    return MR_OK;
}

enum mr_code mr_planbook_add_blocks(struct mr_findings *fd, int64_t plan,
                                    const struct mr_plan_block *blocks, size_t count,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(mr_findings_case(fd),
                        "INSERT INTO plan_block (plan, tbl, target_tbl, col, sequence, source_next,"
                        " source_greatest, target_next, target_greatest, lo, hi, reseed_to) VALUES "
                        "(:plan,"
                        " :tbl, :target_tbl, :col, :sequence, :source_next, :source_greatest,"
                        " :target_next, :target_greatest, :lo, :hi, :reseed_to)",
                        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_plan_block *b = &blocks[i];
        code = MR_CASE_RUN(
            stmt, err, MR_ARG_INT("plan", plan), MR_ARG_TEXT("tbl", b->table),
            MR_ARG_TEXT("target_tbl", b->target_table), MR_ARG_TEXT("col", b->column),
            MR_ARG_TEXT("sequence", b->sequence), MR_ARG_DIGITS("source_next", b->next[0]),
            MR_ARG_DIGITS("source_greatest", b->greatest[0]),
            MR_ARG_DIGITS("target_next", b->next[1]),
            MR_ARG_DIGITS("target_greatest", b->greatest[1]), MR_ARG_DIGITS("lo", b->from),
            MR_ARG_DIGITS("hi", b->to), MR_ARG_DIGITS("reseed_to", b->reseed_to));
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code keep_uris(struct mr_findings *fd, const struct mr_plan_record *plan,
                              struct mr_err *err)
{
    for (int side = 0; side < 2; side++)
        if (plan->uri[side] != NULL)
            MR_TRY(mr_findings_uri_save(fd, side == 0 ? plan->source : plan->target,
                                        plan->uri[side], err));
    return MR_OK;
}

enum mr_code mr_planbook_add(struct mr_findings *fd, struct mr_plan_record *plan,
                             const struct mr_plan_block *blocks, size_t count, struct mr_err *err)
{
    enum mr_code code = keep_uris(fd, plan, err);
    if (code == MR_OK)
        code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = add_plan(fd, plan, err);
    if (code == MR_OK)
        code = mr_planbook_add_blocks(fd, plan->id, blocks, count, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_planbook_finish(struct mr_findings *fd, int64_t plan, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(mr_findings_case(fd), "UPDATE plan SET state='written' WHERE id=:plan", err,
                     MR_ARG_INT("plan", plan));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_planbook_remove(struct mr_findings *fd, int64_t plan, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(mr_findings_case(fd), "DELETE FROM plan_block WHERE plan=:plan", err,
                     MR_ARG_INT("plan", plan));
    if (code == MR_OK)
        code = MR_CASE_ONCE(mr_findings_case(fd), "DELETE FROM plan WHERE id=:plan", err,
                            MR_ARG_INT("plan", plan));
    return mr_findings_end(fd, code, err);
}

struct block_of {
    const char *uuid; /* of its plan */
    struct mr_plan_block block;
};

#define BLOCK(name, member, type)                                                                  \
    MR_CASE_FIELD_AS(name, struct block_of, block.member, MR_CASE_##type)

static const struct mr_case_field block_fields[] = MR_CASE_LIST(
    MR_CASE_FIELD(struct block_of, uuid, MR_CASE_TEXT), BLOCK("target_tbl", target_table, TEXT),
    BLOCK("sequence", sequence, TEXT), BLOCK("source_next", next[0], DIGITS),
    BLOCK("source_greatest", greatest[0], DIGITS), BLOCK("target_next", next[1], DIGITS),
    BLOCK("target_greatest", greatest[1], DIGITS), BLOCK("lo", from, DIGITS),
    BLOCK("hi", to, DIGITS), BLOCK("reseed_to", reseed_to, DIGITS));

enum mr_code mr_planbook_last_block(struct mr_findings *fd, const char *target, const char *table,
                                    const char *column, struct mr_arena *arena,
                                    struct mr_plan_block *block, const char **plan,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct block_of last = {.block = {.table = table, .column = column}};
    bool row = false;
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code = MR_CASE_PREPARE(
        mr_findings_case(fd),
        "SELECT p.uuid AS uuid, b.target_tbl AS target_tbl, b.sequence AS sequence,"
        " b.source_next AS source_next, b.source_greatest AS source_greatest,"
        " b.target_next AS target_next, b.target_greatest AS target_greatest, b.lo AS lo,"
        " b.hi AS hi, b.reseed_to AS reseed_to"
        " FROM plan_block b JOIN plan p ON p.id = b.plan WHERE p.target = :target"
        " AND b.tbl = :tbl AND b.col = :col ORDER BY p.id DESC LIMIT 1",
        &stmt, err, MR_ARG_TEXT("target", target), MR_ARG_TEXT("tbl", table),
        MR_ARG_TEXT("col", column));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(block_fields), arena, &last, &row, err);
    if (row)
        *block = last.block;
    *plan = last.uuid;
    mr_case_free(stmt);
    mr_case_unlock(mr_findings_case(fd));
    return code;
}

enum mr_code mr_planbook_first_next(struct mr_findings *fd, const char *target, const char *table,
                                    const char *column, uint64_t *next, bool *found,
                                    struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"v", MR_CASE_DIGITS, 0}};
    struct mr_case_stmt *stmt = NULL;
    *found = false;
    mr_case_lock(mr_findings_case(fd));
    /* of two in one second the smaller: a counter only rises */
    enum mr_code code = MR_CASE_PREPARE(
        mr_findings_case(fd),
        "SELECT v AS v FROM (SELECT r.started AS at, c.target_next AS v FROM counter c"
        " JOIN tbl t ON t.id = c.tbl JOIN run r ON r.id = t.run"
        " WHERE t.name = :tbl AND c.col = :col AND r.target = coalesce(:target, r.target)"
        " UNION ALL SELECT p.created, b.target_next FROM plan_block b"
        " JOIN plan p ON p.id = b.plan WHERE b.tbl = :tbl AND b.col = :col"
        " AND p.target = coalesce(:target, p.target))"
        " ORDER BY at, length(v), v LIMIT 1",
        &stmt, err, MR_ARG_TEXT("tbl", table), MR_ARG_TEXT("col", column),
        MR_ARG_TEXT("target", target));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), NULL, next, found, err);
    mr_case_free(stmt);
    mr_case_unlock(mr_findings_case(fd));
    return code;
}

enum mr_code mr_planbook_endpoints(struct mr_findings *fd, const char *policy,
                                   struct mr_arena *arena, const char *uris[2], struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"source", MR_CASE_TEXT, 0},
                                                  {"target", MR_CASE_TEXT, sizeof *uris}};
    struct mr_case_stmt *stmt = NULL;
    uris[0] = uris[1] = NULL;
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code =
        MR_CASE_PREPARE(mr_findings_case(fd),
                        "SELECT source, target FROM plan WHERE policy = coalesce(:policy, policy)"
                        " ORDER BY id DESC LIMIT 1",
                        &stmt, err, MR_ARG_TEXT("policy", policy));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, uris, NULL, err);
    mr_case_free(stmt);
    mr_case_unlock(mr_findings_case(fd));
    for (int side = 0; code == MR_OK && side < 2; side++)
        code = mr_findings_uri_whole(fd, arena, uris[side], &uris[side], err);
    return code;
}
