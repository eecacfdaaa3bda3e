/* planbook.c: see planbook.h. */
#include "core/case/planbook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/case/findings_internal.h"

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

static enum mr_code add_plan(struct mr_findings *fd, struct mr_plan_record *plan,
                             struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf,
        "INSERT INTO plan (uuid, run, policy, created, source, target, dir, state)"
        " VALUES (?,?,?,?,?,?,?,'proposed')",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, plan->uuid);
        if (plan->run != 0)
            mr_case_bind_int(stmt, 2, plan->run);
        mr_case_bind_text(stmt, 3, plan->policy);
        mr_case_bind_text(stmt, 4, plan->created);
        mr_case_bind_text(stmt, 5, plan->source);
        mr_case_bind_text(stmt, 6, plan->target);
        mr_case_bind_text(stmt, 7, plan->dir);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    plan->id = code == MR_OK ? mr_case_last_id(fd->cf) : 0;
    return code;
}

enum mr_code mr_planbook_add_blocks(struct mr_findings *fd, int64_t plan,
                                    const struct mr_plan_block *blocks, size_t count,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(fd->cf,
                        "INSERT INTO plan_block (plan, tbl, target_tbl, col, sequence,"
                        " source_next, source_greatest, target_next, target_greatest, lo,"
                        " hi, reseed_to) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_plan_block *b = &blocks[i];
        mr_case_bind_int(stmt, 1, plan);
        mr_case_bind_text(stmt, 2, b->table);
        mr_case_bind_text(stmt, 3, b->target_table);
        mr_case_bind_text(stmt, 4, b->column);
        mr_case_bind_text(stmt, 5, b->sequence);
        for (int side = 0; side < 2; side++) {
            bind_uint(stmt, 6 + 2 * side, b->next[side]);
            bind_uint(stmt, 7 + 2 * side, b->greatest[side]);
        }
        bind_uint(stmt, 10, b->from);
        bind_uint(stmt, 11, b->to);
        bind_uint(stmt, 12, b->reseed_to);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code keep_uris(struct mr_findings *fd, const struct mr_plan_record *plan,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int side = 0; code == MR_OK && side < 2; side++)
        if (plan->uri[side] != NULL)
            code = mr_findings_uri_save(fd, side == 0 ? plan->source : plan->target,
                                        plan->uri[side], err);
    return code;
}

enum mr_code mr_planbook_add(struct mr_findings *fd, struct mr_plan_record *plan,
                             const struct mr_plan_block *blocks, size_t count,
                             struct mr_err *err)
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
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code =
        mr_findings_run_int(fd, "UPDATE plan SET state='written' WHERE id=?", plan, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_planbook_remove(struct mr_findings *fd, int64_t plan, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_run_int(fd, "DELETE FROM plan_block WHERE plan=?", plan, err);
    if (code == MR_OK)
        code = mr_findings_run_int(fd, "DELETE FROM plan WHERE id=?", plan, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_planbook_last_block(struct mr_findings *fd, const char *target,
                                    const char *table, const char *column,
                                    struct mr_arena *arena, struct mr_plan_block *block,
                                    const char **plan, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    *plan = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_prepare(
        fd->cf,
        "SELECT p.uuid, b.target_tbl, b.sequence, b.source_next, b.source_greatest,"
        " b.target_next, b.target_greatest, b.lo, b.hi, b.reseed_to"
        " FROM plan_block b JOIN plan p ON p.id = b.plan"
        " WHERE p.target = ? AND b.tbl = ? AND b.col = ? ORDER BY p.id DESC LIMIT 1",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, target);
        mr_case_bind_text(stmt, 2, table);
        mr_case_bind_text(stmt, 3, column);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && row) {
        *plan = mr_findings_text(stmt, 0, arena, &code, err);
        *block = (struct mr_plan_block){.table = table, .column = column};
        block->target_table = mr_findings_text(stmt, 1, arena, &code, err);
        block->sequence = mr_findings_text(stmt, 2, arena, &code, err);
        for (int side = 0; side < 2; side++) {
            block->next[side] = get_uint(stmt, 3 + 2 * side);
            block->greatest[side] = get_uint(stmt, 4 + 2 * side);
        }
        block->from = get_uint(stmt, 7);
        block->to = get_uint(stmt, 8);
        block->reseed_to = get_uint(stmt, 9);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_planbook_first_next(struct mr_findings *fd, const char *target,
                                    const char *table, const char *column, uint64_t *next,
                                    bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    *found = false;
    mr_case_lock(fd->cf);
    /* of two in one second the smaller: a counter only rises */
    enum mr_code code = mr_case_prepare(
        fd->cf,
        "SELECT v FROM (SELECT r.started AS at, c.target_next AS v FROM counter c"
        " JOIN tbl t ON t.id = c.tbl JOIN run r ON r.id = t.run"
        " WHERE t.name = ?1 AND c.col = ?2 AND r.target = coalesce(?3, r.target)"
        " UNION ALL SELECT p.created, b.target_next FROM plan_block b"
        " JOIN plan p ON p.id = b.plan WHERE b.tbl = ?1 AND b.col = ?2"
        " AND p.target = coalesce(?3, p.target))"
        " ORDER BY at, length(v), v LIMIT 1",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, table);
        mr_case_bind_text(stmt, 2, column);
        mr_case_bind_text(stmt, 3, target);
        code = mr_case_step(stmt, found, err);
    }
    if (code == MR_OK && *found)
        *next = get_uint(stmt, 0);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_planbook_endpoints(struct mr_findings *fd, const char *policy,
                                   struct mr_arena *arena, const char *uris[2],
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    uris[0] = uris[1] = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_prepare(
        fd->cf,
        "SELECT source, target FROM plan WHERE policy = coalesce(?1, policy) "
        "ORDER BY id DESC LIMIT 1",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, policy);
        code = mr_case_step(stmt, &row, err);
    }
    for (int side = 0; code == MR_OK && row && side < 2; side++)
        uris[side] = mr_findings_text(stmt, side, arena, &code, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    for (int side = 0; code == MR_OK && side < 2; side++)
        code = mr_findings_uri_whole(fd, arena, uris[side], &uris[side], err);
    return code;
}
