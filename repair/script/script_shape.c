/* script_shape.c: see script_shape.h. */
#include "repair/script/script_shape.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/binlog/binlog_walk.h"
#include "core/db/sqltext.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_memo.h"
#include "repair/script/script_walk.h"
#include "repair/script/script_words.h"

/* ---- statements ---- */

/* What follows a beginning. */
enum rest {
    REST_NOTHING,
    REST_VALUE,  /* one expression */
    REST_VALUES, /* one, and more assignments of variables */
    REST_TAIL,   /* WHERE and the like, of a statement without joins */
    REST_JOINS,  /* … with joins: of staged tables, and of those that are written to */
    REST_QUERY,  /* a SELECT goes on behind its first table */
    REST_SETS,   /* an UPDATE goes on, of staged tables alone */
    REST_WRITES, /* … and of those that are written to */
    REST_TABLE,  /* CREATE TABLE goes on */
    REST_ROWS,   /* INSERT goes on */
    REST_LIVE    /* … into a table that is written to */
};

#define IN(section) (1u << MR_SCRIPT_READ_##section)
#define ANYWHERE                                                                                   \
    (IN(HEAD) | IN(STAGE) | IN(ASIDE) | IN(LOCKS) | IN(GUARDS) | IN(WRITE) | IN(AGAIN) | IN(END))
#define OWN (IN(STAGE) | IN(ASIDE) | IN(LOCKS) | IN(GUARDS) | IN(WRITE) | IN(AGAIN))

/*
 * How statements begin.  %b: the plan's database; %t: a staged table; %w: a table that is written
 * to; %a: an alias; %n: a number; %v: a variable that may be set.
 */
static const struct form {
    unsigned sections;
    const char *text;
    enum rest rest;
} forms[] = {
    {OWN, "INSERT INTO %t", REST_ROWS},
    {IN(LOCKS), "SET @myrecon_ran = 0 , @myrecon_end = 'ROLLBACK' , @myrecon_why = NULL",
     REST_NOTHING},
    {ANYWHERE, "SET %v =", REST_VALUES},
    {IN(HEAD) | IN(STAGE) | IN(END), "SET SESSION time_zone =", REST_VALUE},
    {IN(STAGE), "DROP TEMPORARY TABLE IF EXISTS %t", REST_NOTHING},
    {IN(STAGE), "CREATE TEMPORARY TABLE %t", REST_TABLE},
    {IN(STAGE), "USE %b", REST_NOTHING},
    {IN(STAGE), "SET NAMES utf8mb4", REST_NOTHING},
    {IN(STAGE) | IN(WRITE), MR_SCRIPT_STRICT, REST_NOTHING},
    {IN(STAGE) | IN(WRITE), MR_SCRIPT_LOOSE, REST_NOTHING},
    {IN(STAGE),
     MR_SCRIPT_STRICT " , time_zone = '+00:00' , autocommit = 1 , foreign_key_checks = 1"
                      " , unique_checks = 1 , lock_wait_timeout = %n"
                      " , innodb_lock_wait_timeout = %n , sql_safe_updates = 0"
                      " , sql_big_selects = 1 , sql_select_limit = %n"
                      " , completion_type = 0",
     REST_NOTHING},
    {IN(STAGE), "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", REST_NOTHING},
    {IN(STAGE), "SET SESSION max_recursive_iterations = %n", REST_NOTHING},
    {IN(STAGE), "SET SESSION cte_max_recursion_depth = %n", REST_NOTHING},
    {OWN, "DELETE FROM %t", REST_TAIL},
    {OWN & ~IN(WRITE), "UPDATE %t", REST_SETS},
    {IN(LOCKS), "START TRANSACTION", REST_NOTHING},
    {IN(WRITE), "SAVEPOINT " MR_STEP_REWIND_MARK, REST_NOTHING},
    {IN(WRITE), "INSERT INTO %w", REST_LIVE},
    {IN(WRITE), "UPDATE %t", REST_WRITES},
    {IN(WRITE), "DELETE %a FROM %t", REST_JOINS},
    {IN(WRITE), "DELETE FROM %w WHERE", REST_VALUE},
    {IN(END), "SELECT tbl AS `table` , id AS `key` , why AS reason FROM %t", REST_QUERY},
    {IN(END),
     "SET @myrecon_end = IF ( ( SELECT COUNT ( * ) = %n AND SUM ( ok ) = %n FROM %t )"
     " AND @myrecon_ran = %n , 'COMMIT' , 'ROLLBACK' )",
     REST_NOTHING},
    {IN(END), "PREPARE myrecon_end FROM @myrecon_end", REST_NOTHING},
    {IN(END), "EXECUTE myrecon_end", REST_NOTHING},
    {IN(END), "DEALLOCATE PREPARE myrecon_end", REST_NOTHING},
    {IN(END), "ROLLBACK", REST_NOTHING},
};

static bool is_digits(const struct mr_token *t)
{
    for (size_t i = 0; i < t->len; i++)
        if (t->ptr[i] < '0' || t->ptr[i] > '9')
            return false;
    return t->kind == MR_TOKEN_NUMBER;
}

static bool fits_part(struct mr_walk *w, char kind, const struct mr_token *t)
{
    struct mr_token last;
    if (kind == 'n')
        return is_digits(t);
    if (kind == 'v')
        return mr_walk_is_settable(t);
    if (kind == 'a')
        return mr_walk_is_name(t) && mr_script_word(t->ptr, t->len) == MR_WORD_NONE;
    if (kind == 'b')
        return mr_walk_is_text(t, w->shape->db);
    return mr_walk_place(w, t, &last) == (kind == 't' ? MR_PLACE_STAGED : MR_PLACE_WRITTEN);
}

static bool begins(struct mr_walk *w, const char *form)
{
    while (*form != '\0') {
        struct mr_token t;
        const size_t len = strcspn(form, " ");
        if (!mr_walk_next(w, &t))
            return false;
        const bool fits = form[0] == '%' ? fits_part(w, form[1], &t)
                                         : t.len == len && memcmp(t.ptr, form, len) == 0;
        if (!fits)
            return false;
        w->prev = t;
        form += len;
        form += *form == ' ';
    }
    return true;
}

static bool ends(struct mr_walk *w)
{
    struct mr_token t;
    if (mr_walk_next(w, &t))
        return mr_walk_fails(w, t.ptr, "goes on where plan's ends:", &t);
    return w->fault->what[0] == '\0';
}

/* ( … ) ENGINE = InnoDB, and a charset or rows. */
static bool rest_table(struct mr_walk *w)
{
    struct mr_sqlscan at;
    w->prev = (struct mr_token){.kind = MR_TOKEN_PUNCT, .ptr = "=", .len = 1};
    if (!mr_walk_on(w, true) || !begins(w, "ENGINE = InnoDB"))
        return mr_walk_fails(w, w->scan.ptr, "makes another table than plan does", NULL);
    at = w->scan;
    if (begins(w, "DEFAULT CHARSET utf8mb4"))
        return ends(w);
    w->scan = at;
    struct mr_token t;
    if (!mr_walk_next(w, &t))
        return w->fault->what[0] == '\0';
    w->scan = at;
    w->levels[0] = (struct mr_walk_level){.may_query = true, .must_query = true};
    return mr_walk_on(w, false);
}

/* ( column, … ), of which "(" was read. */
static bool list(struct mr_walk *w)
{
    struct mr_token t;
    do {
        if (!mr_walk_next(w, &t) || !(t.kind == MR_TOKEN_IDENT || mr_walk_is_name(&t)) ||
            !mr_walk_next(w, &t))
            return mr_walk_fails(w, w->scan.ptr, "has no list of columns", NULL);
    } while (mr_token_is(&t, ","));
    return mr_token_is(&t, ")") || mr_walk_fails(w, t.ptr, "has no list of columns", NULL);
}

/* Rows of values may only go into staged tables. Into a live one goes what a SELECT takes from
 * them, with a list of columns, so that no column is filled by its position. */
static bool rest_rows(struct mr_walk *w, bool live)
{
    struct mr_sqlscan at = w->scan;
    struct mr_token t = {0};
    bool listed = mr_walk_next(w, &t) && mr_token_is(&t, "(");
    if (listed && !list(w))
        return false;
    if (listed)
        at = w->scan;
    w->scan = at;
    if (live && !listed)
        return mr_walk_fails(w, at.ptr, "has no list of columns", NULL);
    if (listed && !live && mr_walk_next(w, &t) && mr_token_is(&t, "VALUES")) {
        w->prev = t;
        w->prev_is = MR_WORD_KEYWORD | MR_WORD_PAREN;
        return mr_walk_on(w, false);
    }
    w->scan = at;
    w->prev = (struct mr_token){0};
    w->levels[0] = (struct mr_walk_level){.may_query = true, .must_query = true};
    return mr_walk_on(w, false);
}

static bool goes_on(struct mr_walk *w, enum rest rest)
{
    w->prev_is = MR_WORD_VALUE;
    if (rest == REST_NOTHING)
        return ends(w);
    if (rest == REST_TABLE)
        return rest_table(w);
    if (rest == REST_ROWS || rest == REST_LIVE)
        return rest_rows(w, rest == REST_LIVE);
    if (rest == REST_VALUE || rest == REST_VALUES)
        w->prev = (struct mr_token){.kind = MR_TOKEN_PUNCT, .ptr = "=", .len = 1};
    w->one = rest == REST_VALUE || rest == REST_TAIL || rest == REST_JOINS;
    w->assigns = rest == REST_VALUES;
    w->sets = rest == REST_SETS || rest == REST_WRITES;
    w->own0 = rest == REST_SETS;
    w->written0 = rest == REST_WRITES || rest == REST_JOINS;
    w->levels[0].query = rest == REST_QUERY;
    w->levels[0].from = w->sets || rest == REST_QUERY || rest == REST_JOINS;
    return mr_walk_on(w, false);
}

static bool is_clean(struct mr_walk *w, size_t len)
{
    const char *end = memchr(w->text, '\0', len);
    if (end != NULL)
        return mr_walk_fails(w, end, "has a NUL byte", NULL);
    return mr_utf8_is_valid(w->text, len) ||
           mr_walk_fails(w, w->text, "has bytes that are no UTF-8", NULL);
}

/* Which whole number stands where does not matter to what goes on behind a beginning, but for a
 * table that is made; and what some other form takes as a whole is right, too. */
static bool is_same_for_any_number(enum rest rest)
{
    return rest != REST_NOTHING && rest != REST_TABLE;
}

/* The first form that begins so decides; where nothing may follow, it has to be the whole
 * statement. What goes on behind a known beginning is judged by its rest alone. */
static bool is_statement(struct mr_walk *w, size_t len)
{
    if (mr_script_memo_has(w->shape->memo, w->section, w->text, len))
        return true;
    if (!is_clean(w, len))
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (!(forms[i].sections & 1u << w->section))
            continue;
        mr_sqlscan_init(&w->scan, w->text, len);
        if (begins(w, forms[i].text) &&
            (forms[i].rest != REST_NOTHING || w->scan.ptr == w->scan.end)) {
            const bool good = goes_on(w, forms[i].rest);
            if (good && is_same_for_any_number(forms[i].rest))
                mr_script_memo_keep(w->shape->memo, w->section, w->text, len);
            return good;
        }
        if (w->fault->what[0] != '\0')
            return false;
    }
    struct mr_token first = {0};
    mr_sqlscan_init(&w->scan, w->text, len);
    if (!mr_walk_next(w, &first))
        return mr_walk_fails(w, w->text, "is no statement", NULL);
    first.len = (size_t)(w->scan.end - first.ptr);
    return mr_walk_fails(w, first.ptr, "is no statement that plan writes there:", &first);
}

bool mr_script_shape_fits(const void *shape, const struct mr_script_read_item *item,
                          struct mr_script_read_fault *fault)
{
    const struct mr_script_shape *of = shape;
    struct mr_walk w = {.shape = of,
                        .section = item->section,
                        .text = item->sql,
                        .calls = of->calls,
                        .fault = fault};
    *fault = (struct mr_script_read_fault){0};
    return is_statement(&w, item->len);
}

static bool is_expression(const char *text, struct mr_script_calls *calls,
                          struct mr_script_read_fault *fault)
{
    struct mr_walk w = {.text = text,
                        .prev = {.kind = MR_TOKEN_PUNCT, .ptr = "=", .len = 1},
                        .one = true,
                        .calls = calls,
                        .fault = fault};
    *fault = (struct mr_script_read_fault){0};
    mr_sqlscan_init(&w.scan, text, strlen(text));
    return is_clean(&w, strlen(text)) && mr_walk_on(&w, false);
}

bool mr_script_shape_is_expression(const char *text, struct mr_script_read_fault *fault)
{
    return is_expression(text, NULL, fault);
}

/* ---- plans ---- */

enum mr_code mr_script_shape_new(const struct mr_manifest *m, struct mr_script_calls *calls,
                                 struct mr_arena *arena, struct mr_script_shape **out,
                                 struct mr_err *err)
{
    const struct mr_planned *planned = &m->planned;
    struct mr_script_shape *shape = mr_arena_calloc(arena, 1, sizeof *shape);
    struct mr_walk_table *tables = mr_arena_calloc(arena, planned->ntables + 1, sizeof *tables);
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool good =
        shape != NULL && tables != NULL && (shape->memo = mr_script_memo_new(arena)) != NULL;
    for (size_t i = 0; good && i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        mr_strbuf_reset(&name);
        mr_sql_table(&name, t->target_db, t->target_name);
        tables[i] = (struct mr_walk_table){mr_arena_strdup(arena, name.failed ? "" : name.ptr),
                                           mr_planned_writes(t) > 0};
        good = !name.failed && tables[i].name != NULL;
    }
    mr_strbuf_reset(&name);
    mr_sql_ident(&name, planned->ntables > 0 ? planned->tables[0].target_db : "");
    if (good)
        good = !name.failed && (shape->db = mr_arena_strdup(arena, name.ptr)) != NULL;
    mr_strbuf_release(&name);
    if (!good)
        return mr_err_nomem(err, "reading a plan");
    if (planned->ntables > 1)
        qsort(tables, planned->ntables, sizeof *tables, mr_walk_compare_tables);
    shape->manifest = m;
    shape->calls = calls;
    shape->tables = tables;
    shape->ntables = planned->ntables;
    *out = shape;
    return MR_OK;
}

enum mr_code mr_script_shape_conditions(const struct mr_manifest *m, const char *path,
                                        struct mr_script_calls *calls, struct mr_err *err)
{
    for (size_t i = 0; i < m->planned.ntables; i++) {
        const struct mr_planned_table *t = &m->planned.tables[i];
        for (size_t k = 0; k < t->nreferences; k++) {
            struct mr_script_read_fault fault = {0};
            const struct mr_planned_reference *r = &t->references[k];
            if (r->condition == NULL || is_expression(r->condition, calls, &fault))
                continue;
            (void)mr_err_set(err, MR_E_REFUSED,
                             "plan \"%s\": the condition of table \"%s\" that leads to "
                             "\"%s\" %s",
                             path, t->table, r->parent, fault.what);
            mr_err_hint(err, "A condition is made of columns, literals, operators and plain "
                             "functions, without sub-selects; put names that are words of "
                             "SQL in backticks (myrecon.ini(5), reference).");
            return MR_E_REFUSED;
        }
    }
    return MR_OK;
}

/* Nothing is run from it, so that no statement need be known again: nothing is hashed. */
enum mr_code mr_script_shape_check(const struct mr_manifest *m, const char *path,
                                   struct mr_script_calls *calls, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_script_read *script = NULL;
    struct mr_script_shape *shape = NULL;
    struct mr_script_read_item item = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_script_shape_new(m, calls, &arena, &shape, err));
    MR_TRY_OUT(mr_script_read_open(path, &script, err));
    mr_script_read_judged(script, mr_script_shape_fits, shape);
    do {
        MR_TRY_OUT(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
        MR_TRY_OUT(mr_script_read_next(script, &item, err));
    } while (item.kind != MR_SCRIPT_READ_EOF);
out:
    mr_script_read_close(script);
    mr_arena_release(&arena);
    return code;
}
