/* snap_rename.c: see snap_rename.h. */
#include "snapshot/format/snap_rename.h"

#include <string.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"

#define WORDS 4

struct renamer {
    struct mr_strbuf *out;
    const char *kept; /* up to here it stands in out */
    mr_snap_table_renamed_fn *renamed;
    const void *ctx;
    struct mr_strbuf db, table;
    struct mr_token last[WORDS]; /* the last one behind */
    bool in_union;
};

static void replace(struct renamer *r, const struct mr_token *name, const char *to)
{
    mr_strbuf_add(r->out, r->kept, (size_t)(name->ptr - r->kept));
    mr_sql_ident(r->out, to);
    r->kept = name->ptr + name->len;
}

static void rename_one(struct renamer *r, const struct mr_token *db, const struct mr_token *name)
{
    mr_strbuf_reset(&r->db);
    mr_strbuf_reset(&r->table);
    if (db != NULL)
        mr_token_unquote(&r->db, db);
    mr_token_unquote(&r->table, name);
    r->out->failed |= r->db.failed || r->table.failed;
    const char *to = r->out->failed ? NULL : r->renamed(r->ctx, r->db.ptr, r->table.ptr);
    if (to != NULL)
        replace(r, name, to);
}

/* A name behind TABLE or REFERENCES is a table's where no full stop follows, so that it is judged
 * a token late. */
static void judge(struct renamer *r)
{
    const struct mr_token *t = r->last;
    const bool is_name = t[2].kind == MR_TOKEN_IDENT && !mr_token_is(&t[3], ".") &&
                         (mr_token_is(&t[1], "TABLE") || mr_token_is(&t[1], "REFERENCES"));
    if (is_name)
        rename_one(r, NULL, &t[2]);
    if (t[3].kind == MR_TOKEN_IDENT && mr_token_is(&t[2], ".") && mr_token_is(&t[0], "REFERENCES"))
        rename_one(r, &t[1], &t[3]);
    r->in_union |= mr_token_is(&t[3], "UNION");
    if (r->in_union && t[3].kind == MR_TOKEN_IDENT)
        rename_one(r, NULL, &t[3]);
    if (mr_token_is(&t[3], ")"))
        r->in_union = false;
}

void mr_snap_rename_tables(struct mr_strbuf *out, const char *sql, size_t len,
                           mr_snap_table_renamed_fn *renamed, const void *ctx)
{
    struct renamer r = {.out = out,
                        .kept = sql,
                        .renamed = renamed,
                        .ctx = ctx,
                        .db = MR_STRBUF_INIT,
                        .table = MR_STRBUF_INIT};
    struct mr_sqlscan scan;
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next_code(&scan, &r.last[WORDS - 1])) {
        judge(&r);
        memmove(r.last, r.last + 1, (WORDS - 1) * sizeof *r.last);
    }
    mr_strbuf_add(out, r.kept, (size_t)(sql + len - r.kept));
    mr_strbuf_release(&r.db);
    mr_strbuf_release(&r.table);
}

void mr_snap_rename_trigger(struct mr_strbuf *out, const char *sql, size_t len,
                            const char *sql_mode, const char *to)
{
    struct mr_sqlscan scan;
    struct mr_token token, before = {0};
    bool found = false, in_head = false;
    mr_sqlscan_init(&scan, sql, len);
    mr_sqlscan_set_mode(&scan, sql_mode);
    while (!found && mr_sqlscan_next_code(&scan, &token)) {
        found = in_head && mr_token_is(&before, "ON");
        in_head |= mr_token_is(&token, "TRIGGER");
        before = token;
    }
    if (!found) {
        mr_strbuf_add(out, sql, len);
        return;
    }
    mr_strbuf_add(out, sql, (size_t)(token.ptr - sql));
    mr_sql_ident(out, to);
    mr_strbuf_add(out, token.ptr + token.len, (size_t)(sql + len - (token.ptr + token.len)));
}

void mr_snap_drop_constraint_names(struct mr_strbuf *out, const char *sql, size_t len, bool checks,
                                   bool keys)
{
    struct mr_token last[3] = {{0}};
    struct mr_sqlscan scan;
    const char *kept = sql;
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next_code(&scan, &last[2])) {
        const bool wanted = (checks && mr_token_is(&last[2], "CHECK")) ||
                            (keys && mr_token_is(&last[2], "FOREIGN"));
        if (wanted && last[1].kind == MR_TOKEN_IDENT && mr_token_is(&last[0], "CONSTRAINT")) {
            mr_strbuf_add(out, kept, (size_t)(last[0].ptr - kept));
            kept = last[2].ptr;
        }
        last[0] = last[1];
        last[1] = last[2];
    }
    mr_strbuf_add(out, kept, (size_t)(sql + len - kept));
}
