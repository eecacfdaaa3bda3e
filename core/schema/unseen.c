/* unseen.c: see unseen.h. */
#include "core/schema/unseen.h"

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
                              struct mr_arena *arena, struct mr_vec *seen, struct mr_err *err)
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
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "looking for references", err));
    MR_TRY_OUT(mr_db_query(db, "vv", sql.ptr, sql.len, &res, err));
    while ((row = mr_result_next(res)) != NULL) {
        bool spelled = spell(mr_db_server(db), row[0].ptr, row[1].ptr, &name);
        MR_TRY_OUT(mr_strbuf_check(&name, "looking for references", err));
        MR_TRY_OUT(push(seen, spelled ? mr_arena_strdup(arena, name.ptr) : "", err));
    }
out:
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
    mr_strbuf_add_fmt(&sql, "SELECT FOR_NAME FROM information_schema.%s WHERE REF_NAME = ",
                      has_dictionary(mr_db_server(db)) ? "INNODB_FOREIGN" : "INNODB_SYS_FOREIGN");
    mr_sql_string(&sql, name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "looking for references", err));
    MR_TRY_OUT(mr_db_query(db, "v", sql.ptr, sql.len, &res, err));
    while ((row = mr_result_next(res)) != NULL)
        MR_TRY_OUT(push(all, mr_arena_strdup(arena, row[0].ptr), err));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* The first of InnoDB's that is none of the seen ones; NULL: there is none. */
static const char *find_unseen(const struct mr_vec *all, const struct mr_vec *seen, bool lower)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *name = *(const char **)mr_vec_at(all, i);
        if (!is_seen(seen, name, lower))
            return name;
    }
    return NULL;
}

/* A seen one that cannot be spelled leaves it open who another one is. */
static bool is_open(const struct mr_vec *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        if ((*(const char **)mr_vec_at(seen, i))[0] == '\0')
            return true;
    return false;
}

/* *child: the table, in arena; NULL: none is known. */
static enum mr_code ask(struct mr_unseen *u, const char *dbname, const char *table,
                        struct mr_arena *arena, const char **child, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(u->db);
    struct mr_vec all = MR_VEC_INIT(const char *), seen = MR_VEC_INIT(const char *);
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool spelled = spell(server, dbname, table, &name);
    enum mr_code code = mr_strbuf_check(&name, "looking for references", err);
    if (code == MR_OK && spelled)
        code = read_all(u->db, name.ptr, arena, &all, err);
    if (code == MR_OK && all.count > 0)
        code = read_seen(u->db, dbname, table, arena, &seen, err);
    *child = find_unseen(&all, &seen, server->lower_case_table_names != 0);
    if (!spelled || (*child != NULL && is_open(&seen))) {
        u->unknown = true;
        *child = NULL;
    }
    mr_vec_release(&all);
    mr_vec_release(&seen);
    mr_strbuf_release(&name);
    return code;
}

enum mr_code mr_unseen_check(struct mr_unseen *u, const char *dbname, const char *table,
                             const char *shown, const char *hint, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const char *child = NULL;
    enum mr_code code = MR_OK;
    if (u->grants != NULL && mr_grants_reads_all(u->grants))
        return MR_OK;
    if (u->grants != NULL && mr_grants_global(u->grants, "PROCESS"))
        code = ask(u, dbname, table, &arena, &child, err);
    else
        u->unknown = true;
    if (code == MR_OK && child != NULL) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "table \"%s\", which the account may not see, refers to \"%s\"", child,
                          shown);
        mr_err_hint(err, "%s", hint);
    }
    mr_arena_release(&arena);
    return code;
}

void mr_unseen_warn(const struct mr_unseen *u, const char *what)
{
    if (!u->unknown)
        return;
    bool may_ask = u->grants != NULL && mr_grants_global(u->grants, "PROCESS");
    mr_log_warning("whether tables that the account may not see %s: GRANT %s ON *.* TO %s", what,
                   may_ask ? "SELECT" : "PROCESS",
                   u->grants != NULL ? mr_grants_account(u->grants) : "it");
}
