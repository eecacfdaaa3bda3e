/* script_walk.c: see script_walk.h. */
#include "repair/script/script_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "repair/script/script_words.h"

#define SHOWN_BYTES 60

/* ---- faults ---- */

bool mr_walk_fails(struct mr_walk *w, const char *at, const char *what,
                   const struct mr_token *token)
{
    if (w->fault->what[0] != '\0')
        return false;
    for (const char *p = w->text; p < at; p++)
        w->fault->lines += *p == '\n';
    if (token == NULL)
        (void)snprintf(w->fault->what, sizeof w->fault->what, "%s", what);
    else
        (void)snprintf(w->fault->what, sizeof w->fault->what, "%s \"%.*s\"", what,
                       (int)(token->len < SHOWN_BYTES ? token->len : SHOWN_BYTES), token->ptr);
    return false;
}

/* ---- tokens ---- */

static bool is_command(const struct mr_walk *w, const struct mr_token *t)
{
    return t->kind == MR_TOKEN_WORD && t->ptr > w->text && t->ptr[-1] == '\n' &&
           mr_script_word_is_command(t->ptr, t->len);
}

/* What the stock client would act on, and the server would not see as it stands there, is a
 * fault wherever it comes: the two must read the same statement. */
bool mr_walk_next(struct mr_walk *w, struct mr_token *t)
{
    do {
        if (!mr_sqlscan_next(&w->scan, t))
            return false;
        if (w->scan.broken)
            return mr_walk_fails(w, t->ptr, "has a literal or comment without its end:", t);
        if (t->ptr[0] == '#' || (t->len > 1 && t->ptr[0] == '/' && t->ptr[1] == '*'))
            return mr_walk_fails(w, t->ptr, "has a comment that plan does not write:", t);
        if (is_command(w, t))
            return mr_walk_fails(w, t->ptr, "has a line that the client takes for a command:", t);
    } while (t->kind == MR_TOKEN_COMMENT);
    return true;
}

static bool is_own_variable(const struct mr_token *t)
{
    static const char own[] = "@myrecon_";
    if (t->kind != MR_TOKEN_WORD || t->len < sizeof own || memcmp(t->ptr, own, sizeof own - 1) != 0)
        return false;
    for (size_t i = sizeof own - 1; i < t->len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", t->ptr[i]) == NULL)
            return false;
    return true;
}

bool mr_walk_is_settable(const struct mr_token *t)
{
    return is_own_variable(t) && !mr_token_is(t, "@myrecon_end");
}

bool mr_walk_is_name(const struct mr_token *t)
{
    for (size_t i = 0; i < t->len; i++)
        if (!((t->ptr[i] >= 'a' && t->ptr[i] <= 'z') || t->ptr[i] == '_' ||
              (t->ptr[i] >= 'A' && t->ptr[i] <= 'Z') ||
              (t->ptr[i] >= '0' && t->ptr[i] <= '9' && i > 0)))
            return false;
    return t->kind == MR_TOKEN_WORD && t->len > 0;
}

bool mr_walk_is_text(const struct mr_token *t, const char *text)
{
    return t->len > 0 && t->ptr[0] == text[0] && strlen(text) == t->len &&
           memcmp(t->ptr, text, t->len) == 0;
}

/* ---- tables ---- */

/* A foreign key "NAME" of CHILD.COLUMN to TABLE.COLUMN, of that child and that table?  What is of
 * another table than that whose surroundings it is among was not held against the server. */
static bool refers(const char *text, const char *of_child, const struct mr_planned_table *t)
{
    struct mr_strbuf to = MR_STRBUF_INIT;
    const char *of = strncmp(text, "foreign key \"", 13) == 0 ? strstr(text, of_child) : NULL;
    mr_strbuf_add_fmt(&to, " to %s.%s.", t->target_db, t->target_name);
    const bool found = of != NULL && !to.failed && strcasestr(of, to.ptr) != NULL;
    mr_strbuf_release(&to);
    return found;
}

/* Who refers to a table of the plan may be asked, too: `surroundings` names it. */
static bool is_around(const struct mr_script_shape *shape, const struct mr_token *db,
                      const struct mr_token *name)
{
    struct mr_strbuf of = MR_STRBUF_INIT;
    const struct mr_planned *planned = &shape->manifest->planned;
    bool found = false;
    mr_strbuf_add_str(&of, " of ");
    mr_token_unquote(&of, db);
    mr_strbuf_add_char(&of, '.');
    mr_token_unquote(&of, name);
    mr_strbuf_add_char(&of, '.');
    for (size_t i = 0; !of.failed && !found && i < planned->ntables; i++) {
        const struct mr_planned_names *around = &planned->tables[i].around;
        for (size_t k = 0; !found && k < around->count; k++)
            found = refers(around->items[k], of.ptr, &planned->tables[i]);
    }
    mr_strbuf_release(&of);
    return found;
}

int mr_walk_compare_tables(const void *a, const void *b)
{
    return strcmp(((const struct mr_walk_table *)a)->name, ((const struct mr_walk_table *)b)->name);
}

static enum mr_place find(const struct mr_script_shape *shape, const struct mr_token *db,
                          const struct mr_token *name)
{
    struct mr_strbuf both = MR_STRBUF_INIT;
    const struct mr_walk_table *found = NULL;
    mr_strbuf_add(&both, db->ptr, (size_t)(name->ptr + name->len - db->ptr));
    if (!both.failed && shape->ntables > 0) {
        const struct mr_walk_table key = {both.ptr, false};
        found = bsearch(&key, shape->tables, shape->ntables, sizeof key, mr_walk_compare_tables);
    }
    mr_strbuf_release(&both);
    if (found != NULL)
        return found->written ? MR_PLACE_WRITTEN : MR_PLACE_READ;
    return is_around(shape, db, name) ? MR_PLACE_READ : MR_PLACE_NONE;
}

/* No spaces within a name, though SQL allows them: plan writes none, and every other way to
 * write a name is one more to be wrong about. */
enum mr_place mr_walk_place(struct mr_walk *w, const struct mr_token *db, struct mr_token *name)
{
    struct mr_token dot = {0};
    if (db->kind != MR_TOKEN_IDENT || w->shape == NULL || !mr_walk_next(w, &dot) ||
        !mr_token_is(&dot, ".") || !mr_walk_next(w, name) || dot.ptr != db->ptr + db->len ||
        name->ptr != dot.ptr + 1)
        return MR_PLACE_NONE;
    if (name->kind == MR_TOKEN_IDENT)
        return find(w->shape, db, name);
    return mr_walk_is_name(name) && name->len > 8 && memcmp(name->ptr, "myrecon_", 8) == 0 &&
                   mr_walk_is_text(db, w->shape->db)
               ? MR_PLACE_STAGED
               : MR_PLACE_NONE;
}

/* ---- a table that is read, or joined ---- */

/* Outside of section "-- write" a joined UPDATE could write to a live table; inside of it, to
 * one that plan.json only shows as read. Both are looked at where the table stands. */
static bool take_own_table(struct mr_walk *w, const struct mr_token *t)
{
    struct mr_token name = *t;
    enum mr_place place = mr_walk_place(w, t, &name);
    const size_t len = (size_t)(name.ptr + name.len - t->ptr);
    const struct mr_token both = {.kind = MR_TOKEN_IDENT, .ptr = t->ptr, .len = len};
    if (place == MR_PLACE_NONE)
        return mr_walk_fails(w, t->ptr, "names a table that plan.json does not:", &both);
    if (w->depth == 0 && w->own0 && place != MR_PLACE_STAGED)
        return mr_walk_fails(w, t->ptr, "would write where only \"-- write\" does:", &both);
    if (w->depth == 0 && w->written0 && place == MR_PLACE_READ)
        return mr_walk_fails(w, t->ptr, "would write to a table that plan.json only reads:", &both);
    w->prev = name;
    return true;
}

static bool take_catalogue(struct mr_walk *w, const struct mr_token *t)
{
    static const char *const views[] = {"COLUMNS", "STATISTICS", "TRIGGERS", "TABLE_CONSTRAINTS",
                                        "KEY_COLUMN_USAGE"};
    struct mr_token dot, name;
    if (w->section == MR_SCRIPT_READ_HEAD && mr_walk_next(w, &dot) && mr_token_is(&dot, ".") &&
        mr_walk_next(w, &name) && name.kind == MR_TOKEN_WORD)
        for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
            if (mr_walk_is_text(&name, views[i])) {
                w->prev = name;
                return true;
            }
    return mr_walk_fails(w, t->ptr, "reads what plan does not:", t);
}

static bool take_table(struct mr_walk *w, const struct mr_token *t)
{
    w->levels[w->depth].table = false;
    w->prev_is = MR_WORD_VALUE;
    w->member = false;
    if (t->kind == MR_TOKEN_IDENT)
        return take_own_table(w, t);
    if (mr_token_is(t, "information_schema"))
        return take_catalogue(w, t);
    w->prev = *t;
    return (mr_walk_is_text(t, "r") && w->has_cte) ||
           mr_walk_fails(w, t->ptr, "names a table that plan.json does not:", t);
}

/* ---- parentheses ---- */

static bool keeps_from(const struct mr_token *t)
{
    static const char *const names[] = {"TRIM", "SUBSTR", "SUBSTRING", "MID", "EXTRACT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (mr_token_is(t, names[i]))
            return true;
    return false;
}

/* May "(" stand behind prev?  function: it calls one. */
static bool opens(const struct mr_walk *w, const struct mr_token *t, bool *function)
{
    *function = false;
    if (w->prev.kind == MR_TOKEN_PUNCT)
        return !mr_token_is(&w->prev, ")") && !mr_token_is(&w->prev, ".");
    if (w->prev.kind != MR_TOKEN_WORD || w->member)
        return false;
    /* with a space in between some are stored functions of that name */
    *function = (w->prev_is & MR_WORD_FUNCTION) && t->ptr == w->prev.ptr + w->prev.len;
    return *function || (w->prev_is & MR_WORD_PAREN);
}

static bool open(struct mr_walk *w, const struct mr_token *t)
{
    bool function = false;
    const bool is_table = w->levels[w->depth].table;
    if (!is_table && !opens(w, t, &function))
        return mr_walk_fails(w, w->prev.ptr,
                             "has a function, or a list, that plan does not write:", &w->prev);
    if (function)
        mr_script_calls_note(w->calls, w->prev.ptr, w->prev.len);
    if (w->depth + 1 >= MR_WALK_LEVELS)
        return mr_walk_fails(w, t->ptr, "has too many parentheses", NULL);
    w->levels[++w->depth] = (struct mr_walk_level){.may_query = !function && w->shape != NULL,
                                                   .must_query = is_table,
                                                   .from_word = function && keeps_from(&w->prev)};
    return true;
}

static bool close(struct mr_walk *w, const struct mr_token *t)
{
    const struct mr_walk_level *level = &w->levels[w->depth];
    if (w->depth == 0 || level->table || level->must_query)
        return mr_walk_fails(w, t->ptr, "has a parenthesis too many, or an empty one", NULL);
    w->levels[--w->depth].table = false;
    return true;
}

/* ---- punctuation ---- */

static bool assignment(struct mr_walk *w, const struct mr_token *t)
{
    struct mr_token variable, is;
    if (!mr_walk_next(w, &variable) || !mr_walk_is_settable(&variable) || !mr_walk_next(w, &is) ||
        !mr_token_is(&is, "="))
        return mr_walk_fails(w, t->ptr, "sets what plan does not", NULL);
    w->prev = is;
    return true;
}

static bool comma(struct mr_walk *w, const struct mr_token *t)
{
    if (w->levels[w->depth].from)
        return mr_walk_fails(w, t->ptr, "joins tables by a comma", NULL);
    if (w->depth == 0 && w->one)
        return mr_walk_fails(w, t->ptr, "has a list where plan writes one thing", NULL);
    return w->depth > 0 || !w->assigns || assignment(w, t);
}

static bool is_operator(const struct mr_token *t)
{
    static const char *const operators[] = {
        ".", "=", "<=>", "<>", "<",  "<=", ">", ">=", "!=", "+",  "-",  "*",  "/",
        "%", "|", "&",   "||", "&&", "^",  "~", "!",  "<<", ">>", "->", "->>"};
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (mr_walk_is_text(t, operators[i]))
            return true;
    return false;
}

static bool take_punct(struct mr_walk *w, const struct mr_token *t)
{
    bool good = true;
    if (mr_token_is(t, "("))
        good = open(w, t);
    else if (mr_token_is(t, ")"))
        good = close(w, t);
    else if (w->levels[w->depth].table)
        good = mr_walk_fails(w, t->ptr, "has no table where one belongs", NULL);
    else if (mr_token_is(t, ","))
        good = comma(w, t);
    else if (!is_operator(t))
        good = mr_walk_fails(w, t->ptr, "has what plan does not write:", t);
    if (!mr_token_is(t, ",") || w->depth > 0 || !w->assigns)
        w->prev = *t;
    w->prev_is = MR_WORD_NONE;
    w->member = false;
    return good;
}

/* ---- words ---- */

static bool is_prev(const struct mr_walk *w, const char *word)
{
    return !w->member && mr_token_is(&w->prev, word);
}

static bool begins_query(struct mr_walk *w)
{
    struct mr_walk_level *level = &w->levels[w->depth];
    const bool goes_on =
        level->query && (is_prev(w, "UNION") || is_prev(w, "ALL") || is_prev(w, "DISTINCT"));
    const bool main = level->with && !level->query && is_prev(w, ")");
    if (!level->may_query && !goes_on && !main)
        return false;
    level->query = true;
    level->may_query = level->must_query = level->from = false;
    return true;
}

/* WITH RECURSIVE r AS ( */
static bool begins_with(struct mr_walk *w, const struct mr_token *with)
{
    static const char *const words[] = {"RECURSIVE", "r", "AS", "("};
    struct mr_walk_level *level = &w->levels[w->depth];
    struct mr_token t;
    if (!level->may_query || w->has_cte || w->depth > 0) /* r is known to its end */
        return mr_walk_fails(w, with->ptr, "has no WITH there", NULL);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!mr_walk_next(w, &t) || !mr_walk_is_text(&t, words[i]))
            return mr_walk_fails(w, with->ptr, "has another WITH than plan writes", NULL);
    level->with = w->has_cte = true;
    level->may_query = level->must_query = false;
    w->levels[++w->depth] = (struct mr_walk_level){.may_query = true, .must_query = true};
    w->prev = t;
    w->prev_is = MR_WORD_NONE;
    return true;
}

static bool is_one_of(const struct mr_token *t, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mr_token_is(t, words[i]))
            return true;
    return false;
}

/* The words that lead from clause to clause. */
static bool clause(struct mr_walk *w, const struct mr_token *t)
{
    static const char *const joins[] = {"JOIN", "STRAIGHT_JOIN"};
    static const char *const ends[] = {"WHERE", "GROUP", "HAVING", "ORDER",
                                       "LIMIT", "UNION", "FOR",    "LOCK"};
    struct mr_walk_level *level = &w->levels[w->depth];
    bool good = true;
    if (mr_token_is(t, "SELECT")) {
        good = begins_query(w);
    } else if (mr_token_is(t, "FROM")) {
        good = level->from_word || (level->query && !level->from);
        level->from = level->table = !level->from_word;
    } else if (is_one_of(t, joins, 2)) {
        good = level->from;
        level->table = true;
    } else if (mr_token_is(t, "SET")) {
        good = w->sets && w->depth == 0;
        w->sets = level->from = false;
    } else if (mr_token_is(t, "UPDATE")) {
        good = is_prev(w, "FOR");
    } else if (is_one_of(t, ends, sizeof ends / sizeof ends[0])) {
        level->from = false;
    }
    return good || mr_walk_fails(w, t->ptr, "has a word that does not belong there:", t);
}

/* A column without quotes, or an alias: only where a value or a name begins. */
static bool name(struct mr_walk *w, const struct mr_token *t)
{
    const bool begins = w->prev.kind == MR_TOKEN_END ||
                        (w->prev.kind == MR_TOKEN_PUNCT && !mr_token_is(&w->prev, ")")) ||
                        (w->prev.kind == MR_TOKEN_WORD && !w->member &&
                         (w->prev_is & MR_WORD_KEYWORD) && !(w->prev_is & MR_WORD_VALUE));
    return (begins && mr_walk_is_name(t)) ||
           mr_walk_fails(w, t->ptr, "has what plan does not write:", t);
}

static bool variable(struct mr_walk *w, const struct mr_token *t)
{
    return is_own_variable(t) || mr_script_word_is_setting(t->ptr, t->len) ||
           mr_walk_fails(w, t->ptr, "has a variable that is none of plan's:", t);
}

/* A word behind a full stop is a column, whatever it means elsewhere; a function is one only
 * with its parenthesis at once, since a space makes it a stored function's name. */
static bool take_word(struct mr_walk *w, const struct mr_token *t)
{
    const unsigned is = mr_script_word(t->ptr, t->len);
    const bool member = w->prev.kind == MR_TOKEN_PUNCT && mr_token_is(&w->prev, ".");
    bool good = true;
    if (w->levels[w->depth].table)
        return take_table(w, t);
    if (is & MR_WORD_FORBIDDEN)
        return mr_walk_fails(w, t->ptr, "has a word that plan does not write:", t);
    if (!member && mr_token_is(t, "WITH"))
        return begins_with(w, t);
    if (t->ptr[0] == '@')
        good = variable(w, t);
    else if (member)
        good = mr_walk_is_name(t) || mr_walk_fails(w, t->ptr, "has what plan does not write:", t);
    else if (is & MR_WORD_KEYWORD)
        good = clause(w, t);
    else if (!(is & MR_WORD_FUNCTION) || w->scan.ptr == w->scan.end || *w->scan.ptr != '(')
        good = name(w, t);
    w->prev = *t;
    w->prev_is = member ? MR_WORD_VALUE : is;
    w->member = member;
    return good;
}

/* ---- walking ---- */

static bool take(struct mr_walk *w, const struct mr_token *t)
{
    if (w->levels[w->depth].must_query && !mr_token_is(t, "SELECT") && !mr_token_is(t, "WITH"))
        return mr_walk_fails(w, t->ptr, "has no SELECT where one belongs", NULL);
    bool good = true;
    if (t->kind == MR_TOKEN_PUNCT) {
        good = take_punct(w, t);
    } else if (t->kind == MR_TOKEN_WORD) {
        good = take_word(w, t);
    } else if (w->levels[w->depth].table) {
        good = take_table(w, t);
    } else {
        w->prev = *t;
        w->prev_is = MR_WORD_VALUE;
        w->member = false;
    }
    if (good && !mr_token_is(t, "(") && !mr_token_is(t, "WITH"))
        w->levels[w->depth].may_query = false;
    return good;
}

/* Does prev want something behind it? */
static bool is_open(const struct mr_walk *w)
{
    return w->prev.kind == MR_TOKEN_PUNCT && !mr_token_is(&w->prev, ")");
}

bool mr_walk_on(struct mr_walk *w, bool to_close)
{
    struct mr_token t;
    while (mr_walk_next(w, &t)) {
        if (!take(w, &t))
            return false;
        if (to_close && w->depth == 0)
            return true;
    }
    const struct mr_walk_level *level = &w->levels[w->depth];
    if (w->fault->what[0] == '\0' &&
        (to_close || w->depth > 0 || level->table || level->must_query || w->sets || is_open(w)))
        return mr_walk_fails(w, w->scan.end, "ends too early", NULL);
    return w->fault->what[0] == '\0';
}
