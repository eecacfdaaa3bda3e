/* script_names.c: pieces of SQL that name tables, columns and values; see
 * script_internal.h. */
#include <inttypes.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "core/schema/column_default.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

void mr_script_temp(struct mr_script *s, const char *name)
{
    mr_sql_ident(&s->sql, s->db);
    mr_strbuf_add_fmt(&s->sql, ".myrecon_%s", name);
}

void mr_script_temp_n(struct mr_script *s, char prefix, size_t number)
{
    mr_script_staged(&s->sql, s->db, prefix, number);
}

void mr_script_live(struct mr_script *s, const struct mr_plan_table *t)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    mr_sql_table(&s->sql, table->db, table->name);
}

bool mr_script_is_written(const struct mr_plan_table *t, size_t column)
{
    return !t->generated[column];
}

void mr_script_column(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                      size_t column)
{
    if (alias != NULL)
        mr_strbuf_add_fmt(&s->sql, "%s.", alias);
    mr_sql_ident(&s->sql, t->pair->full[MR_TARGET].cols[column].name);
}

/* ---- references ---- */

/* A column as the other side of a reference has it: the child's as a key, if `reads`, or the
 * parent's as the child writes it.  false: there is no such way, and nothing is added. */
static bool spell(struct mr_script *s, const struct mr_plan_reference *r, size_t i,
                  const char *alias, bool reads)
{
    const struct mr_plan_table *t = &s->plan->tables[reads ? r->child : r->parent];
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool can = true;
    mr_strbuf_add_fmt(&name, "%s.", alias);
    mr_sql_ident(&name, t->pair->full[MR_TARGET].cols[(reads ? r->from : r->to).at[i]].name);
    if (r->pair->spelling == NULL)
        mr_strbuf_add_str(&s->sql, name.ptr);
    else if (reads)
        mr_spelling_sql_read(&s->sql, &r->pair->spelling[i], name.ptr);
    else
        can = mr_spelling_sql_write(&s->sql, &r->pair->spelling[i], name.ptr);
    s->sql.failed |= name.failed;
    mr_strbuf_release(&name);
    return can;
}

void mr_script_refers(struct mr_script *s, const struct mr_plan_reference *r, const char *c,
                      const char *p)
{
    for (size_t i = 0; i < r->from.count; i++) {
        mr_strbuf_add_str(&s->sql, i > 0 ? " AND " : "");
        mr_script_column(s, &s->plan->tables[r->parent], p, r->to.at[i]);
        mr_strbuf_add_str(&s->sql, " = ");
        (void)spell(s, r, i, c, true);
    }
}

bool mr_script_refers_by(struct mr_script *s, const struct mr_plan_reference *r, size_t i,
                         const char *c, const char *p)
{
    size_t mark = s->sql.len;
    mr_script_column(s, &s->plan->tables[r->child], c, r->from.at[i]);
    mr_strbuf_add_str(&s->sql, " = ");
    if (spell(s, r, i, p, false))
        return true;
    s->sql.len = mark;
    mr_script_column(s, &s->plan->tables[r->parent], p, r->to.at[i]);
    mr_strbuf_add_str(&s->sql, " = ");
    (void)spell(s, r, i, c, true);
    return false;
}

void mr_script_referred(struct mr_script *s, const struct mr_plan_reference *r, const char *c,
                        const char *p)
{
    for (size_t i = 0; i < r->from.count; i++) {
        mr_strbuf_add_str(&s->sql, i > 0 ? " AND " : "");
        (void)mr_script_refers_by(s, r, i, c, p);
    }
}

bool mr_script_is_spelt_otherwise(const struct mr_plan_reference *r)
{
    for (size_t i = 0; r->pair->spelling != NULL && i < r->from.count; i++)
        if (mr_spelling_may_be_otherwise(&r->pair->spelling[i]))
            return true;
    return false;
}

/* No index leads to texts that spell a key in their own way, so the cheap condition comes first,
 * and only what passes it is read as a key. */
void mr_script_refers_otherwise(struct mr_script *s, const struct mr_plan_reference *r,
                                const char *c, const char *p)
{
    const struct mr_plan_table *t = &s->plan->tables[r->child];
    struct mr_strbuf name = MR_STRBUF_INIT, any = MR_STRBUF_INIT;
    for (size_t i = 0; i < r->from.count; i++) {
        if (!mr_spelling_may_be_otherwise(&r->pair->spelling[i]))
            continue;
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "%s.", c);
        mr_sql_ident(&name, t->pair->full[MR_TARGET].cols[r->from.at[i]].name);
        mr_strbuf_add_str(&any, any.len > 0 ? " OR (" : "((");
        (void)mr_spelling_sql_otherwise(&any, &r->pair->spelling[i], name.ptr);
        mr_strbuf_add_char(&any, ')');
    }
    mr_strbuf_add_fmt(&s->sql, "%s) AND ", any.ptr);
    mr_script_refers(s, r, c, p);
    s->sql.failed |= any.failed || name.failed;
    mr_strbuf_release(&name);
    mr_strbuf_release(&any);
}

/* ---- rows ---- */

void mr_script_columns(struct mr_script *s, const struct mr_plan_table *t, const char *alias)
{
    bool first = true;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!mr_script_is_written(t, i))
            continue;
        mr_strbuf_add_str(&s->sql, first ? "" : ", ");
        mr_script_column(s, t, alias, i);
        first = false;
    }
}

void mr_script_same(struct mr_script *s, const struct mr_plan_table *t,
                    struct mr_plan_columns columns, const char *a, const char *b, bool safe)
{
    for (size_t i = 0; i < columns.count; i++) {
        mr_strbuf_add_str(&s->sql, i > 0 ? " AND " : "");
        mr_script_column(s, t, a, columns.at[i]);
        mr_strbuf_add_str(&s->sql, safe ? " <=> " : " = ");
        mr_script_column(s, t, b, columns.at[i]);
    }
    if (columns.count == 0)
        mr_strbuf_add_str(&s->sql, "TRUE");
}

/* A column so that `<=>` compares it to the byte. */
static void exact_column(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                         size_t column)
{
    const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, column);
    bool is_native_json = c->cls == MR_CLASS_JSON && strcmp(c->data_type, "json") == 0 &&
                          s->manifest->server.flavour == MR_FLAVOUR_MYSQL;
    if (is_native_json) {
        mr_strbuf_add_str(&s->sql, "CAST(CAST(");
        mr_script_column(s, t, alias, column);
        mr_strbuf_add_str(&s->sql, " AS CHAR) AS BINARY)");
    } else if (c->cls == MR_CLASS_ENUM) {
        mr_script_column(s, t, alias, column);
        mr_strbuf_add_str(&s->sql, " + 0");
    } else if (c->cls == MR_CLASS_TEXT || c->cls == MR_CLASS_JSON || c->cls == MR_CLASS_GEOMETRY ||
               c->cls == MR_CLASS_BINARY) {
        mr_strbuf_add_str(&s->sql, "CAST(");
        mr_script_column(s, t, alias, column);
        mr_strbuf_add_str(&s->sql, " AS BINARY)");
    } else {
        mr_script_column(s, t, alias, column);
    }
}

bool mr_script_is_opened(const struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    const struct mr_script_table *own = &s->tables[t->at];
    for (size_t i = 0; i < own->nopens; i++)
        if (own->opens[i] == column)
            return true;
    return false;
}

/* What is asked of columns that are filled later. */
enum opened { OPENED_EXACT = 1, OPENED_ANY, OPENED_EMPTY };

/* What an update leaves as it is, the row b does not hold: the row s beside it has it. */
void mr_script_exact_pair(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                          const char *b, size_t column)
{
    const bool is_beside = strcmp(b, "b") == 0 && !mr_script_has_before(s, t, column);
    exact_column(s, t, a, column);
    mr_strbuf_add_str(&s->sql, " <=> ");
    exact_column(s, t, is_beside ? "s" : b, column);
}

/* Still empty where b says so. */
static void empty_pair(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                       const char *b, size_t column)
{
    const struct mr_script_table *own = &s->tables[t->at];
    size_t k = 0;
    while (own->opens[k] != column)
        k++;
    mr_strbuf_add_fmt(&s->sql, "IF(%s.myrecon_open & %" PRIu64 ", ", b, (uint64_t)1 << k);
    mr_script_column(s, t, a, column);
    mr_strbuf_add_str(&s->sql, " IS NULL, ");
    mr_script_exact_pair(s, t, a, b, column);
    mr_strbuf_add_char(&s->sql, ')');
}

static void exact_columns(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                          const char *b, enum opened how)
{
    bool first = true;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        bool is_opened = mr_script_is_opened(s, t, i);
        if (!mr_script_is_written(t, i) || (is_opened && how == OPENED_ANY))
            continue;
        mr_strbuf_add_str(&s->sql, first ? "" : " AND ");
        if (is_opened && how == OPENED_EMPTY)
            empty_pair(s, t, a, b, i);
        else
            mr_script_exact_pair(s, t, a, b, i);
        first = false;
    }
    if (first)
        mr_strbuf_add_str(&s->sql, "TRUE");
}

void mr_script_exact(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                     const char *b)
{
    exact_columns(s, t, a, b, OPENED_EXACT);
}

void mr_script_exact_of(struct mr_script *s, const struct mr_plan_table *t, const bool *of,
                        const char *a, const char *b)
{
    bool first = true;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!of[i])
            continue;
        mr_strbuf_add_str(&s->sql, first ? "" : " AND ");
        mr_script_exact_pair(s, t, a, b, i);
        first = false;
    }
}

void mr_script_alike(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                     const char *b)
{
    exact_columns(s, t, a, b, OPENED_ANY);
}

void mr_script_emptied(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                       const char *b)
{
    exact_columns(s, t, a, b, OPENED_EMPTY);
}

/* MySQL has no DEFAULT(c) of one in brackets, which is how it writes one of a TEXT at all;
 * as it states it, only ASCII is what it means. */
static bool can_ask(const struct mr_column *c)
{
    if (!mr_column_default_is_fixed(c) || !c->default_computed)
        return mr_column_default_is_fixed(c);
    for (const char *p = c->default_text; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            return false;
    return c->cls == MR_CLASS_TEXT || c->cls == MR_CLASS_DECIMAL ||
           (mr_class_is_integer(c->cls) && strncmp(c->default_text, "b'", 2) != 0);
}

/* Then its literal says it. */
static void holds_literal(struct mr_script *s, const struct mr_column *c, const char *alias)
{
    const bool text = c->cls == MR_CLASS_TEXT;
    struct mr_strbuf literal = MR_STRBUF_INIT;
    (void)mr_column_default_literal(c, &literal);
    mr_strbuf_add_fmt(&s->sql, " AND %s%s.", text ? "CAST(CONVERT(" : "", alias);
    mr_sql_ident(&s->sql, c->name);
    mr_strbuf_add_str(&s->sql, text ? " USING utf8mb4) AS BINARY) <=> CAST(" : " <=> ");
    if (text)
        mr_sql_string(&s->sql, literal.len > 0 ? literal.ptr : "");
    else
        mr_strbuf_add_str(&s->sql, literal.ptr);
    mr_strbuf_add_str(&s->sql, text ? " AS BINARY)" : "");
    s->sql.failed |= literal.failed;
    mr_strbuf_release(&literal);
}

/* A trigger may have given the rows other values. */
static const struct mr_column *next_alone(const struct mr_script *s, const struct mr_plan_table *t,
                                          size_t *at)
{
    const struct mr_planned *planned = &s->manifest->planned;
    const struct mr_table *live = t->pair->side[MR_TARGET];
    if (planned->fire_triggers && planned->tables[t->at].ntriggers > 0)
        return NULL;
    while (*at < live->ncolumns) {
        const struct mr_column *c = &live->columns[(*at)++];
        if (can_ask(c) && mr_plan_is_alone(t, c, MR_TARGET))
            return c;
    }
    return NULL;
}

bool mr_script_is_touchable(const struct mr_script *s, const struct mr_plan_table *t)
{
    size_t at = 0;
    return next_alone(s, t, &at) != NULL;
}

/* As a value, and as text: 'a' and 'A', 0 and -0. */
void mr_script_untouched(struct mr_script *s, const struct mr_plan_table *t, const char *alias)
{
    const struct mr_column *c;
    for (size_t at = 0; (c = next_alone(s, t, &at)) != NULL;) {
        if (c->default_computed)
            holds_literal(s, c, alias);
        for (int text = 0; !c->default_computed && text < 2; text++) {
            const char *before = text ? "CAST(" : "", *after = text ? " AS BINARY)" : "";
            mr_strbuf_add_fmt(&s->sql, " AND %s%s.", before, alias);
            mr_sql_ident(&s->sql, c->name);
            mr_strbuf_add_fmt(&s->sql, "%s <=> %sDEFAULT(%s.", after, before, alias);
            mr_sql_ident(&s->sql, c->name);
            mr_strbuf_add_fmt(&s->sql, ")%s", after);
        }
    }
}

void mr_script_is_absent(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                         size_t column)
{
    mr_script_column(s, t, alias, column);
    mr_strbuf_add_str(&s->sql, " <=> NULL");
}

bool mr_script_not_null(struct mr_script *s, const struct mr_plan_table *t,
                        struct mr_plan_columns columns, const char *alias)
{
    bool any = false;
    for (size_t i = 0; i < columns.count; i++) {
        if (!t->nullable[columns.at[i]])
            continue;
        mr_strbuf_add_str(&s->sql, any ? " AND " : "");
        mr_script_column(s, t, alias, columns.at[i]);
        mr_strbuf_add_str(&s->sql, " IS NOT NULL");
        any = true;
    }
    return any;
}

/* Bytes are shown as hex: the list of what was refused is text, and goes to a terminal. */
void mr_script_key_text(struct mr_script *s, const struct mr_plan_table *t, const char *alias)
{
    if (t->key.count == 0) {
        mr_strbuf_add_str(&s->sql, "''");
        return;
    }
    mr_strbuf_add_str(&s->sql, "CONCAT_WS(','");
    for (size_t i = 0; i < t->key.count; i++) {
        enum mr_class cls = t->pair->full[MR_TARGET].cols[t->key.at[i]].cls;
        bool hex = mr_class_is_bytes(cls);
        mr_script_key_part(&s->sql, alias, t->pair->full[MR_TARGET].cols[t->key.at[i]].name, hex,
                           t->key.count == 1);
    }
    mr_strbuf_add_char(&s->sql, ')');
}

void mr_script_not_there(struct mr_script *s, const char *alias)
{
    mr_strbuf_add_fmt(&s->sql, " AND %s.myrecon_row NOT IN (SELECT line FROM ", alias);
    mr_script_temp(s, "there");
    mr_strbuf_add_char(&s->sql, ')');
}

void mr_script_not_found(struct mr_script *s, const char *alias)
{
    if (s->kind != MR_SCRIPT_UNDO)
        return;
    mr_strbuf_add_fmt(&s->sql, " AND %s.myrecon_row NOT IN (SELECT line FROM ", alias);
    mr_script_temp(s, "found");
    mr_strbuf_add_char(&s->sql, ')');
}

static bool has_all(const struct mr_plan_columns *columns, struct mr_plan_columns of)
{
    size_t i = 0;
    while (i < of.count && mr_plan_columns_has(columns, of.at[i]))
        i++;
    return of.count > 0 && i == of.count;
}

bool mr_script_tells_one(const struct mr_plan_table *t, struct mr_plan_columns columns)
{
    bool tells = has_all(&columns, t->key);
    for (size_t i = 0; !tells && i < t->nuniques; i++)
        tells = !t->uniques[i].is_partial && has_all(&columns, t->uniques[i].columns);
    return tells;
}

enum mr_step_op mr_script_op(char prefix)
{
    return prefix == 'i' ? MR_STEP_INSERT : prefix == 'u' ? MR_STEP_UPDATE : MR_STEP_DELETE;
}

bool mr_script_is_used(const struct mr_script *s, size_t table)
{
    const bool *used = s->tables[table].used;
    return used[MR_STEP_INSERT] || used[MR_STEP_UPDATE] || used[MR_STEP_DELETE];
}

size_t mr_script_copy_of(const struct mr_script *s, size_t reference)
{
    const struct mr_plan_reference *r = &s->plan->references[reference];
    for (size_t i = 0; i < reference; i++) {
        const struct mr_plan_reference *other = &s->plan->references[i];
        if (other->parent == r->parent && other->to_set == r->to_set &&
            mr_script_is_used(s, other->child))
            return i;
    }
    return reference;
}
