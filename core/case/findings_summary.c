/* findings_summary.c: what the findings of a table come to; see findings.h. */
#include "core/case/findings.h"

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
    "INSERT INTO moved (tbl, source, target) SELECT ?1, max(s), max(t) FROM"
    " (SELECT source_id AS identity, id AS s, CASE WHEN target_id = source_id THEN id END"
    "  AS t FROM finding WHERE tbl=?1 AND state=2 AND source_id IS NOT NULL"
    "  UNION ALL SELECT target_id, NULL, id FROM finding WHERE tbl=?1 AND state=2"
    "  AND target_id IS NOT NULL AND target_id IS NOT source_id) i"
    " GROUP BY i.identity HAVING count(s)=1 AND count(t)=1 AND max(s)<>max(t)"
    " AND NOT EXISTS (SELECT 1 FROM duplicate d WHERE d.tbl=?1 AND d.side IN (0,1)"
    "  AND d.identity=i.identity)"
    " ORDER BY 2, 3";

/* Without an identity on either side that stands elsewhere or nowhere on the other one,
 * there is nothing to pair: missing rows alone, or changed ones. */
static const char may_move_sql[] =
    "SELECT EXISTS (SELECT 1 FROM finding WHERE tbl=?1 AND state=2 AND"
    "  source_id IS NOT NULL AND target_id IS NOT source_id)"
    " AND EXISTS (SELECT 1 FROM finding WHERE tbl=?1 AND state=2 AND"
    "  target_id IS NOT NULL AND target_id IS NOT source_id)";

static enum mr_code get_number(struct mr_findings *fd, const char *sql, int64_t table,
                               uint64_t *number, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_findings_prepare(fd, sql, table, &stmt, err);
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    *number = code == MR_OK && row ? (uint64_t)mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}

static enum mr_code find_moved(struct mr_findings *fd, int64_t table, uint64_t *moved,
                               struct mr_err *err)
{
    uint64_t possible = 0;
    *moved = 0;
    enum mr_code code =
        mr_findings_run_int(fd, "DELETE FROM moved WHERE tbl=?", table, err);
    if (code == MR_OK)
        code = get_number(fd, may_move_sql, table, &possible, err);
    if (code != MR_OK || possible == 0)
        return code;
    code = mr_findings_run_int(fd, find_moved_sql, table, err);
    if (code == MR_OK)
        code =
            get_number(fd, "SELECT count(*) FROM moved WHERE tbl=?", table, moved, err);
    return code;
}

/* A row whose identity is NULL is nobody; only rows that are there have one.  Sums without
 * GROUP BY, which would sort all findings. */
static const char count_kinds_sql[] =
    "SELECT sum(CASE kind WHEN 1 THEN count ELSE 0 END), sum(CASE kind WHEN 2 THEN count "
    "ELSE 0 END),"
    " sum(CASE kind WHEN 3 THEN count ELSE 0 END), sum(CASE kind WHEN 4 THEN count ELSE "
    "0 END),"
    " sum((kind<>2 AND source_id IS NULL) OR (kind<>1 AND target_id IS NULL))"
    " FROM finding WHERE tbl=? AND state=2";

static enum mr_code count_kinds(struct mr_findings *fd, int64_t table,
                                struct mr_find_counts *counts, struct mr_err *err)
{
    uint64_t *const sums[] = {&counts->missing, &counts->extra, &counts->changed,
                              &counts->collision, &counts->null_identities};
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_findings_prepare(fd, count_kinds_sql, table, &stmt, err);
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    for (size_t i = 0; code == MR_OK && i < sizeof sums / sizeof sums[0]; i++)
        *sums[i] = (uint64_t)mr_case_int(stmt, (int)i);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_summarise(struct mr_findings *fd, int64_t table,
                                   struct mr_find_counts *counts, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = find_moved(fd, table, &counts->moved, err);
    if (code == MR_OK)
        code = count_kinds(fd, table, counts, err);
    return mr_findings_end(fd, code, err);
}
