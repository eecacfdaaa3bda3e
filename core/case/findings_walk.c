/* findings_walk.c: reading what a table's findings are, one by one; see findings.h. */
#include "core/case/findings.h"

#include <string.h>

#include "core/case/findings_internal.h"

void mr_findings_peek(struct mr_case_stmt *stmt, int first, struct mr_finding *f)
{
    f->id = mr_case_int(stmt, first);
    f->segment = mr_case_int(stmt, first + 1);
    f->chunk = mr_case_int(stmt, first + 2);
    f->pos = (uint64_t)mr_case_int(stmt, first + 3);
    f->equal = (uint64_t)mr_case_int(stmt, first + 4);
    f->state = (enum mr_find_state)mr_case_int(stmt, first + 5);
    f->kind = (enum mr_find_kind)mr_case_int(stmt, first + 6);
    f->count = (uint64_t)mr_case_int(stmt, first + 7);
    f->key.ptr = mr_case_blob(stmt, first + 8, &f->key.len);
    f->source_id = mr_case_blob(stmt, first + 9, &f->source_id_len);
    f->target_id = mr_case_blob(stmt, first + 10, &f->target_id_len);
    f->source = mr_case_blob(stmt, first + 11, &f->source_len);
    f->target = mr_case_blob(stmt, first + 12, &f->target_len);
}

static enum mr_code give_all(struct mr_case_stmt *stmt, mr_finding_fn *fn, void *ctx,
                             struct mr_err *err)
{
    bool row = false;
    enum mr_code code;
    while ((code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding f = {0};
        mr_findings_peek(stmt, 0, &f);
        code = fn(ctx, &f, err);
        if (code != MR_OK)
            break;
    }
    return code;
}

void mr_findings_hide_explained(struct mr_findings *fd, bool hide)
{
    fd->hides_explained = hide;
}

#define NOT_EXPLAINED " AND f.id NOT IN (SELECT finding FROM explained WHERE tbl = ?1)"
#define WALK(state, shown)                                                               \
    "SELECT " MR_FINDING_COLUMNS MR_FINDING_IMAGES " FROM finding f WHERE f.tbl=?1"      \
    " AND f.state " state shown " ORDER BY f.segment, f.chunk, f.pos, f.id"

enum mr_code mr_findings_walk(struct mr_findings *fd, int64_t table, bool all,
                              mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    if (!all)
        return mr_findings_walk_first(fd, table, SIZE_MAX, fn, ctx, err);
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        fd->hides_explained ? WALK("IN (2,3,4)", NOT_EXPLAINED) : WALK("IN (2,3,4)", ""),
        table, &stmt, err);
    if (code == MR_OK)
        code = give_all(stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* SQLite's LIMIT; a negative one is none. */
static void bind_limit(struct mr_case_stmt *stmt, size_t limit)
{
    mr_case_bind_int(stmt, 2, limit > INT64_MAX ? -1 : (int64_t)limit);
}

enum mr_code mr_findings_walk_first(struct mr_findings *fd, int64_t table, size_t limit,
                                    mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code =
        mr_findings_prepare(fd,
                            fd->hides_explained ? WALK("= 2", NOT_EXPLAINED) " LIMIT ?2"
                                                : WALK("= 2", "") " LIMIT ?2",
                            table, &stmt, err);
    if (code == MR_OK)
        bind_limit(stmt, limit);
    if (code == MR_OK)
        code = give_all(stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* CROSS JOIN keeps this order of the tables: the findings in the order of their index, so
 * that nothing is sorted with its images. */
#define WALK_MOVED(shown)                                                                \
    "SELECT f.id, f.segment, f.chunk, f.pos, f.equal, f.state, f.kind, f.count,"         \
    " f.key, f.source_id, f.target_id, f.source, f.target,"                              \
    " t.id, t.segment, t.chunk, t.pos, t.equal, t.state, t.kind, t.count,"               \
    " t.key, t.source_id, t.target_id, t.source, t.target"                               \
    " FROM finding f CROSS JOIN moved m ON m.tbl = ?1 AND m.source = f.id"               \
    " CROSS JOIN finding t ON t.id = m.target WHERE f.tbl = ?1"                          \
    " AND EXISTS (SELECT 1 FROM moved WHERE tbl = ?1)" shown                             \
    " ORDER BY f.segment, f.chunk, f.pos, f.id LIMIT ?2"
#define NOT_BOTH_EXPLAINED                                                               \
    " AND NOT (f.id IN (SELECT finding FROM explained WHERE tbl = ?1)"                   \
    " AND t.id IN (SELECT finding FROM explained WHERE tbl = ?1))"

enum mr_code mr_findings_walk_moved_first(struct mr_findings *fd, int64_t table,
                                          size_t limit, mr_moved_fn *fn, void *ctx,
                                          struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd, fd->hides_explained ? WALK_MOVED(NOT_BOTH_EXPLAINED) : WALK_MOVED(""), table,
        &stmt, err);
    if (code == MR_OK)
        bind_limit(stmt, limit);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding source = {0}, target = {0};
        mr_findings_peek(stmt, 0, &source);
        mr_findings_peek(stmt, 13, &target);
        code = fn(ctx, &source, &target, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_walk_moved(struct mr_findings *fd, int64_t table,
                                    mr_moved_fn *fn, void *ctx, struct mr_err *err)
{
    return mr_findings_walk_moved_first(fd, table, SIZE_MAX, fn, ctx, err);
}

static enum mr_code walk_duplicates(struct mr_findings *fd, int64_t table,
                                    mr_duplicate_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf last = MR_STRBUF_INIT;
    int last_side = -1;
    bool row = false;
    enum mr_code code =
        mr_findings_prepare(fd,
                            "SELECT side, identity, image FROM duplicate"
                            " WHERE tbl = ? ORDER BY side, identity, image",
                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_duplicate d = {.side = (int)mr_case_int(stmt, 0)};
        d.identity = mr_case_blob(stmt, 1, &d.identity_len);
        d.image = mr_case_blob(stmt, 2, &d.image_len);
        bool first = d.side != last_side || last.len != d.identity_len ||
                     memcmp(last.ptr, d.identity, d.identity_len) != 0;
        last_side = d.side;
        mr_strbuf_reset(&last);
        mr_strbuf_add(&last, d.identity, d.identity_len);
        code = mr_strbuf_check(&last, "reading findings", err);
        if (code == MR_OK)
            code = fn(ctx, &d, first, err);
    }
    mr_case_free(stmt);
    mr_strbuf_release(&last);
    return code;
}

enum mr_code mr_findings_walk_duplicates(struct mr_findings *fd, int64_t table,
                                         mr_duplicate_fn *fn, void *ctx,
                                         struct mr_err *err)
{
    mr_case_lock(fd->cf);
    enum mr_code code = walk_duplicates(fd, table, fn, ctx, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_walk_chunks(struct mr_findings *fd, int64_t table,
                                     mr_chunk_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(fd,
                                            "SELECT segment, no, equal FROM chunk"
                                            " WHERE tbl=? ORDER BY segment, no",
                                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row)
        code = fn(ctx, mr_case_int(stmt, 0), mr_case_int(stmt, 1),
                  (uint64_t)mr_case_int(stmt, 2), err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
