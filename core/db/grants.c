/* grants.c: see grants.h. */
#include "core/db/grants.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/vec.h"
#include "core/db/grants_internal.h"
#include "core/db/servers_own.h"
#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"

#define ER_OPTION_PREVENTS 1290

/* One privilege on one place, from one line. */
struct grant {
    const char *privilege; /* upper case, words joined by one blank */
    const char *db;        /* NULL: everywhere; a pattern where table is NULL */
    const char *table;     /* NULL: the whole database */
    bool revoked;          /* MySQL's partial revoke */
    const char *grantee;   /* the account's name, or a role's; each has entries of its own */
};

struct mr_grants {
    struct mr_arena arena;
    struct mr_vec list; /* struct grant */
    const char *account;
    bool literal_dbs; /* partial_revokes = ON: `_` and `%` are themselves */
    bool has_roles;   /* lines give it some */
    bool is_idle;     /* and none of them is active, and it may read nothing by itself */
};

/* -- parsing ---------------------------------------------------------------------- */

struct line {
    struct mr_sqlscan scan;
    struct mr_token token; /* the one under the eye */
};

static void advance(struct line *line)
{
    mr_sqlscan_next_code(&line->scan, &line->token);
}

static bool accept(struct line *line, const char *word)
{
    if (!mr_token_is(&line->token, word))
        return false;
    advance(line);
    return true;
}

/* "CREATE TEMPORARY TABLES": words up to a comma, ON, or a list of columns. */
static bool parse_privilege(struct line *line, struct mr_strbuf *name)
{
    mr_strbuf_reset(name);
    while (line->token.kind == MR_TOKEN_WORD && !mr_token_is(&line->token, "ON") &&
           !mr_token_is(&line->token, "TO") && !mr_token_is(&line->token, "FROM")) {
        if (name->len > 0)
            mr_strbuf_add_char(name, ' ');
        for (size_t i = 0; i < line->token.len; i++) {
            char c = line->token.ptr[i];
            mr_strbuf_add_char(name, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
        advance(line);
    }
    return name->len > 0 || name->failed;
}

static bool skip_columns(struct line *line)
{
    while (!mr_token_is(&line->token, ")")) {
        if (line->token.kind == MR_TOKEN_END)
            return false;
        advance(line);
    }
    advance(line);
    return true;
}

static bool push(struct mr_grants *grants, const char *privilege, bool revoked)
{
    struct grant *grant = mr_vec_push(&grants->list);
    if (grant == NULL)
        return false;
    grant->privilege = mr_arena_strdup(&grants->arena, privilege);
    grant->revoked = revoked;
    return grant->privilege != NULL;
}

/* A right on single columns is no right on the table: it is left out. */
static bool parse_privileges(struct mr_grants *grants, struct line *line, bool revoked, bool *nomem)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool ok = true;
    do {
        ok = parse_privilege(line, &name);
        if (ok && accept(line, "("))
            ok = skip_columns(line);
        else if (ok && !name.failed)
            *nomem |= !push(grants, name.ptr, revoked);
        *nomem |= name.failed;
    } while (ok && accept(line, ","));
    mr_strbuf_release(&name);
    return ok;
}

/* `x`, "x", x or *; NULL in *out for *. */
static bool parse_part(struct mr_grants *grants, struct line *line, const char **out, bool *nomem)
{
    *out = NULL;
    if (accept(line, "*"))
        return true;
    if (line->token.kind != MR_TOKEN_IDENT && line->token.kind != MR_TOKEN_STRING &&
        line->token.kind != MR_TOKEN_WORD)
        return false;
    struct mr_token token = line->token;
    struct mr_strbuf name = MR_STRBUF_INIT;
    if (token.kind == MR_TOKEN_STRING && memchr(token.ptr, '\\', token.len) != NULL)
        mr_strbuf_add(&name, token.ptr + 1, token.len - 2); /* ANSI quotes: as it is */
    else
        mr_token_unquote(&name, &token);
    *out = mr_arena_dup(&grants->arena, name.ptr, name.len);
    *nomem |= *out == NULL || name.failed;
    mr_strbuf_release(&name);
    advance(line);
    return true;
}

/* ON [TABLE] db.table; false for what concerns no table (routines, PROXY, roles). */
static bool parse_place(struct mr_grants *grants, struct line *line, const char **db,
                        const char **table, bool *nomem)
{
    accept(line, "TABLE");
    if (accept(line, "FUNCTION") || accept(line, "PROCEDURE") || accept(line, "PACKAGE"))
        return false;
    return parse_part(grants, line, db, nomem) && accept(line, ".") &&
           parse_part(grants, line, table, nomem) && (*db != NULL || *table == NULL);
}

static const char *parse_grantee(struct mr_grants *grants, const struct line *line, bool *nomem)
{
    const char *name = mr_arena_dup(&grants->arena, line->token.ptr, line->token.len);
    *nomem |= name == NULL;
    return name;
}

/* GRANT `reader`@`%` TO, GRANT `reader` TO: rights are not quoted. */
static bool gives_role(const struct line *line)
{
    return line->token.kind == MR_TOKEN_IDENT;
}

enum mr_code mr_grants_add_line(struct mr_grants *grants, const char *text, size_t len,
                                struct mr_err *err)
{
    struct line line = {.token = {.kind = MR_TOKEN_END}};
    mr_sqlscan_init(&line.scan, text, len);
    advance(&line);
    bool revoked = mr_token_is(&line.token, "REVOKE"), nomem = false;
    if (!accept(&line, "GRANT") && !accept(&line, "REVOKE"))
        return MR_OK;
    grants->has_roles |= gives_role(&line);
    size_t first = grants->list.count;
    const char *db = NULL, *table = NULL, *grantee = NULL;
    bool ok = parse_privileges(grants, &line, revoked, &nomem) && accept(&line, "ON") &&
              parse_place(grants, &line, &db, &table, &nomem) &&
              (accept(&line, "TO") || accept(&line, "FROM"));
    if (ok)
        grantee = parse_grantee(grants, &line, &nomem);
    if (nomem)
        return mr_err_nomem(err, "reading the account's grants");
    if (!ok)
        grants->list.count = first; /* not understood: not granted */
    struct grant *list = grants->list.items;
    for (size_t i = first; i < grants->list.count; i++) {
        list[i].db = db;
        list[i].table = table;
        list[i].grantee = grantee;
    }
    return MR_OK;
}

/* -- loading ---------------------------------------------------------------------- */

struct mr_grants *mr_grants_new(const char *account, bool literal_dbs)
{
    struct mr_grants *grants = calloc(1, sizeof *grants);
    if (grants == NULL)
        return NULL;
    grants->list = (struct mr_vec)MR_VEC_INIT(struct grant);
    grants->literal_dbs = literal_dbs;
    /* user@host: the host has no @, the user may */
    const char *at = strrchr(account, '@');
    struct mr_strbuf quoted = MR_STRBUF_INIT;
    mr_sqlscan_quote(&quoted, account, at != NULL ? (size_t)(at - account) : strlen(account));
    if (at != NULL) {
        mr_strbuf_add_char(&quoted, '@');
        mr_sqlscan_quote(&quoted, at + 1, strlen(at + 1));
    }
    grants->account = mr_arena_dup(&grants->arena, quoted.ptr, quoted.len);
    bool failed = quoted.failed || grants->account == NULL;
    mr_strbuf_release(&quoted);
    if (failed) {
        mr_grants_free(grants);
        return NULL;
    }
    return grants;
}

void mr_grants_free(struct mr_grants *grants)
{
    if (grants == NULL)
        return;
    mr_vec_release(&grants->list);
    mr_arena_release(&grants->arena);
    free(grants);
}

/* A server that was started to look at no grants has none to tell: everybody may do all. */
static bool looks_at_none(const struct mr_err *why)
{
    return why->sql_errno == ER_OPTION_PREVENTS &&
           strstr(why->message, "skip-grant-tables") != NULL;
}

/* A server that runs without its tables of rights (--skip-grant-tables) lets everybody do
 * everything, and has no answer to SHOW GRANTS. */
static enum mr_code load_lines(struct mr_db *db, struct mr_grants *grants, struct mr_err *err)
{
    static const char sql[] = "SHOW GRANTS", all[] = "GRANT ALL ON *.* TO everybody";
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query(db, "n", sql, sizeof sql - 1, &res, &why);
    if (code != MR_OK && looks_at_none(&why))
        return mr_grants_add_line(grants, all, sizeof all - 1, err);
    if (code != MR_OK)
        *err = why;
    const struct mr_cell *cells;
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        if (cells[0].ptr != NULL)
            code = mr_grants_add_line(grants, cells[0].ptr, cells[0].len, err);
    mr_result_free(res);
    return code;
}

/* May it read anything by itself? */
static bool reads_something(const struct mr_grants *grants)
{
    const struct grant *list = grants->list.items;
    size_t i = 0;
    while (i < grants->list.count && strcmp(list[i].privilege, "SELECT") != 0 &&
           strncmp(list[i].privilege, "ALL", 3) != 0)
        i++;
    return i < grants->list.count;
}

/* What roles allow is in SHOW GRANTS, and in force, only while they are active.  Who may read by
 * himself has perhaps left them so: whoever makes a role has it, too. */
static enum mr_code look_at_roles(struct mr_db *db, struct mr_grants *grants, struct mr_err *err)
{
    struct mr_strbuf role = MR_STRBUF_INIT;
    if (!grants->has_roles || reads_something(grants))
        return MR_OK;
    const enum mr_code code = mr_db_query_text(db, "SELECT CURRENT_ROLE()", &role, err);
    grants->is_idle = role.len == 0 || strcmp(role.ptr, "NONE") == 0;
    mr_strbuf_release(&role);
    return code;
}

/* With partial_revokes a _ or % in the name of a database is that character, and no pattern. */
enum mr_code mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    *out = NULL;
    const struct mr_server *server = mr_db_server(db);
    struct mr_strbuf account = MR_STRBUF_INIT, literal = MR_STRBUF_INIT;
    struct mr_grants *grants = NULL;
    enum mr_code code = mr_db_query_text(db, "SELECT CURRENT_USER()", &account, err);
    if (code == MR_OK && server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80016)
        code = mr_db_query_text(db, "SELECT @@global.partial_revokes", &literal, err);
    if (code == MR_OK) {
        grants = mr_grants_new(account.ptr, strcmp(literal.ptr, "1") == 0);
        code = grants != NULL ? load_lines(db, grants, err)
                              : mr_err_nomem(err, "reading the account's grants");
    }
    if (code == MR_OK)
        code = look_at_roles(db, grants, err);
    mr_strbuf_release(&account);
    mr_strbuf_release(&literal);
    if (code != MR_OK) {
        mr_grants_free(grants);
        return code;
    }
    *out = grants;
    return MR_OK;
}

void mr_grants_warn_idle(const struct mr_grants *grants, const struct mr_db *db)
{
    if (grants != NULL && grants->is_idle)
        mr_log_warning("user %s has roles on \"%s\", and none of them is active: what they allow "
                       "counts as not granted (SET DEFAULT ROLE makes one active at each login)",
                       grants->account, mr_db_label(db));
}

/* -- asking ----------------------------------------------------------------------- */

/* As the server matches database patterns: % and _, a backslash takes one literally.
 * Only the last % can have to take more, so that no pattern takes long. */
static bool matches(const char *pattern, const char *name)
{
    const char *behind = NULL, *from = NULL; /* the last %, and where what it takes ends */
    while (*name != '\0') {
        if (*pattern == '%') {
            behind = ++pattern;
            from = name;
            continue;
        }
        size_t escaped = *pattern == '\\' && pattern[1] != '\0';
        if (pattern[escaped] == *name || (escaped == 0 && *pattern == '_')) {
            pattern += escaped + 1;
            name++;
        } else if (behind != NULL) {
            pattern = behind;
            name = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "%")] == '\0';
}

/* Rights that ALL PRIVILEGES on a database gives; of the global ones nothing is guessed
 * but what old servers had. */
static bool is_in_all(const char *privilege, bool everywhere)
{
    static const char *const on_db[] = {"SELECT",
                                        "INSERT",
                                        "UPDATE",
                                        "DELETE",
                                        "CREATE",
                                        "DROP",
                                        "REFERENCES",
                                        "INDEX",
                                        "ALTER",
                                        "LOCK TABLES",
                                        "EXECUTE",
                                        "CREATE VIEW",
                                        "SHOW VIEW",
                                        "TRIGGER",
                                        "EVENT",
                                        "CREATE ROUTINE",
                                        "ALTER ROUTINE",
                                        "CREATE TEMPORARY TABLES",
                                        "SHOW CREATE ROUTINE"};
    for (size_t i = 0; i < sizeof on_db / sizeof *on_db; i++)
        if (strcmp(on_db[i], privilege) == 0)
            return true;
    return everywhere;
}

static bool gives(const struct grant *grant, const char *privilege)
{
    if (strcmp(grant->privilege, privilege) == 0)
        return true;
    bool all =
        strcmp(grant->privilege, "ALL PRIVILEGES") == 0 || strcmp(grant->privilege, "ALL") == 0;
    return all && is_in_all(privilege, grant->db == NULL);
}

bool mr_grants_global(const struct mr_grants *grants, const char *privilege)
{
    const struct grant *list = grants->list.items;
    for (size_t i = 0; i < grants->list.count; i++)
        if (list[i].db == NULL && !list[i].revoked && gives(&list[i], privilege))
            return true;
    return false;
}

/* How exact a pattern is to the server: what stands before its first wildcard counts. */
static size_t rank_of(const char *pattern)
{
    const size_t exact = 128;
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '\\' && pattern[i + 1] != '\0')
            i++;
        else if (pattern[i] == '%' || pattern[i] == '_')
            return i + 1 < exact ? i + 1 : exact - 1;
    }
    return exact;
}

/* What grants something to this grantee on databases like this one. */
static bool is_entry(const struct grant *grant, const char *grantee, const char *db)
{
    return grant->db != NULL && grant->table == NULL && !grant->revoked &&
           strcmp(grant->grantee, grantee) == 0 && matches(grant->db, db);
}

/* The greatest rank of a grantee's entries; 0: there is none. */
static size_t best_rank(const struct mr_grants *grants, const char *grantee, const char *db)
{
    const struct grant *list = grants->list.items;
    size_t best = 0;
    for (size_t i = 0; i < grants->list.count; i++)
        if (is_entry(&list[i], grantee, db) && rank_of(list[i].db) > best)
            best = rank_of(list[i].db);
    return best;
}

/* Does the entry of this pattern give it, whatever line says so? */
static bool entry_gives(const struct mr_grants *grants, const struct grant *entry,
                        const char *privilege)
{
    const struct grant *list = grants->list.items;
    for (size_t i = 0; i < grants->list.count; i++)
        if (list[i].db != NULL && list[i].table == NULL && !list[i].revoked &&
            strcmp(list[i].grantee, entry->grantee) == 0 && strcmp(list[i].db, entry->db) == 0 &&
            gives(&list[i], privilege))
            return true;
    return false;
}

/* Of a grantee's entries the server takes one, the most exact, and no right from another; of
 * those that are as exact as each other it may take any: all must give it. */
static bool grantee_has(const struct mr_grants *grants, const char *grantee, const char *privilege,
                        const char *db)
{
    const struct grant *list = grants->list.items;
    size_t best = best_rank(grants, grantee, db);
    bool given = best > 0;
    for (size_t i = 0; given && i < grants->list.count; i++)
        if (is_entry(&list[i], grantee, db) && rank_of(list[i].db) == best)
            given = entry_gives(grants, &list[i], privilege);
    return given;
}

static bool has_here(const struct mr_grants *grants, const char *privilege, const char *db)
{
    const struct grant *list = grants->list.items;
    const char *asked = ""; /* a server lists one grantee after the other: each once */
    for (size_t i = 0; i < grants->list.count; i++) {
        if (list[i].db == NULL || list[i].table != NULL || list[i].revoked)
            continue;
        if (grants->literal_dbs) {
            if (strcmp(list[i].db, db) == 0 && gives(&list[i], privilege))
                return true;
        } else if (strcmp(asked, list[i].grantee) != 0) {
            asked = list[i].grantee;
            if (grantee_has(grants, asked, privilege, db))
                return true;
        }
    }
    return false;
}

bool mr_grants_on_db(const struct mr_grants *grants, const char *privilege, const char *db)
{
    const struct grant *list = grants->list.items;
    bool revoked = false;
    for (size_t i = 0; i < grants->list.count; i++)
        revoked |= list[i].revoked && list[i].table == NULL && list[i].db != NULL &&
                   strcmp(list[i].db, db) == 0 && gives(&list[i], privilege);
    return has_here(grants, privilege, db) || (!revoked && mr_grants_global(grants, privilege));
}

bool mr_grants_on_table(const struct mr_grants *grants, const char *privilege, const char *db,
                        const char *table)
{
    if (mr_grants_on_db(grants, privilege, db))
        return true;
    const struct grant *list = grants->list.items;
    for (size_t i = 0; i < grants->list.count; i++)
        if (list[i].table != NULL && !list[i].revoked && gives(&list[i], privilege) &&
            strcmp(list[i].db, db) == 0 && strcmp(list[i].table, table) == 0)
            return true;
    return false;
}

bool mr_grants_reads_all(const struct mr_grants *grants)
{
    const struct grant *list = grants->list.items;
    for (size_t i = 0; i < grants->list.count; i++)
        if (list[i].revoked && list[i].db != NULL && gives(&list[i], "SELECT") &&
            !mr_is_servers_own(list[i].db, strlen(list[i].db)))
            return false;
    return mr_grants_global(grants, "SELECT");
}

bool mr_grants_lists_dbs(const struct mr_grants *grants)
{
    return mr_grants_global(grants, "SHOW DATABASES") || mr_grants_reads_all(grants);
}

bool mr_grants_lists_tables(const struct mr_grants *grants, const char *db)
{
    return mr_grants_on_db(grants, "SELECT", db);
}

void mr_grants_needed_names(struct mr_strbuf *out, const struct mr_grants *grants, const char *db)
{
    mr_strbuf_add_str(out, db != NULL ? "GRANT SELECT ON " : "GRANT SHOW DATABASES ON *");
    if (db != NULL)
        mr_sql_ident(out, db);
    mr_strbuf_add_fmt(out, ".* TO %s", grants->account);
}

const char *mr_grants_account(const struct mr_grants *grants)
{
    return grants != NULL ? grants->account : "the account";
}

/* -- what stays hidden ------------------------------------------------------------ */

static bool has_show_routine(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80020;
}

static bool has_show_create_routine(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MARIADB && server->version >= 110301;
}

static bool sees_routines(const struct mr_grants *grants, const struct mr_server *server,
                          const char *db)
{
    if (mr_grants_global(grants, "SELECT"))
        return true;
    if (has_show_routine(server))
        return mr_grants_global(grants, "SHOW_ROUTINE");
    if (server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000)
        return false; /* the table below is gone */
    if (has_show_create_routine(server) && mr_grants_on_db(grants, "SHOW CREATE ROUTINE", db))
        return true;
    return mr_grants_on_table(grants, "SELECT", "mysql", "proc");
}

unsigned mr_grants_hidden(const struct mr_grants *grants, const struct mr_server *server,
                          const char *db)
{
    unsigned hidden = 0;
    if (!mr_grants_on_db(grants, "TRIGGER", db))
        hidden |= MR_HIDDEN_TRIGGERS;
    if (!mr_grants_on_db(grants, "SHOW VIEW", db) || !mr_grants_on_db(grants, "SELECT", db))
        hidden |= MR_HIDDEN_VIEWS;
    /* with a right on the routines their names show, and the text of each that cannot
     * be read is missing visibly */
    if (!sees_routines(grants, server, db) && !mr_grants_on_db(grants, "EXECUTE", db) &&
        !mr_grants_on_db(grants, "ALTER ROUTINE", db))
        hidden |= MR_HIDDEN_ROUTINES;
    if (server->hides_events || !mr_grants_on_db(grants, "EVENT", db))
        hidden |= MR_HIDDEN_EVENTS;
    return hidden;
}

static void add_routine_grant(struct mr_strbuf *out, const struct mr_server *server, const char *db)
{
    if (has_show_routine(server)) {
        mr_strbuf_add_str(out, "GRANT SHOW_ROUTINE ON *.*");
    } else if (has_show_create_routine(server)) {
        mr_strbuf_add_str(out, "GRANT SHOW CREATE ROUTINE ON ");
        mr_sql_ident(out, db);
        mr_strbuf_add_str(out, ".*");
    } else if (server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000) {
        mr_strbuf_add_str(out, "GRANT SELECT ON *.*");
    } else {
        mr_strbuf_add_str(out, "GRANT SELECT ON `mysql`.`proc`");
    }
}

void mr_grants_needed(struct mr_strbuf *out, const struct mr_grants *grants,
                      const struct mr_server *server, enum mr_hidden kind, const char *db)
{
    const char *privileges = "TRIGGER";
    if (kind == MR_HIDDEN_EVENTS && server->hides_events) {
        mr_strbuf_add_str(out, "a server that was started with event_scheduler = DISABLED shows "
                               "them to nobody; start it with OFF");
        return;
    }
    if (kind == MR_HIDDEN_VIEWS)
        privileges = "SELECT, SHOW VIEW";
    else if (kind == MR_HIDDEN_EVENTS)
        privileges = "EVENT";
    if (kind == MR_HIDDEN_ROUTINES) {
        add_routine_grant(out, server, db);
    } else {
        mr_strbuf_add_fmt(out, "GRANT %s ON ", privileges);
        mr_sql_ident(out, db);
        mr_strbuf_add_str(out, ".*");
    }
    mr_strbuf_add_fmt(out, " TO %s", grants->account);
}
