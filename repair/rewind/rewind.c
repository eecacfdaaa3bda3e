/* rewind.c: what is kept, and when a rewind is refused; see rewind.h. */
#include "repair/rewind/rewind_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/binlog/binlog_value.h"

static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.rw;"
    "DROP TABLE IF EXISTS temp.rw_ours;"
    "CREATE TEMP TABLE rw (tbl INT NOT NULL, key BLOB NOT NULL, s BLOB, base BLOB, last BLOB,"
    " flags INT NOT NULL, tx INT, origin BLOB, PRIMARY KEY (tbl, key)) WITHOUT ROWID;"
    "CREATE INDEX temp.rw_origin ON rw (tbl, origin) WHERE origin IS NOT NULL;"
    "CREATE TEMP TABLE rw_ours (tx INTEGER PRIMARY KEY);";

/* Where the row that came from another key stood before the first of them; none for one that they made. */
#define ORIGIN                                                                                     \
    "(SELECT COALESCE(o.origin, CASE WHEN o.s IS NOT NULL THEN o.key END) FROM rw o"               \
    " WHERE o.tbl=:tbl AND o.key=:came_from)"

/* Was it a rewind that changed the row last?  The mark stands behind the rows of its transaction. */
#define OURS "CASE WHEN tx IN (SELECT tx FROM rw_ours) THEN 32 ELSE 0 END"

enum mr_code mr_rewind_mark_ours(struct mr_rewind *r, struct mr_err *err)
{
    return mr_case_exec(r->cf, "UPDATE rw SET flags=flags | " OURS " WHERE tx IS NOT NULL", err);
}

enum mr_code mr_rewind_nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "rewinding");
}

void mr_rewind_blind(struct mr_rewind *r, size_t table, const char *why)
{
    if (r->tables[table].why == NULL)
        r->tables[table].why = why != NULL ? why : "out of memory";
}

#define KNOWN(member, type) MR_CASE_FIELD(struct mr_rewind_known, member, MR_CASE_##type)
static const struct mr_case_field known_fields[] =
    MR_CASE_LIST(KNOWN(s, BYTES), KNOWN(base, BYTES), KNOWN(last, BYTES), KNOWN(flags, SMALL));

static enum mr_code prepare(struct mr_rewind *r, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&r->find, "SELECT s, base, last, flags | " OURS " AS flags FROM rw WHERE tbl=:tbl AND "
                   "key=:key"},
        {&r->add, "INSERT INTO rw (tbl, key, s, base, last, flags, origin)"
                  " VALUES (:tbl, :key, :s, :last, :last, 0, " ORIGIN ")"},
        {&r->change,
         "UPDATE rw SET base=CASE WHEN :selected THEN :last ELSE base END, last=:last,"
         " flags=:flags, tx=CASE WHEN :selected THEN tx ELSE :tx END, origin=CASE WHEN :selected "
         "AND :comes THEN " ORIGIN " ELSE origin END WHERE tbl=:tbl AND key=:key"},
        {&r->ours, "INSERT INTO rw_ours (tx) VALUES (:tx)"},
    };
    MR_TRY(mr_case_exec(r->cf, schema_sql, err));
    MR_TRY(mr_case_prepare_all(r->cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&r->find_map, r->find, MR_CASE_FIELDS(known_fields), err);
}

enum mr_code mr_rewind_open(const struct mr_rewind_task *task, struct mr_rewind **out,
                            struct mr_err *err)
{
    struct mr_rewind *r = calloc(1, sizeof *r);
    *out = r;
    if (r == NULL)
        return mr_rewind_nomem(err);
    r->task = task;
    r->cf = mr_findings_case(task->fd);
    r->definitions = (struct mr_vec)MR_VEC_INIT(const char *);
    r->prepared = (struct mr_vec)MR_VEC_INIT(char *);
    mr_strbuf_init(&r->scratch);
    for (int i = 0; i < 2; i++) {
        mr_strbuf_init(&r->images[i]);
        mr_strbuf_init(&r->keys[i]);
    }
    r->tables = calloc(task->tables->ntables + 1, sizeof *r->tables);
    r->touched = calloc(task->tables->ntables + 1, sizeof *r->touched);
    if (r->tables == NULL || r->touched == NULL)
        return mr_rewind_nomem(err);
    return prepare(r, err);
}

void mr_rewind_close(struct mr_rewind *r)
{
    if (r == NULL)
        return;
    mr_case_free(r->find);
    mr_case_free(r->add);
    mr_case_free(r->change);
    mr_case_free(r->ours);
    for (size_t i = 0; r->tables != NULL && i < r->task->tables->ntables; i++)
        mr_arena_release(&r->tables[i].arena);
    mr_binlog_rows_release(&r->rows);
    mr_vec_release(&r->definitions);
    for (size_t i = 0; i < r->prepared.count; i++)
        free(*(char **)mr_vec_at(&r->prepared, i));
    mr_vec_release(&r->prepared);
    mr_strbuf_release(&r->scratch);
    for (int i = 0; i < 2; i++) {
        mr_strbuf_release(&r->images[i]);
        mr_strbuf_release(&r->keys[i]);
    }
    free(r->tables);
    free(r->touched);
    free(r);
}

struct met {
    size_t tbl;
    struct mr_key key;
    bool is_there;
};
#define MET(member, type) MR_CASE_FIELD(struct met, member, MR_CASE_##type)
static const struct mr_case_field met_fields[] =
    MR_CASE_LIST(MET(tbl, INT), MET(key, BYTES), MET(is_there, FLAG));

enum mr_code mr_rewind_each(struct mr_rewind *r, mr_rewind_key_fn *fn, void *ctx,
                            struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct mr_arena arena = MR_ARENA_INIT;
    struct met met;
    bool more = false;
    enum mr_code code = mr_case_prepare(
        r->cf, "SELECT tbl, key, base IS NOT NULL AS is_there FROM rw ORDER BY tbl, key", &stmt,
        err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(met_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, &arena, &met, &more, err)) == MR_OK &&
           more) {
        code = fn(ctx, met.tbl, met.key, met.is_there, err);
        mr_arena_reset(&arena);
    }
    mr_case_free(stmt);
    mr_arena_release(&arena);
    return code;
}
