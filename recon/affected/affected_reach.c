/* affected_reach.c: see affected_reach.h. */
#include "recon/affected/affected_reach.h"

#include "core/base/signals.h"

/* Tables at whose rows a walk ends: the chosen subjects, and those of the run, whose own
 * references check did not follow.  Walks start at findings of all others, as far as they
 * are selected. */
static const char schema_sql[] =
    "CREATE TEMP TABLE stop (tbl INTEGER PRIMARY KEY, chosen INT NOT NULL) STRICT;"
    "CREATE TEMP TABLE start (tbl INTEGER PRIMARY KEY) STRICT;"
    "CREATE TEMP TABLE reach (side INT NOT NULL, origin INT NOT NULL,"
    " node INT NOT NULL, PRIMARY KEY (side, origin, node)) STRICT, WITHOUT ROWID;";

static enum mr_code fill_tables(struct mr_affected_people *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < p->list->ntables; i++) {
        const struct mr_find_table *table = &p->list->tables[i];
        bool chosen = mr_affected_subject_of(p->list, table->id) != NULL;
        const int64_t values[] = {table->id, chosen};
        if (chosen || table->subject != MR_SUBJECT_NO)
            code = mr_affected_run(p->cf, "INSERT INTO temp.stop VALUES (?,?)", values, 2,
                                   err);
        else if (p->list->selected[i])
            code = mr_affected_run(p->cf, "INSERT INTO temp.start VALUES (?)", values, 1,
                                   err);
    }
    return code;
}

#define TABLE_OF(node)                                                                   \
    "CASE WHEN " node " > 0 THEN (SELECT tbl FROM finding WHERE id = " node ")"          \
    " ELSE (SELECT tbl FROM ancestor WHERE id = -(" node ")) END"

/*
 * Invariant: (origin, node) is in `up` exactly when a finding of the table `origin` leads
 * to the node over rows at which no walk ends.  UNION keeps each pair once, which also
 * ends cycles; the findings themselves are left out, because most are many and lead to
 * few.
 */
static const char reach_sql[] =
    "INSERT INTO temp.reach"
    " WITH RECURSIVE up (origin, node) AS ("
    "  SELECT f.tbl, l.parent FROM temp.start s CROSS JOIN finding f CROSS JOIN link l"
    "   WHERE f.tbl = s.tbl AND f.state = 2"
    "   AND l.side = ?1 AND l.child = f.id AND l.parent <> 0"
    "  UNION"
    "  SELECT up.origin, l.parent FROM up CROSS JOIN link l"
    "   WHERE (" TABLE_OF(
        "up.node") ") NOT IN (SELECT tbl FROM temp.stop)"
                   "   AND l.side = ?1 AND l.child = up.node AND l.parent <> 0)"
                   " SELECT ?1, origin, node FROM up"
                   "  WHERE (" TABLE_OF("node") ") IN (SELECT tbl FROM temp.stop)";

/* Ancestors of a side: first those to whom findings lead, who are affected; then the
 * others, of whom some are further rows of theirs.  The last column: the row may differ on
 * the other side. */
#define ANCESTORS                                                                        \
    "SELECT a.id, a.tbl, a.key, a.identity, a.image,"                                    \
    " EXISTS (SELECT 1 FROM finding f WHERE f.tbl = a.tbl AND f.key = a.key"             \
    "  AND f.state IN (0, 1, 4)) FROM ancestor a"                                        \
    " WHERE a.tbl IN (SELECT tbl FROM temp.stop WHERE chosen) AND a.side = ?1"
static const char reached_sql[] =
    ANCESTORS " AND -a.id IN (SELECT node FROM temp.reach WHERE side = ?1) ORDER BY a.id";
static const char others_sql[] = ANCESTORS
    " AND -a.id NOT IN (SELECT node FROM temp.reach WHERE side = ?1) ORDER BY a.id";

static enum mr_code add_ancestor(struct mr_affected_people *p, int side, bool reached,
                                 struct mr_case_stmt *stmt, struct mr_err *err)
{
    struct mr_affected_seen seen = {
        .subject = mr_affected_subject_of(p->list, mr_case_int(stmt, 1)),
        .side = side,
        .node = -mr_case_int(stmt, 0)};
    seen.key.ptr = mr_case_blob(stmt, 2, &seen.key.len);
    seen.identity = mr_case_blob(stmt, 3, &seen.identity_len);
    seen.image = mr_case_blob(stmt, 4, &seen.image_len);
    bool equal =
        mr_affected_was_compared_whole(seen.subject->table) && mr_case_int(stmt, 5) == 0;
    seen.origin = equal ? MR_AFFECTED_EQUAL : MR_AFFECTED_ONE_SIDE;
    return reached ? mr_affected_people_add(p, &seen, err)
                   : mr_affected_people_add_known(p, &seen, err);
}

static enum mr_code add_ancestors(struct mr_affected_people *p, int side, bool reached,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(p->cf, reached ? reached_sql : others_sql, &stmt, err);
    if (code == MR_OK)
        mr_case_bind_int(stmt, 1, side);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        code = add_ancestor(p, side, reached, stmt, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_case_free(stmt);
    return code;
}

/* A row that is equal on both sides has its key on both. */
static enum mr_code infer_other_side(struct mr_affected_people *p, struct mr_err *err)
{
    const int64_t values[] = {MR_AFFECTED_INFERRED, MR_AFFECTED_EQUAL};
    return mr_affected_run(
        p->cf,
        "INSERT OR IGNORE INTO temp.person_row"
        " SELECT person, 1 - side, place, key, name, fields, no_name, ?1"
        " FROM temp.person_row WHERE origin = ?2",
        values, 2, err);
}

static enum mr_code mark_children(struct mr_affected_people *p, struct mr_err *err)
{
    const int64_t values[] = {MR_AFFECTED_CHILD};
    enum mr_code code =
        mr_case_exec(p->cf,
                     "INSERT OR IGNORE INTO temp.person_table"
                     " SELECT n.person, r.origin FROM temp.reach r CROSS JOIN temp.node n"
                     " WHERE n.side = r.side AND n.node = r.node",
                     err);
    if (code == MR_OK)
        code = mr_affected_run(p->cf,
                               "UPDATE temp.person SET reasons = reasons | ?1"
                               " WHERE id IN (SELECT person FROM temp.person_table)",
                               values, 1, err);
    return code;
}

enum mr_code mr_affected_reach(struct mr_affected_people *p, struct mr_err *err)
{
    enum mr_code code = mr_case_exec(p->cf, schema_sql, err);
    if (code == MR_OK)
        code = fill_tables(p, err);
    for (int side = 0; code == MR_OK && side < 2; side++) {
        const int64_t values[] = {side};
        code = mr_affected_run(p->cf, reach_sql, values, 1, err);
    }
    for (int pass = 0; code == MR_OK && pass < 4; pass++)
        code = add_ancestors(p, pass % 2, pass < 2, err);
    if (code == MR_OK)
        code = infer_other_side(p, err);
    return code == MR_OK ? mark_children(p, err) : code;
}
