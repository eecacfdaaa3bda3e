/* snap_place.c: see snap_place.h. */
#include "snapshot/format/snap_place.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"

/* The text being read, and the token at hand. */
struct reading {
    const struct mr_snap_place *place;
    struct mr_sqlscan scan;
    struct mr_token token;
    const char *from; /* what is not copied yet */
    struct mr_strbuf *out;
};

static void next(struct reading *r)
{
    (void)mr_sqlscan_next_code(&r->scan, &r->token);
}

static bool take_word(struct reading *r, const char *word)
{
    if (!mr_token_is(&r->token, word))
        return false;
    next(r);
    return true;
}

/* "PACKAGE BODY": each of its words. */
static bool take_words(struct reading *r, const char *words)
{
    while (*words != '\0') {
        char word[16];
        size_t len = strcspn(words, " ");
        if (len >= sizeof word)
            return false;
        memcpy(word, words, len);
        word[len] = '\0';
        if (!take_word(r, word))
            return false;
        words += len + (words[len] == ' ');
    }
    return true;
}

static bool is_name(const struct mr_token *token, bool ansi_quotes)
{
    return token->kind == MR_TOKEN_IDENT || token->kind == MR_TOKEN_WORD ||
           (token->kind == MR_TOKEN_STRING && ansi_quotes && *token->ptr == '"');
}

static bool is_named(const struct mr_token *token, bool ansi_quotes, const char *name)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (!is_name(token, ansi_quotes))
        return false;
    mr_token_unquote(&text, token);
    bool same = !text.failed && strcasecmp(text.ptr != NULL ? text.ptr : "", name) == 0;
    mr_strbuf_release(&text);
    return same;
}

/* "name", or "db.name", of which the database is left out. */
static bool take_name(struct reading *r, const char *name)
{
    const struct mr_snap_place *p = r->place;
    const struct mr_token first = r->token;
    next(r);
    if (mr_token_is(&r->token, ".")) {
        if (!is_named(&first, p->ansi_quotes, p->db))
            return false;
        next(r);
        mr_strbuf_add(r->out, r->from, (size_t)(first.ptr - r->from));
        r->from = r->token.ptr;
        if (!is_name(&r->token, p->ansi_quotes) ||
            (name != NULL && !is_named(&r->token, p->ansi_quotes, name)))
            return false;
        next(r);
        return !mr_token_is(&r->token, ".");
    }
    return name != NULL ? is_named(&first, p->ansi_quotes, name)
                        : is_name(&first, p->ansi_quotes);
}

/* `user`@`host`, CURRENT_USER(): up to the next word. */
static bool take_user(struct reading *r)
{
    if (!take_word(r, "="))
        return false;
    if (take_word(r, "CURRENT_USER") || take_word(r, "CURRENT_ROLE"))
        return !take_word(r, "(") || take_word(r, ")");
    if (r->token.kind != MR_TOKEN_IDENT && r->token.kind != MR_TOKEN_STRING)
        return false;
    next(r);
    if (r->token.kind == MR_TOKEN_WORD && *r->token.ptr == '@')
        next(r);
    return true;
}

/* Between CREATE and what is made. */
static bool take_modifiers(struct reading *r)
{
    for (;;) {
        if (take_word(r, "OR")) {
            if (!take_word(r, "REPLACE"))
                return false;
        } else if (take_word(r, "ALGORITHM")) {
            if (!take_word(r, "="))
                return false;
            next(r);
        } else if (take_word(r, "DEFINER")) {
            if (!take_user(r))
                return false;
        } else if (take_word(r, "SQL")) {
            if (!take_word(r, "SECURITY"))
                return false;
            next(r);
        } else if (!take_word(r, "AGGREGATE")) {
            return true;
        }
    }
}

static bool take_head(struct reading *r)
{
    const struct mr_snap_place *p = r->place;
    bool adds = strcmp(p->what, "ALTER") == 0;
    if (adds)
        return take_words(r, "ALTER TABLE") && take_name(r, p->name);
    return take_word(r, "CREATE") && take_modifiers(r) && take_words(r, p->what) &&
           (!take_word(r, "IF") || take_words(r, "NOT EXISTS")) && take_name(r, p->name);
}

/* ---- behind the name ---- */

static bool reads_others(const char *sql, size_t len);

/* What a server may take for code: "!50100 …". */
static bool reads_in_comment(const struct mr_token *token)
{
    if (token->kind != MR_TOKEN_PUNCT || token->len < 5 ||
        strncmp(token->ptr, "/*", 2) != 0)
        return false;
    const char *from = token->ptr + 2, *end = token->ptr + token->len - 2;
    from += strcspn(from, "!") + 1;
    from += strspn(from, "0123456789");
    return from < end && reads_others(from, (size_t)(end - from));
}

/* Rows or a definition of another table. */
static bool reads_others(const char *sql, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next_code(&scan, &token))
        if (mr_token_is(&token, "SELECT") || mr_token_is(&token, ";") ||
            reads_in_comment(&token))
            return true;
    return scan.broken;
}

static bool is_table(struct reading *r)
{
    const char *list = r->token.ptr;
    if (!take_word(r, "(") || mr_token_is(&r->token, "LIKE"))
        return false;
    return !reads_others(list, (size_t)(r->scan.end - list));
}

/* ADD …, ADD …: nothing else is done to the table. */
static bool is_adding(struct reading *r)
{
    const char *list = r->token.ptr;
    size_t depth = 0;
    bool begins = true;
    for (; r->token.kind != MR_TOKEN_END; next(r)) {
        if (begins && !mr_token_is(&r->token, "ADD"))
            return false;
        begins = depth == 0 && mr_token_is(&r->token, ",");
        if (mr_token_is(&r->token, "("))
            depth++;
        else if (mr_token_is(&r->token, ")") && depth-- == 0)
            return false;
    }
    return !begins && !reads_others(list, (size_t)(r->scan.end - list));
}

/* BEFORE UPDATE OF a, b ON table */
static bool take_trigger_table(struct reading *r)
{
    bool events = false;
    while (!mr_token_is(&r->token, "ON") &&
           (is_name(&r->token, r->place->ansi_quotes) || mr_token_is(&r->token, ","))) {
        events = true;
        next(r);
    }
    return events && take_word(r, "ON") && take_name(r, r->place->table) &&
           take_words(r, "FOR EACH ROW");
}

static bool is_database(struct reading *r)
{
    if (!take_words(r, "CHARACTER SET"))
        return false;
    next(r);
    if (!take_word(r, "COLLATE"))
        return false;
    next(r);
    return r->token.kind == MR_TOKEN_END;
}

static bool is_in_place(struct reading *r)
{
    const char *what = r->place->what;
    if (!take_head(r))
        return false;
    if (strcmp(what, "TABLE") == 0)
        return is_table(r);
    if (strcmp(what, "ALTER") == 0)
        return is_adding(r);
    if (strcmp(what, "DATABASE") == 0)
        return is_database(r);
    return strcmp(what, "TRIGGER") != 0 || take_trigger_table(r);
}

static enum mr_code refuse(const struct mr_snap_place *place, struct mr_err *err)
{
    if (strcmp(place->what, "ALTER") == 0)
        return mr_err_set(err, MR_E_SNAPSHOT,
                          "it does something else than to add to table \"%s\"",
                          place->name);
    if (place->table != NULL)
        return mr_err_set(err, MR_E_SNAPSHOT,
                          "it does something else than to make trigger \"%s\" on table "
                          "\"%s\" of its own database",
                          place->name, place->table);
    return mr_err_set(err, MR_E_SNAPSHOT,
                      "it does something else than to make %s \"%s\" in its own database",
                      place->what, place->name);
}

enum mr_code mr_snap_place(const struct mr_snap_place *place, const char *sql, size_t len,
                           struct mr_strbuf *out, struct mr_err *err)
{
    struct reading r = {.place = place, .from = sql, .out = out};
    mr_sqlscan_init(&r.scan, sql, len);
    next(&r);
    if (!is_in_place(&r))
        return refuse(place, err);
    mr_strbuf_add(out, r.from, (size_t)(sql + len - r.from));
    return mr_strbuf_check(out, "reading a statement", err);
}

bool mr_snap_names_db(const char *sql, size_t len, const char *db, bool ansi_quotes)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    bool before = false;
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (before && mr_token_is(&token, "."))
            return true;
        before = is_named(&token, ansi_quotes, db);
    }
    return false;
}

/* ---- the places of objects ---- */

const char *mr_snap_routine_what(const char *full, const char **name)
{
    static const struct {
        const char *start, *what;
    } kinds[] = {{"procedure ", "PROCEDURE"},
                 {"function ", "FUNCTION"},
                 {"package body ", "PACKAGE BODY"},
                 {"package ", "PACKAGE"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(full, kinds[i].start, strlen(kinds[i].start)) == 0) {
            *name = full + strlen(kinds[i].start);
            return kinds[i].what;
        }
    *name = full;
    return "PROCEDURE";
}

const char *mr_snap_object_what(const struct mr_snap_object *o, const char **name)
{
    *name = o->name;
    switch (o->kind) {
    case MR_SNAP_VIEW: return "VIEW";
    case MR_SNAP_TRIGGER: return "TRIGGER";
    case MR_SNAP_EVENT: return "EVENT";
    case MR_SNAP_SEQUENCE: return "SEQUENCE";
    case MR_SNAP_DATABASE: return "DATABASE";
    case MR_SNAP_ROUTINE: break;
    }
    return mr_snap_routine_what(o->name, name);
}

struct mr_snap_place mr_snap_object_place(const struct mr_snap_object *o)
{
    struct mr_snap_place place = {.db = o->db};
    place.what = mr_snap_object_what(o, &place.name);
    if (o->kind == MR_SNAP_TRIGGER)
        place.table = o->table;
    place.ansi_quotes = o->sql_mode != NULL && strstr(o->sql_mode, "ANSI_QUOTES") != NULL;
    return place;
}

struct mr_snap_place mr_snap_table_place(const struct mr_snap_table *t)
{
    return (struct mr_snap_place){.what = "TABLE", .name = t->name, .db = t->db};
}

struct mr_snap_place mr_snap_keys_place(const struct mr_snap_table *t)
{
    return (struct mr_snap_place){.what = "ALTER", .name = t->name, .db = t->db};
}
