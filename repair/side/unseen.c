/* unseen.c: see unseen.h. */
#include "repair/side/unseen.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/vec.h"
#include "core/db/sqltext.h"
#include "core/schema/innodb_name.h"

/* MySQL's dictionary spells names as they are, all others as files are called. */
static bool has_dictionary(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000;
}

/* False: it cannot be spelled here. */
static bool spell(const struct mr_server *server, const char *dbname, const char *table,
                  struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    if (!has_dictionary(server))
        return mr_innodb_name_add(out, dbname, table, MR_INNODB_FILE,
                                  server->lower_case_table_names != 0);
    mr_strbuf_add_fmt(out, "%s/%s", dbname, table);
    return true;
}

/* NULL: no memory. */
static enum mr_code push(struct mr_vec *names, const char *name, struct mr_err *err)
{
    const char **slot = mr_vec_push(names);
    if (slot == NULL || name == NULL)
        return mr_err_nomem(err, "looking for references");
    *slot = name;
    return MR_OK;
}

/* Pushes the tables that are seen to refer to it, as InnoDB spells them (const char *); "" is one
 * that cannot be spelled here. */
static enum mr_code read_seen(struct mr_db *db, const char *dbname, const char *table,
                              struct mr_arena *arena, struct mr_vec *seen,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM "
                            "information_schema.KEY_COLUMN_USAGE WHERE "
                            "REFERENCED_TABLE_SCHEMA = ");
    mr_sql_string(&sql, dbname);
    mr_strbuf_add_str(&sql, " AND REFERENCED_TABLE_NAME = ");
    mr_sql_string(&sql, table);
    enum mr_code code = mr_strbuf_check(&sql, "looking for references", err);
    if (code == MR_OK)
        code = mr_db_query(db, "vv", sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        bool spelled = spell(mr_db_server(db), row[0].ptr, row[1].ptr, &name);
        code = mr_strbuf_check(&name, "looking for references", err);
        if (code == MR_OK)
            code = push(seen, spelled ? mr_arena_strdup(arena, name.ptr) : "", err);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&name);
    return code;
}

/* One that is being altered has a name that nobody gave it. */
static bool is_seen(const struct mr_vec *seen, const char *child, bool lower)
{
    const char *slash = strchr(child, '/');
    if (slash != NULL && strncmp(slash, "/#sql", 5) == 0)
        return true;
    for (size_t i = 0; i < seen->count; i++) {
        const char *name = *(const char **)mr_vec_at(seen, i);
        if ((lower ? strcasecmp(name, child) : strcmp(name, child)) == 0)
            return true;
    }
    return false;
}

/* Pushes the tables that refer to it, seen or not, as InnoDB spells them. */
static enum mr_code read_all(struct mr_db *db, const char *name, struct mr_arena *arena,
                             struct mr_vec *all, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_fmt(
        &sql, "SELECT FOR_NAME FROM information_schema.%s WHERE REF_NAME = ",
        has_dictionary(mr_db_server(db)) ? "INNODB_FOREIGN" : "INNODB_SYS_FOREIGN");
    mr_sql_string(&sql, name);
    enum mr_code code = mr_strbuf_check(&sql, "looking for references", err);
    if (code == MR_OK)
        code = mr_db_query(db, "v", sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL)
        code = push(all, mr_arena_strdup(arena, row[0].ptr), err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* InnoDB's that are none of the seen ones; a seen one that cannot be spelled leaves it open. */
static enum mr_unseen compare(const struct mr_vec *all, const struct mr_vec *seen,
                              bool lower, struct mr_strbuf *child)
{
    bool is_open = false;
    for (size_t i = 0; i < seen->count; i++)
        is_open = is_open || (*(const char **)mr_vec_at(seen, i))[0] == '\0';
    for (size_t i = 0; child->len == 0 && i < all->count; i++) {
        const char *name = *(const char **)mr_vec_at(all, i);
        if (!is_seen(seen, name, lower))
            mr_strbuf_add_str(child, name);
    }
    if (child->len == 0)
        return MR_UNSEEN_NONE;
    return is_open ? MR_UNSEEN_UNKNOWN : MR_UNSEEN_CHILD;
}

static enum mr_code ask(struct mr_db *db, const char *dbname, const char *table,
                        struct mr_strbuf *child, enum mr_unseen *what, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(db);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec all = MR_VEC_INIT(const char *), seen = MR_VEC_INIT(const char *);
    struct mr_strbuf name = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (spell(server, dbname, table, &name)) {
        code = mr_strbuf_check(&name, "looking for references", err);
        if (code == MR_OK)
            code = read_all(db, name.ptr, &arena, &all, err);
        if (code == MR_OK && all.count > 0)
            code = read_seen(db, dbname, table, &arena, &seen, err);
        if (code == MR_OK) {
            *what = compare(&all, &seen, server->lower_case_table_names != 0, child);
            code = mr_strbuf_check(child, "looking for references", err);
        }
    }
    mr_vec_release(&all);
    mr_vec_release(&seen);
    mr_arena_release(&arena);
    mr_strbuf_release(&name);
    return code;
}

enum mr_code mr_unseen_look(struct mr_db *db, const struct mr_grants *grants,
                            const char *dbname, const char *table,
                            struct mr_strbuf *child, enum mr_unseen *what,
                            struct mr_err *err)
{
    mr_strbuf_reset(child);
    *what = MR_UNSEEN_UNKNOWN;
    if (grants == NULL)
        return MR_OK;
    if (mr_grants_global(grants, "SELECT")) {
        *what = MR_UNSEEN_NONE;
        return MR_OK;
    }
    return mr_grants_global(grants, "PROCESS") ? ask(db, dbname, table, child, what, err)
                                               : MR_OK;
}

void mr_unseen_warn(const struct mr_grants *grants)
{
    bool may_ask = grants != NULL && mr_grants_global(grants, "PROCESS");
    mr_log_warning("whether tables that the account may not see refer to planned ones of "
                   "the target is not known, and a foreign key of theirs may cascade: "
                   "GRANT %s ON *.* TO %s",
                   may_ask ? "SELECT" : "PROCESS",
                   grants != NULL ? mr_grants_account(grants) : "it");
}
