/* rewind_ties.c: rows whose key the transactions changed; see rewind_internal.h. */
#include "repair/copy/copy_internal.h"
#include "repair/decide/conflict.h"
#include "repair/rewind/rewind_internal.h"

#define SLOT_OF(key)                                                                               \
    "coalesce((SELECT id FROM c INDEXED BY c_skey WHERE tbl=:tbl AND skey=" key                    \
    " AND kind IS NULL), (SELECT id FROM c INDEXED BY c_tkey WHERE tbl=:tbl AND tkey=" key         \
    " AND kind IS NULL))"

/* What is found later than here, such as children and values that are taken, is seen by copy_settle.c. */
static enum mr_code tie_slots(struct mr_copy *c, size_t table, struct mr_err *err)
{
    static const char sql[] =
        "WITH pair (a, b) AS MATERIALIZED (SELECT " SLOT_OF("r.key") ", " SLOT_OF(
            "r.origin") " FROM rw r INDEXED BY rw_origin WHERE r.tbl=:tbl AND r.origin IS NOT NULL "
                        "AND"
                        " r.origin<>r.key) INSERT OR IGNORE INTO tie (slot, other)"
                        " SELECT a, b FROM pair WHERE a IS NOT NULL AND b IS NOT NULL"
                        " UNION ALL SELECT b, a FROM pair WHERE a IS NOT NULL AND b IS NOT NULL";
    return MR_CASE_ONCE(c->m.cf, sql, err, MR_ARG_INT("tbl", table));
}

/* A row whose key they changed stands under one of the two: if it stays under the new one, it does not come back
 * under the old one, and if it cannot come back, it does not go.  Of a chain of keys so on, as far as
 * nobody has decided. */
enum mr_code mr_rewind_tie(struct mr_copy *c, size_t table, struct mr_err *err)
{
    /* the planner of SQLite prefers the key, of which it knows the table alone: all rows for each */
    static const char sql[] =
        "WITH RECURSIVE stays (key) AS (SELECT key FROM rw WHERE tbl=:tbl AND flags&8"
        "  AND (origin IS NOT NULL OR EXISTS (SELECT 1 FROM rw o WHERE o.tbl=:tbl AND "
        "o.origin=rw.key))"
        " UNION SELECT n.key FROM stays JOIN rw n ON n.tbl=:tbl AND n.key IN"
        "  (SELECT a.key FROM rw a INDEXED BY rw_origin WHERE a.tbl=:tbl AND a.origin=stays.key"
        "  UNION ALL SELECT o.origin FROM rw o WHERE o.tbl=:tbl AND o.key=stays.key)"
        "  WHERE n.key<>stays.key AND n.flags&16=0)"
        "UPDATE c SET kind=:kind, why=:why, choices='', skey=COALESCE(skey, tkey)"
        " WHERE tbl=:tbl AND kind IS NULL AND source IS NOT target AND COALESCE(skey, tkey) IN "
        "stays"
        " AND COALESCE(skey, tkey) NOT IN (SELECT key FROM rw WHERE tbl=:tbl AND flags&24)";
    MR_TRY(MR_CASE_ONCE(c->m.cf, sql, err, MR_ARG_INT("tbl", table),
                        MR_ARG_TEXT("kind", mr_conflict_name(MR_CONFLICT_CHANGED_SINCE)),
                        MR_ARG_TEXT("why", MR_COPY_TIED_WHY)));
    return tie_slots(c, table, err);
}
