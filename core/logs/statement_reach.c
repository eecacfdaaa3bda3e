/* statement_reach.c: see statement_reach.h. */
#include "core/logs/statement_reach.h"

#include <string.h>

#include "core/base/letters.h"
#include "core/binlog/binlog_charset.h"
#include "core/db/sqlscan.h"

#define ANSI_QUOTES ((uint64_t)1 << 2)
#define NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20)

struct reader {
    const struct mr_binlog_query *query;
    struct mr_arena *arena;
    struct mr_statement_reach *out;
    struct mr_sqlscan scan;
    struct mr_token token; /* the one that is looked at */
};

static void next(struct reader *r)
{
    (void)mr_sqlscan_next_code(&r->scan, &r->token);
}

static bool is(const struct reader *r, const char *word)
{
    return mr_token_is(&r->token, word);
}

/* Passes the word, if it is there. */
static bool takes(struct reader *r, const char *word)
{
    if (!is(r, word))
        return false;
    next(r);
    return true;
}

static bool is_any(const struct reader *r, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is(r, words[i]))
            return true;
    return false;
}
#define IS_ANY(r, list) is_any(r, list, sizeof(list) / sizeof(list)[0])

static bool is_name(const struct reader *r)
{
    return r->token.kind == MR_TOKEN_WORD || r->token.kind == MR_TOKEN_IDENT;
}

/* ---- names ---- */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a statement of a binary log");
}

static const char *take_name(struct reader *r)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_token_unquote(&text, &r->token);
    const char *name = text.failed ? NULL : mr_arena_dup(r->arena, text.ptr, text.len);
    mr_strbuf_release(&text);
    next(r);
    return name;
}

static enum mr_code add(struct reader *r, const char *db, const char *name, struct mr_err *err)
{
    struct mr_named_table *table = mr_vec_push(&r->out->tables);
    if (table == NULL || db == NULL)
        return nomem(err);
    *table = (struct mr_named_table){db, name};
    return MR_OK;
}

static const char *default_db(const struct reader *r)
{
    const struct mr_binlog_words *db = &r->query->db;
    return mr_arena_dup(r->arena, db->ptr != NULL ? db->ptr : "", db->len);
}

/* "t" or "d.t"; *named false: here stands no name. */
static enum mr_code take_table(struct reader *r, bool *named, struct mr_err *err)
{
    *named = is_name(r);
    if (!*named)
        return MR_OK;
    const char *first = take_name(r), *second = NULL;
    bool qualified = takes(r, ".");
    if (qualified && is_name(r))
        second = take_name(r);
    *named = !qualified || second != NULL;
    if (first == NULL || (qualified && *named && second == NULL))
        return nomem(err);
    if (!*named)
        return MR_OK;
    r->out->reach = MR_REACH_TABLES;
    return second != NULL ? add(r, first, second, err) : add(r, default_db(r), first, err);
}

/* ---- what is not understood ---- */

/* MySQL says which databases a statement changes, MariaDB does not. */
static enum mr_code reach_databases(struct reader *r, struct mr_err *err)
{
    struct mr_binlog_words db;
    size_t at = 0;
    mr_vec_clear(&r->out->tables);
    r->out->reach = MR_REACH_ALL;
    if (r->query->ndbs == 0 || r->query->ndbs >= MR_BINLOG_MANY_DBS)
        return MR_OK;
    r->out->reach = MR_REACH_DATABASES;
    while (mr_binlog_query_db(r->query, &at, &db))
        MR_TRY(add(r, mr_arena_dup(r->arena, db.ptr, db.len), NULL, err));
    return MR_OK;
}

static enum mr_code reach_nothing(struct reader *r)
{
    mr_vec_clear(&r->out->tables);
    r->out->reach = MR_REACH_NOTHING;
    return MR_OK;
}

/* ---- definitions ---- */

/* MariaDB's "WAIT 5" or "NOWAIT" behind a name. */
static void pass_wait(struct reader *r)
{
    if (!takes(r, "nowait") && takes(r, "wait"))
        next(r);
}

/* Up to the comma behind this clause, or the end: brackets hold commas of their own. */
static void pass_clause(struct reader *r)
{
    int depth = 0;
    while (r->token.kind != MR_TOKEN_END && (depth > 0 || !is(r, ","))) {
        depth += is(r, "(") ? 1 : is(r, ")") ? -1 : 0;
        next(r);
    }
}

/* Of a foreign key: what it does to its own table's rows from now on no log tells. */
static void pass_foreign(struct reader *r)
{
    struct reader at = *r;
    pass_clause(r);
    for (; at.token.kind != MR_TOKEN_END && at.token.ptr != r->token.ptr; next(&at))
        r->out->adds_cascade = r->out->adds_cascade || is(&at, "cascade") || is(&at, "set");
}

/* Clauses of ALTER TABLE that leave every row as it is, and every column.  A foreign key that goes is none of
 * them: what it did to rows before stands in no log, and in no catalogue any more. */
static bool passes_harmless(struct reader *r)
{
    static const char *const kinds[] = {"unique", "fulltext", "spatial"};
    static const char *const indexes[] = {"index", "key"};
    if (takes(r, "auto_increment")) {
        (void)takes(r, "=");
        const bool is_number = r->token.kind == MR_TOKEN_NUMBER;
        next(r);
        return is_number;
    }
    if (takes(r, "algorithm") || takes(r, "lock")) { /* how the others are done */
        (void)takes(r, "=");
        const bool is_word = r->token.kind != MR_TOKEN_END && !is(r, ",");
        next(r);
        return is_word;
    }
    if (takes(r, "disable") || takes(r, "enable"))
        return takes(r, "keys");
    const bool adds = takes(r, "add");
    if (!adds && !takes(r, "drop"))
        return false;
    if (adds && takes(r, "constraint") && is_name(r) && !IS_ANY(r, kinds) && !IS_ANY(r, indexes) &&
        !is(r, "foreign"))
        next(r);
    if (adds && is(r, "foreign")) {
        pass_foreign(r);
        return true;
    }
    if (adds && IS_ANY(r, kinds))
        next(r);
    else if (!IS_ANY(r, indexes))
        return false;
    pass_clause(r);
    return true;
}

/* RENAME [TO|AS|=] u; of an index that is no name of a table. */
static enum mr_code pass_rename(struct reader *r, bool *harmless, struct mr_err *err)
{
    bool named;
    if (is(r, "index") || is(r, "key") || is(r, "column")) {
        *harmless = *harmless && !is(r, "column");
        pass_clause(r);
        return MR_OK;
    }
    *harmless = false;
    if (!takes(r, "to") && !takes(r, "as"))
        (void)takes(r, "=");
    return take_table(r, &named, err);
}

/* What is left of a clause, if anything: EXCHANGE PARTITION p WITH TABLE u. */
static enum mr_code pass_rest(struct reader *r, bool *harmless, struct mr_err *err)
{
    bool named;
    for (int depth = 0; r->token.kind != MR_TOKEN_END && (depth > 0 || !is(r, ","));) {
        *harmless = false;
        depth += is(r, "(") ? 1 : is(r, ")") ? -1 : 0;
        if (takes(r, "table") && depth == 0 && is_name(r))
            MR_TRY(take_table(r, &named, err));
        else if (r->token.kind != MR_TOKEN_END && (depth > 0 || !is(r, ",")))
            next(r);
    }
    return MR_OK;
}

/* Behind the table's name.  A table that takes the name, or changes its rows for those of another, is
 * touched as well. */
static enum mr_code alter_clauses(struct reader *r, bool ignores, struct mr_err *err)
{
    bool harmless = !ignores;
    while (r->token.kind != MR_TOKEN_END) {
        if (takes(r, "rename"))
            MR_TRY(pass_rename(r, &harmless, err));
        else if (!passes_harmless(r))
            harmless = false;
        MR_TRY(pass_rest(r, &harmless, err));
        (void)takes(r, ",");
    }
    if (!harmless || !r->out->adds_cascade)
        return harmless ? reach_nothing(r) : MR_OK;
    r->out->reach = MR_REACH_NOTHING; /* and the table stays known */
    return MR_OK;
}

static enum mr_code alter_table(struct reader *r, bool ignores, struct mr_err *err)
{
    bool named;
    if (takes(r, "if"))
        (void)takes(r, "exists");
    MR_TRY(take_table(r, &named, err));
    if (!named)
        return reach_databases(r, err);
    pass_wait(r);
    return alter_clauses(r, ignores, err);
}

/* A list of names: "a, b.c", "a NOWAIT TO b, c TO d".  What does not end behind it may name more of them. */
static enum mr_code take_tables(struct reader *r, struct mr_err *err)
{
    static const char *const ends[] = {"restrict", "cascade", "quick",
                                       "extended", "use_frm", "force"};
    bool named;
    if (takes(r, "if"))
        (void)takes(r, "exists");
    do {
        MR_TRY(take_table(r, &named, err));
        if (!named)
            return reach_databases(r, err);
        pass_wait(r);
    } while (takes(r, ",") || takes(r, "to"));
    while (IS_ANY(r, ends))
        next(r);
    return r->token.kind == MR_TOKEN_END ? MR_OK : reach_databases(r, err);
}

/* MariaDB: CREATE OR REPLACE DATABASE drops it first, and no other statement in the log says so. */
static enum mr_code drop_database(struct reader *r, struct mr_err *err)
{
    if (takes(r, "if")) {
        (void)takes(r, "not");
        (void)takes(r, "exists");
    }
    if (!is_name(r))
        return reach_databases(r, err);
    r->out->reach = MR_REACH_DATABASES;
    return add(r, take_name(r), NULL, err);
}

/* Rows of a table that is made are in the log, as rows, from its beginning on; but where it takes the place
 * of another, or is filled by the statement. */
static enum mr_code create_table(struct reader *r, bool replaces, struct mr_err *err)
{
    bool named, fills = false;
    r->out->makes_table = true;
    if (takes(r, "if")) {
        (void)takes(r, "not");
        (void)takes(r, "exists");
    }
    MR_TRY(take_table(r, &named, err));
    if (!named)
        return reach_databases(r, err);
    for (; r->token.kind != MR_TOKEN_END; next(r))
        fills = fills || is(r, "select") || is(r, "values") || is(r, "with");
    return replaces || fills ? MR_OK : reach_nothing(r);
}

/* Words between CREATE, ALTER or DROP and what it is of: "OR REPLACE DEFINER = a@b SQL SECURITY …".  An ALTER
 * with IGNORE removes rows that a new unique index does not take. */
static bool passes_to_kind(struct reader *r, bool *replaces, bool *temporary, bool *ignores)
{
    static const char *const kinds[] = {
        "table",    "tables",   "database", "schema",     "user",    "role",
        "view",     "trigger",  "function", "procedure",  "event",   "index",
        "server",   "sequence", "package",  "tablespace", "logfile", "undo",
        "instance", "spatial",  "resource", "library"};
    *replaces = *temporary = *ignores = false;
    for (; r->token.kind != MR_TOKEN_END; next(r)) {
        if (IS_ANY(r, kinds))
            return true;
        *replaces = *replaces || is(r, "replace");
        *temporary = *temporary || is(r, "temporary");
        *ignores = *ignores || is(r, "ignore");
    }
    return false;
}

static enum mr_code define(struct reader *r, bool creates, bool drops, struct mr_err *err)
{
    static const char *const beside[] = {"user",    "role", "server",   "tablespace",
                                         "logfile", "undo", "instance", "resource"};
    bool replaces, temporary, ignores;
    r->out->is_definition = true;
    if (!passes_to_kind(r, &replaces, &temporary, &ignores))
        return reach_databases(r, err);
    r->out->is_beside = temporary || IS_ANY(r, beside);
    if (takes(r, "table") || takes(r, "tables")) { /* DROP TABLES */
        if (temporary)
            return reach_nothing(r);
        return creates ? create_table(r, replaces, err)
               : drops ? take_tables(r, err)
                       : alter_table(r, ignores, err);
    }
    if ((drops || replaces) && (takes(r, "database") || takes(r, "schema")))
        return drop_database(r, err);
    if (replaces && takes(r, "sequence")) /* MariaDB: also where a table has the name */
        return create_table(r, replaces, err);
    return reach_nothing(r);
}

/* ---- all of it ---- */

/* MariaDB's "SET STATEMENT a = 1, b = (…) FOR" stands in front of any statement. */
static bool passes_settings(struct reader *r)
{
    for (int depth = 0; r->token.kind != MR_TOKEN_END; next(r)) {
        depth += is(r, "(") ? 1 : is(r, ")") ? -1 : 0;
        if (depth == 0 && takes(r, "for"))
            return true;
    }
    return false;
}

/* MariaDB carries out what stands behind ANALYZE, unless that is a list of tables. */
static bool analyzes_tables(struct reader *r)
{
    if (!takes(r, "no_write_to_binlog"))
        (void)takes(r, "local");
    return is(r, "table") || is(r, "tables");
}

static enum mr_code read_statement(struct reader *r, struct mr_err *err)
{
    static const char *const harmless[] = {
        "grant",     "revoke",  "flush",  "optimize", "check",    "install", "uninstall", "begin",
        "start",     "release", "commit", "rollback", "xa",       "use",     "lock",      "unlock",
        "savepoint", "change",  "purge",  "reset",    "shutdown", "kill"};
    bool is_set = takes(r, "set");
    while (is_set && takes(r, "statement")) {
        if (!passes_settings(r))
            return reach_databases(r, err);
        is_set = takes(r, "set");
    }
    if (is_set || IS_ANY(r, harmless))
        return reach_nothing(r);
    if (takes(r, "analyze"))
        return analyzes_tables(r) ? reach_nothing(r) : reach_databases(r, err);
    if (takes(r, "create"))
        return define(r, true, false, err);
    if (takes(r, "alter"))
        return define(r, false, false, err);
    if (takes(r, "drop"))
        return define(r, false, true, err);
    if (takes(r, "truncate") || takes(r, "repair")) {
        r->out->is_definition = true;
        (void)takes(r, "table");
        return take_tables(r, err);
    }
    if (takes(r, "rename")) {
        r->out->is_definition = true;
        if (takes(r, "table") || takes(r, "tables"))
            return take_tables(r, err);
        r->out->is_beside = true; /* RENAME USER */
        return reach_nothing(r);
    }
    return reach_databases(r, err);
}

/* Names in another character set than ours would be compared as other names, and found nowhere. */
static bool is_readable(const struct mr_binlog_query *query)
{
    const char *charset = query->has_charset ? mr_binlog_charset_of(query->client_collation) : NULL;
    if (charset != NULL && (strncmp(charset, "utf8", 4) == 0 || strcmp(charset, "ascii") == 0))
        return true;
    for (size_t i = 0; i < query->text.len; i++)
        if ((unsigned char)query->text.ptr[i] >= 0x80)
            return false;
    return true;
}

static void begin(struct reader *r, const char *text, size_t len)
{
    mr_sqlscan_init(&r->scan, text, len);
    r->scan.ansi_quotes = r->query->has_sql_mode && (r->query->sql_mode & ANSI_QUOTES) != 0;
    r->scan.no_backslash =
        r->query->has_sql_mode && (r->query->sql_mode & NO_BACKSLASH_ESCAPES) != 0;
    next(r);
}

/* "/" "*!40000 ALTER TABLE t DISABLE KEYS *" "/": all of the statement is a comment that servers run. */
static bool is_all_comment(const struct reader *r)
{
    return r->token.kind == MR_TOKEN_PUNCT && r->token.len > 5 &&
           strncmp(r->token.ptr, "/*!", 3) == 0;
}

/* A comment that servers run, some of them, and by their version. */
static bool is_run(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_PUNCT && token->len > 4 && token->ptr[0] == '/' &&
           token->ptr[1] == '*';
}

/* The text with such comments as a server reads that runs them, or as one that does not. */
static bool unfold(const struct reader *r, const char *text, size_t len, bool runs,
                   struct mr_strbuf *out)
{
    struct reader at = *r;
    struct mr_token token;
    bool has = false;
    mr_sqlscan_init(&at.scan, text, len);
    at.scan.ansi_quotes = r->scan.ansi_quotes;
    at.scan.no_backslash = r->scan.no_backslash;
    mr_strbuf_add(out, text, len);
    while (!out->failed && mr_sqlscan_next(&at.scan, &token)) {
        if (!is_run(&token))
            continue;
        char *begin = out->ptr + (token.ptr - text), *end = begin + token.len;
        size_t head = 3;
        has = true;
        while (head < token.len &&
               (begin[head] == '!' || (begin[head] >= '0' && begin[head] <= '9')))
            head++;
        memset(begin, ' ', runs ? head : token.len);
        if (end[-1] == '/')
            memset(end - 2, ' ', 2);
    }
    return has;
}

/* As one reading has it. */
static enum mr_code read_text(struct reader *r, const char *text, size_t len, struct mr_err *err)
{
    begin(r, text, len);
    if (r->token.kind == MR_TOKEN_END)
        return reach_nothing(r);
    return read_statement(r, err);
}

/* Whether the server has run what stands in such comments is not known: what it reaches one way or the other. */
static enum mr_code read_both(struct reader *r, const char *text, size_t len, struct mr_err *err)
{
    const struct mr_statement_reach none = {.reach = MR_REACH_ALL,
                                            .tables = MR_VEC_INIT(struct mr_named_table)};
    struct mr_statement_reach both[2] = {none, none};
    struct mr_strbuf unfolded = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (int runs = 0; code == MR_OK && runs < 2; runs++) {
        struct reader one = *r;
        one.out = &both[runs];
        mr_strbuf_reset(&unfolded);
        (void)unfold(r, text, len, runs == 1, &unfolded);
        code = mr_strbuf_check(&unfolded, "reading a statement of a binary log", err);
        if (code == MR_OK)
            code = read_text(&one, unfolded.ptr, unfolded.len, err);
        r->scan.broken = r->scan.broken || one.scan.broken;
        r->out->is_definition = r->out->is_definition || both[runs].is_definition;
    }
    r->out->reach = both[0].reach > both[1].reach ? both[0].reach : both[1].reach;
    r->out->is_beside = both[0].is_beside && both[1].is_beside;
    r->out->makes_table = both[0].makes_table || both[1].makes_table;
    r->out->adds_cascade = both[0].adds_cascade || both[1].adds_cascade;
    for (int runs = 0; code == MR_OK && runs < 2; runs++)
        for (size_t i = 0; code == MR_OK && i < both[runs].tables.count; i++) {
            const struct mr_named_table *t = mr_vec_at(&both[runs].tables, i);
            code = add(r, t->db, t->name, err);
        }
    mr_statement_reach_release(&both[0]);
    mr_statement_reach_release(&both[1]);
    mr_strbuf_release(&unfolded);
    return code;
}

enum mr_code mr_statement_reach(const struct mr_binlog_query *query, struct mr_arena *arena,
                                struct mr_statement_reach *out, struct mr_err *err)
{
    struct reader r = {.query = query, .arena = arena, .out = out};
    struct mr_strbuf unfolded = MR_STRBUF_INIT;
    *out = (struct mr_statement_reach){.reach = MR_REACH_ALL,
                                       .tables = MR_VEC_INIT(struct mr_named_table)};
    if (query->text.ptr == NULL)
        return reach_databases(&r, err);
    const char *text = query->text.ptr;
    size_t len = query->text.len;
    begin(&r, text, len);
    if (is_all_comment(&r)) {
        const char *end = r.token.ptr + r.token.len - 2;
        text = r.token.ptr + 3;
        while (text < end && *text >= '0' && *text <= '9')
            text++;
        len = (size_t)(end - text);
        begin(&r, text, len);
    }
    const bool has_comments =
        memmem(text, len, "/*", 2) != NULL && unfold(&r, text, len, true, &unfolded);
    enum mr_code code =
        unfolded.failed ? mr_strbuf_check(&unfolded, "reading a statement", err) : MR_OK;
    mr_strbuf_release(&unfolded);
    if (code == MR_OK)
        code = has_comments ? read_both(&r, text, len, err) : read_statement(&r, err);
    if (code != MR_OK || (!r.scan.broken && is_readable(query)))
        return code;
    if (out->reach != MR_REACH_NOTHING)
        out->reach = MR_REACH_ALL;
    mr_vec_clear(&out->tables);
    return MR_OK;
}

void mr_statement_reach_release(struct mr_statement_reach *reach)
{
    mr_vec_release(&reach->tables);
}

static bool names(const struct mr_statement_reach *reach, const char *db, const char *name)
{
    for (size_t i = 0; i < reach->tables.count; i++) {
        const struct mr_named_table *table = mr_vec_at(&reach->tables, i);
        if (mr_letters_same(table->db, db) &&
            (table->name == NULL || mr_letters_same(table->name, name)))
            return true;
    }
    return false;
}

bool mr_statement_reaches(const struct mr_statement_reach *reach, const char *db, const char *name)
{
    return reach->reach == MR_REACH_ALL ||
           (reach->reach != MR_REACH_NOTHING && names(reach, db, name));
}

/* Where its name cannot be told it may be any. */
bool mr_statement_hangs(const struct mr_statement_reach *reach, const char *db, const char *name)
{
    return reach->adds_cascade && (reach->tables.count == 0 || names(reach, db, name));
}
