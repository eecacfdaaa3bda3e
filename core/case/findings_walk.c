/* findings_walk.c: reading what a table's findings are, one by one; see findings.h. */
#include "core/case/findings.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

#define FINDING(member, type) MR_CASE_FIELD(struct mr_finding, member, MR_CASE_##type)
#define SPAN(member) MR_CASE_SPAN(struct mr_finding, member)

static const struct mr_case_field finding_fields[] = MR_CASE_LIST(
    FINDING(id, INT), FINDING(segment, INT), FINDING(chunk, INT), FINDING(pos, INT),
    FINDING(equal, INT), FINDING(state, SMALL), FINDING(kind, SMALL), FINDING(count, INT),
    FINDING(key, BYTES), SPAN(source_id), SPAN(target_id), SPAN(source), SPAN(target));

enum mr_code mr_findings_map(struct mr_case_fields *map, struct mr_case_stmt *stmt, size_t at,
                             size_t findings, struct mr_err *err)
{
    const size_t count = mr_case_columns(stmt) / findings;
    return mr_case_fields_part(map, stmt, at * count, count, MR_CASE_FIELDS(finding_fields), err);
}

static enum mr_code give_packed(struct mr_case_stmt *stmt, mr_finding_fn *fn, void *ctx,
                                struct mr_err *err)
{
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code = mr_findings_map(&map, stmt, 0, 1, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding f = {0};
        code = mr_case_fields_read(&map, NULL, &f, err);
        if (code == MR_OK)
            code = fn(ctx, &f, err);
    }
    return code;
}

struct unpacking {
    struct mr_findings *fd;
    mr_finding_fn *fn;
    void *ctx;
};

static enum mr_code give_unpacked(void *ctx, const struct mr_finding *packed, struct mr_err *err)
{
    const struct unpacking *u = ctx;
    struct mr_finding f = *packed;
    MR_TRY(mr_findings_unpack(u->fd, 0, NULL, &f, err));
    return u->fn(u->ctx, &f, err);
}

static enum mr_code give_all(struct mr_findings *fd, struct mr_case_stmt *stmt, mr_finding_fn *fn,
                             void *ctx, struct mr_err *err)
{
    struct unpacking u = {fd, fn, ctx};
    return give_packed(stmt, give_unpacked, &u, err);
}

void mr_findings_hide_explained(struct mr_findings *fd, bool hide)
{
    fd->hides_explained = hide;
}

#define NOT_EXPLAINED " AND f.id NOT IN (SELECT finding FROM explained WHERE tbl = :tbl)"
#define WALK(state, shown)                                                                         \
    "SELECT " MR_FINDING_COLUMNS("f")                                                              \
        MR_FINDING_IMAGES("f") " FROM finding f WHERE f.tbl=:tbl"                                  \
                               " AND f.state " state shown                                         \
                               " ORDER BY f.segment, f.chunk, f.pos, f.id"

/* The lock is held during the callbacks: fn must not write to the case, and keeps nothing of the
 * finding. */
enum mr_code mr_findings_walk(struct mr_findings *fd, int64_t table, bool all, mr_finding_fn *fn,
                              void *ctx, struct mr_err *err)
{
    struct unpacking u = {fd, fn, ctx};
    return all ? mr_findings_walk_packed(fd, table, give_unpacked, &u, err)
               : mr_findings_walk_first(fd, table, SIZE_MAX, fn, ctx, err);
}

enum mr_code mr_findings_walk_packed(struct mr_findings *fd, int64_t table, mr_finding_fn *fn,
                                     void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, fd->hides_explained ? WALK("IN (2,3,4)", NOT_EXPLAINED) : WALK("IN (2,3,4)", ""),
        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = give_packed(stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* SQLite's LIMIT; a negative one is none. */
static int64_t as_limit(size_t limit)
{
    return limit > INT64_MAX ? -1 : (int64_t)limit;
}

enum mr_code mr_findings_walk_first(struct mr_findings *fd, int64_t table, size_t limit,
                                    mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        fd->hides_explained ? WALK("= 2", NOT_EXPLAINED) " LIMIT :limit"
                                            : WALK("= 2", "") " LIMIT :limit",
                        &stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("limit", as_limit(limit)));
    if (code == MR_OK)
        code = give_all(fd, stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

#define KEY_ORDER " ORDER BY f.segment, f.chunk, f.pos, f.id LIMIT "
#define DIVERGED(shown) "SELECT f.id FROM finding f WHERE f.tbl=:tbl AND f.state=2" shown
#define WALK_SAMPLES(shown)                                                                        \
    "SELECT " MR_FINDING_COLUMNS("f")                                                              \
        MR_FINDING_IMAGES("f") " FROM finding f WHERE f.id IN (SELECT * FROM (" DIVERGED(shown)    \
            KEY_ORDER                                                                              \
        ":limit)"                                                                                  \
        " UNION SELECT (" DIVERGED(                                                                \
            shown) " AND f.kind=k.kind" KEY_ORDER                                                  \
                   "1) FROM (SELECT 1 AS kind UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) k"     \
                   " WHERE :kinds >> k.kind & 1)" KEY_ORDER "-1"

enum mr_code mr_findings_walk_samples(struct mr_findings *fd, int64_t table, size_t limit,
                                      unsigned kinds, mr_finding_fn *fn, void *ctx,
                                      struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, fd->hides_explained ? WALK_SAMPLES(NOT_EXPLAINED) : WALK_SAMPLES(""), &stmt, err,
        MR_ARG_INT("tbl", table), MR_ARG_INT("limit", as_limit(limit)), MR_ARG_INT("kinds", kinds));
    if (code == MR_OK)
        code = give_all(fd, stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* CROSS JOIN keeps this order of the tables: the findings in the order of their index, so
 * that nothing is sorted with its images. */
#define WALK_MOVED(shown)                                                                          \
    "SELECT " MR_FINDING_COLUMNS("f") MR_FINDING_IMAGES("f") ", " MR_FINDING_COLUMNS("t")          \
        MR_FINDING_IMAGES(                                                                         \
            "t") " FROM finding f CROSS JOIN moved m ON m.tbl = :tbl AND m.source = "              \
                 "f.id"                                                                            \
                 " CROSS JOIN finding t ON t.id = m.target WHERE f.tbl = :tbl"                     \
                 " AND EXISTS (SELECT 1 FROM moved WHERE tbl = :tbl)" shown                        \
                 " ORDER BY f.segment, f.chunk, f.pos, f.id LIMIT :limit"
#define NOT_BOTH_EXPLAINED                                                                         \
    " AND NOT (f.id IN (SELECT finding FROM explained WHERE tbl = :tbl)"                           \
    " AND t.id IN (SELECT finding FROM explained WHERE tbl = :tbl))"

/* Both halves of a row are a finding. */
static enum mr_code give_moved(struct mr_findings *fd, struct mr_case_stmt *stmt, mr_moved_fn *fn,
                               void *ctx, struct mr_err *err)
{
    struct mr_case_fields maps[2];
    bool row = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < 2; i++)
        code = mr_findings_map(&maps[i], stmt, i, 2, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding pair[2] = {0};
        for (size_t i = 0; code == MR_OK && i < 2; i++) {
            code = mr_case_fields_read(&maps[i], NULL, &pair[i], err);
            if (code == MR_OK)
                code = mr_findings_unpack(fd, i, NULL, &pair[i], err);
        }
        if (code == MR_OK)
            code = fn(ctx, &pair[0], &pair[1], err);
    }
    return code;
}

enum mr_code mr_findings_walk_moved_first(struct mr_findings *fd, int64_t table, size_t limit,
                                          mr_moved_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, fd->hides_explained ? WALK_MOVED(NOT_BOTH_EXPLAINED) : WALK_MOVED(""), &stmt, err,
        MR_ARG_INT("tbl", table), MR_ARG_INT("limit", as_limit(limit)));
    if (code == MR_OK)
        code = give_moved(fd, stmt, fn, ctx, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_walk_moved(struct mr_findings *fd, int64_t table, mr_moved_fn *fn,
                                    void *ctx, struct mr_err *err)
{
    return mr_findings_walk_moved_first(fd, table, SIZE_MAX, fn, ctx, err);
}

/* In order of side and identity, so that rows of one identity stand together and the first of
 * each is known without a second query. */
static enum mr_code walk_duplicates(struct mr_findings *fd, const char *sql, int64_t table,
                                    mr_duplicate_fn *fn, void *ctx, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_find_duplicate, side, MR_CASE_SMALL),
                     MR_CASE_SPAN(struct mr_find_duplicate, identity),
                     MR_CASE_SPAN(struct mr_find_duplicate, image),
                     MR_CASE_FIELD(struct mr_find_duplicate, place, MR_CASE_TEXT));
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct mr_strbuf last = MR_STRBUF_INIT;
    int last_side = -1;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(fd->cf, sql, &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_duplicate d = {0};
        code = mr_case_fields_read(&map, NULL, &d, err);
        bool first = d.side != last_side || last.len != d.identity_len ||
                     memcmp(last.ptr, d.identity, d.identity_len) != 0;
        last_side = d.side;
        mr_strbuf_reset(&last);
        mr_strbuf_add(&last, d.identity, d.identity_len);
        if (code == MR_OK)
            code = mr_strbuf_check(&last, "reading findings", err);
        if (code == MR_OK)
            code = fn(ctx, &d, first, err);
    }
    mr_case_free(stmt);
    mr_strbuf_release(&last);
    return code;
}

enum mr_code mr_findings_walk_duplicates(struct mr_findings *fd, int64_t table, mr_duplicate_fn *fn,
                                         void *ctx, struct mr_err *err)
{
    mr_case_lock(fd->cf);
    enum mr_code code = walk_duplicates(fd,
                                        "SELECT side, identity, image, NULL AS place FROM duplicate"
                                        " WHERE tbl=:tbl ORDER BY side, identity, image",
                                        table, fn, ctx, err);
    if (code == MR_OK && fd->has_doubled)
        code = walk_duplicates(fd,
                               "SELECT 0 AS side, key AS identity, image, place FROM doubled"
                               " WHERE tbl=:tbl ORDER BY key, place, image",
                               table, fn, ctx, err);
    mr_case_unlock(fd->cf);
    return code;
}

struct chunk {
    int64_t segment, no;
    uint64_t equal;
};

#define CHUNK(member) MR_CASE_FIELD(struct chunk, member, MR_CASE_INT)
static const struct mr_case_field chunk_fields[] =
    MR_CASE_LIST(CHUNK(segment), CHUNK(no), CHUNK(equal));

enum mr_code mr_findings_walk_chunks(struct mr_findings *fd, int64_t table, mr_chunk_fn *fn,
                                     void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct chunk chunk;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(fd->cf,
                                        "SELECT segment, no, equal FROM chunk"
                                        " WHERE tbl=:tbl ORDER BY segment, no",
                                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(chunk_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &chunk, &row, err)) == MR_OK &&
           row)
        code = fn(ctx, chunk.segment, chunk.no, chunk.equal, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
