/*
 * restore_keys.c: foreign keys, behind the rows; see restore.h.
 *
 * One whose parent is not there (it was left out, or the source did not have it either) leads into
 * nothing: servers make it while keys are not checked, and then take no row of its table.  Such keys
 * are found before anything is done, and made and named, or left out.  One whose parent was there
 * before is checked by the server as it is made: no row of that parent is the snapshot's.
 */
#include <string.h>

#include "core/base/letters.h"
#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

#define ER_FK_NO_UNIQUE_KEY_PARENT 6125
#define MAX_KEY_COLUMNS 16 /* of a foreign key, by the servers */

static enum mr_code exec_text(struct mr_restore *r, const char *text, struct mr_err *err)
{
    return mr_db_exec(r->db, text, strlen(text), err);
}

/* ---- parents ---- */

static enum mr_code is_on_target(struct mr_restore *r, const char *db, const char *name, bool *is,
                                 struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(r->db, sql.ptr, &text, err);
    *is = code == MR_OK && strcmp(text.ptr, "0") != 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

/* ---- those that lead into nothing ---- */

struct search {
    struct mr_restore *restore;
    struct mr_restore_table *table;
    enum mr_code code;
    struct mr_err *err;
};

static enum mr_code add_orphan(struct search *s, const char *name, const char *db,
                               const char *parent)
{
    struct mr_restore *r = s->restore;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_restore_orphan *orphan = mr_vec_push(&r->orphans);
    mr_strbuf_add_fmt(&text, "%s.%s", db, parent);
    if (orphan != NULL && !text.failed)
        *orphan = (struct mr_restore_orphan){s->table, mr_arena_strdup(&r->arena, name),
                                             mr_arena_strdup(&r->arena, text.ptr)};
    mr_strbuf_release(&text);
    return orphan != NULL && orphan->name != NULL && orphan->parent != NULL
               ? MR_OK
               : mr_err_nomem(s->err, "restoring");
}

/* Looks at one key; nothing is left out yet. */
static bool look_at(void *ctx, const char *name, const char *db, const char *table)
{
    struct search *s = ctx;
    struct mr_restore *r = s->restore;
    const char *from = db[0] != '\0' ? db : s->table->from->db;
    const struct mr_restore_table *kept = mr_restore_kept_of(r, from, table);
    const char *to = mr_restore_renamed(r, from);
    bool is = true;
    if (s->code != MR_OK || mr_restore_table_of(r, from, table) != NULL)
        return true;
    if (to == NULL)
        to = from;
    if (kept == NULL)
        s->code = is_on_target(r, to, table, &is, s->err);
    if (s->code == MR_OK && is)
        s->table->joins = true;
    else if (s->code == MR_OK)
        s->code = add_orphan(s, name, to, table);
    return true;
}

static enum mr_code find_in_table(struct mr_restore *r, struct mr_restore_table *t,
                                  struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_keys_place(t->from);
    struct search s = {r, t, MR_OK, err};
    struct mr_strbuf sql = MR_STRBUF_INIT, none = MR_STRBUF_INIT;
    enum mr_code code = mr_snap_read_statement(&r->snap, t->snap->keys_file, &place, &sql, err);
    if (code == MR_OK)
        mr_snap_filter_keys(&none, sql.ptr, sql.len, look_at, &s);
    if (code == MR_OK)
        code = s.code;
    if (code == MR_OK)
        code = mr_strbuf_check(&none, "restoring", err);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&none);
    return code;
}

void mr_restore_orphan_text(struct mr_strbuf *out, const struct mr_restore *r,
                            const struct mr_restore_orphan *orphan)
{
    const struct mr_restore_table *t = orphan->table;
    mr_strbuf_add_fmt(
        out, "foreign key \"%s\" of table \"%s.%s\": \"%s\", to which it refers, is not there",
        orphan->name, t->db, t->snap->name, orphan->parent);
    mr_strbuf_add_str(out, r->opts->drop_foreign_keys
                               ? "; left out"
                               : "; until it is, the server takes no new row of that table "
                                 "(--drop-foreign-keys leaves the key out)");
}

enum mr_code mr_restore_find_orphans(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->ntables; i++)
        if (r->tables[i].snap->keys_file != NULL)
            code = find_in_table(r, &r->tables[i], err);
    for (size_t i = 0; code == MR_OK && i < r->orphans.count; i++) {
        mr_strbuf_reset(&text);
        mr_restore_orphan_text(&text, r, mr_vec_at(&r->orphans, i));
        code = mr_strbuf_check(&text, "restoring", err);
        if (code == MR_OK && r->opts->drop_foreign_keys)
            mr_log_info("%s", text.ptr);
        else if (code == MR_OK)
            mr_log_warning("%s", text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}

/* ---- making ---- */

static bool is_orphan(const struct mr_restore *r, const struct mr_restore_table *t,
                      const char *name)
{
    for (size_t i = 0; i < r->orphans.count; i++) {
        const struct mr_restore_orphan *orphan = mr_vec_at(&r->orphans, i);
        if (orphan->table == t && strcmp(orphan->name, name) == 0)
            return true;
    }
    return false;
}

/* Has an earlier run made it? */
static bool has_key(const struct mr_restore *r, const struct mr_restore_table *t, const char *name)
{
    const struct mr_table *there =
        t->has_keys ? mr_catalogue_meant(r->cat, t->db, t->snap->name) : NULL;
    for (size_t i = 0; there != NULL && i < there->nfks; i++)
        if (mr_letters_same(there->fks[i].name, name))
            return true;
    return false;
}

struct keeping {
    const struct mr_restore *restore;
    const struct mr_restore_table *table;
};

static bool keeps(void *ctx, const char *name, const char *db, const char *table)
{
    const struct keeping *k = ctx;
    const struct mr_restore_table *t = k->table;
    (void)db, (void)table;
    if (t == NULL)
        return true;
    if (k->restore->opts->drop_foreign_keys && is_orphan(k->restore, t, name))
        return false;
    return (t->key == NULL || strcmp(t->key, name) == 0) && !has_key(k->restore, t, name);
}

enum mr_code mr_restore_keep_keys(struct mr_restore *r, const struct mr_snap_place *place,
                                  struct mr_strbuf *sql, struct mr_err *err)
{
    struct keeping k = {r, NULL};
    struct mr_strbuf kept = MR_STRBUF_INIT;
    if (strcmp(place->what, "ALTER") != 0)
        return MR_OK;
    k.table = mr_restore_table_of(r, place->db, place->name);
    mr_snap_filter_keys(&kept, sql->ptr, sql->len, keeps, &k);
    enum mr_code code = mr_strbuf_check(&kept, "restoring", err);
    mr_strbuf_reset(sql);
    mr_strbuf_add(sql, kept.ptr, kept.len);
    mr_strbuf_release(&kept);
    return code == MR_OK ? mr_strbuf_check(sql, "restoring", err) : code;
}

/* Parents by a key that is not unique: MySQL 8.4 and later keep such foreign keys, and make them
 * where a session says so, which needs a right. */
static enum mr_code add_keys(struct mr_restore *r, const struct mr_restore_table *t,
                             struct mr_err *err)
{
    static const char off[] = "SET SESSION restrict_fk_on_non_standard_key = OFF",
                      on[] = "SET SESSION restrict_fk_on_non_standard_key = ON";
    const struct mr_snap_place place = mr_snap_keys_place(t->from);
    enum mr_code code = mr_restore_exec_file(r, t->snap->keys_file, &place, err);
    if (code != MR_E_SQL || err->sql_errno != ER_FK_NO_UNIQUE_KEY_PARENT ||
        exec_text(r, off, NULL) != MR_OK)
        return code;
    *err = (struct mr_err){0};
    code = mr_restore_exec_file(r, t->snap->keys_file, &place, err);
    enum mr_code back = exec_text(r, on, code == MR_OK ? err : NULL);
    return code == MR_OK ? back : code;
}

/* A parent that was there before may lack what the rows refer to. */
static enum mr_code add_checked(struct mr_restore *r, const struct mr_restore_table *t,
                                struct mr_err *err)
{
    MR_TRY(exec_text(r, "SET SESSION foreign_key_checks = 1", err));
    enum mr_code code = add_keys(r, t, err);
    if (mr_db_is_lost(r->db))
        return code;
    enum mr_code back =
        exec_text(r, "SET SESSION foreign_key_checks = 0", code == MR_OK ? err : NULL);
    return code == MR_OK ? back : code;
}

struct listing {
    struct mr_restore *restore;
    const struct mr_restore_table *table;
    struct mr_vec *names; /* const char * */
    bool failed;
};

static bool list_key(void *ctx, const char *name, const char *db, const char *table)
{
    struct listing *l = ctx;
    const struct keeping k = {l->restore, l->table};
    if (!keeps((void *)(uintptr_t)&k, name, db, table))
        return true;
    const char **slot = mr_vec_push(l->names);
    if (slot != NULL)
        *slot = mr_arena_strdup(&l->restore->arena, name);
    l->failed |= slot == NULL || *slot == NULL;
    return true;
}

/* Those of the file that are wanted, and missing. */
static enum mr_code list_keys(struct mr_restore *r, const struct mr_restore_table *t,
                              struct mr_vec *names, struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_keys_place(t->from);
    struct listing l = {r, t, names, false};
    struct mr_strbuf sql = MR_STRBUF_INIT, none = MR_STRBUF_INIT;
    enum mr_code code = mr_snap_read_statement(&r->snap, t->snap->keys_file, &place, &sql, err);
    if (code == MR_OK)
        mr_snap_filter_keys(&none, sql.ptr, sql.len, list_key, &l);
    if (code == MR_OK && (l.failed || none.failed))
        code = mr_err_nomem(err, "restoring");
    mr_strbuf_release(&sql);
    mr_strbuf_release(&none);
    return code;
}

/* What a server refuses of several keys it refuses together: so one by one, and those that lead into
 * nothing without a look at their parents. */
static enum mr_code add_one(struct mr_restore *r, struct mr_restore_table *t, const char *name,
                            struct mr_err *err)
{
    struct mr_err why = {0};
    t->key = name;
    enum mr_code code =
        t->joins && !is_orphan(r, t, name) ? add_checked(r, t, &why) : add_keys(r, t, &why);
    t->key = NULL;
    if (mr_restore_is_refusal(code))
        return mr_restore_note_fmt(r, err, "foreign key \"%s\" of table \"%s.%s\" is not made: %s",
                                   name, t->db, t->snap->name, why.message);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code add_each(struct mr_restore *r, struct mr_restore_table *t, struct mr_err *err)
{
    struct mr_vec names = MR_VEC_INIT(const char *);
    enum mr_code code = list_keys(r, t, &names, err);
    for (size_t i = 0; code == MR_OK && i < names.count; i++)
        code = add_one(r, t, *(const char *const *)mr_vec_at(&names, i), err);
    mr_vec_release(&names);
    return code;
}

/* Behind the rows, so that tables can be loaded in any order; a key that the server does not take is
 * noted, and the rows and the other keys stay.  Those of a renamed table have the server's names: any
 * of them stands for all. */
enum mr_code mr_restore_make_keys(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->ntables; i++) {
        struct mr_restore_table *t = &r->tables[i];
        struct mr_err why = {0};
        if (t->snap->keys_file == NULL || t->aside != NULL ||
            (t->has_keys && mr_restore_is_renamed(t)))
            continue;
        MR_TRY(mr_restore_use(r, t->db, err));
        const enum mr_code code = t->joins ? add_checked(r, t, &why) : add_keys(r, t, &why);
        if (mr_restore_is_refusal(code)) {
            MR_TRY(add_each(r, t, err));
        } else if (code != MR_OK) {
            if (err != NULL)
                *err = why;
            return code;
        }
    }
    return MR_OK;
}

/* ---- children that were there ---- */

/* Rows whose keys have no NULL, and no parent. */
static void add_childless(struct mr_strbuf *sql, const struct mr_table *t,
                          const struct mr_foreign_key *fk)
{
    mr_strbuf_add_str(sql, "SELECT 1 FROM ");
    mr_sql_table(sql, t->db, t->name);
    mr_strbuf_add_str(sql, " AS child WHERE NOT EXISTS (SELECT 1 FROM ");
    mr_sql_table(sql, fk->ref_db, fk->ref_table);
    mr_strbuf_add_str(sql, " AS parent WHERE ");
    for (size_t i = 0; i < fk->ncolumns; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " AND parent." : "parent.");
        mr_sql_ident(sql, fk->ref_columns[i]);
        mr_strbuf_add_str(sql, " = child.");
        mr_sql_ident(sql, fk->columns[i]);
    }
    mr_strbuf_add_char(sql, ')');
    for (size_t i = 0; i < fk->ncolumns; i++) {
        mr_strbuf_add_str(sql, " AND child.");
        mr_sql_ident(sql, fk->columns[i]);
        mr_strbuf_add_str(sql, " IS NOT NULL");
    }
    mr_strbuf_add_str(sql, " LIMIT 1");
}

static enum mr_code note_child(struct mr_restore *r, const struct mr_table *t,
                               const struct mr_foreign_key *fk, const char *what,
                               struct mr_err *err)
{
    return mr_restore_note_fmt(
        r, err, "table \"%s.%s\" was there, and refers to \"%s.%s\" (foreign key \"%s\"): %s",
        t->db, t->name, fk->ref_db, fk->ref_table, fk->name, what);
}

static enum mr_code check_child(struct mr_restore *r, const struct mr_table *t,
                                const struct mr_foreign_key *fk, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    add_childless(&sql, t, fk);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(r->db, "v", sql.ptr, sql.len, &res, &why);
    if (code == MR_OK && mr_result_next(res) != NULL)
        code = note_child(r, t, fk, "rows of it lead to none that is restored", err);
    else if (mr_restore_is_refusal(code) || code == MR_E_TIMEOUT)
        code = note_child(r, t, fk, why.message, err);
    else if (code != MR_OK && err != NULL)
        *err = why;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Adds the names of the databases, quoted: "('a', 'b')". */
static void add_dbs(struct mr_strbuf *sql, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->ndbs; i++) {
        mr_strbuf_add_str(sql, i > 0 ? ", " : "(");
        mr_sql_string(sql, r->dbs[i].to);
    }
    mr_strbuf_add_char(sql, ')');
}

/* A key of a table in a database that the snapshot does not have, with room for its columns. */
struct outside {
    struct mr_table table;
    struct mr_foreign_key key;
    const char *columns[MAX_KEY_COLUMNS], *ref_columns[MAX_KEY_COLUMNS];
};

static enum mr_code take_outside(struct mr_restore *r, const struct mr_cell *cells,
                                 struct mr_vec *found, struct mr_err *err)
{
    struct outside *last =
        found->count > 0 ? *(struct outside **)mr_vec_at(found, found->count - 1) : NULL;
    bool nomem = false;
    if (last == NULL || strcmp(last->table.db, cells[0].ptr) != 0 ||
        strcmp(last->table.name, cells[1].ptr) != 0 || strcmp(last->key.name, cells[2].ptr) != 0) {
        struct outside **slot = mr_vec_push(found);
        last = mr_arena_calloc(&r->arena, 1, sizeof *last);
        if (slot == NULL || last == NULL)
            return mr_err_nomem(err, "restoring");
        *slot = last;
        last->table.db = mr_arena_keep(&r->arena, cells[0].ptr, &nomem);
        last->table.name = mr_arena_keep(&r->arena, cells[1].ptr, &nomem);
        last->key.name = mr_arena_keep(&r->arena, cells[2].ptr, &nomem);
        last->key.ref_db = mr_arena_keep(&r->arena, cells[4].ptr, &nomem);
        last->key.ref_table = mr_arena_keep(&r->arena, cells[5].ptr, &nomem);
        last->key.columns = last->columns;
        last->key.ref_columns = last->ref_columns;
    }
    if (last->key.ncolumns < MAX_KEY_COLUMNS) {
        last->columns[last->key.ncolumns] = mr_arena_keep(&r->arena, cells[3].ptr, &nomem);
        last->ref_columns[last->key.ncolumns++] = mr_arena_keep(&r->arena, cells[6].ptr, &nomem);
    }
    return nomem ? mr_err_nomem(err, "restoring") : MR_OK;
}

static enum mr_code find_outside(struct mr_restore *r, struct mr_vec *found, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(&sql,
                      "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, "
                      "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME "
                      "FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql, " AND TABLE_SCHEMA NOT IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql,
                      " ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION");
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(r->db, "vvvvvvv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL)
        MR_TRY_OUT(take_outside(r, cells, found, err));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Of tables in other databases, which the account may not all see. */
static enum mr_code check_outside(struct mr_restore *r, struct mr_err *err)
{
    struct mr_vec found = MR_VEC_INIT(struct outside *);
    enum mr_code code = find_outside(r, &found, err);
    for (size_t i = 0; code == MR_OK && i < found.count; i++) {
        const struct outside *o = *(struct outside *const *)mr_vec_at(&found, i);
        if (mr_restore_has_table(r, o->key.ref_db, o->key.ref_table))
            code = check_child(r, &o->table, &o->key, err);
    }
    mr_vec_release(&found);
    return code;
}

/* The server makes a parent that children wait for without a look at them, and loads rows alone
 * without a look at their parents. */
enum mr_code mr_restore_check_children(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        const bool ours = mr_restore_has_table(r, t->db, t->name);
        for (size_t k = 0; k < t->nfks && (!ours || r->opts->data_only); k++)
            if (ours || mr_restore_has_table(r, t->fks[k].ref_db, t->fks[k].ref_table))
                MR_TRY(check_child(r, t, &t->fks[k], err));
    }
    return check_outside(r, err);
}
