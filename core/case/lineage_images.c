/*
 * lineage_images.c: findings by the image of their row on a side; see lineage.h.
 *
 * Images are packed, so that no index of the case finds them: their digests are kept in a TEMP
 * table, of a table and side when the first row asks for them.  Most cases never do.  While
 * references are followed no finding changes.
 */
#include "core/case/lineage.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

static const char tables_sql[] =
    "CREATE TEMP TABLE IF NOT EXISTS finding_image (tbl INT, side INT, hi INT, lo INT, finding INT,"
    " PRIMARY KEY (tbl, side, hi, lo, finding)) WITHOUT ROWID;"
    "CREATE TEMP TABLE IF NOT EXISTS finding_imaged (tbl INT, side INT, PRIMARY KEY (tbl, side))"
    " WITHOUT ROWID";

#define DIVERGED "SELECT " MR_FINDING_COLUMNS("f") MR_FINDING_IMAGES("f") " FROM "

enum mr_code mr_lineage_forget_images(struct mr_findings *fd, struct mr_err *err)
{
    /* the indexes are of earlier versions, which a kill has left behind */
    return mr_case_exec(fd->cf,
                        "DROP TABLE IF EXISTS temp.finding_image;"
                        "DROP TABLE IF EXISTS temp.finding_imaged;"
                        "DROP INDEX IF EXISTS finding_source_head;"
                        "DROP INDEX IF EXISTS finding_target_head",
                        err);
}

static struct mr_key image_on(const struct mr_finding *f, int side)
{
    return side == 0 ? (struct mr_key){f->source, f->source_len}
                     : (struct mr_key){f->target, f->target_len};
}

/* The next finding of a walk, in a slot of fd. */
static enum mr_code next(struct mr_findings *fd, const struct mr_case_fields *map,
                         struct mr_finding *f, bool *more, struct mr_err *err)
{
    *f = (struct mr_finding){0};
    MR_TRY(mr_case_fields_next(map, NULL, f, more, err));
    return *more ? mr_findings_unpack(fd, 0, NULL, f, err) : MR_OK;
}

static enum mr_code add_all(struct mr_findings *fd, int64_t table, int side, struct mr_err *err)
{
    struct mr_case_stmt *walk = NULL, *add = NULL;
    struct mr_case_fields map;
    struct mr_finding f;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(fd->cf, DIVERGED "finding f WHERE f.tbl=:tbl AND f.state=2", &walk,
                               err, MR_ARG_INT("tbl", table)));
    MR_TRY_OUT(mr_case_prepare(fd->cf,
                               "INSERT INTO temp.finding_image (tbl, side, hi, lo, finding)"
                               " VALUES (:tbl, :side, :hi, :lo, :finding)",
                               &add, err));
    MR_TRY_OUT(mr_findings_map(&map, walk, 0, 1, err));
    for (;;) {
        MR_TRY_OUT(next(fd, &map, &f, &more, err));
        if (!more)
            break;
        const struct mr_key image = image_on(&f, side);
        if (image.ptr == NULL)
            continue;
        const struct mr_digest digest = mr_digest_bytes(image.ptr, image.len);
        MR_TRY_OUT(MR_CASE_RUN(add, err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                               MR_ARG_INT("hi", digest.hi), MR_ARG_INT("lo", digest.lo),
                               MR_ARG_INT("finding", f.id)));
    }
out:
    mr_case_free(walk);
    mr_case_free(add);
    return code;
}

static enum mr_code ensure(struct mr_findings *fd, int64_t table, int side, struct mr_err *err)
{
    const struct mr_case_arg args[] = {MR_ARG_INT("tbl", table), MR_ARG_INT("side", side)};
    const size_t count = sizeof args / sizeof *args;
    bool there = false;
    MR_TRY(mr_case_exec(fd->cf, tables_sql, err));
    MR_TRY(mr_case_has_with(fd->cf,
                            "SELECT 1 FROM temp.finding_imaged WHERE tbl=:tbl AND side=:side", args,
                            count, &there, err));
    if (there)
        return MR_OK;
    MR_TRY(add_all(fd, table, side, err));
    return mr_case_once_with(fd->cf,
                             "INSERT INTO temp.finding_imaged (tbl, side) VALUES (:tbl, :side)",
                             args, count, err);
}

enum mr_code mr_lineage_find_image(struct mr_findings *fd, int side,
                                   const struct mr_lineage_row *row, int64_t *node,
                                   struct mr_err *err)
{
    const struct mr_digest digest = mr_digest_bytes(row->image, row->image_len);
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct mr_finding f;
    bool more = true;
    enum mr_code code = MR_OK;
    *node = 0;
    MR_TRY(ensure(fd, row->table, side, err));
    MR_TRY_OUT(MR_CASE_PREPARE(fd->cf,
                               DIVERGED "temp.finding_image i CROSS JOIN finding f"
                                        " ON f.id=i.finding WHERE i.tbl=:tbl AND i.side=:side"
                                        " AND i.hi=:hi AND i.lo=:lo ORDER BY i.finding",
                               &stmt, err, MR_ARG_INT("tbl", row->table), MR_ARG_INT("side", side),
                               MR_ARG_INT("hi", digest.hi), MR_ARG_INT("lo", digest.lo)));
    MR_TRY_OUT(mr_findings_map(&map, stmt, 0, 1, err));
    while (*node == 0) {
        MR_TRY_OUT(next(fd, &map, &f, &more, err));
        if (!more)
            break;
        const struct mr_key image = image_on(&f, side);
        if (image.len == row->image_len && memcmp(image.ptr, row->image, image.len) == 0)
            *node = f.id;
    }
out:
    mr_case_free(stmt);
    return code;
}
