/*
 * restore_rename.c: databases and tables under other names; see restore.h.
 *
 * --rename OLD=NEW is of a database, or of a table, which stays in its database: db.old=db.new.  The
 * names are the snapshot's; of a database that is renamed, too, NEW may have either name.  Names may
 * hold any character, "=" and "." too: OLD is one that the snapshot has.
 */
#include <string.h>

#include "core/base/letters.h"
#include "core/db/sqlscan.h"
#include "snapshot/format/snap_rename.h"
#include "snapshot/restore/restore.h"

/* ---- reading the options ---- */

/* What follows "db=" or "db.table="; NULL: it begins otherwise. */
static const char *behind(const char *item, const char *db, const char *table)
{
    size_t len = strlen(db);
    if (strncmp(item, db, len) != 0)
        return NULL;
    item += len;
    if (table != NULL) {
        len = strlen(table);
        if (item[0] != '.' || strncmp(item + 1, table, len) != 0)
            return NULL;
        item += len + 1;
    }
    return *item == '=' ? item + 1 : NULL;
}

static enum mr_code refuse(struct mr_err *err, const char *option, const char *item,
                           const char *why)
{
    (void)mr_err_set(err, MR_E_USAGE, "--%s \"%s\" %s", option, item, why);
    mr_err_hint(err, "Write it as --rename old=new, for a table as --rename db.old=db.new; "
                     "\"myrecon snapshot list\" has the names.");
    return MR_E_USAGE;
}

/* Each item has renamed so many: one that names nothing would restore under the old name, beside or
 * over what is live. */
static enum mr_code require_one(struct mr_err *err, const char *option, const char *item,
                                size_t count, const char *kind)
{
    if (count == 1)
        return MR_OK;
    return refuse(err, option, item, count == 0 ? kind : "may mean several things of the snapshot");
}

static enum mr_code rename_db(struct mr_restore *r, const char *option, const char *item,
                              size_t *count, struct mr_err *err)
{
    for (size_t i = 0; i < r->ndbs; i++) {
        const char *to = behind(item, r->dbs[i].from, NULL);
        if (to == NULL)
            continue;
        if (*to == '\0')
            return refuse(err, option, item, "has no new name");
        r->dbs[i].to = to;
        ++*count;
    }
    return MR_OK;
}

/* Without the database in front, or NULL: it is another one. */
static const char *new_name(const struct mr_restore *r, const char *from, const char *to)
{
    const char *names[] = {from, mr_restore_db_name(r, from)};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(to, names[i], len) == 0 && to[len] == '.')
            return to + len + 1;
    }
    return NULL;
}

static enum mr_code rename_table(struct mr_restore *r, const char *item, struct mr_restore_table *t,
                                 const char *to, struct mr_err *err)
{
    struct mr_snap_table *copy = mr_arena_alloc(&r->arena, sizeof *copy);
    to = new_name(r, t->from->db, to);
    if (copy == NULL)
        return mr_err_nomem(err, "restoring");
    if (to == NULL)
        return refuse(err, "rename", item, "would put a table in another database");
    if (*to == '\0')
        return refuse(err, "rename", item, "has no new name");
    if (strcmp(to, MR_SNAP_PROGRESS_TABLE) == 0)
        return refuse(err, "rename", item, "has a name that the restore itself needs");
    *copy = *t->from;
    copy->name = to;
    t->snap = copy;
    return MR_OK;
}

static enum mr_code rename_tables(struct mr_restore *r, const char *item, size_t *count,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < r->ntables; i++) {
        struct mr_restore_table *t = &r->tables[i];
        const char *to = behind(item, t->from->db, t->from->name);
        if (to == NULL)
            continue;
        MR_TRY(rename_table(r, item, t, to, err));
        ++*count;
    }
    return MR_OK;
}

enum mr_code mr_restore_rename_dbs(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_string_list *only = &r->opts->rename_dbs, *any = &r->opts->renames;
    for (size_t i = 0; i < only->count; i++) {
        size_t count = 0;
        MR_TRY(rename_db(r, "rename-db", only->items[i], &count, err));
        MR_TRY(require_one(err, "rename-db", only->items[i], count,
                           "names no database of the snapshot"));
    }
    for (size_t i = 0, count = 0; i < any->count; i++)
        MR_TRY(rename_db(r, "rename", any->items[i], &count, err));
    return MR_OK;
}

/* Two that become one would be no copy of either. */
static enum mr_code require_apart(const struct mr_restore *r, const struct mr_restore_table *t,
                                  struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    const struct mr_snap_manifest *m = &r->snap.manifest;
    const char *what = NULL, *name = NULL;
    for (size_t i = 0; i < r->ntables; i++)
        if (&r->tables[i] != t && mr_server_same_name(server, r->tables[i].db, t->db) &&
            mr_server_same_name(server, r->tables[i].snap->name, t->snap->name)) {
            what = "table";
            name = r->tables[i].from->name;
        }
    for (size_t i = 0; i < m->nobjects; i++)
        if (mr_object_has(m->objects[i].kind, MR_OBJECT_RELATION) &&
            mr_restore_wants_object(r, &m->objects[i]) &&
            mr_server_same_name(server, mr_restore_db_name(r, m->objects[i].db), t->db) &&
            mr_server_same_name(server, m->objects[i].name, t->snap->name)) {
            what = mr_object_word(m->objects[i].kind);
            name = m->objects[i].name;
        }
    if (what == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE,
                     "table \"%s\" and %s \"%s\" of the snapshot would both be \"%s.%s\" on the "
                     "target",
                     t->from->name, what, name, t->db, t->snap->name);
    mr_err_hint(err, "Give each a name of its own (--rename), or leave one out (--exclude).");
    return MR_E_USAGE;
}

enum mr_code mr_restore_rename_tables(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_string_list *list = &r->opts->renames;
    for (size_t i = 0; i < list->count; i++) {
        size_t count = 0;
        for (size_t k = 0; k < r->ndbs; k++)
            count += behind(list->items[i], r->dbs[k].from, NULL) != NULL;
        MR_TRY(rename_tables(r, list->items[i], &count, err));
        MR_TRY(require_one(err, "rename", list->items[i], count,
                           "names no database of the snapshot, nor a table that is restored"));
    }
    for (size_t i = 0; i < r->ntables; i++)
        if (mr_restore_is_renamed(&r->tables[i]))
            MR_TRY(require_apart(r, &r->tables[i], err));
    return MR_OK;
}

/* ---- whom names of the snapshot mean ---- */

bool mr_restore_is_renamed(const struct mr_restore_table *t)
{
    return t->snap != t->from;
}

static const struct mr_restore_table *find_in(const struct mr_restore *r,
                                              const struct mr_restore_table *tables, size_t count,
                                              const char *db, const char *name)
{
    const bool exact = r->snap.manifest.server.lower_case_table_names == 0;
    for (size_t i = 0; i < count; i++) {
        const struct mr_snap_table *t = tables[i].from;
        if (exact ? strcmp(t->db, db) == 0 && strcmp(t->name, name) == 0
                  : mr_letters_same(t->db, db) && mr_letters_same(t->name, name))
            return &tables[i];
    }
    return NULL;
}

const struct mr_restore_table *mr_restore_table_of(const struct mr_restore *r, const char *db,
                                                   const char *name)
{
    return find_in(r, r->tables, r->ntables, db, name);
}

const struct mr_restore_table *mr_restore_kept_of(const struct mr_restore *r, const char *db,
                                                  const char *name)
{
    return find_in(r, r->kept_tables, r->nkept, db, name);
}

/* ---- statements ---- */

struct reading {
    const struct mr_restore *restore;
    const char *db; /* the statement's own */
};

static const char *table_renamed(const void *ctx, const char *db, const char *name)
{
    const struct reading *reading = ctx;
    const char *of = db[0] != '\0' ? db : reading->db;
    if (reading->restore->opts->renames.count == 0)
        return NULL;
    const struct mr_restore_table *t = mr_restore_table_of(reading->restore, of, name);
    if (t == NULL)
        t = mr_restore_kept_of(reading->restore, of, name);
    return t != NULL && mr_restore_is_renamed(t) ? t->snap->name : NULL;
}

void mr_restore_rename_in(const struct mr_restore *r, const struct mr_snap_place *place,
                          const char *sql, size_t len, struct mr_strbuf *out)
{
    const struct reading reading = {r, place->db};
    const struct mr_restore_table *t = NULL;
    if (strcmp(place->what, "TABLE") == 0 || strcmp(place->what, "ALTER") == 0) {
        mr_snap_rename_tables(out, sql, len, table_renamed, &reading);
        return;
    }
    if (strcmp(place->what, "TRIGGER") == 0 && place->table != NULL)
        t = mr_restore_table_of(r, place->db, place->table);
    if (t != NULL && mr_restore_is_renamed(t))
        mr_snap_rename_trigger(out, sql, len, place->sql_mode, t->snap->name);
    else
        mr_strbuf_add(out, sql, len);
}

enum mr_code mr_restore_drop_names(const struct mr_restore *r, const struct mr_snap_place *place,
                                   struct mr_strbuf *sql, struct mr_err *err)
{
    const struct mr_restore_table *t = mr_restore_table_of(r, place->db, place->name);
    const bool is_mysql = mr_db_server(r->db)->flavour == MR_FLAVOUR_MYSQL;
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (t == NULL || !mr_restore_is_renamed(t))
        return MR_OK;
    mr_snap_drop_constraint_names(&out, sql->ptr, sql->len, is_mysql, true);
    enum mr_code code = mr_strbuf_check(&out, "restoring", err);
    mr_strbuf_reset(sql);
    mr_strbuf_add(sql, out.ptr, out.len);
    mr_strbuf_release(&out);
    return code == MR_OK ? mr_strbuf_check(sql, "restoring", err) : code;
}

const struct mr_restore_table *mr_restore_next_renamed(const struct mr_restore *r,
                                                       const struct mr_strbuf *sql, size_t *i)
{
    while (*i < r->ntables) {
        const struct mr_restore_table *t = &r->tables[(*i)++];
        if (mr_restore_is_renamed(t) && mr_sqlscan_holds_name(sql->ptr, sql->len, t->from->name))
            return t;
    }
    return NULL;
}
