/*
 * schema_create.c: what SHOW CREATE TABLE alone tells: parsers of FULLTEXT indexes and, of
 * MariaDB, application-time periods, keys WITHOUT OVERLAPS, and how partitions of versions
 * change.  A text that has no end, or lacks an index of the table, leaves unknown what it does
 * not show.
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
    struct mr_arena *arena;
    struct mr_table *table;
    struct mr_sqlscan scan, inner; /* inner: within a comment that servers run */
    bool inside;
    bool broken; /* a comment that servers run has no end within it */
    bool nomem;
    int depth;
    struct mr_token before[2]; /* the last token, and that before it */
    struct mr_index *index;    /* the clauses are of */
    struct mr_token period, from;
    struct mr_strbuf rotation;
    bool is_by_time, rotates, is_auto;
};

static bool has_versions(const struct mr_table *t)
{
    return t->partitioning != NULL && strncmp(t->partitioning, unread_versions, UNREAD_LEN) == 0;
}

static struct mr_index *index_at(const struct mr_table *t, size_t i)
{
    return (struct mr_index *)(uintptr_t)&t->indexes[i];
}

static struct mr_check *check_at(const struct mr_table *t, size_t i)
{
    return (struct mr_check *)(uintptr_t)&t->checks[i];
}

/* `s < e`: as which a period shows in the catalogue. */
static bool is_like_period(const struct mr_check *check)
{
    struct mr_sqlscan scan;
    struct mr_token from, sign, to, more;
    if (check->column != NULL)
        return false;
    mr_sqlscan_init(&scan, check->clause, strlen(check->clause));
    return mr_sqlscan_next_code(&scan, &from) && mr_sqlscan_next_code(&scan, &sign) &&
           mr_sqlscan_next_code(&scan, &to) && !mr_sqlscan_next_code(&scan, &more) &&
           mr_token_is(&sign, "<") && (from.kind == MR_TOKEN_WORD || from.kind == MR_TOKEN_IDENT) &&
           (to.kind == MR_TOKEN_WORD || to.kind == MR_TOKEN_IDENT);
}

static bool is_candidate(const struct mr_table *t, bool is_mariadb)
{
    bool found = has_versions(t);
    for (size_t i = 0; !found && i < t->nindexes; i++)
        found = t->indexes[i].kind != NULL && strcmp(t->indexes[i].kind, "FULLTEXT") == 0;
    for (size_t i = 0; is_mariadb && !found && i < t->nchecks; i++)
        found = is_like_period(&t->checks[i]);
    return found;
}

static void set_no_clauses(const struct mr_table *t)
{
    for (size_t i = 0; i < t->nindexes; i++)
        index_at(t, i)->clause = "";
}

static void set_no_periods(const struct mr_table *t)
{
    for (size_t i = 0; i < t->nchecks; i++)
        check_at(t, i)->period = "";
}

static void forget(const struct mr_table *t)
{
    for (size_t i = 0; i < t->nindexes; i++)
        index_at(t, i)->clause = NULL;
    for (size_t i = 0; i < t->nchecks; i++)
        check_at(t, i)->period = NULL;
}

static const char *keep(struct reading *r, struct mr_strbuf *text)
{
    const char *copy = text->failed ? NULL : mr_arena_dup(r->arena, text->ptr, text->len);
    r->nomem = r->nomem || copy == NULL;
    mr_strbuf_release(text);
    return copy;
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
        r->broken = r->broken || (r->inside && r->inner.broken);
        r->inside = false;
        if (!mr_sqlscan_next_code(&r->scan, token))
            return false;
        if (token->kind != MR_TOKEN_PUNCT || token->len < 5 || strncmp(token->ptr, "/*", 2) != 0)
            return true;
        open_inner(r, token);
    }
}

static const char *keep_name(struct reading *r, const char *label, const struct mr_token *token)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, label);
    mr_token_unquote(&text, token);
    return keep(r, &text);
}

/* The catalogue has read this index from information_schema; SHOW CREATE TABLE adds what is said
 * nowhere else. A PRIMARY KEY has no name there. */
static void take_index(struct reading *r, const struct mr_token *token)
{
    const bool primary = mr_token_is(token, "(") && mr_token_is(&r->before[1], "PRIMARY");
    struct mr_strbuf name = MR_STRBUF_INIT;
    if (primary)
        mr_strbuf_add_str(&name, "PRIMARY");
    else
        mr_token_unquote(&name, token);
    r->nomem = r->nomem || name.failed;
    r->index =
        name.failed ? NULL : (struct mr_index *)(uintptr_t)mr_table_index(r->table, name.ptr);
    if (r->index != NULL)
        r->index->clause = "";
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
    const bool failed = name.failed || raw.failed || norm.failed;
    r->nomem = r->nomem || failed;
    for (size_t i = 0; !failed && i < r->table->nchecks; i++) {
        struct mr_check *check = check_at(r->table, i);
        if (strcmp(check->clause, norm.ptr) != 0 || strncmp(check->name, name.ptr, name.len) != 0)
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

/* KEY counts at depth 1 alone, among the definitions, and SYSTEM_TIME at 0, behind them: deeper are
 * expressions, which may hold the same words. */
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
    else if (r->depth == 0 && mr_token_is(last, "BY") && mr_token_is(token, "SYSTEM_TIME"))
        r->is_by_time = r->rotates = true;
    r->depth += mr_token_is(token, "(") - mr_token_is(token, ")");
    r->before[1] = r->before[0];
    r->before[0] = *token;
}

static void take_versions(struct reading *r)
{
    const char *rest = r->table->partitioning + UNREAD_LEN;
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *names = strstr(rest, ": ");
    const size_t len = r->is_auto && names != NULL ? (size_t)(names - rest) : strlen(rest);
    mr_strbuf_add_fmt(&text, "system_time%s", r->rotation.len > 0 ? r->rotation.ptr : "");
    mr_strbuf_add(&text, rest, len);
    text.failed = text.failed || r->rotation.failed;
    r->table->partitioning = keep(r, &text);
}

/* All or nothing: of a statement that was not understood to its end nothing is kept, since half of
 * its clauses would show as a difference. */
enum mr_code mr_schema_read_create(struct mr_table *table, const char *create, size_t len,
                                   struct mr_arena *arena, struct mr_err *err)
{
    struct reading r = {.arena = arena, .table = table, .rotation = MR_STRBUF_INIT};
    struct mr_token token;
    bool opened = false;
    forget(table);
    set_no_periods(table);
    mr_sqlscan_init(&r.scan, create, len);
    while (r.depth >= 0 && next_token(&r, &token)) {
        take_token(&r, &token);
        opened = opened || r.depth > 0;
    }
    if (!opened || r.depth != 0 || r.broken || r.scan.broken)
        forget(table);
    else if (has_versions(table) && r.is_by_time)
        take_versions(&r);
    mr_strbuf_release(&r.rotation);
    return r.nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

bool mr_schema_is_not_shown(enum mr_code code, const struct mr_db *db)
{
    return code == MR_E_DENIED || code == MR_E_NO_SUCH || code == MR_E_SQL ||
           (code == MR_E_TIMEOUT && !mr_db_is_lost(db));
}

/* A table that the account is not shown keeps what it has: not known, which is not the same as
 * without clauses. */
static enum mr_code ask(struct mr_db *db, struct mr_table *table, struct mr_arena *arena,
                        struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SHOW CREATE TABLE ");
    mr_sql_table(&sql, table->db, table->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(db, "nn*", sql.ptr, sql.len, &res, &why);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[1].ptr != NULL)
        code = mr_schema_read_create(table, cells[1].ptr, cells[1].len, arena, &why);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (mr_schema_is_not_shown(code, db))
        return MR_OK;
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_schema_hurry(struct mr_db *db, bool on, struct mr_err *err)
{
    static const char hurry[] =
        "SET @myrecon_wait = @@SESSION.lock_wait_timeout, SESSION lock_wait_timeout = 1";
    static const char again[] = "SET SESSION lock_wait_timeout = @myrecon_wait";
    return on ? mr_db_exec(db, hurry, sizeof hurry - 1, err)
              : mr_db_exec(db, again, sizeof again - 1, err);
}

/* One query a table is slow, so that only tables are asked for that can have what only this
 * tells. */
static enum mr_code ask_each(struct mr_db *db, const struct mr_table *tables, size_t count,
                             struct mr_arena *arena, struct mr_err *err)
{
    const bool is_mariadb = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
    bool asked = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_table *table = (struct mr_table *)(uintptr_t)&tables[i];
        if (!is_candidate(table, is_mariadb)) {
            set_no_clauses(table);
            set_no_periods(table);
            continue;
        }
        if (!asked)
            code = mr_schema_hurry(db, true, err);
        asked = true;
        if (code == MR_OK)
            code = ask(db, table, arena, err);
    }
    return code == MR_OK && asked ? mr_schema_hurry(db, false, err) : code;
}

enum mr_code mr_catalogue_read_creates(struct mr_db *db, struct mr_catalogue *cat,
                                       struct mr_err *err)
{
    return ask_each(db, cat->tables, cat->ntables, &cat->arena, err);
}

enum mr_code mr_table_read_create(struct mr_db *db, const struct mr_table *table,
                                  struct mr_arena *arena, struct mr_err *err)
{
    return ask_each(db, table, 1, arena, err);
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
