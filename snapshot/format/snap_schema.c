/* snap_schema.c: see snap_schema.h. */
#include "snapshot/format/snap_schema.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"

enum mr_code mr_snap_schema_init(struct mr_snap_schema *s, struct mr_err *err)
{
    /* Of tables, servers tell texts in UTF-8 as they keep them; asked to convert them, MySQL takes
     * them for three bytes a character at most, and puts "?" for the others. */
    static const char sql[] = "SET SESSION character_set_results = NULL, "
                              "sql_quote_show_create = 1";
    s->objects = (struct mr_vec)MR_VEC_INIT(struct mr_snap_object);
    s->left_out = (struct mr_vec)MR_VEC_INIT(struct mr_snap_left_out);
    s->files = (struct mr_vec)MR_VEC_INIT(struct mr_snap_file);
    s->dbs = (struct mr_vec)MR_VEC_INIT(const char *);
    return mr_db_exec(s->db, sql, sizeof sql - 1, err);
}

void mr_snap_schema_release(struct mr_snap_schema *s)
{
    mr_vec_release(&s->objects);
    mr_vec_release(&s->left_out);
    mr_vec_release(&s->files);
    mr_vec_release(&s->dbs);
}

enum mr_code mr_snap_schema_leave_out(struct mr_snap_schema *s, const char *kind, const char *name,
                                      const char *reason, const char *hint, struct mr_err *err)
{
    struct mr_snap_left_out *item = mr_vec_push(&s->left_out);
    if (item == NULL)
        return mr_err_nomem(err, "reading the schema");
    item->kind = kind;
    item->name = mr_arena_strdup(s->arena, name);
    item->reason = mr_arena_strdup(s->arena, reason);
    item->hint = hint != NULL ? mr_arena_strdup(s->arena, hint) : NULL;
    return item->name != NULL && item->reason != NULL ? MR_OK
                                                      : mr_err_nomem(err, "reading the schema");
}

/* Listed only when it is on disk under its name: the manifest proves what the list has. */
enum mr_code mr_snap_schema_add_file(struct mr_snap_schema *s, const char *name,
                                     const struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_snap_out *out = NULL;
    struct mr_snap_stored stored;
    enum mr_code code = mr_strbuf_check(text, "writing the schema", err);
    if (code == MR_OK)
        code = mr_snap_out_open(s->dir, name, 0, &out, err);
    if (code == MR_OK) {
        code = mr_snap_out_write(out, text->ptr, text->len, err);
        if (code == MR_OK)
            code = mr_snap_out_close(out, &stored, err);
        else
            mr_snap_out_abandon(out);
    }
    if (code != MR_OK)
        return code;
    struct mr_snap_file *file = mr_vec_push(&s->files);
    if (file == NULL)
        return mr_err_nomem(err, "writing the schema");
    file->name = mr_arena_strdup(s->arena, name);
    file->bytes = stored.bytes;
    file->sha256 = mr_arena_strdup(s->arena, stored.sha256);
    return file->name != NULL && file->sha256 != NULL ? MR_OK
                                                      : mr_err_nomem(err, "writing the schema");
}

/* ---- tables ---- */

/* The first row of SHOW CREATE, to be freed; NULL cells where there is none. */
static enum mr_code show_create(struct mr_snap_schema *s, const char *db, const char *what,
                                const char *name, struct mr_result **res, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    *res = NULL;
    mr_strbuf_add_fmt(&sql, "SHOW CREATE %s ", what);
    mr_sql_ident(&sql, name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_use(s->db, db, err));
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(s->db, "nn*", sql.ptr, sql.len, res, err));
out:
    mr_strbuf_release(&sql);
    return code;
}

/* An empty answer is an error of its own: two of them would be the same table. */
enum mr_code mr_snap_schema_table(struct mr_snap_schema *s, const char *db, const char *table,
                                  struct mr_strbuf *create, struct mr_err *err)
{
    struct mr_result *res = NULL;
    mr_strbuf_reset(create);
    enum mr_code code = show_create(s, db, "TABLE", table, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[1].ptr != NULL)
        mr_snap_drop_db(create, cells[1].ptr, db);
    if (code == MR_OK)
        code = mr_strbuf_check(create, "reading the schema", err);
    if (code == MR_OK && create->len == 0)
        code = mr_err_set(err, MR_E_CHANGED, "table \"%s.%s\" has no CREATE statement", db, table);
    mr_result_free(res);
    return code;
}

static const char *file_name(struct mr_snap_schema *s, const char *stem, const char *kind)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "schema/%s.%s.sql", stem, kind);
    const char *kept = name.failed ? NULL : mr_arena_strdup(s->arena, name.ptr);
    mr_strbuf_release(&name);
    return kept;
}

static enum mr_code write_statement(struct mr_snap_schema *s, const char *file,
                                    const char *statement, bool has_body, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_snap_statement_add(&text, statement, has_body);
    enum mr_code code = file != NULL ? mr_snap_schema_add_file(s, file, &text, err)
                                     : mr_err_nomem(err, "writing the schema");
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_snap_schema_write_table(struct mr_snap_schema *s, const struct mr_table *table,
                                        const char *create, struct mr_snap_table *to,
                                        struct mr_err *err)
{
    struct mr_strbuf whole = MR_STRBUF_INIT, without = MR_STRBUF_INIT, alter = MR_STRBUF_INIT,
                     stem = MR_STRBUF_INIT;
    if (mr_snap_is_ascending(to))
        mr_snap_drop_counter(&whole, create); /* no row below it would be taken */
    else
        mr_strbuf_add_str(&whole, create);
    mr_snap_split_keys(whole.ptr, table, &without, &alter);
    without.failed |= whole.failed;
    mr_strbuf_release(&whole);
    mr_snap_stem_add(&stem, to->db, to->name);
    enum mr_code code = mr_strbuf_check(&without, "writing the schema", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&alter, "writing the schema", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&stem, "writing the schema", err);
    if (code == MR_OK) {
        to->schema_file = file_name(s, stem.ptr, "table");
        code = write_statement(s, to->schema_file, without.ptr, false, err);
    }
    if (code == MR_OK && alter.len > 0 && !s->tables_only) {
        to->keys_file = file_name(s, stem.ptr, "keys");
        code = write_statement(s, to->keys_file, alter.ptr, false, err);
    }
    to->auto_increment = mr_schema_next_in(create, strlen(create));
    const char **db = mr_vec_push(&s->dbs);
    if (db != NULL)
        *db = to->db;
    else if (code == MR_OK)
        code = mr_err_nomem(err, "writing the schema");
    mr_strbuf_release(&without);
    mr_strbuf_release(&alter);
    mr_strbuf_release(&stem);
    return code;
}
