/* snap_split.c: statements as text; see snap_schema.h. */
#include <inttypes.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_schema.h"

#define BODY_BEGIN "DELIMITER ;;\n"
#define BODY_END "\n;;\nDELIMITER ;\n"
#define PLAIN_END ";\n"

void mr_snap_statement_add(struct mr_strbuf *out, const char *statement, bool has_body)
{
    if (has_body)
        mr_strbuf_add_str(out, BODY_BEGIN);
    mr_strbuf_add_str(out, statement);
    mr_strbuf_add_str(out, has_body ? BODY_END : PLAIN_END);
}

/* The lines around a body are for the stock client alone; what stands between them is one
 * statement, whatever semicolons it has. */
bool mr_snap_statement_read(const char *text, size_t len, const char **statement,
                            size_t *statement_len)
{
    const size_t begin = sizeof BODY_BEGIN - 1, end = sizeof BODY_END - 1,
                 plain = sizeof PLAIN_END - 1;
    if (len > begin + end && memcmp(text, BODY_BEGIN, begin) == 0 &&
        memcmp(text + len - end, BODY_END, end) == 0) {
        *statement = text + begin;
        *statement_len = len - begin - end;
        return true;
    }
    *statement = text;
    *statement_len = len > plain ? len - plain : 0;
    return len > plain && memcmp(text + len - plain, PLAIN_END, plain) == 0;
}

/* The line that defines this key, with its line end in front; NULL if it is not there
 * exactly once, or without memory, which *out tells. */
static const char *find_line(const char *create, const struct mr_foreign_key *key,
                             struct mr_strbuf *out)
{
    struct mr_strbuf start = MR_STRBUF_INIT;
    mr_strbuf_add_str(&start, "\n  CONSTRAINT ");
    mr_sql_ident(&start, key->name);
    mr_strbuf_add_str(&start, " FOREIGN KEY (");
    const char *at = start.failed ? NULL : strstr(create, start.ptr);
    if (at != NULL && strstr(at + 1, start.ptr) != NULL)
        at = NULL;
    out->failed |= start.failed;
    mr_strbuf_release(&start);
    return at;
}

/* Does one of the keys begin at that line? */
static bool is_key_line(const char *at, const char *create, const struct mr_table *table,
                        struct mr_strbuf *out)
{
    for (size_t i = 0; i < table->nfks; i++)
        if (find_line(create, &table->fks[i], out) == at)
            return true;
    return false;
}

static bool can_split(const char *create, const struct mr_table *table, struct mr_strbuf *out)
{
    for (size_t i = 0; i < table->nfks; i++)
        if (find_line(create, &table->fks[i], out) == NULL)
            return false;
    return table->nfks > 0;
}

/* A definition of the list ends in a comma, but for the last. */
static size_t without_comma(const char *from, size_t len)
{
    return len > 0 && from[len - 1] == ',' ? len - 1 : len;
}

static void add_key(struct mr_strbuf *alter, const char *line, size_t len,
                    const struct mr_table *table)
{
    if (alter->len == 0) {
        mr_strbuf_add_str(alter, "ALTER TABLE ");
        mr_sql_ident(alter, table->name);
    } else {
        mr_strbuf_add_char(alter, ',');
    }
    mr_strbuf_add_str(alter, "\n  ADD ");
    mr_strbuf_add(alter, line + 3, without_comma(line, len) - 3);
}

void mr_snap_split_keys(const char *create, const struct mr_table *table, struct mr_strbuf *without,
                        struct mr_strbuf *alter)
{
    if (!can_split(create, table, without)) {
        mr_strbuf_add_str(without, create);
        return;
    }
    bool open_list = true; /* what follows still belongs to the list of definitions */
    for (const char *at = create; *at != '\0';) {
        const char *next = strchr(at + 1, '\n');
        size_t len = next != NULL ? (size_t)(next - at) : strlen(at);
        bool is_key = *at == '\n' && is_key_line(at, create, table, without);
        if (is_key)
            add_key(alter, at, len, table);
        if (!is_key && open_list && strncmp(at, "\n) ", 3) == 0) {
            /* the last definition that is left has no comma */
            size_t left = without_comma(without->ptr, without->len);
            if (!without->failed)
                without->ptr[without->len = left] = '\0';
            open_list = false;
        }
        if (!is_key)
            mr_strbuf_add(without, at, len);
        at += len;
    }
}

/* The last of three tokens, in "nextval(`": what follows names a sequence. */
static bool names_sequence(const struct mr_token *last)
{
    return last[2].kind == MR_TOKEN_IDENT && mr_token_is(&last[1], "(") &&
           (mr_token_is(&last[0], "nextval") || mr_token_is(&last[0], "lastval") ||
            mr_token_is(&last[0], "setval"));
}

void mr_snap_drop_db(struct mr_strbuf *out, const char *create, const char *db)
{
    struct mr_strbuf prefix = MR_STRBUF_INIT;
    struct mr_token last[3] = {{0}};
    struct mr_sqlscan scan;
    const char *kept = create; /* up to here it stands in out */
    mr_sql_ident(&prefix, db);
    mr_strbuf_add_char(&prefix, '.');
    mr_sqlscan_init(&scan, create, strlen(create));
    while (mr_sqlscan_next(&scan, &last[2])) {
        if (names_sequence(last) && !prefix.failed &&
            strncmp(last[2].ptr, prefix.ptr, prefix.len) == 0) {
            mr_strbuf_add(out, kept, (size_t)(last[2].ptr - kept));
            kept = last[2].ptr + prefix.len;
        }
        last[0] = last[1];
        last[1] = last[2];
    }
    mr_strbuf_add_str(out, kept);
    out->failed |= prefix.failed;
    mr_strbuf_release(&prefix);
}

/* Is the third of four tokens the database of a parent's or of a sequence's name? */
static bool names_db(const struct mr_token last[4])
{
    return mr_token_is(&last[3], ".") && last[2].kind == MR_TOKEN_IDENT &&
           (mr_token_is(&last[1], "REFERENCES") || names_sequence(last));
}

void mr_snap_rename_dbs(struct mr_strbuf *out, const char *sql, size_t len,
                        mr_snap_renamed_fn *renamed, const void *ctx)
{
    struct mr_strbuf db = MR_STRBUF_INIT;
    struct mr_token last[4] = {{0}};
    struct mr_sqlscan scan;
    const char *kept = sql; /* up to here it stands in out */
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next_code(&scan, &last[3])) {
        const struct mr_token name = last[2];
        const char *to = NULL;
        if (names_db(last)) {
            mr_strbuf_reset(&db);
            mr_token_unquote(&db, &name);
            to = db.failed ? NULL : renamed(ctx, db.ptr);
        }
        if (to != NULL) {
            mr_strbuf_add(out, kept, (size_t)(name.ptr - kept));
            mr_sql_ident(out, to);
            kept = name.ptr + name.len;
        }
        memmove(last, last + 1, 3 * sizeof *last);
    }
    mr_strbuf_add(out, kept, (size_t)(sql + len - kept));
    out->failed |= db.failed;
    mr_strbuf_release(&db);
}

/* ---- the foreign keys of ALTER TABLE ---- */

struct key_reader {
    struct mr_sqlscan scan;
    struct mr_token token, before[2]; /* the last one first */
    struct mr_strbuf name, db, table; /* of the key at hand */
    int depth;
};

static void begin_key(struct key_reader *r)
{
    mr_strbuf_reset(&r->name);
    mr_strbuf_reset(&r->db);
    mr_strbuf_reset(&r->table);
}

/* CONSTRAINT `name` … REFERENCES `db`.`table`, of which the first name is the table's until a full
 * stop follows. */
static void read_key_token(struct key_reader *r)
{
    r->depth += mr_token_is(&r->token, "(") - mr_token_is(&r->token, ")");
    if (r->token.kind == MR_TOKEN_IDENT && mr_token_is(&r->before[0], "CONSTRAINT"))
        mr_token_unquote(&r->name, &r->token);
    if (r->token.kind == MR_TOKEN_IDENT && mr_token_is(&r->before[0], "REFERENCES"))
        mr_token_unquote(&r->table, &r->token);
    if (r->token.kind == MR_TOKEN_IDENT && mr_token_is(&r->before[0], ".") && r->depth == 0) {
        mr_strbuf_reset(&r->table);
        mr_token_unquote(&r->db, &r->before[1]);
        mr_token_unquote(&r->table, &r->token);
    }
    r->before[1] = r->before[0];
    r->before[0] = r->token;
}

/* The end of the key that begins at the token behind ADD: the comma, or the end. */
static const char *read_key(struct key_reader *r, const char *end)
{
    begin_key(r);
    while (mr_sqlscan_next_code(&r->scan, &r->token)) {
        if (r->depth == 0 && mr_token_is(&r->token, ","))
            return r->token.ptr;
        read_key_token(r);
    }
    r->token = (struct mr_token){0};
    return end;
}

void mr_snap_filter_keys(struct mr_strbuf *out, const char *sql, size_t len,
                         mr_snap_keeps_fn *keeps, void *ctx)
{
    struct key_reader r = {.name = MR_STRBUF_INIT, .db = MR_STRBUF_INIT, .table = MR_STRBUF_INIT};
    const char *head = sql, *from = NULL;
    bool any = false;
    mr_sqlscan_init(&r.scan, sql, len);
    while (mr_sqlscan_next_code(&r.scan, &r.token) && !mr_token_is(&r.token, "ADD"))
        head = r.token.ptr + r.token.len;
    for (from = head; r.token.kind != MR_TOKEN_END;) {
        const char *to = read_key(&r, sql + len);
        out->failed |= r.name.failed || r.db.failed || r.table.failed;
        if (!out->failed && keeps(ctx, r.name.ptr, r.db.ptr, r.table.ptr)) {
            mr_strbuf_add(out, sql, any ? 0 : (size_t)(head - sql));
            mr_strbuf_add_str(out, any ? "," : "");
            mr_strbuf_add(out, from, (size_t)(to - from));
            any = true;
        }
        from = to + 1;
    }
    mr_strbuf_release(&r.name);
    mr_strbuf_release(&r.db);
    mr_strbuf_release(&r.table);
}

/* Behind the list of definitions; the length of " AUTO_INCREMENT=n", or 0. */
static size_t counter_len(const char *at)
{
    static const char start[] = " AUTO_INCREMENT=";
    if (strncmp(at, start, sizeof start - 1) != 0)
        return 0;
    return sizeof start - 1 + strspn(at + sizeof start - 1, "0123456789");
}

/* The options of a CREATE TABLE, behind the last parenthesis of its definitions, by tokens: the same words in a
 * comment or a default are none. */
struct options {
    struct mr_sqlscan scan;
    int depth;
    bool begun;
};

static bool next_option(struct options *o, struct mr_token *token)
{
    while (mr_sqlscan_next_code(&o->scan, token)) {
        if (mr_token_is(token, "("))
            o->depth++;
        else if (mr_token_is(token, ")"))
            o->begun |= --o->depth == 0;
        else if (o->begun && o->depth == 0)
            return true;
    }
    return false;
}

static bool is_counter(const struct mr_token *token)
{
    return mr_token_is(token, "AUTO_INCREMENT") && counter_len(token->ptr - 1) > 0;
}

void mr_snap_drop_counter(struct mr_strbuf *out, const char *create)
{
    struct options options = {.depth = 0};
    struct mr_token token;
    const char *kept = create;
    mr_sqlscan_init(&options.scan, create, strlen(create));
    while (next_option(&options, &token)) {
        if (token.ptr <= kept || !is_counter(&token))
            continue;
        mr_strbuf_add(out, kept, (size_t)(token.ptr - 1 - kept));
        kept = token.ptr - 1 + counter_len(token.ptr - 1);
    }
    mr_strbuf_add_str(out, kept);
}

/* Behind the token ENGINE, "=" and the name. */
static const char *behind_engine(struct options *o)
{
    struct mr_token token;
    return next_option(o, &token) && mr_token_is(&token, "=") && next_option(o, &token)
               ? token.ptr + token.len
               : NULL;
}

void mr_snap_set_counter(struct mr_strbuf *out, const char *create, uint64_t next)
{
    struct options options = {.depth = 0};
    struct mr_token token;
    const char *from = NULL, *to = NULL;
    mr_sqlscan_init(&options.scan, create, strlen(create));
    while (next_option(&options, &token)) {
        if (is_counter(&token)) {
            from = token.ptr - 1;
            to = from + counter_len(from);
            break;
        }
        if (from == NULL && mr_token_is(&token, "ENGINE"))
            from = to = behind_engine(&options);
    }
    if (from == NULL)
        from = to = create + strlen(create);
    mr_strbuf_add(out, create, (size_t)(from - create));
    mr_strbuf_add_fmt(out, " AUTO_INCREMENT=%" PRIu64, next);
    mr_strbuf_add_str(out, to);
}

bool mr_snap_schema_same(const char *create, const char *other)
{
    while (*create != '\0' && *create == *other) {
        size_t a = counter_len(create), b = counter_len(other);
        create += a > 0 && b > 0 ? a : 1;
        other += a > 0 && b > 0 ? b : 1;
    }
    /* one of them may have no counter yet */
    size_t a = counter_len(create), b = counter_len(other);
    if (*create == *other)
        return *create == '\0';
    if (a == 0 && b == 0 && create[-1] == ' ' && other[-1] == ' ') {
        a = counter_len(create - 1);
        b = counter_len(other - 1);
        return (a > 0 || b > 0) &&
               strcmp(a > 0 ? create - 1 + a : create - 1, b > 0 ? other - 1 + b : other - 1) == 0;
    }
    return (a > 0 || b > 0) && strcmp(create + a, other + b) == 0;
}

bool mr_snap_has_primary_key(const char *create, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    bool found = false;
    int depth = 0;
    mr_sqlscan_init(&scan, create, len);
    while (!found && mr_sqlscan_next_code(&scan, &token)) {
        depth += mr_token_is(&token, "(") - mr_token_is(&token, ")");
        found = depth == 1 && mr_token_is(&token, "PRIMARY");
    }
    return found;
}

/* Of the column at hand. */
struct stamp {
    bool is_one, is_nullable, has_default;
};

bool mr_snap_has_bare_timestamp(const char *create, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token, before = {0};
    struct stamp column = {0};
    bool found = false, named = false; /* the token behind a column's name is its type */
    int depth = 0;
    mr_sqlscan_init(&scan, create, len);
    while (!found && mr_sqlscan_next_code(&scan, &token)) {
        bool ends = depth == 1 && (mr_token_is(&token, ",") || mr_token_is(&token, ")"));
        depth += mr_token_is(&token, "(") - mr_token_is(&token, ")");
        if (ends)
            found = column.is_one && !column.is_nullable && !column.has_default;
        if (ends || (depth == 1 && mr_token_is(&token, "(")))
            column = (struct stamp){0};
        if (depth == 1 && named)
            column.is_one = mr_token_is(&token, "timestamp");
        named = depth == 1 && token.kind == MR_TOKEN_IDENT &&
                (mr_token_is(&before, "(") || mr_token_is(&before, ","));
        if (depth == 1) {
            column.is_nullable |= mr_token_is(&token, "NULL") && !mr_token_is(&before, "NOT");
            column.has_default |= mr_token_is(&token, "DEFAULT") || mr_token_is(&token, "AS");
        }
        before = token;
    }
    return found;
}
