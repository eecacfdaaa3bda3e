/* merge_work.c: see merge_work.h. */
#include "repair/merge/merge_work.h"

#include "core/case/case_fields.h"

static const char schema_sql[] =
    "PRAGMA temp.cache_size=-16384;"
    "CREATE TEMP TABLE w (id INTEGER PRIMARY KEY, tbl INT, skey BLOB, n INT, above INT,"
    " equal INT, live_key BLOB, wave INT DEFAULT 0, past INT DEFAULT 0);"
    "CREATE TEMP TABLE source (id INTEGER PRIMARY KEY, image BLOB);"
    "CREATE TEMP TABLE target (id INTEGER PRIMARY KEY, image BLOB);"
    "CREATE INDEX temp.w_past ON w (tbl) WHERE past=1;"
    "CREATE UNIQUE INDEX temp.w_key ON w (tbl, skey);"
    "CREATE INDEX temp.w_order ON w (tbl, id);"
    "CREATE INDEX temp.w_count ON w (tbl, n);"
    "CREATE TEMP TABLE name (tbl INT, of INT, canon BLOB, value BLOB, id INT);"
    "CREATE INDEX temp.name_canon ON name (tbl, of, canon);"
    "CREATE TEMP TABLE link (child INT, ref INT, parent INT, above INT, value BLOB,"
    " live BLOB, PRIMARY KEY (child, ref)) WITHOUT ROWID;"
    "CREATE INDEX temp.link_parent ON link (parent) WHERE parent>0;"
    "CREATE INDEX temp.link_nobody ON link (child) WHERE parent=0;"
    "CREATE TEMP TABLE m (id INTEGER PRIMARY KEY, tbl INT, ident BLOB, mkey BLOB,"
    " canon BLOB, namesake INT DEFAULT 0, taken BLOB, collides INT DEFAULT 0, there BLOB, traced "
    "INT DEFAULT 0,"
    " newid INT DEFAULT 0, same INT DEFAULT 0, held INT DEFAULT 0, grp TEXT,"
    " disagrees INT DEFAULT 0, differs INT DEFAULT 0, below INT DEFAULT 0,"
    " crosses INT DEFAULT 0, ambiguous INT DEFAULT 0, owned INT DEFAULT 0, other BLOB, "
    "own TEXT, waits INT DEFAULT 0, root INT, kind TEXT,"
    " detail TEXT, choices TEXT, misfit INT DEFAULT 0, rival INT DEFAULT 0,"
    " facts INT DEFAULT 0, referenced TEXT, unfit INT DEFAULT 0, ins INT DEFAULT 0,"
    " doubt INT DEFAULT 0, lone INT DEFAULT -1, three INT DEFAULT 0, deed INT DEFAULT 0,"
    " tells TEXT, sums TEXT);"
    "CREATE INDEX temp.m_tbl ON m (tbl, id);"
    "CREATE INDEX temp.m_key ON m (tbl, canon);"
    "CREATE INDEX temp.m_respelt ON m (tbl, id) WHERE taken<>mkey;"
    "CREATE INDEX temp.m_ident ON m (tbl, ident) WHERE ident IS NOT NULL;"
    "CREATE INDEX temp.m_maybe ON m (tbl) WHERE grp='maybe';"
    "CREATE INDEX temp.m_waits ON m (tbl) WHERE waits;"
    "CREATE INDEX temp.m_doubt ON m (tbl) WHERE doubt;"
    "CREATE INDEX temp.m_lone ON m (tbl) WHERE lone>=0;"
    "CREATE INDEX temp.m_differs ON m (tbl) WHERE differs;"
    "CREATE INDEX temp.m_ins ON m (tbl) WHERE ins=1;"
    "CREATE TEMP TABLE img (id INTEGER PRIMARY KEY, after BLOB, there BLOB, merged BLOB,"
    " base BLOB);"
    "CREATE TEMP TABLE told (id INTEGER PRIMARY KEY, past INT, left INT);"
    "CREATE TEMP TABLE holder (id INTEGER PRIMARY KEY, key BLOB, image BLOB);"
    "CREATE TEMP TABLE mark (id INTEGER PRIMARY KEY, unsame INT DEFAULT 0,"
    " restored INT DEFAULT 0, skip INT DEFAULT 0, into_key BLOB, edits BLOB,"
    " known INT DEFAULT 0, gone INT DEFAULT 0,"
    " exact INT DEFAULT 0, cleared INT DEFAULT 0, left INT DEFAULT 0, plan INT);"
    "CREATE TEMP TABLE revived (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE reached (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE beside (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE earlier (id INTEGER PRIMARY KEY, tkey BLOB, exact INT, plan INT);"
    "CREATE TEMP TABLE chosen (id INT, kind TEXT, choice TEXT, choices TEXT, other BLOB,"
    " derived INT NOT NULL DEFAULT 0,"
    " seq INTEGER PRIMARY KEY, UNIQUE (id, kind));"
    "CREATE TEMP TABLE extra (tbl INT, n INT);"
    "CREATE TEMP TABLE erased (id INTEGER PRIMARY KEY, tbl INT, key BLOB, image BLOB, goes INT,"
    " along INT, asked INT, said INT NOT NULL DEFAULT 0, why TEXT, lvl INT DEFAULT 0, tree INT "
    "DEFAULT 0, entity INT,"
    " UNIQUE (tbl, key));"
    "CREATE TEMP TABLE erased_edge (child INT, parent INT, PRIMARY KEY (parent, child))"
    " WITHOUT ROWID;"
    "CREATE INDEX temp.erased_child ON erased_edge (child);"
    "CREATE TEMP TABLE live (id INTEGER PRIMARY KEY, tbl INT, tkey BLOB, ident BLOB,"
    " image BLOB, taken INT DEFAULT 0);"
    "CREATE INDEX temp.live_ident ON live (tbl, ident);";

static const char drop_sql[] =
    "DROP TABLE IF EXISTS temp.w; DROP TABLE IF EXISTS temp.source;"
    "DROP TABLE IF EXISTS temp.target; DROP TABLE IF EXISTS temp.name;"
    "DROP TABLE IF EXISTS temp.link; DROP TABLE IF EXISTS temp.m;"
    "DROP TABLE IF EXISTS temp.img; DROP TABLE IF EXISTS temp.holder; DROP TABLE IF "
    "EXISTS temp.mark;"
    "DROP TABLE IF EXISTS temp.revived; DROP TABLE IF EXISTS temp.earlier;"
    "DROP TABLE IF EXISTS temp.chosen; DROP TABLE IF EXISTS temp.live;"
    "DROP TABLE IF EXISTS temp.ins; DROP TABLE IF EXISTS temp.mark;"
    "DROP TABLE IF EXISTS temp.extra; DROP TABLE IF EXISTS temp.defer; DROP TABLE IF "
    "EXISTS temp.ins_order;"
    "DROP TABLE IF EXISTS temp.fresh_id; DROP TABLE IF EXISTS temp.ent;"
    "DROP TABLE IF EXISTS temp.told; DROP TABLE IF EXISTS temp.reached; DROP TABLE IF EXISTS "
    "temp.beside; DROP TABLE IF EXISTS temp.erased; DROP TABLE IF EXISTS temp.erased_edge;";

enum mr_code mr_merge_nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "deciding the plan");
}

enum mr_code mr_merge_work_open(struct mr_merge *m, struct mr_err *err)
{
    MR_TRY(mr_case_exec(m->cf, drop_sql, err));
    return mr_case_exec(m->cf, schema_sql, err);
}

void mr_merge_work_close(struct mr_merge *m)
{
    (void)mr_case_exec(m->cf, drop_sql, NULL);
}

#define ROW(name, member, type)                                                                    \
    MR_CASE_FIELD_AS(name, struct mr_merge_work_row, member, MR_CASE_##type)
static const struct mr_case_field row_fields[] = MR_CASE_LIST(
    ROW("id", id, INT), ROW("key", key, BYTES), ROW("n", n, INT), ROW("above", above, FLAG),
    ROW("equal", equal, FLAG), ROW("image", image, START), ROW("len", len, LENGTH),
    ROW("live_key", live_key, BYTES), MR_CASE_SPAN(struct mr_merge_work_row, live));

/* At least one row a page, however wide: a caller that gets none is at the end. */
static enum mr_code read_rows(struct mr_case_stmt *stmt, struct mr_arena *arena,
                              struct mr_vec *rows, struct mr_err *err)
{
    struct mr_case_fields map;
    bool more = false;
    size_t bytes = 0;
    enum mr_code code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(row_fields), err);
    while (code == MR_OK && bytes < MR_MERGE_PAGE_BYTES &&
           (code = mr_case_step(stmt, &more, err)) == MR_OK && more) {
        struct mr_merge_work_row *row = mr_vec_push(rows);
        code = row != NULL ? mr_case_fields_read(&map, arena, row, err) : mr_merge_nomem(err);
        if (code == MR_OK)
            bytes += row->len + row->live_len;
    }
    return code;
}

enum mr_code mr_merge_work_rows_with(struct mr_merge *m, const char *sql,
                                     const struct mr_case_arg *args, size_t count,
                                     struct mr_arena *arena, struct mr_vec *rows,
                                     struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(m->cf, sql, args, count, &stmt, err);
    mr_vec_clear(rows);
    if (code == MR_OK)
        code = read_rows(stmt, arena, rows, err);
    mr_case_free(stmt);
    return code;
}
