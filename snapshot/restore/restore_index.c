/*
 * restore_index.c: secondary indexes behind the rows; see restore.h.
 *
 * A row at a time an index costs MySQL a search for each of its entries, and beyond the buffer pool a
 * page read at random; all of them at once are sorted and written in order (measured,
 * docs/design/restore.md).  So a big table is made as the snapshot has it, which the server takes or
 * refuses before the first row, loses those of its indexes that it can do without (snap_index.h), and
 * gets them by one ALTER TABLE behind its last row.
 *
 * A killed run may leave that statement running, and a server ends it whether or not somebody waits:
 * before each try the server is asked which are there.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/db/cluster.h"
#include "core/db/db_error.h"
#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_index.h"
#include "snapshot/restore/restore.h"

#define LATE_SINCE 80027 /* MySQL, which sorts in a buffer of a size that the session says */
#define LATE_BYTES ((uint64_t)16 << 20) /* of text: below, two statements more cost what is won */
#define TRIES 10
#define ER_DUP_KEYNAME 1061
#define ER_TEMP_FILE_WRITE_FAILURE 1878

/* The other nodes of a cluster stand still while one alters a table.  MariaDB's rows in bulk win
 * nothing by it where it has more than two cores. */
enum mr_code mr_restore_learn_late(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    const char *cluster = NULL;
    r->late_indexes = false;
    if (server->flavour != MR_FLAVOUR_MYSQL || server->version < LATE_SINCE || r->opts->schema_only)
        return MR_OK;
    MR_TRY(mr_cluster_of(r->db, &cluster, err));
    r->late_indexes = cluster == NULL;
    return MR_OK;
}

/* ---- which ---- */

static bool copy_index(struct mr_restore *r, const struct mr_snap_index *from,
                       struct mr_restore_index *to)
{
    const struct mr_token name = {.kind = MR_TOKEN_IDENT, .ptr = from->name, .len = from->name_len};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_token_unquote(&text, &name);
    if (!text.failed)
        to->name = mr_arena_strdup(&r->arena, text.ptr);
    mr_strbuf_reset(&text);
    mr_strbuf_add(&text, from->definition, from->definition_len);
    if (!text.failed)
        to->definition = mr_arena_strdup(&r->arena, text.ptr);
    mr_strbuf_release(&text);
    return to->name != NULL && to->definition != NULL;
}

/* Sets late of the table: of its statement, whatever the target has. */
static enum mr_code plan(struct mr_restore *r, struct mr_restore_table *t, struct mr_err *err)
{
    struct mr_vec found = MR_VEC_INIT(struct mr_snap_index);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_restore_index *late = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_restore_table_sql(r, t, &sql, err));
    bool good = mr_snap_late_indexes(&found, sql.ptr, sql.len);
    late = good ? mr_arena_calloc(&r->arena, found.count + 1, sizeof *late) : NULL;
    good = late != NULL;
    for (size_t i = 0; good && i < found.count; i++)
        good = copy_index(r, mr_vec_at(&found, i), &late[i]);
    if (!good)
        MR_TRY_OUT(mr_err_nomem(err, "restoring"));
    t->late = late;
    t->nlate = found.count;
out:
    mr_vec_release(&found);
    mr_strbuf_release(&sql);
    return code;
}

static bool is_innodb(const struct mr_snap_table *t)
{
    return t->engine != NULL && strcmp(t->engine, "InnoDB") == 0;
}

/* One whose table the server wants to keep it for (a child of another database refers to it) stays,
 * with all the others. */
enum mr_code mr_restore_take_indexes(struct mr_restore *r, struct mr_restore_table *t,
                                     struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (!r->late_indexes || !is_innodb(t->snap) || t->snap->plain_bytes < LATE_BYTES)
        return MR_OK;
    MR_TRY(plan(r, t, err));
    if (t->nlate == 0)
        return MR_OK;
    mr_strbuf_add_str(&sql, "ALTER TABLE ");
    mr_sql_table(&sql, t->db, t->snap->name);
    for (size_t i = 0; i < t->nlate; i++) {
        mr_strbuf_add_str(&sql, i == 0 ? "\n  DROP KEY " : ", DROP KEY ");
        mr_sql_ident(&sql, t->late[i].name);
    }
    enum mr_code code = mr_restore_exec(r->db, &sql, &why);
    mr_strbuf_release(&sql);
    if (mr_restore_is_refusal(code)) {
        mr_log_detail("table \"%s.%s\" keeps its indexes while it is loaded: %s", t->db,
                      t->snap->name, why.message);
        t->nlate = 0;
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* Whatever the rules were by which that run took them off: what its snapshot has, and the target has
 * not, is missing. A run that has ended has made them; what was dropped since is the owner's wish. */
enum mr_code mr_restore_missing_indexes(struct mr_restore *r, struct mr_restore_table *t,
                                        struct mr_err *err)
{
    const struct mr_table *there = mr_catalogue_meant(r->cat, t->db, t->snap->name);
    bool missing = false;
    if (r->ended || there == NULL || !is_innodb(t->snap) ||
        mr_db_server(r->db)->flavour != MR_FLAVOUR_MYSQL)
        return MR_OK;
    MR_TRY(plan(r, t, err));
    for (size_t i = 0; i < t->nlate; i++)
        missing |= mr_table_index(there, t->late[i].name) == NULL;
    if (!missing)
        t->nlate = 0;
    return MR_OK;
}

/* ---- making ---- */

/* Sets is[i]: late[i] is there. */
static enum mr_code look(const struct mr_restore_table *t, struct mr_db *db, bool *is,
                         struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    memset(is, 0, t->nlate * sizeof *is);
    mr_strbuf_add_str(&sql, "SHOW INDEX FROM ");
    mr_sql_table(&sql, t->db, t->snap->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "vvv*", sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        for (size_t i = 0; i < t->nlate; i++)
            is[i] |= strcmp(cells[2].ptr, t->late[i].name) == 0;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Empty: all are there. */
static void add_sql(struct mr_strbuf *sql, const struct mr_restore_table *t, const bool *is)
{
    for (size_t i = 0; i < t->nlate; i++) {
        if (is[i])
            continue;
        if (sql->len == 0) {
            mr_strbuf_add_str(sql, "ALTER TABLE ");
            mr_sql_table(sql, t->db, t->snap->name);
        } else {
            mr_strbuf_add_char(sql, ',');
        }
        mr_strbuf_add_fmt(sql, "\n  ADD %s", t->late[i].definition);
    }
}

/* Runs of the server's default of 1 MiB are sorted, and merged, 60 of them in place of one.  Bound by
 * the buffer pool, since a small server has no room for more. */
static void raise_buffer(struct mr_db *db)
{
    static const char ask[] =
        "SELECT CAST(GREATEST(@@SESSION.innodb_ddl_buffer_size, LEAST(67108864, "
        "@@GLOBAL.innodb_buffer_pool_size DIV 16)) AS UNSIGNED)";
    struct mr_strbuf bytes = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    if (mr_db_query_text(db, ask, &bytes, NULL) == MR_OK) {
        mr_strbuf_add_fmt(&sql, "SET SESSION innodb_ddl_buffer_size = %s", bytes.ptr);
        (void)mr_restore_exec(db, &sql, NULL); /* as it is, it sorts, too */
    }
    mr_strbuf_release(&bytes);
    mr_strbuf_release(&sql);
}

/* Sorting wants room in the server's directory for temporary files, which a row at a time does not. */
static enum mr_code alter(struct mr_db *db, struct mr_strbuf *sql, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_restore_exec(db, sql, &why);
    if (code == MR_E_SQL && why.sql_errno == ER_TEMP_FILE_WRITE_FAILURE) {
        mr_log_info("%s: the indexes are made a row at a time", why.message);
        mr_strbuf_add_str(sql, ",\n  ALGORITHM = COPY");
        return mr_restore_exec(db, sql, err);
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* One look, and one statement for what is missing; *done: nothing was. */
static enum mr_code try_indexes(const struct mr_restore_table *t, struct mr_db *db, bool *is,
                                bool *done, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = look(t, db, is, err);
    if (code == MR_OK)
        add_sql(&sql, t, is);
    *done = code == MR_OK && sql.len == 0;
    if (code == MR_OK && !*done)
        code = alter(db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static bool is_passing(const struct mr_db *db, enum mr_code code, const struct mr_err *why)
{
    return code != MR_OK && !mr_db_is_lost(db) &&
           (code == MR_E_TIMEOUT || why->sql_errno == ER_DUP_KEYNAME ||
            mr_db_error_is_passing(why->sql_errno));
}

/* "indexes "a", "b" behind the rows", before what the server says. */
static void name_indexes(struct mr_err *why, const struct mr_restore_table *t, const bool *is)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < t->nlate; i++)
        if (!is[i])
            mr_strbuf_add_fmt(&names, "%s\"%s\"", count++ > 0 ? ", " : "", t->late[i].name);
    if (!names.failed && count > 0)
        mr_err_context(why, "%s %s behind the rows", count == 1 ? "index" : "indexes", names.ptr);
    mr_strbuf_release(&names);
}

/* Until the server says that all are there, whoever has made them. */
static enum mr_code make(struct mr_restore *r, const struct mr_restore_table *t, struct mr_db *db,
                         bool *is, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool done = false;
    raise_buffer(db);
    for (unsigned tries = 1; tries <= TRIES; tries++) {
        struct mr_err why = {0};
        code = try_indexes(t, db, is, &done, &why);
        if (done)
            return MR_OK;
        if (code != MR_OK && (tries == TRIES || !is_passing(db, code, &why))) {
            name_indexes(&why, t, is);
            if (err != NULL)
                *err = why;
            return code;
        }
        if (code != MR_OK)
            MR_TRY(mr_backoff_wait(r->pause_ms, tries, err));
    }
    (void)mr_err_set(err, MR_E_SQL, "the server says that they are made, and does not show them");
    name_indexes(err, t, is);
    return MR_E_SQL;
}

enum mr_code mr_restore_make_indexes(struct mr_restore *r, struct mr_restore_table *t,
                                     struct mr_db *db, struct mr_err *err)
{
    struct mr_err why = {0};
    bool *is = calloc(t->nlate, sizeof *is);
    if (is == NULL)
        return mr_err_nomem(err, "restoring");
    mr_db_say(db, "making the indexes of table \"%s.%s\"", t->db, t->snap->name);
    enum mr_code code = make(r, t, db, is, &why);
    mr_db_say(db, "%s", "");
    free(is);
    if (!mr_db_is_lost(db) && mr_restore_is_of_table(code, &why) && !mr_restore_is_disk_full(&why))
        return mr_restore_set_aside(r, t, MR_ASIDE_LEFT, &why, err);
    if (code != MR_OK) {
        mr_err_context(&why, "table \"%s.%s\"", t->db, t->snap->name);
        if (err != NULL)
            *err = why;
    }
    return code;
}
