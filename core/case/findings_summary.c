/* findings_summary.c: what the findings of a table come to; see findings.h. */
#include "core/case/findings.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

/*
 * An identity that one side holds once and the other side holds once under another
 * finding has moved.  (Under the same finding it would be the same key.)
 *
 * One sort of all identities, without an index: an index over them would be written in
 * random order, a page a finding (measured: half the time of a run with a million).  The
 * pairs are inserted in the order of their own primary key, for the same reason.
 */
static const char find_moved_sql[] =
    "INSERT INTO moved (tbl, source, target) SELECT :tbl, max(s), max(t) FROM"
    " (SELECT source_id AS identity, id AS s, CASE WHEN target_id = source_id THEN id END"
    "  AS t FROM finding WHERE tbl=:tbl AND state=2 AND source_id IS NOT NULL"
    "  UNION ALL SELECT target_id, NULL, id FROM finding WHERE tbl=:tbl AND state=2"
    "  AND target_id IS NOT NULL AND target_id IS NOT source_id) i"
    " GROUP BY i.identity HAVING count(s)=1 AND count(t)=1 AND max(s)<>max(t)"
    " AND NOT EXISTS (SELECT 1 FROM duplicate d WHERE d.tbl=:tbl AND d.side IN (0,1)"
    "  AND d.identity=i.identity)"
    " ORDER BY 2, 3";

/* Found anew each time, since findings may have settled in between.  Without an identity on either
 * side that stands elsewhere or nowhere on the other one, there is nothing to pair: missing rows
 * alone, or changed ones, as in most tables. */
static enum mr_code find_moved(struct mr_findings *fd, int64_t table, bool may_move,
                               uint64_t *moved, struct mr_err *err)
{
    const struct mr_case_arg tbl = MR_ARG_INT("tbl", table);
    int64_t number = 0;
    *moved = 0;
    enum mr_code code = MR_CASE_ONCE(fd->cf, "DELETE FROM moved WHERE tbl=:tbl", err, tbl);
    if (code != MR_OK || !may_move)
        return code;
    code = MR_CASE_ONCE(fd->cf, find_moved_sql, err, tbl);
    if (code == MR_OK)
        code =
            MR_CASE_NUMBER(fd->cf, "SELECT count(*) FROM moved WHERE tbl=:tbl", &number, err, tbl);
    *moved = code == MR_OK ? (uint64_t)number : 0;
    return code;
}

struct kinds {
    struct mr_find_counts counts;
    uint64_t source_elsewhere, target_elsewhere; /* identities not under the same finding */
};

#define COUNT(member) MR_CASE_FIELD_AS(#member, struct kinds, counts.member, MR_CASE_INT)

static const struct mr_case_field fields[] =
    MR_CASE_LIST(COUNT(missing), COUNT(extra), COUNT(changed), COUNT(collision),
                 COUNT(null_identities), MR_CASE_FIELD(struct kinds, source_elsewhere, MR_CASE_INT),
                 MR_CASE_FIELD(struct kinds, target_elsewhere, MR_CASE_INT));

/* A row whose identity is NULL is nobody; only rows that are there have one.  Sums without
 * GROUP BY, which would sort all findings, and all in one pass over them. */
static const char count_kinds_sql[] =
    "SELECT sum(CASE kind WHEN 1 THEN count ELSE 0 END) AS missing,"
    " sum(CASE kind WHEN 2 THEN count ELSE 0 END) AS extra,"
    " sum(CASE kind WHEN 3 THEN count ELSE 0 END) AS changed,"
    " sum(CASE kind WHEN 4 THEN count ELSE 0 END) AS collision,"
    " sum((kind<>2 AND source_id IS NULL) OR (kind<>1 AND target_id IS NULL))"
    " AS null_identities,"
    " sum(source_id IS NOT NULL AND target_id IS NOT source_id) AS source_elsewhere,"
    " sum(target_id IS NOT NULL AND target_id IS NOT source_id) AS target_elsewhere FROM finding "
    "WHERE tbl=:tbl AND state=2";

static enum mr_code count_kinds(struct mr_findings *fd, int64_t table, struct kinds *kinds,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf, count_kinds_sql, &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), NULL, kinds, NULL, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_summarise(struct mr_findings *fd, int64_t table,
                                   struct mr_find_counts *counts, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    struct kinds kinds = {.counts = *counts};
    enum mr_code code = count_kinds(fd, table, &kinds, err);
    if (code == MR_OK)
        code = find_moved(fd, table, kinds.source_elsewhere > 0 && kinds.target_elsewhere > 0,
                          &kinds.counts.moved, err);
    if (code == MR_OK)
        *counts = kinds.counts;
    return mr_findings_end(fd, code, err);
}
