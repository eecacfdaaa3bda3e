/* snap_place.c: see snap_place.h. */
#include "snapshot/format/snap_place.h"

#include <string.h>

#include "snapshot/format/snap_words.h"

#define take mr_snap_words_take

/* `user`@`host`, CURRENT_USER(): up to the next word. */
static bool take_user(struct mr_snap_words *w)
{
    if (!take(w, "="))
        return false;
    if (take(w, "CURRENT_USER") || take(w, "CURRENT_ROLE"))
        return !take(w, "(") || take(w, ")");
    if (w->token.kind != MR_TOKEN_IDENT && w->token.kind != MR_TOKEN_STRING)
        return false;
    mr_snap_words_next(w);
    if (w->token.kind == MR_TOKEN_WORD && *w->token.ptr == '@')
        mr_snap_words_next(w);
    return true;
}

/* Between CREATE and what is made. */
static bool take_modifiers(struct mr_snap_words *w)
{
    for (;;) {
        if (take(w, "OR")) {
            if (!take(w, "REPLACE"))
                return false;
        } else if (take(w, "ALGORITHM")) {
            if (!take(w, "=") ||
                !(take(w, "UNDEFINED") || take(w, "MERGE") || take(w, "TEMPTABLE")))
                return false;
        } else if (take(w, "DEFINER")) {
            if (!take_user(w))
                return false;
        } else if (take(w, "SQL")) {
            if (!take(w, "SECURITY") || !(take(w, "DEFINER") || take(w, "INVOKER")))
                return false;
        } else if (!take(w, "AGGREGATE")) {
            return true;
        }
    }
}

static bool take_head(struct mr_snap_words *w)
{
    const struct mr_snap_place *p = w->place;
    if (strcmp(p->what, "ALTER") == 0)
        return take(w, "ALTER TABLE") && mr_snap_words_take_name(w, p->name);
    return take(w, "CREATE") && take_modifiers(w) && take(w, p->what) &&
           (!take(w, "IF") || take(w, "NOT EXISTS")) && mr_snap_words_take_name(w, p->name);
}

/* ---- behind the name ---- */

/* BEFORE UPDATE OF a, b ON table */
static bool is_trigger(struct mr_snap_words *w)
{
    bool events = false;
    while (!mr_token_is(&w->token, "ON") &&
           (mr_snap_words_is_name(&w->token) || mr_token_is(&w->token, ","))) {
        events = true;
        mr_snap_words_next(w);
    }
    return events && take(w, "ON") && mr_snap_words_take_name(w, w->place->table) &&
           take(w, "FOR EACH ROW");
}

/* Up to its body: a schedule of constants, for it is evaluated at once. */
static bool is_event(struct mr_snap_words *w)
{
    if (!take(w, "ON SCHEDULE"))
        return false;
    while (!mr_token_is(&w->token, "DO")) {
        if (mr_snap_words_is_end(w) ||
            (w->token.kind == MR_TOKEN_PUNCT && !mr_token_is(&w->token, "-")))
            return false;
        mr_snap_words_next(w);
    }
    return true;
}

/* Not one of a library, which is loaded: RETURNS type SONAME 'file'. */
static bool is_function(const struct mr_snap_words *w)
{
    return mr_token_is(&w->token, "(") || mr_token_is(&w->token, "RETURN");
}

/* A statement alone, as servers print it: they keep no comments that are run. */
static bool is_view(struct mr_snap_words *w)
{
    if (!mr_token_is(&w->token, "(") && !mr_token_is(&w->token, "AS"))
        return false;
    for (; !mr_snap_words_is_end(w); mr_snap_words_next(w))
        if (w->broken || mr_snap_words_is_open(w) || mr_token_is(&w->token, ";") ||
            (w->token.kind == MR_TOKEN_WORD && *w->token.ptr == '$'))
            return false;
    return true;
}

static bool is_sequence(struct mr_snap_words *w)
{
    static const char *const words[] = {
        "START",    "WITH",      "MINVALUE", "MAXVALUE", "INCREMENT", "BY",       "CACHE",
        "NOCACHE",  "CYCLE",     "NOCYCLE",  "NO",       "AS",        "-",        "TINYINT",
        "SMALLINT", "MEDIUMINT", "INT",      "BIGINT",   "SIGNED",    "UNSIGNED", NULL};
    while (mr_snap_words_is_one_of(w, words) || w->token.kind == MR_TOKEN_NUMBER)
        mr_snap_words_next(w);
    return mr_snap_words_are_options(w);
}

static bool take_charset(struct mr_snap_words *w)
{
    bool is_word = w->token.kind == MR_TOKEN_WORD;
    mr_snap_words_next(w);
    return is_word;
}

static bool is_database(struct mr_snap_words *w)
{
    return take(w, "CHARACTER SET") && take_charset(w) && take(w, "COLLATE") && take_charset(w) &&
           mr_snap_words_is_end(w);
}

/* A snapshot may come from somebody else: what is run is only what makes this one object, and
 * nothing behind it. */
static bool is_in_place(struct mr_snap_words *w)
{
    const char *what = w->place->what;
    if (!take_head(w))
        return false;
    if (strcmp(what, "TABLE") == 0)
        return mr_snap_words_are_table(w);
    if (strcmp(what, "ALTER") == 0)
        return mr_snap_words_are_keys(w);
    if (strcmp(what, "DATABASE") == 0)
        return is_database(w);
    if (strcmp(what, "VIEW") == 0)
        return is_view(w);
    if (strcmp(what, "SEQUENCE") == 0)
        return is_sequence(w);
    if (strcmp(what, "FUNCTION") == 0)
        return is_function(w);
    if (strcmp(what, "EVENT") == 0)
        return is_event(w);
    return strcmp(what, "TRIGGER") != 0 || is_trigger(w);
}

static enum mr_code refuse(const struct mr_snap_words *w, struct mr_err *err)
{
    const struct mr_snap_place *place = w->place;
    if (w->why != NULL) {
        (void)mr_err_set(err, MR_E_SNAPSHOT, "table \"%s\" cannot be restored: %s", place->name,
                         w->why);
        mr_err_hint(err, "Leave it out with --exclude when the snapshot is made.");
        return MR_E_SNAPSHOT;
    }
    if (strcmp(place->what, "ALTER") == 0)
        return mr_err_set(err, MR_E_SNAPSHOT,
                          "it does something else than to add foreign keys to table "
                          "\"%s\"",
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
    struct mr_snap_words w;
    mr_snap_words_init(&w, place, sql, len, out);
    if (!is_in_place(&w))
        return out->failed ? mr_strbuf_check(out, "reading a statement", err) : refuse(&w, err);
    mr_snap_words_pass(&w);
    return mr_strbuf_check(out, "reading a statement", err);
}

/* ---- what a body names ---- */

/* Does a literal, within its quotes, hold the name? */
static bool holds_name(const struct mr_token *literal, const char *name)
{
    return literal->len > 1 && mr_sqlscan_holds_name(literal->ptr + 1, literal->len - 2, name);
}

/* DROP DATABASE IF EXISTS … */
static bool wants_db(const struct mr_token *before)
{
    return mr_token_is(before, "DATABASE") || mr_token_is(before, "SCHEMA") ||
           mr_token_is(before, "EXISTS");
}

/* A name and a dot behind it is enough: an alias of that name is one note too much, a table that
 * is not seen one too few.  Text that is made at run time names it in literals. */
bool mr_snap_names_db(const struct mr_snap_place *place, const char *sql, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token, before = {0};
    bool is_named = false, is_quoted = false, executes = false;
    mr_sqlscan_init(&scan, sql, len);
    mr_sqlscan_set_mode(&scan, place->sql_mode);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (is_named && mr_token_is(&token, "."))
            return true;
        is_named = mr_snap_words_is_named(&token, place->db);
        if (is_named && wants_db(&before))
            return true;
        is_quoted |= token.kind == MR_TOKEN_STRING && holds_name(&token, place->db);
        executes |= mr_token_is(&token, "PREPARE") || mr_token_is(&token, "EXECUTE");
        before = token;
    }
    return is_quoted && executes;
}

bool mr_snap_names_directory(const char *sql, size_t len)
{
    const struct mr_snap_place place = {.what = "TABLE"};
    struct mr_strbuf unused = MR_STRBUF_INIT;
    struct mr_snap_words w;
    mr_snap_words_init(&w, &place, sql, len, &unused);
    for (; !mr_snap_words_is_end(&w) && !w.broken; mr_snap_words_next(&w))
        if (mr_token_is(&w.token, "DIRECTORY") &&
            (mr_token_is(&w.before[0], "DATA") || mr_token_is(&w.before[0], "INDEX")))
            return true;
    return false;
}

/* ---- the places of objects ---- */

struct mr_snap_place mr_snap_object_place(const struct mr_snap_object *o)
{
    struct mr_snap_place place = {.db = o->db};
    place.what = mr_object_sql(o->kind, o->name, &place.name);
    if (o->kind == MR_OBJECT_TRIGGER)
        place.table = o->table;
    if (o->kind != MR_OBJECT_DATABASE)
        place.sql_mode = o->sql_mode;
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
