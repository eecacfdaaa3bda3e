/*
 * schema_create.c: what SHOW CREATE TABLE alone tells: parsers of FULLTEXT indexes and, of
 * MariaDB, application-time periods, keys WITHOUT OVERLAPS, and how partitions of versions
 * change.  One statement for each table that may have such a thing, none for the others.
 */
#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"

static const char unread_versions[] = "system_time ()";
#define UNREAD_LEN (sizeof unread_versions - 1)

struct reading {
    struct mr_schema_load *load;
    struct mr_table *table;
    struct mr_sqlscan scan, inner; /* inner: within a comment that servers run */
    bool inside;
    int depth;
    struct mr_token before[2]; /* the last token, and that before it */
    struct mr_index *index;    /* the clauses are of */
    struct mr_token period, from;
    struct mr_strbuf rotation;
    bool rotates, is_auto;
};

static bool has_versions(const struct mr_table *t)
{
    return t->partitioning != NULL &&
           strncmp(t->partitioning, unread_versions, UNREAD_LEN) == 0;
}

/* A period shows in the catalogue as a CHECK (s < e) of the table. */
static bool is_candidate(const struct mr_schema_load *load, const struct mr_table *t)
{
    bool found = has_versions(t);
    for (size_t i = 0; !found && i < t->nindexes; i++)
        found = t->indexes[i].kind != NULL && strcmp(t->indexes[i].kind, "FULLTEXT") == 0;
    if (load->server->flavour != MR_FLAVOUR_MARIADB)
        return found;
    for (size_t i = 0; !found && i < t->nchecks; i++)
        found = t->checks[i].column == NULL && strstr(t->checks[i].clause, " < ") != NULL;
    return found;
}

/* The parts of the tables are still this module's to change. */
static void set_none(const struct mr_table *t)
{
    for (size_t i = 0; i < t->nindexes; i++)
        ((struct mr_index *)(uintptr_t)&t->indexes[i])->clause = "";
    for (size_t i = 0; i < t->nchecks; i++)
        ((struct mr_check *)(uintptr_t)&t->checks[i])->period = "";
}

static void open_inner(struct reading *r, const struct mr_token *comment)
{
    const char *at = comment->ptr + 2, *end = comment->ptr + comment->len - 2;
    at += *at == 'M';
    at++;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    mr_sqlscan_init(&r->inner, at, at < end ? (size_t)(end - at) : 0);
    r->inside = true;
}

static bool next_token(struct reading *r, struct mr_token *token)
{
    for (;;) {
        if (r->inside && mr_sqlscan_next_code(&r->inner, token))
            return true;
        r->inside = false;
        if (!mr_sqlscan_next_code(&r->scan, token))
            return false;
        if (token->kind != MR_TOKEN_PUNCT || token->len < 5 ||
            strncmp(token->ptr, "/*", 2) != 0)
            return true;
        open_inner(r, token);
    }
}

static const char *keep_name(struct reading *r, const char *label,
                             const struct mr_token *token)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, label);
    mr_token_unquote(&text, token);
    const char *kept = mr_schema_keep(r->load, &text);
    mr_strbuf_release(&text);
    return kept;
}

static void take_index(struct reading *r, const struct mr_token *token)
{
    const bool primary = mr_token_is(token, "(") && mr_token_is(&r->before[1], "PRIMARY");
    struct mr_strbuf name = MR_STRBUF_INIT;
    if (primary)
        mr_strbuf_add_str(&name, "PRIMARY");
    else
        mr_token_unquote(&name, token);
    r->load->nomem = r->load->nomem || name.failed;
    r->index = (struct mr_index *)(uintptr_t)mr_table_index(r->table, name.ptr);
    mr_strbuf_release(&name);
}

/* `s` and `e` of PERIOD FOR `p` (`s`, `e`): its CHECK is named so, or with a number behind it
 * where that name is taken. */
static void take_period(struct reading *r, const struct mr_token *to)
{
    struct mr_strbuf name = MR_STRBUF_INIT, raw = MR_STRBUF_INIT, norm = MR_STRBUF_INIT;
    mr_token_unquote(&name, &r->period);
    mr_strbuf_add(&raw, r->from.ptr, r->from.len);
    mr_strbuf_add_str(&raw, " < ");
    mr_strbuf_add(&raw, to->ptr, to->len);
    mr_norm_expr(&norm, raw.ptr, r->table->db);
    r->load->nomem = r->load->nomem || name.failed || raw.failed || norm.failed;
    for (size_t i = 0; i < r->table->nchecks; i++) {
        struct mr_check *check = (struct mr_check *)(uintptr_t)&r->table->checks[i];
        if (strcmp(check->clause, norm.ptr) != 0 ||
            strncmp(check->name, name.ptr, name.len) != 0)
            continue;
        check->period = keep_name(r, "", &r->period);
        break;
    }
    r->period.len = 0;
    mr_strbuf_release(&name);
    mr_strbuf_release(&raw);
    mr_strbuf_release(&norm);
}

/* LIMIT 1000; INTERVAL 1 DAY STARTS …; AUTO: the partitions are then the server's own. */
static void take_rotation(struct reading *r, const struct mr_token *token)
{
    if (mr_token_is(token, "(") || mr_token_is(token, "PARTITIONS") ||
        mr_token_is(token, "SUBPARTITION")) {
        r->rotates = false;
        return;
    }
    r->is_auto = r->is_auto || mr_token_is(token, "AUTO");
    mr_strbuf_add_char(&r->rotation, ' ');
    mr_strbuf_add_lower(&r->rotation, token->ptr, token->len);
}

/* What stands within an index. */
static bool take_clause(struct reading *r, const struct mr_token *token)
{
    const struct mr_token *last = &r->before[0], *earlier = &r->before[1];
    if (r->index == NULL)
        return false;
    if (mr_token_is(last, "WITHOUT") && mr_token_is(token, "OVERLAPS"))
        r->index->clause = "without overlaps";
    else if (mr_token_is(last, "PARSER") && mr_token_is(earlier, "WITH"))
        r->index->clause = keep_name(r, "with parser ", token);
    else
        return false;
    return true;
}

static void take_name(struct reading *r, const struct mr_token *token)
{
    const struct mr_token *last = &r->before[0], *earlier = &r->before[1];
    if (r->depth == 1 && mr_token_is(last, "FOR") && mr_token_is(earlier, "PERIOD"))
        r->period = *token;
    else if (r->depth == 2 && r->period.len > 0 && mr_token_is(last, "("))
        r->from = *token;
    else if (r->depth == 2 && r->period.len > 0)
        take_period(r, token);
}

static void take_token(struct reading *r, const struct mr_token *token)
{
    const struct mr_token *last = &r->before[0];
    const bool quoted = token->kind == MR_TOKEN_IDENT;
    if (r->rotates)
        take_rotation(r, token);
    if (r->depth == 1 && mr_token_is(last, "KEY") && (quoted || mr_token_is(token, "(")))
        take_index(r, token);
    else if (!take_clause(r, token) && quoted)
        take_name(r, token);
    else if (r->depth == 0 && mr_token_is(last, "BY") &&
             mr_token_is(token, "SYSTEM_TIME"))
        r->rotates = true;
    r->depth += mr_token_is(token, "(") - mr_token_is(token, ")");
    r->before[1] = r->before[0];
    r->before[0] = *token;
}

static void take_versions(struct reading *r)
{
    const char *rest = r->table->partitioning + UNREAD_LEN;
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *names = strstr(rest, ": ");
    const size_t len =
        r->is_auto && names != NULL ? (size_t)(names - rest) : strlen(rest);
    mr_strbuf_add_fmt(&text, "system_time%s", r->rotation.ptr);
    mr_strbuf_add(&text, rest, len);
    text.failed = text.failed || r->rotation.failed;
    r->table->partitioning = mr_schema_keep(r->load, &text);
    mr_strbuf_release(&text);
}

void mr_schema_read_create(struct mr_schema_load *load, struct mr_table *table,
                           const char *create, size_t len)
{
    struct reading r = {.load = load, .table = table, .rotation = MR_STRBUF_INIT};
    struct mr_token token;
    set_none(table);
    mr_sqlscan_init(&r.scan, create, len);
    while (next_token(&r, &token))
        take_token(&r, &token);
    if (has_versions(table))
        take_versions(&r);
    mr_strbuf_release(&r.rotation);
}

static enum mr_code ask(struct mr_schema_load *load, struct mr_table *table,
                        struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SHOW CREATE TABLE ");
    mr_sql_table(&sql, table->db, table->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(load->db, "nn*", sql.ptr, sql.len, &res, &why);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[1].ptr != NULL)
        mr_schema_read_create(load, table, cells[1].ptr, cells[1].len);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    /* not shown: not known */
    if (code == MR_E_DENIED || code == MR_E_NO_SUCH || code == MR_E_SQL ||
        (code == MR_E_TIMEOUT && !mr_db_is_lost(load->db)))
        return MR_OK;
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code ask_all(struct mr_schema_load *load, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < load->tables.count; i++) {
        struct mr_table *table = mr_schema_table(load, i);
        if (is_candidate(load, table))
            code = ask(load, table, err);
    }
    return code;
}

/* A table that somebody alters may be none of those that are compared: no long wait for it. */
enum mr_code mr_schema_load_creates(struct mr_schema_load *load, struct mr_err *err)
{
    static const char hurry[] =
        "SET @myrecon_wait = @@SESSION.lock_wait_timeout, SESSION lock_wait_timeout = 1";
    static const char again[] = "SET SESSION lock_wait_timeout = @myrecon_wait";
    bool any = false;
    for (size_t i = 0; i < load->tables.count; i++) {
        const struct mr_table *table = mr_schema_table(load, i);
        if (is_candidate(load, table))
            any = true;
        else
            set_none(table);
    }
    if (!any)
        return MR_OK;
    enum mr_code code = mr_db_exec(load->db, hurry, sizeof hurry - 1, err);
    if (code == MR_OK)
        code = ask_all(load, err);
    if (code == MR_OK)
        code = mr_db_exec(load->db, again, sizeof again - 1, err);
    return code == MR_OK && load->nomem ? mr_err_nomem(err, "reading the catalogue")
                                        : code;
}

bool mr_table_is_unread(const struct mr_table *table)
{
    bool unread = has_versions(table);
    for (size_t i = 0; i < table->nindexes; i++)
        unread = unread || table->indexes[i].clause == NULL;
    for (size_t i = 0; i < table->nchecks; i++)
        unread = unread || table->checks[i].period == NULL;
    return unread;
}
