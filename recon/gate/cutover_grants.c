/* cutover_grants.c: the accounts of one server, as facts; see cutover_accounts.h.
 *
 * Set-wise: a few statements for all accounts.  information_schema shows the privileges of others to
 * who may read mysql, and an account that may not is told so before. */
#include <string.h>

#include "recon/gate/cutover_accounts.h"

#define MARIADB_GLOBAL_PRIV_SINCE 100400
#define MARIADB_ROLES_SINCE 100005
#define MYSQL_LOCKS_SINCE 50706
#define MYSQL_ROLES_SINCE 80011
#define MYSQL_RESTRICTIONS_SINCE 80016
#define MYSQL_PASSWORD_LOCKING_SINCE 80019

#define ACCOUNT(user, host) "CONCAT('''', " user ", '''@''', " host ", '''')"
/* A role of MariaDB has no host, one of MySQL any. */
#define ROLE(user, host) "CONCAT('''', " user ", '''@''', IF(" host " = '', '%', " host "), '''')"
#define NOT_OWN " User NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys')"
#define LIMITS                                                                                     \
    "CONCAT(max_questions, ' questions, ', max_updates, ' updates, ', max_connections,"            \
    " ' connections an hour, ', max_user_connections, ' at once')"
/* A password may have expired on one of the two by that alone. */
#define LIFETIME "COALESCE(CONCAT(', passwords for ', password_lifetime, ' days'), '')"
#define LOCKING "COALESCE(CONCAT(', ', JSON_EXTRACT(User_attributes, '$.Password_locking')), '')"
#define PRIV(key) "COALESCE(JSON_VALUE(Priv, '$." key "'), '')"
#define PRIV_NUMBER(key) "COALESCE(JSON_VALUE(Priv, '$." key "'), 0)"
#define IS_TRUE(key) PRIV(key) " IN ('1', 'true')"

#define OWNER ACCOUNT("User", "Host")
#define OWNER_OR_ROLE ROLE("User", "Host")
/* MariaDB since 10.4, by its JSON */
#define IS_ROLE IS_TRUE("is_role")
#define PLUGIN                                                                                     \
    "IF(JSON_EXISTS(Priv, '$.auth_or'), 'several', IF(" PRIV(                                      \
        "plugin") " = '', 'mysql_native_password', " PRIV("plugin") "))"
#define HASH                                                                                       \
    "SHA2(CONCAT(" PRIV(                                                                           \
        "authentication_string") ", COALESCE(JSON_EXTRACT(Priv, '$.auth_or'), '')), 256)"
#define LOCKED "IF(" IS_TRUE("account_locked") ", 'Y', 'N')"
#define EXPIRED "IF(JSON_VALUE(Priv, '$.password_last_changed') = 0, 'Y', 'N')"
#define TLS_TYPE                                                                                   \
    "COALESCE(ELT(" PRIV_NUMBER("ssl_type") " + 1, '', 'ANY', 'X509', 'SPECIFIED'), '')"
#define TLS                                                                                        \
    "CONCAT(" TLS_TYPE                                                                             \
    ", " PRIV("ssl_cipher") ", " PRIV("x509_issuer") ", " PRIV("x509_subject") ")"
#define HOURLY                                                                                     \
    PRIV_NUMBER("max_questions")                                                                   \
    ", ' questions, ', " PRIV_NUMBER("max_updates") ", ' updates, ', " PRIV_NUMBER(                \
        "max_connections")
#define AT_ONCE PRIV_NUMBER("max_user_connections")
#define LIFETIME_OF_JSON                                                                           \
    "IF(" PRIV("password_lifetime") " IN ('', '-1'), '', CONCAT(', passwords for ', " PRIV(        \
        "password_lifetime") ", ' days'))"
#define DEFAULT_ROLE PRIV("default_role")
/* lists of members */
#define PROXIED ACCOUNT("Proxied_user", "Proxied_host")
#define ROLE_OF_MARIADB ROLE("Role", "''")
#define MEMBER ACCOUNT("TO_USER", "TO_HOST")
#define MEMBER_OF ACCOUNT("FROM_USER", "FROM_HOST")
#define USER_OF_DEFAULT ACCOUNT("USER", "HOST")
#define DEFAULT_OF ACCOUNT("DEFAULT_ROLE_USER", "DEFAULT_ROLE_HOST")

/* account, privilege, place, grantable */
#define GRANTEE                                                                                    \
    "IF(RIGHT(GRANTEE, 3) = '@''''', CONCAT(LEFT(GRANTEE, CHAR_LENGTH(GRANTEE) - 2),"              \
    " '''%'''), GRANTEE)"
#define OF_OTHERS                                                                                  \
    " WHERE PRIVILEGE_TYPE <> 'USAGE' AND GRANTEE NOT LIKE '''mysql.%' AND GRANTEE NOT LIKE"       \
    " '''mariadb.sys''%'"
static const char privileges_sql[] =
    "SELECT " GRANTEE ", PRIVILEGE_TYPE, '*.*', IS_GRANTABLE FROM"
    " information_schema.USER_PRIVILEGES" OF_OTHERS " UNION ALL SELECT " GRANTEE
    ", PRIVILEGE_TYPE, CONCAT(TABLE_SCHEMA, '.*'), IS_GRANTABLE FROM"
    " information_schema.SCHEMA_PRIVILEGES" OF_OTHERS " UNION ALL SELECT " GRANTEE
    ", PRIVILEGE_TYPE, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME),"
    " IS_GRANTABLE FROM information_schema.TABLE_PRIVILEGES" OF_OTHERS " UNION ALL SELECT " GRANTEE
    ", PRIVILEGE_TYPE, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.',"
    " COLUMN_NAME), IS_GRANTABLE FROM information_schema.COLUMN_PRIVILEGES" OF_OTHERS;

struct reading {
    struct mr_cutover *c;
    struct mr_gate_link *link;
    struct mr_accounts *out;
    bool cross; /* the other server is of the other family */
    bool nomem;
};

static const char *keep(struct reading *r, const char *text)
{
    return mr_arena_keep(&r->c->arena, text, &r->nomem);
}

static void add(struct reading *r, const char *account, enum mr_account_item item, const char *name,
                const char *place, const char *value)
{
    struct mr_account_fact *f = mr_vec_push(&r->out->facts);
    r->nomem |= f == NULL;
    if (f != NULL)
        *f = (struct mr_account_fact){account, item, name, place, value};
}

static bool is_mariadb(const struct reading *r)
{
    return mr_gate_link_is_mariadb(r->link);
}

static unsigned version_of(const struct reading *r)
{
    return mr_db_server(r->link->db)->version;
}

/* ---- accounts ---- */

/* account, is it a role?, plugin, digest of the hash, locked, expired, TLS, limits, restrictions,
 * default role */
static void add_accounts_sql(const struct reading *r, struct mr_strbuf *sql)
{
    static const char mariadb[] =
        "SELECT " OWNER_OR_ROLE ", " IS_ROLE ", " PLUGIN ", " HASH ", " LOCKED ", " EXPIRED ", " TLS
        ", CONCAT(" HOURLY ", ' connections an hour, ', " AT_ONCE ", ' at once', " LIFETIME_OF_JSON
        "), '', " DEFAULT_ROLE " FROM mysql.global_priv WHERE" NOT_OWN;
    /* MySQL from 5.7; %s: how failed logins lock, restrictions */
    static const char mysql[] =
        "SELECT " OWNER ", 0, plugin, SHA2(authentication_string, 256), account_locked,"
        " password_expired, CONCAT(ssl_type, ssl_cipher, x509_issuer, x509_subject), CONCAT(" LIMITS
        ", " LIFETIME ", %s), %s, '' FROM mysql.user WHERE" NOT_OWN;
    /* MySQL 5.6, MariaDB before 10.4, behind the account; %s: the role's, twice */
    static const char older[] =
        ", %s, IF(plugin = '', 'mysql_native_password', plugin),"
        " SHA2(IF(COALESCE(authentication_string, '') <> '', authentication_string, Password), "
        "256), "
        "'N',"
        " 'N', CONCAT(ssl_type, ssl_cipher, x509_issuer, x509_subject), " LIMITS ", '', %s"
        " FROM mysql.user WHERE" NOT_OWN;
    const unsigned version = version_of(r);
    const bool has_roles = is_mariadb(r) && version >= MARIADB_ROLES_SINCE;
    if (is_mariadb(r) && version >= MARIADB_GLOBAL_PRIV_SINCE)
        mr_strbuf_add_str(sql, mariadb);
    else if (!is_mariadb(r) && version >= MYSQL_LOCKS_SINCE)
        mr_strbuf_add_fmt(sql, mysql, version >= MYSQL_PASSWORD_LOCKING_SINCE ? LOCKING : "''",
                          version >= MYSQL_RESTRICTIONS_SINCE
                              ? "COALESCE(JSON_EXTRACT(User_attributes, '$.Restrictions'), '')"
                              : "''");
    else {
        mr_strbuf_add_str(sql, "SELECT " OWNER_OR_ROLE);
        mr_strbuf_add_fmt(sql, older, has_roles ? "is_role = 'Y'" : "0",
                          has_roles ? "default_role" : "''");
    }
}

/* A role logs in nowhere; MySQL knows none from an account that is locked. */
static void take_account(struct reading *r, const struct mr_cell *cells)
{
    const char *account = keep(r, cells[0].ptr);
    const bool is_role = cells[1].ptr != NULL && cells[1].ptr[0] == '1';
    static const enum mr_account_item items[] = {
        MR_ACCOUNT_PLUGIN, MR_ACCOUNT_PASSWORD, MR_ACCOUNT_LOCKED,      MR_ACCOUNT_EXPIRED,
        MR_ACCOUNT_TLS,    MR_ACCOUNT_LIMITS,   MR_ACCOUNT_RESTRICTIONS};
    add(r, account, MR_ACCOUNT_EXISTS, "", "", "");
    for (size_t i = 0; i < sizeof items / sizeof *items && !is_role; i++)
        add(r, account, items[i], "", "", keep(r, cells[2 + i].ptr));
    if (cells[9].ptr != NULL && cells[9].ptr[0] != '\0') {
        struct mr_strbuf role = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&role, "'%s'@'%%'", cells[9].ptr);
        r->nomem |= role.failed;
        add(r, account, MR_ACCOUNT_DEFAULT_ROLE, keep(r, role.ptr), "", "");
        mr_strbuf_release(&role);
    }
}

static enum mr_code read_accounts(struct reading *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = MR_OK;
    add_accounts_sql(r, &sql);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(r->link->db, "nnnnnnnnnn", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL)
        take_account(r, cells);
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- what they may ---- */

/* The right to see replication has had many names. */
static const char *common_name(const struct reading *r, const char *privilege)
{
    static const char *const names[] = {"BINLOG MONITOR", "SLAVE MONITOR", "REPLICA MONITOR"};
    for (size_t i = 0; r->cross && i < sizeof names / sizeof *names; i++)
        if (strcmp(privilege, names[i]) == 0)
            return "REPLICATION CLIENT";
    return privilege;
}

static enum mr_code read_list(struct reading *r, const char *sql, enum mr_account_item item,
                              struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    MR_TRY(mr_db_query(r->link->db, "nnnn", sql, strlen(sql), &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        const char *account = keep(r, cells[0].ptr), *name = keep(r, cells[1].ptr);
        add(r, account, item, item == MR_ACCOUNT_PRIVILEGE ? common_name(r, name) : name,
            keep(r, cells[2].ptr), keep(r, cells[3].ptr));
    }
    mr_result_free(res);
    return MR_OK;
}

/* Of privileges alone, which a version or a family may not have. */
static enum mr_code read_known(struct reading *r, struct mr_err *err)
{
    static const char sql[] = "SHOW PRIVILEGES";
    struct mr_vec names = MR_VEC_INIT(const char *);
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(r->link->db, "v*", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        const char **slot = mr_vec_push(&names);
        r->nomem |= slot == NULL;
        if (slot != NULL)
            *slot = common_name(r, keep(r, cells[0].ptr));
    }
    mr_result_free(res);
    if (code == MR_OK && names.count > 0) {
        r->out->known = (const char *const *)(void *)mr_arena_dup(
            &r->c->arena, names.items, names.count * sizeof(const char *));
        r->out->nknown = r->out->known != NULL ? names.count : 0;
        r->nomem |= r->out->known == NULL;
    }
    mr_vec_release(&names);
    return code;
}

static enum mr_code read_roles(struct reading *r, struct mr_err *err)
{
    static const char mariadb_roles[] =
        "SELECT " OWNER_OR_ROLE ", " ROLE_OF_MARIADB ", '', IF(Admin_option = 'Y', 'YES', 'NO')"
        " FROM mysql.roles_mapping WHERE" NOT_OWN;
    static const char mysql_roles[] =
        "SELECT " MEMBER ", " MEMBER_OF ", '', IF(WITH_ADMIN_OPTION = 'Y', 'YES', 'NO')"
        " FROM mysql.role_edges";
    static const char defaults[] =
        "SELECT " USER_OF_DEFAULT ", " DEFAULT_OF ", '', '' FROM mysql.default_roles";
    if (is_mariadb(r))
        return version_of(r) < MARIADB_ROLES_SINCE
                   ? MR_OK
                   : read_list(r, mariadb_roles, MR_ACCOUNT_ROLE, err);
    if (version_of(r) < MYSQL_ROLES_SINCE)
        return MR_OK;
    MR_TRY(read_list(r, mysql_roles, MR_ACCOUNT_ROLE, err));
    return read_list(r, defaults, MR_ACCOUNT_DEFAULT_ROLE, err);
}

static enum mr_code read_side(struct reading *r, struct mr_err *err)
{
    static const char routines[] =
        "SELECT " OWNER_OR_ROLE ", '', CONCAT(LOWER(Routine_type), ' ', Db, '.', Routine_name),"
        " UPPER(Proc_priv) FROM mysql.procs_priv WHERE" NOT_OWN;
    static const char proxies[] = "SELECT " OWNER ", " PROXIED ", '', IF(With_grant, 'YES', 'NO')"
                                  " FROM mysql.proxies_priv WHERE Proxied_user <> ''";
    MR_TRY(read_accounts(r, err));
    MR_TRY(read_list(r, privileges_sql, MR_ACCOUNT_PRIVILEGE, err));
    MR_TRY(read_list(r, routines, MR_ACCOUNT_ROUTINE, err));
    MR_TRY(read_list(r, proxies, MR_ACCOUNT_PROXY, err));
    MR_TRY(read_roles(r, err));
    MR_TRY(read_known(r, err));
    return r->nomem ? mr_err_nomem(err, "reading accounts") : MR_OK;
}

/* ---- both ---- */

static enum mr_code tell_unread(struct mr_cutover *c, int side, const struct mr_err *why,
                                struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT;
    const char *where = side == MR_OLD ? "OLD" : "NEW";
    mr_strbuf_add_fmt(&hint, "On %s: GRANT SELECT ON mysql.* TO %s", where,
                      mr_grants_account(c->link[side].grants));
    enum mr_code code = mr_strbuf_check(&hint, "reading accounts", err);
    if (code == MR_OK)
        code = mr_cutover_found(c, &c->accounts, MR_GATE_UNKNOWN, hint.ptr, err,
                                "the accounts of %s are not known: %s", where, why->message);
    mr_strbuf_release(&hint);
    return code;
}

/* Without SELECT on mysql the lists hold the account's own rights alone, without an error. */
static enum mr_code try_side(struct mr_cutover *c, int side, struct mr_accounts *out, bool *is_read,
                             struct mr_err *err)
{
    struct mr_gate_link *link = &c->link[side];
    struct mr_err why = {0};
    struct reading r = {.c = c,
                        .link = link,
                        .out = out,
                        .cross =
                            c->facts.server[MR_OLD].flavour != c->facts.server[MR_NEW].flavour};
    enum mr_code code;
    *out = (struct mr_accounts){.server = mr_db_server(link->db),
                                .facts = MR_VEC_INIT(struct mr_account_fact)};
    if (link->grants == NULL || !mr_grants_on_db(link->grants, "SELECT", "mysql"))
        code = mr_err_set(&why, MR_E_DENIED, "the account may not read mysql");
    else
        code = read_side(&r, &why);
    *is_read = code == MR_OK;
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    return code == MR_OK ? MR_OK : tell_unread(c, side, &why, err);
}

enum mr_code mr_cutover_read_accounts(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_accounts sides[MR_SIDES] = {{0}, {0}};
    bool is_read[MR_SIDES] = {false, false}, reached = false;
    enum mr_code code = try_side(c, MR_OLD, &sides[MR_OLD], &is_read[MR_OLD], err);
    if (code == MR_OK && c->facts.place.reached)
        code = mr_cutover_catch_up(c, c->opts->wait_s, &reached, err);
    if (code == MR_OK)
        code = try_side(c, MR_NEW, &sides[MR_NEW], &is_read[MR_NEW], err);
    if (code == MR_OK && is_read[MR_OLD] && is_read[MR_NEW])
        code = mr_cutover_compare_accounts(c, &sides[MR_OLD], &sides[MR_NEW], err);
    mr_vec_release(&sides[MR_OLD].facts);
    mr_vec_release(&sides[MR_NEW].facts);
    return code;
}
