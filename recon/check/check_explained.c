/* check_explained.c: see check_explained.h. */
#include "recon/check/check_explained.h"

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/image.h"
#include "core/pair/pair_identity.h"

/* ---- what differs ---- */

/* A diverged finding: the keys of its rows, as plan_map writes them, and TARGET's row. */
static const char seen_sql[] =
    "CREATE TABLE IF NOT EXISTS explained (finding INTEGER PRIMARY KEY, tbl INT NOT NULL,"
    " how INT NOT NULL, plan INT NOT NULL) STRICT;"
    "DROP TABLE IF EXISTS temp.seen; DROP TABLE IF EXISTS temp.proven;"
    "CREATE TEMP TABLE seen (finding INTEGER PRIMARY KEY, skey BLOB, tkey BLOB,"
    " digest BLOB, target_id BLOB) STRICT;"
    "CREATE INDEX temp.seen_tkey ON seen (tkey);"
    "CREATE TEMP TABLE proven (skey BLOB, tkey BLOB, how INT, plan INT) STRICT;"
    "CREATE INDEX temp.proven_skey ON proven (skey);"
    "CREATE INDEX temp.proven_tkey ON proven (tkey);";

static const char undecided_schema[] =
    "DROP TABLE IF EXISTS temp.undecided;"
    "CREATE TEMP TABLE undecided (skey BLOB, tkey BLOB, identity BLOB) STRICT;"
    "CREATE INDEX temp.undecided_skey ON undecided (skey);";

/* Conflicts that the last plan with the row has left open. */
static const char undecided_sql[] =
    "INSERT INTO temp.undecided SELECT source_key, target_key, identity FROM"
    " (SELECT source_key, target_key, identity, choice, max(plan) FROM entity"
    " WHERE kind IS NOT NULL AND target_key IS NOT NULL"
    " GROUP BY source_key, target_key, identity) WHERE choice IS NULL";

struct explaining {
    struct mr_case *cf;
    const struct mr_find_table *table;
    size_t key[MR_KEY_PARTS_MAX], nkey;
    struct mr_case_stmt *add;
    struct mr_strbuf skey, tkey;
};

static enum mr_code key_of(const struct explaining *x, const void *image, size_t len,
                           struct mr_strbuf *out, struct mr_err *err)
{
    bool null = false;
    mr_strbuf_reset(out);
    return image != NULL ? mr_pair_values_of(image, len, x->key, x->nkey, out, &null, err) : MR_OK;
}

/* As a plan digests a row: its columns, without hidden values. */
static enum mr_code digest_of(const struct explaining *x, const void *image, size_t len,
                              struct mr_digest *digest, struct mr_err *err)
{
    size_t pos = 0;
    for (size_t i = 0; i < x->table->ncolumns; i++)
        MR_TRY(mr_row_skip(image, len, &pos, err));
    return mr_row_digest(image, pos, digest, err);
}

static enum mr_code add_seen(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct explaining *x = ctx;
    struct mr_digest digest = {0};
    enum mr_code code = key_of(x, f->source, f->source_len, &x->skey, err);
    if (code == MR_OK)
        code = key_of(x, f->target, f->target_len, &x->tkey, err);
    if (code == MR_OK && f->target != NULL)
        code = digest_of(x, f->target, f->target_len, &digest, err);
    if (code != MR_OK)
        return code;
    const bool there = f->target != NULL;
    code = MR_CASE_RUN(x->add, err, MR_ARG_INT("finding", f->id),
                       MR_ARG_BLOB("skey", f->source != NULL ? x->skey.ptr : NULL, x->skey.len),
                       MR_ARG_BLOB("tkey", there ? x->tkey.ptr : NULL, x->tkey.len),
                       MR_ARG_BLOB("digest", there ? &digest : NULL, sizeof digest),
                       MR_ARG_BLOB("target_id", f->target_id, f->target_id_len));
    return code == MR_OK && mr_is_cancelled() ? mr_cancelled_err(err) : code;
}

/* ---- what plans say of it ---- */

/* Invariant: in proven is a row of SOURCE by its key, and the key of the row of TARGET that
 * was read in this run and is it.  Under its own key only the bytes tell: values that differ
 * there are a difference, unless the plan wrote them. */
static const char proven_sql[] =
    "INSERT INTO temp.proven SELECT p.source_key, p.target_key,"
    " CASE p.state WHEN 'matched' THEN 2 ELSE 1 END, p.plan"
    " FROM plan_map p JOIN temp.seen g ON g.tkey = p.target_key"
    " WHERE p.tbl = :tbl AND p.state <> 'undone'"
    " AND (p.source_key <> p.target_key OR p.state <> 'matched')"
    " AND (g.digest = p.digest OR (p.source_key <> p.target_key"
    "  AND p.identity IS NOT NULL AND g.target_id = p.identity))"
    " AND NOT EXISTS (SELECT 1 FROM temp.undecided u WHERE u.skey = p.source_key"
    "  AND u.tkey = p.target_key AND u.identity IS p.identity)";

static const char explained_sql[] =
    "INSERT INTO explained (finding, tbl, how, plan) SELECT s.finding, :tbl, coalesce("
    "  (SELECT min(how) FROM temp.proven p WHERE p.skey = s.skey), 0), coalesce("
    "  (SELECT max(plan) FROM temp.proven p WHERE p.skey = s.skey),"
    "  (SELECT max(plan) FROM temp.proven p WHERE p.tkey = s.tkey))"
    " FROM temp.seen s"
    " WHERE (s.skey IS NOT NULL OR s.tkey IN (SELECT tkey FROM temp.proven))"
    " AND (s.skey IS NULL OR s.skey IN (SELECT skey FROM temp.proven))";

static enum mr_code collect(struct explaining *x, struct mr_findings *fd, struct mr_err *err)
{
    x->nkey = 0;
    while (x->nkey < MR_KEY_PARTS_MAX &&
           (x->key[x->nkey] = mr_image_part_column(x->table, MR_IMAGE_KEY, x->nkey)) <
               x->table->ncolumns)
        x->nkey++;
    enum mr_code code =
        mr_case_prepare(x->cf,
                        "INSERT INTO temp.seen (finding, skey, tkey, digest, target_id)"
                        " VALUES (:finding, :skey, :tkey, :digest, :target_id)",
                        &x->add, err);
    if (code == MR_OK)
        code = mr_findings_walk(fd, x->table->id, false, add_seen, x, err);
    mr_case_free(x->add);
    return code;
}

static enum mr_code explain_table(struct explaining *x, struct mr_findings *fd, struct mr_err *err)
{
    const struct mr_case_arg name = MR_ARG_TEXT("tbl", x->table->name);
    int64_t planned = 0;
    enum mr_code code = MR_CASE_NUMBER(x->cf, "SELECT 1 FROM plan_map WHERE tbl = :tbl LIMIT 1",
                                       &planned, err, name);
    if (code != MR_OK || planned == 0 || x->table->keyless)
        return code;
    code = mr_case_exec(x->cf, seen_sql, err);
    if (code == MR_OK)
        code = collect(x, fd, err);
    if (code == MR_OK)
        code = MR_CASE_ONCE(x->cf, proven_sql, err, name);
    return code == MR_OK ? MR_CASE_ONCE(x->cf, explained_sql, err, MR_ARG_INT("tbl", x->table->id))
                         : code;
}

static enum mr_code explain_all(struct mr_findings *fd, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t ntables = 0;
    struct explaining x = {
        .cf = mr_findings_case(fd), .skey = MR_STRBUF_INIT, .tkey = MR_STRBUF_INIT};
    bool known = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(x.cf, seen_sql, err));
    MR_TRY_OUT(mr_case_exec(x.cf, undecided_schema, err));
    MR_TRY_OUT(mr_case_has_table(x.cf, "entity", &known, err));
    if (known)
        MR_TRY_OUT(mr_case_exec(x.cf, undecided_sql, err));
    MR_TRY_OUT(mr_findings_tables(fd, &arena, &tables, &ntables, err));
    /* of all tables before any is told anew: findings of a run that is resumed take numbers
     * that other tables' had */
    MR_TRY_OUT(mr_case_exec(x.cf,
                            "DELETE FROM explained WHERE tbl NOT IN"
                            " (SELECT id FROM tbl)",
                            err));
    for (size_t i = 0; i < ntables; i++)
        MR_TRY_OUT(MR_CASE_ONCE(x.cf, "DELETE FROM explained WHERE tbl = :tbl", err,
                                MR_ARG_INT("tbl", tables[i].id)));
    for (size_t i = 0; i < ntables; i++) {
        x.table = &tables[i];
        MR_TRY_OUT(explain_table(&x, fd, err));
    }
out:
    mr_strbuf_release(&x.skey);
    mr_strbuf_release(&x.tkey);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_check_explain(struct mr_findings *fd, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    bool planned = false;
    enum mr_code code = mr_case_has_table(cf, "plan_map", &planned, err);
    if (code != MR_OK || !planned)
        return code;
    code = mr_case_begin(cf, err);
    if (code != MR_OK)
        return code;
    code = explain_all(fd, err);
    if (code == MR_OK)
        return mr_case_commit(cf, err);
    mr_case_rollback(cf);
    return code;
}

/* ---- reading it ---- */

enum mr_code mr_check_is_explained(struct mr_findings *fd, bool *any, struct mr_err *err)
{
    return mr_case_has_table(mr_findings_case(fd), "explained", any, err);
}

/* Findings of a kind that are explained, and how. */
struct explained {
    int64_t kind;
    uint64_t rows, restored, met;
};

#define EXPLAINED(member) MR_CASE_FIELD(struct explained, member, MR_CASE_INT)
static const struct mr_case_field explained_fields[] =
    MR_CASE_LIST(EXPLAINED(kind), EXPLAINED(rows), EXPLAINED(restored), EXPLAINED(met));

enum mr_code mr_check_explained(struct mr_findings *fd, int64_t table,
                                struct mr_check_explained *out, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct explained x;
    bool row = false;
    *out = (struct mr_check_explained){0};
    enum mr_code code = MR_CASE_PREPARE(mr_findings_case(fd),
                                        "SELECT f.kind AS kind, count(*) AS rows,"
                                        " count(*) FILTER (WHERE how = 1) AS restored,"
                                        " count(*) FILTER (WHERE how = 2) AS met FROM explained x"
                                        " JOIN finding f ON f.id = x.finding WHERE x.tbl = :tbl"
                                        " GROUP BY f.kind",
                                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(explained_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &x, &row, err)) == MR_OK &&
           row) {
        out->rows += x.rows;
        out->restored += x.restored;
        out->met += x.met;
        if (x.kind > MR_KIND_UNDECIDED && x.kind <= MR_KIND_COLLISION)
            out->of_kind[x.kind] = x.rows;
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_check_explained_plan(struct mr_findings *fd, struct mr_arena *arena,
                                     const char **dir, struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"dir", MR_CASE_TEXT, 0}};
    struct mr_case_stmt *stmt = NULL;
    *dir = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(mr_findings_case(fd),
                        "SELECT max(p.dir) AS dir FROM explained x JOIN tbl t ON"
                        " t.id = x.tbl LEFT JOIN plan p ON p.id = x.plan WHERE t.run = :run"
                        " HAVING count(DISTINCT x.plan) = 1",
                        &stmt, err, MR_ARG_INT("run", mr_findings_run_id(fd)));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, dir, NULL, err);
    mr_case_free(stmt);
    return code;
}
