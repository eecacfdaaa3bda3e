/* doctor_objects.c: databases and tables that were asked for; see doctor.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/pattern.h"
#include "core/db/sqltext.h"
#include "core/schema/near_db.h"
#include "recon/doctor/doctor.h"

/* ---- databases that were named ---- */

/* What does not exist and what is hidden look the same in the catalogue; the probe asks for a table
 * of it, and the error tells them apart. Only where all are visible is a name in other letters
 * looked for. */
static void hint_near(struct mr_doctor *d, const struct mr_doctor_server *server, const char *name)
{
    struct mr_strbuf near = MR_STRBUF_INIT;
    mr_near_db(server->link.db, name, &near);
    if (near.len > 0)
        mr_doctor_hint(d, "Is \"%s\" meant?", near.ptr);
    else
        mr_doctor_hint(d, "SHOW DATABASES lists what the account can see. Is it the right server?");
    mr_strbuf_release(&near);
}

static enum mr_code say_database(struct mr_doctor *d, struct mr_doctor_server *server,
                                 const char *name, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, near = MR_STRBUF_INIT;
    struct mr_err why = {0};
    bool known;
    enum mr_code code = mr_schema_probe(server->link.db, name, "myrecon", NULL, &why);
    const bool lists_all = server->link.grants != NULL && mr_grants_lists_dbs(server->link.grants);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code == MR_E_DENIED && !lists_all) {
        mr_sql_ident(&sql, name);
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_database,
                      "database \"%s\" does not exist, or is not visible to the account", name);
        mr_doctor_hint(d, "GRANT SELECT ON %s.* TO %s", sql.ptr,
                       mr_grants_account(server->link.grants));
        mr_strbuf_release(&sql);
        return MR_OK;
    }
    mr_strbuf_add_str(&sql, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "
                            "LOWER(SCHEMA_NAME) = LOWER(");
    mr_sql_string(&sql, name);
    mr_strbuf_add_str(&sql, ") LIMIT 1");
    code = mr_doctor_ask(server, sql.ptr, &near, &known, err);
    if (near.len == 0 && d->opts.work == MR_DOCTOR_FOR_RESTORE) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_database,
                      "database \"%s\" does not exist: snapshot restore makes it", name);
    } else {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_database,
                      "database \"%s\" does not exist%s%s%s", name,
                      near.len > 0 ? "; there is \"" : "", near.ptr, near.len > 0 ? "\"" : "");
        if (near.len > 0)
            mr_doctor_hint(d, "Upper and lower case differ on this server.");
        else
            hint_near(d, server, name);
    }
    mr_strbuf_release(&near);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- tables that were named ---- */

static bool has_wildcard(const char *pattern)
{
    return strpbrk(pattern, "*?") != NULL;
}

static bool is_there(const struct mr_catalogue *cat, const char *pattern)
{
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_pattern_match(pattern, cat->tables[i].db, cat->tables[i].name))
            return true;
    return false;
}

/* Whatever has that name, in any case of letters and any database. */
static enum mr_code find_namesakes(const struct mr_doctor_server *server, const char *name,
                                   struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM "
                            "information_schema.TABLES WHERE LOWER(TABLE_NAME) = LOWER(");
    mr_sql_string(&sql, name);
    mr_strbuf_add_str(&sql, ") ORDER BY 1, 2 LIMIT 5");
    enum mr_code code = mr_strbuf_check(&sql, "looking for a table", err);
    if (code == MR_OK)
        code = mr_doctor_query(server, "vvv", sql.ptr, &res, err);
    while (res != NULL && (row = mr_result_next(res)) != NULL)
        mr_strbuf_add_fmt(out, "%s%s.%s%s", out->len > 0 ? ", " : "", row[0].ptr, row[1].ptr,
                          strstr(row[2].ptr, "VIEW") != NULL ? " (a view)" : "");
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* MR_E_DENIED: whether it is there, this account cannot know. */
static enum mr_code probe(const struct mr_doctor_server *server, const char *pattern,
                          const char *table, struct mr_err *err)
{
    char db[256];
    const size_t len = table > pattern ? (size_t)(table - pattern - 1) : 0;
    if (len == 0 || len >= sizeof db)
        return MR_E_NO_SUCH;
    memcpy(db, pattern, len);
    db[len] = '\0';
    return mr_schema_probe(server->link.db, db, table, NULL, err);
}

static enum mr_code say_table(struct mr_doctor *d, const struct mr_doctor_server *server,
                              const char *pattern, struct mr_err *err)
{
    struct mr_strbuf near = MR_STRBUF_INIT;
    struct mr_err why = {0};
    const char *dot = strchr(pattern, '.');
    const char *table = dot != NULL ? dot + 1 : pattern;
    enum mr_code code = probe(server, pattern, table, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    const bool hidden = code == MR_E_DENIED;
    code = find_namesakes(server, table, &near, err);
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_table, "table \"%s\" %s%s%s", pattern,
                  hidden ? "does not exist, or is not visible to the account" : "does not exist",
                  near.len > 0 ? "; there is " : "", near.ptr);
    if (hidden)
        mr_doctor_hint(d, "GRANT SELECT ON %s TO %s", pattern,
                       mr_grants_account(server->link.grants));
    else if (near.len > 0)
        mr_doctor_hint(d, "Name that one. Upper and lower case may differ, and views are "
                          "no tables.");
    else
        mr_doctor_hint(d, "Is it the right server and database? If it was dropped: it may "
                          "be on a replica, in a snapshot or a dump; the binary log says "
                          "when.");
    mr_strbuf_release(&near);
    return code;
}

/* A pattern that matches nothing is most often one that the shell has expanded, or a table name of
 * which the database was left out. */
static enum mr_code say_wanted(struct mr_doctor *d, const struct mr_doctor_server *server,
                               struct mr_err *err)
{
    const struct mr_string_list *wanted = &d->opts.tables;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < wanted->count; i++) {
        const char *pattern = wanted->items[i];
        if (is_there(server->cat, pattern))
            continue;
        if (!has_wildcard(pattern)) {
            code = say_table(d, server, pattern, err);
            continue;
        }
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_table, "no table matches \"%s\"", pattern);
        mr_doctor_hint(d, "The pattern is of db.table; quote it, so that the shell leaves "
                          "it alone.");
    }
    return code;
}

/* Where the catalogue cannot be read it stays NULL, and the parts that come later do without. */
enum mr_code mr_doctor_objects(struct mr_doctor *d, struct mr_doctor_server *server,
                               struct mr_err *err)
{
    const struct mr_endpoint *ep = &server->link.ep;
    const char *const *dbs = (const char *const *)ep->dbs;
    const struct mr_catalogue_opts how = {.keys_only = !d->opts.definitions};
    struct mr_err why = {0};
    enum mr_code code =
        mr_catalogue_load_as(server->link.db, dbs, ep->ndbs, &how, &server->cat, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK) {
        mr_err_context(&why, "the tables cannot be listed");
        mr_doctor_failed(d, &why);
        return MR_OK;
    }
    for (size_t i = 0; i < ep->ndbs && code == MR_OK; i++)
        if (mr_catalogue_db(server->cat, ep->dbs[i]) == NULL)
            code = say_database(d, server, ep->dbs[i], err);
    if (code == MR_OK && server->cat->ndbs == 0 && ep->ndbs == 0) {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_database,
                      "no database is visible to the account");
        mr_doctor_hint(d, "GRANT SELECT on what it is to compare.");
    }
    if (code == MR_OK)
        code = say_wanted(d, server, err);
    if (code != MR_OK || server->cat->ndbs == 0)
        return code;
    return mr_doctor_tables(d, server, err);
}
