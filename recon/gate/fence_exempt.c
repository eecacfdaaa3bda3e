/* fence_exempt.c: who may write although a server is read-only; see fence.h.
 *
 * A right may come by a role, which no list of privileges shows; by PROXY, which lends another
 * account's; and by the definer of an event or a routine, as whom it runs.  Accounts are told by their
 * user names: of which host a session's account is, no server says. */
#include <string.h>

#include "recon/gate/fence.h"

#define BIN(expr) "CONVERT(" expr " USING utf8mb4) COLLATE utf8mb4_bin"
#define USER_OF(account)                                                                           \
    "LEFT(" account ", CHAR_LENGTH(" account ") - CHAR_LENGTH(SUBSTRING_INDEX(" account            \
    ", '@', -1)) - 1)"
#define MAY(user) " EXISTS (SELECT 1 FROM (%s) m WHERE m.u IN (" BIN(user) ", ''))"
#define LENT " UNION ALL SELECT User, Proxied_user FROM mysql.proxies_priv WHERE Proxied_user <> ''"

#define MARIADB_READ_ONLY_ADMIN "8589934592" /* of global_priv: a bit each */
#define MARIADB_SUPER "32768"
#define MARIADB_SUPER_PASSES_UNTIL "101100"
#define MARIADB_GLOBAL_PRIV_SINCE 100400
#define MARIADB_CTE_SINCE 100202
#define MARIADB_PUBLIC_SINCE 101100
#define MYSQL_ROLES_SINCE 80011
#define MYSQL_LOCKS_SINCE 50706

/* Of which the accounts may by themselves … */
#define BY_SUPER "SELECT " BIN("User") " AS u FROM mysql.user WHERE Super_priv = 'Y'"
#define BY_GLOBAL_PRIV                                                                             \
    "SELECT " BIN("User") " AS u FROM mysql.global_priv WHERE CAST(JSON_VALUE(Priv, '$.access')"   \
                          " AS UNSIGNED) & " MARIADB_READ_ONLY_ADMIN                               \
                          " <> 0 OR (CAST(JSON_VALUE(Priv, '$.access') AS"                         \
                          " UNSIGNED) & " MARIADB_SUPER                                            \
                          " <> 0 AND COALESCE(JSON_VALUE(Priv, '$.version_id'), 0) "               \
                          "< " MARIADB_SUPER_PASSES_UNTIL ")"
#define BY_GRANT                                                                                   \
    BY_SUPER " UNION SELECT " BIN("USER") " FROM mysql.global_grants WHERE PRIV ="                 \
                                          " 'CONNECTION_ADMIN'"
/* … and who has them of another: (member, of whom). */
#define MARIADB_LENT "SELECT User AS m, Role AS o FROM mysql.roles_mapping" LENT
#define MYSQL_LENT "SELECT TO_USER AS m, FROM_USER AS o FROM mysql.role_edges" LENT
#define ALL_OF(direct, lent)                                                                       \
    "WITH RECURSIVE may AS (" direct                                                               \
    " UNION SELECT " BIN("l.m") " FROM (" lent                                                     \
                                ") l JOIN may ON " BIN("l.o") " = may.u) SELECT u FROM may"

/* A role that everybody has lets everybody: '' is any user.  Names are listed as ROLE or ROLE@HOST, quoted or
 * not; one that has something of a list in it may be a part of another, too. */
#define BARE_ROLES                                                                                 \
    "CONCAT(',', REPLACE(REPLACE(REPLACE(REPLACE(@@GLOBAL.mandatory_roles, '`', ''), '\'\'', '')," \
    " '\"', ''), ' ', ''), ',')"
#define MANDATORY                                                                                  \
    " UNION SELECT " BIN("''") " FROM may WHERE u <> '' AND (INSTR(" BARE_ROLES                    \
                               ", CONCAT(',', u, ',')) > 0 OR INSTR(" BARE_ROLES                   \
                               ", CONCAT(',', u, '@')) > 0 OR (u REGEXP '[^-_.[:alnum:]]' AND"     \
                               " INSTR(@@GLOBAL.mandatory_roles, u) > 0))"
/* MariaDB's PUBLIC is a row like a role's, and mapped to nobody. */
#define PUBLIC " UNION SELECT " BIN("''") " FROM may WHERE u = 'PUBLIC'"

static const char *choose_names(const struct mr_server *server)
{
    if (server->flavour == MR_FLAVOUR_MYSQL)
        return server->version < MYSQL_ROLES_SINCE ? BY_SUPER
                                                   : ALL_OF(BY_GRANT, MYSQL_LENT) MANDATORY;
    if (server->version < MARIADB_CTE_SINCE)
        return BY_SUPER;
    if (server->version < MARIADB_GLOBAL_PRIV_SINCE)
        return ALL_OF(BY_SUPER, MARIADB_LENT);
    return server->version < MARIADB_PUBLIC_SINCE ? ALL_OF(BY_GLOBAL_PRIV, MARIADB_LENT)
                                                  : ALL_OF(BY_GLOBAL_PRIV, MARIADB_LENT) PUBLIC;
}

/* Accounts that nobody can log in to from elsewhere are none. */
static const char *choose_open_accounts(const struct mr_server *server)
{
    if (server->flavour != MR_FLAVOUR_MYSQL && server->version >= MARIADB_GLOBAL_PRIV_SINCE)
        return "mysql.global_priv a WHERE COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') NOT"
               " IN ('1', 'true')";
    if (server->flavour == MR_FLAVOUR_MYSQL && server->version >= MYSQL_LOCKS_SINCE)
        return "mysql.user a WHERE account_locked = 'N'";
    return "mysql.user a WHERE 1 = 1";
}

/* The %s in the statement stands for who may. */
static enum mr_code read_who(const struct mr_gate_link *link, const char *sql,
                             struct mr_arena *arena, struct mr_fence_value *out, const char **who,
                             struct mr_err *err)
{
    const char *hole = strstr(sql, "%s");
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, sql, (size_t)(hole - sql));
    mr_strbuf_add_str(&text, choose_names(mr_db_server(link->db)));
    mr_strbuf_add_str(&text, hole + 2);
    enum mr_code code = mr_strbuf_check(&text, "examining a server", err);
    if (code == MR_OK)
        code = mr_fence_read_list(link, text.ptr, arena, out, who, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code read_accounts(const struct mr_gate_link *link, struct mr_arena *arena,
                                  struct mr_fence_facts *f, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(
        &sql,
        "SELECT CONCAT(a.User, '@', a.Host), 1 FROM %s AND a.Host NOT IN ('', 'localhost',"
        " '127.0.0.1', '::1', @@hostname) AND a.User <> " USER_OF("CURRENT_USER()") " AND",
        choose_open_accounts(mr_db_server(link->db)));
    mr_strbuf_add_str(&sql, MAY("a.User") " ORDER BY 1 LIMIT 100");
    enum mr_code code = mr_strbuf_check(&sql, "examining a server", err);
    if (code == MR_OK)
        code = read_who(link, sql.ptr, arena, &f->accounts, &f->account_names, err);
    mr_strbuf_release(&sql);
    return code;
}

static void hide(struct mr_fence_value *value, const char *why)
{
    *value = (struct mr_fence_value){.why = why};
}

/* A definer whom an account does not see says nothing: MySQL shows routines to SHOW_ROUTINE or
 * SELECT on all, MariaDB to SELECT on mysql. */
static void hide_unseen(const struct mr_gate_link *link, struct mr_fence_facts *f)
{
    const struct mr_grants *g = link->grants;
    const bool has_process = g != NULL && mr_grants_global(g, "PROCESS");
    if (!has_process || !mr_grants_on_db(g, "SELECT", "mysql")) {
        const char *why = has_process
                              ? "the account may not read mysql, which has the rights of others"
                              : "the account has no PROCESS";
        hide(&f->exempt, why);
        hide(&f->accounts, why);
        hide(&f->exempt_events, why);
        hide(&f->exempt_routines, why);
        return;
    }
    if (!mr_grants_global(g, "EVENT") && f->exempt_events.value == 0)
        hide(&f->exempt_events, "the account has no EVENT on all databases");
    if (!f->is_mariadb && !mr_grants_global(g, "SHOW_ROUTINE") && !mr_grants_global(g, "SELECT"))
        hide(&f->exempt_routines, "the account has no SHOW_ROUTINE");
}

enum mr_code mr_fence_read_exempt(const struct mr_gate_link *link, struct mr_arena *arena,
                                  struct mr_fence_facts *f, struct mr_err *err)
{
    static const char sessions[] =
        "SELECT p.USER, COUNT(*) FROM information_schema.PROCESSLIST p" MR_FENCE_NOT_OWN
        " AND" MAY("p.USER") " GROUP BY p.USER ORDER BY COUNT(*) DESC, p.USER LIMIT 100";
    static const char events[] =
        "SELECT e.DEFINER, COUNT(*) FROM information_schema.EVENTS e WHERE e.STATUS = 'ENABLED'"
        " AND" MAY(USER_OF("e.DEFINER")) " GROUP BY e.DEFINER ORDER BY 1 LIMIT 100";
    static const char routines[] =
        "SELECT r.DEFINER, COUNT(*) FROM information_schema.ROUTINES r WHERE r.SECURITY_TYPE ="
        " 'DEFINER' AND r.ROUTINE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema',"
        " 'performance_schema') AND" MAY(USER_OF("r.DEFINER")) " GROUP BY r.DEFINER ORDER BY 1"
                                                               " LIMIT 100";
    MR_TRY(read_who(link, sessions, arena, &f->exempt, &f->exempt_users, err));
    MR_TRY(read_who(link, events, arena, &f->exempt_events, &f->event_definers, err));
    MR_TRY(read_who(link, routines, arena, &f->exempt_routines, &f->routine_definers, err));
    MR_TRY(read_accounts(link, arena, f, err));
    hide_unseen(link, f);
    return MR_OK;
}
