/* affected_told.c: see affected_told.h. */
#include "recon/affected/affected_told.h"

#include <strings.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/evidence.h"
#include "core/row/when.h"

const char *const mr_affected_told_names[2] = {"first_divergence", "last_change"};

enum mr_affected_told mr_affected_told_named(const char *name)
{
    if (strcasecmp(name, mr_affected_told_names[0]) == 0)
        return MR_AFFECTED_FIRST_DIVERGENCE;
    return strcasecmp(name, mr_affected_told_names[1]) == 0 ? MR_AFFECTED_LAST_CHANGE
                                                            : MR_AFFECTED_NOT_TOLD;
}

static bool is_asked(const struct mr_affected *list)
{
    for (size_t i = 0; i < list->nfields; i++)
        if (list->fields[i].told != MR_AFFECTED_NOT_TOLD)
            return true;
    return false;
}

static const char schema_sql[] =
    "CREATE TEMP TABLE told (person INTEGER PRIMARY KEY, first INT NOT NULL, last INT NOT NULL)"
    " STRICT;"
    "CREATE TEMP TABLE side (side INTEGER PRIMARY KEY) STRICT;"
    "INSERT INTO temp.side VALUES (0), (1);"
    "CREATE TEMP TABLE theirs (person INT NOT NULL, tbl INT NOT NULL, side INT NOT NULL,"
    " key BLOB NOT NULL, PRIMARY KEY (person, tbl, side, key)) STRICT, WITHOUT ROWID;";

/* Under one key the two sides have the same row, or one has none; but of a collision each side's row is
 * somebody else's. */
#define SIDES_OF(finding, own) "temp.side s ON " finding ".kind <> :collision OR s.side = " own

static const char own_sql[] =
    "INSERT OR IGNORE INTO temp.theirs SELECT n.person, f.tbl, s.side, f.key FROM temp.node n"
    " JOIN finding f ON f.id = n.node JOIN " SIDES_OF(
        "f", "n.side") " WHERE f.key IS NOT NULL"
                       " UNION ALL SELECT n.person, a.tbl, s.side, a.key FROM temp.node n"
                       " JOIN ancestor a ON a.id = -n.node JOIN temp.side s";

#define TABLE_OF(node)                                                                             \
    "CASE WHEN " node " > 0 THEN (SELECT tbl FROM finding WHERE id = " node ")"                    \
    " ELSE (SELECT tbl FROM ancestor WHERE id = -(" node ")) END"

/* As affected_reach.c walks, with the finding itself: whose it is. */
static const char children_sql[] =
    "INSERT OR IGNORE INTO temp.theirs"
    " WITH RECURSIVE up (origin, node) AS ("
    "  SELECT f.id, l.parent FROM temp.start s CROSS JOIN finding f CROSS JOIN link l"
    "   WHERE f.tbl = s.tbl AND f.state = :diverged"
    "   AND l.side = :side AND l.child = f.id AND l.parent <> 0"
    "  UNION"
    "  SELECT up.origin, l.parent FROM up CROSS JOIN link l"
    "   WHERE (" TABLE_OF(
        "up.node") ") NOT IN (SELECT tbl FROM temp.stop)"
                   "   AND l.side = :side AND l.child = up.node AND l.parent <> 0)"
                   " SELECT n.person, f.tbl, s.side, f.key FROM up JOIN temp.node n ON n.side = "
                   ":side"
                   " AND n.node = up.node JOIN finding f ON f.id = up.origin"
                   " JOIN " SIDES_OF("f", ":side") " WHERE f.key IS NOT NULL";

static const char told_sql[] =
    "INSERT INTO temp.told SELECT r.person, min(a.committed_us), max(b.committed_us)"
    " FROM temp.theirs r JOIN tbl t ON t.id = r.tbl"
    " JOIN history_table h ON h.name = t.name AND h.collection ="
    "  (SELECT max(id) FROM history_collection WHERE finished = :yes)"
    " JOIN history_mark m ON m.tbl = h.id AND m.side = r.side AND m.key = r.key"
    " JOIN history_tx a ON a.id = m.first_tx JOIN history_tx b ON b.id = m.last_tx"
    " GROUP BY r.person";

/* Do the logs of both sides tell all of the table? */
static enum mr_code is_told_of(struct mr_findings *fd, const struct mr_find_table *table,
                               struct mr_arena *arena, bool *told, struct mr_err *err)
{
    struct mr_evidence_table t = {0};
    bool found = false;
    MR_TRY(mr_evidence_match(fd, table, arena, &t, &found, err));
    *told = found && t.of[0].witness == MR_WITNESS_GOOD && t.of[1].witness == MR_WITNESS_GOOD;
    return MR_OK;
}

/* Where a log does not tell all, the first change may have been earlier, and the last one later; of a table
 * that was not collected nothing is told. */
static enum mr_code warn_of_lacking(const struct mr_affected_people *p, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    const char *first = NULL;
    size_t ntables = 0, count = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_tables(p->list->fd, &arena, &tables, &ntables, err));
    for (size_t i = 0; i < ntables; i++) {
        int64_t is_theirs = 0;
        bool told = false;
        MR_TRY_OUT(MR_CASE_NUMBER(p->cf,
                                  "SELECT EXISTS (SELECT 1 FROM temp.theirs WHERE tbl = :tbl)",
                                  &is_theirs, err, MR_ARG_INT("tbl", tables[i].id)));
        if (is_theirs == 0)
            continue;
        MR_TRY_OUT(is_told_of(p->list->fd, &tables[i], &arena, &told, err));
        if (told)
            continue;
        first = first != NULL ? first : tables[i].name;
        count++;
    }
    if (count > 0)
        mr_log_warning("first_divergence and last_change are only what the logs show, which do not "
                       "tell all of \"%s\"%s: history show says why",
                       first, count > 1 ? " and others" : "");
out:
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_affected_told(struct mr_affected_people *p, struct mr_err *err)
{
    bool has = false;
    if (!is_asked(p->list))
        return MR_OK;
    MR_TRY(mr_case_exec(p->cf, schema_sql, err));
    MR_TRY(mr_evidence_has(p->list->fd, &has, err));
    if (!has) {
        mr_log_warning("no logs were collected into the case: first_divergence and last_change are "
                       "empty; history collect reads them");
        return MR_OK;
    }
    MR_TRY(MR_CASE_ONCE(p->cf, own_sql, err, MR_ARG_INT("collision", MR_KIND_COLLISION)));
    for (int side = 0; side < 2; side++)
        MR_TRY(MR_CASE_ONCE(p->cf, children_sql, err, MR_ARG_INT("side", side),
                            MR_ARG_INT("diverged", MR_FIND_DIVERGED),
                            MR_ARG_INT("collision", MR_KIND_COLLISION)));
    MR_TRY(warn_of_lacking(p, err));
    return MR_CASE_ONCE(p->cf, told_sql, err, MR_ARG_INT("yes", 1));
}

struct told {
    int64_t first, last;
};

/* Invariant: `fields` has a value for each field, in their order, and has one afterwards. */
static enum mr_code replace(const struct mr_affected *list, const struct told *told,
                            struct mr_strbuf *fields, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    size_t at = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < list->nfields; i++) {
        const enum mr_affected_told which = list->fields[i].told;
        const size_t begin = at;
        MR_TRY_OUT(mr_row_skip(fields->ptr, fields->len, &at, err));
        if (which == MR_AFFECTED_NOT_TOLD) {
            mr_strbuf_add(&all, fields->ptr + begin, at - begin);
            continue;
        }
        mr_strbuf_reset(&text);
        mr_when_format_us(which == MR_AFFECTED_FIRST_DIVERGENCE ? told->first : told->last, &text);
        MR_TRY_OUT(mr_strbuf_check(&text, "listing people", err));
        MR_TRY_OUT(mr_row_encode(
            &all, &(struct mr_value){.cls = MR_CLASS_TEXT, .ptr = text.ptr, .len = text.len}, err));
    }
    MR_TRY_OUT(mr_strbuf_check(&all, "listing people", err));
    mr_strbuf_reset(fields);
    mr_strbuf_add(fields, all.ptr, all.len);
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&all);
    return code;
}

enum mr_code mr_affected_told_fill(struct mr_affected_people *p, int64_t person,
                                   struct mr_strbuf *fields, struct mr_err *err)
{
    static const struct mr_case_field told_fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct told, first, MR_CASE_INT),
                     MR_CASE_FIELD(struct told, last, MR_CASE_INT));
    struct mr_case_stmt *stmt = NULL;
    struct told told = {0};
    bool found = false;
    enum mr_code code = MR_OK;
    if (!is_asked(p->list))
        return MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(p->cf, "SELECT first, last FROM temp.told WHERE person = :person",
                               &stmt, err, MR_ARG_INT("person", person)));
    MR_TRY_OUT(mr_case_fields_one(stmt, MR_CASE_FIELDS(told_fields), NULL, &told, &found, err));
    if (found)
        MR_TRY_OUT(replace(p->list, &told, fields, err));
out:
    mr_case_free(stmt);
    return code;
}
