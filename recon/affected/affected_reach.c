/* affected_reach.c: see affected_reach.h. */
#include "recon/affected/affected_reach.h"

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"

/* Tables at whose rows a walk ends: the chosen subjects, and those of the run, whose own
 * references check did not follow.  Walks start at findings of all others, as far as they
 * are selected. */
static const char schema_sql[] =
    "CREATE TEMP TABLE stop (tbl INTEGER PRIMARY KEY, chosen INT NOT NULL) STRICT;"
    "CREATE TEMP TABLE start (tbl INTEGER PRIMARY KEY) STRICT;"
    "CREATE TEMP TABLE reach (side INT NOT NULL, origin INT NOT NULL,"
    " node INT NOT NULL, PRIMARY KEY (side, origin, node)) STRICT, WITHOUT ROWID;";

/* Subjects of the run that are not chosen end a walk as well: check did not follow their own
 * references, so that nothing is known beyond them. */
static enum mr_code fill_tables(struct mr_affected_people *p, struct mr_err *err)
{
    for (size_t i = 0; i < p->list->ntables; i++) {
        const struct mr_find_table *table = &p->list->tables[i];
        bool chosen = mr_affected_subject_of(p->list, table->id) != NULL;
        if (chosen || table->subject != MR_SUBJECT_NO)
            MR_TRY(MR_CASE_ONCE(p->cf, "INSERT INTO temp.stop (tbl, chosen) VALUES (:tbl, :chosen)",
                                err, MR_ARG_INT("tbl", table->id), MR_ARG_INT("chosen", chosen)));
        else if (p->list->selected[i])
            MR_TRY(MR_CASE_ONCE(p->cf, "INSERT INTO temp.start (tbl) VALUES (:tbl)", err,
                                MR_ARG_INT("tbl", table->id)));
    }
    return MR_OK;
}

#define TABLE_OF(node)                                                                             \
    "CASE WHEN " node " > 0 THEN (SELECT tbl FROM finding WHERE id = " node ")"                    \
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
    "   AND l.side = :side AND l.child = f.id AND l.parent <> 0"
    "  UNION"
    "  SELECT up.origin, l.parent FROM up CROSS JOIN link l"
    "   WHERE (" TABLE_OF(
        "up.node") ") NOT IN (SELECT tbl FROM temp.stop)"
                   "   AND l.side = :side AND l.child = up.node AND l.parent <> 0)"
                   " SELECT :side, origin, node FROM up"
                   "  WHERE (" TABLE_OF("node") ") IN (SELECT tbl FROM temp.stop)";

/* Ancestors of a side: first those to whom findings lead, who are affected; then the
 * others, of whom some are further rows of theirs. */
#define ANCESTORS                                                                                  \
    "SELECT -a.id AS node, a.tbl AS tbl, a.key AS key, a.identity AS identity,"                    \
    " a.image AS image, EXISTS (SELECT 1 FROM finding f WHERE f.tbl = a.tbl"                       \
    "  AND f.key = a.key AND f.state IN (0, 1, 4)) AS may_differ FROM ancestor a"                  \
    " WHERE a.tbl IN (SELECT tbl FROM temp.stop WHERE chosen) AND a.side = :side"
static const char reached_sql[] =
    ANCESTORS " AND -a.id IN (SELECT node FROM temp.reach WHERE side = :side) ORDER BY a.id";
static const char others_sql[] =
    ANCESTORS " AND -a.id NOT IN (SELECT node FROM temp.reach WHERE side = :side) ORDER BY a.id";

struct ancestor {
    struct mr_affected_seen seen;
    int64_t table;
    bool may_differ; /* the row, on the other side */
};

#define ANCESTOR(name, member, type) MR_CASE_FIELD_AS(name, struct ancestor, member, MR_CASE_##type)
#define ANCESTOR_SPAN(name, member)                                                                \
    ANCESTOR(name, member, START), ANCESTOR(name, member##_len, LENGTH)

static const struct mr_case_field fields[] =
    MR_CASE_LIST(ANCESTOR("node", seen.node, INT), ANCESTOR("tbl", table, INT),
                 ANCESTOR("key", seen.key, BYTES), ANCESTOR_SPAN("identity", seen.identity),
                 ANCESTOR_SPAN("image", seen.image), ANCESTOR("may_differ", may_differ, FLAG));

static enum mr_code add_ancestor(struct mr_affected_people *p, int side, bool reached,
                                 const struct ancestor *a, struct mr_err *err)
{
    struct mr_affected_seen seen = a->seen;
    seen.subject = mr_affected_subject_of(p->list, a->table);
    seen.side = side;
    bool equal = mr_affected_was_compared_whole(seen.subject->table) && !a->may_differ;
    seen.origin = equal ? MR_AFFECTED_EQUAL : MR_AFFECTED_ONE_SIDE;
    return reached ? mr_affected_people_add(p, &seen, err)
                   : mr_affected_people_add_known(p, &seen, err);
}

static enum mr_code add_ancestors(struct mr_affected_people *p, int side, bool reached,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(p->cf, reached ? reached_sql : others_sql, &stmt, err,
                                        MR_ARG_INT("side", side));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct ancestor ancestor = {0};
        code = mr_case_fields_read(&map, NULL, &ancestor, err);
        if (code == MR_OK)
            code = add_ancestor(p, side, reached, &ancestor, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_case_free(stmt);
    return code;
}

/* A row that is equal on both sides has its key on both. */
static enum mr_code infer_other_side(struct mr_affected_people *p, struct mr_err *err)
{
    return MR_CASE_ONCE(p->cf,
                        "INSERT OR IGNORE INTO temp.person_row (person, side, place, key,"
                        " name, fields, no_name, origin) SELECT person, 1 - side, place,"
                        " key, name, fields, no_name, :inferred"
                        " FROM temp.person_row WHERE origin = :equal",
                        err, MR_ARG_INT("inferred", MR_AFFECTED_INFERRED),
                        MR_ARG_INT("equal", MR_AFFECTED_EQUAL));
}

static enum mr_code mark_children(struct mr_affected_people *p, struct mr_err *err)
{
    enum mr_code code =
        mr_case_exec(p->cf,
                     "INSERT OR IGNORE INTO temp.person_table"
                     " SELECT n.person, r.origin FROM temp.reach r CROSS JOIN temp.node n"
                     " WHERE n.side = r.side AND n.node = r.node",
                     err);
    return code == MR_OK ? MR_CASE_ONCE(p->cf,
                                        "UPDATE temp.person SET reasons = reasons | :child"
                                        " WHERE id IN (SELECT person FROM temp.person_table)",
                                        err, MR_ARG_INT("child", MR_AFFECTED_CHILD))
                         : code;
}

enum mr_code mr_affected_reach(struct mr_affected_people *p, struct mr_err *err)
{
    MR_TRY(mr_case_exec(p->cf, schema_sql, err));
    MR_TRY(fill_tables(p, err));
    for (int side = 0; side < 2; side++)
        MR_TRY(MR_CASE_ONCE(p->cf, reach_sql, err, MR_ARG_INT("side", side)));
    for (int pass = 0; pass < 4; pass++)
        MR_TRY(add_ancestors(p, pass % 2, pass < 2, err));
    MR_TRY(infer_other_side(p, err));
    return mark_children(p, err);
}
