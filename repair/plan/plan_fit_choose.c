/* plan_fit_choose.c: what may be written instead of a value that does not fit; see
 * plan_fit.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/json/json_in.h"
#include "core/json/jsonw.h"
#include "core/pair/pair_columns.h"
#include "core/schema/column_default.h"
#include "core/schema/column_fit.h"
#include "repair/plan/plan_fit.h"

/* ---- what may be chosen ---- */

static bool is_reference(const struct mr_plan_tables *plan, const struct mr_plan_table *t,
                         size_t column)
{
    for (size_t i = 0; i < plan->nreferences; i++)
        if (plan->references[i].child == t->at &&
            mr_plan_columns_has(&plan->references[i].from, column))
            return true;
    return false;
}

/* Says whether, and to which table, a row refers. */
static bool is_condition(const struct mr_plan_tables *plan, const struct mr_plan_table *t,
                         size_t column)
{
    for (size_t i = 0; i < plan->nreferences; i++)
        if (plan->references[i].child == t->at && plan->references[i].reads != NULL &&
            plan->references[i].reads[column])
            return true;
    return false;
}

/* Says which row it is, or what others refer to it by. */
static bool is_name(const struct mr_plan_table *t, size_t column)
{
    for (size_t i = 0; i < t->nsets; i++)
        if (mr_plan_columns_has(&t->sets[i], column))
            return true;
    return mr_plan_columns_has(&t->key, column);
}

static bool can_empty(const struct mr_plan_fit *fit, const struct mr_plan_table *t, size_t column)
{
    const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, column);
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool free = !is_name(t, column) && !is_condition(fit->plan, t, column);
    bool can = free && c->nullable;
    if (!can && free && !is_reference(fit->plan, t, column) &&
        !mr_plan_columns_has(&t->named_by, column))
        can = mr_column_default_literal(c, &text);
    mr_strbuf_release(&text);
    return can;
}

bool mr_plan_fit_is_plain(const struct mr_plan_tables *plan, const struct mr_plan_table *table,
                          size_t column)
{
    return !is_name(table, column) && !is_reference(plan, table, column) &&
           !is_condition(plan, table, column) && !table->generated[column];
}

static bool can_edit(const struct mr_plan_fit *fit, const struct mr_plan_table *t, size_t column)
{
    return mr_plan_fit_is_plain(fit->plan, t, column);
}

static size_t column_at(const struct mr_plan_fit *fit, size_t i)
{
    return *(const size_t *)mr_vec_at(&fit->columns, i);
}

/* One column by its name alone; several as a JSON object, which tells them apart. */
static void add_template(const struct mr_plan_fit *fit, const struct mr_plan_table *table,
                         struct mr_strbuf *out)
{
    struct mr_jsonw json;
    mr_strbuf_add_char(out, ';');
    if (fit->columns.count == 1) {
        mr_strbuf_add_fmt(out, "%s=VALUE", mr_plan_column_name(table, column_at(fit, 0)));
        return;
    }
    mr_jsonw_init_buf(&json, out);
    mr_jsonw_object_begin(&json);
    for (size_t i = 0; i < fit->columns.count; i++)
        mr_jsonw_add_str(&json, mr_plan_column_name(table, column_at(fit, i)), "VALUE");
    mr_jsonw_object_end(&json);
    mr_jsonw_release(&json);
}

/* Only what can be carried out for every column that does not fit is offered: half a row is not
 * written. */
void mr_plan_fit_choices(const struct mr_plan_fit *fit, const struct mr_plan_table *table,
                         struct mr_strbuf *out)
{
    bool empty = !fit->is_stuck, edit = !fit->is_stuck;
    mr_strbuf_reset(out);
    mr_strbuf_add_str(out, MR_FIT_SKIP);
    for (size_t i = 0; i < fit->columns.count; i++) {
        empty = empty && can_empty(fit, table, column_at(fit, i));
        edit = edit && can_edit(fit, table, column_at(fit, i));
    }
    if (empty)
        mr_strbuf_add_str(out, ";" MR_FIT_WITHOUT);
    if (edit)
        add_template(fit, table, out);
}

const char *mr_plan_fit_rule(const struct mr_conflict_rule *rules, size_t count)
{
    for (size_t i = count; i > 0; i--)
        if (strcmp(rules[i - 1].kind, MR_FIT_KIND) == 0 &&
            strcmp(rules[i - 1].choice, "target") != 0)
            return rules[i - 1].choice;
    return NULL;
}

bool mr_plan_fit_is_value(const char *choice)
{
    return choice[0] == '{' || strchr(choice, '=') != NULL;
}

size_t mr_plan_fit_words(const char *decision)
{
    static const char newest[] = "newest:";
    if (strncasecmp(decision, newest, sizeof newest - 1) == 0)
        return sizeof newest - 1;
    return mr_plan_fit_is_value(decision) ? 0 : strlen(decision);
}

/* ---- a text as a value ---- */

/* Digits, and a minus or nothing in front: behind a space or a plus strtoull() would take a minus
 * and wrap it around, so that " -1" became the greatest number of a BIGINT UNSIGNED. */
static bool read_number(const char *text, struct mr_value *v)
{
    char *end = NULL;
    const bool minus = text[0] == '-';
    if (text[minus] < '0' || text[minus] > '9')
        return false;
    errno = 0;
    v->cls = minus ? MR_CLASS_INT : MR_CLASS_UINT;
    if (minus)
        v->i = strtoll(text, &end, 10);
    else
        v->u = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_double(const char *text, enum mr_class cls, struct mr_value *v)
{
    char *end = NULL;
    v->cls = MR_CLASS_DOUBLE;
    v->d = strtod(text, &end);
    if (cls == MR_CLASS_FLOAT)
        v->d = (double)(float)v->d;
    return end != text && *end == '\0';
}

/* Pairs of hex digits, with 0x in front or without; their bytes go to out. */
static bool read_hex(const char *text, struct mr_strbuf *out)
{
    char pair[3] = "", *end = NULL;
    text += text[0] == '0' && (text[1] | 0x20) == 'x' ? 2 : 0;
    mr_strbuf_reset(out);
    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        memcpy(pair, text, 2);
        unsigned long byte = strtoul(pair, &end, 16);
        if (end != pair + 2 || pair[0] == '-' || pair[0] == '+' || pair[0] == ' ')
            return false;
        mr_strbuf_add_char(out, (char)byte);
    }
    return text[0] == '\0';
}

/* As images of the column have it; false: the text is none of its class. */
static bool read_value(enum mr_class cls, const char *text, struct mr_strbuf *bytes,
                       struct mr_value *v)
{
    *v = (struct mr_value){.cls = cls, .ptr = text, .len = strlen(text)};
    switch (cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT: return read_number(text, v);
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: return read_double(text, cls, v);
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME:
        v->ptr = NULL;
        v->len = 0;
        return mr_column_fit_read_time(cls, text, strlen(text), &v->t);
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
        if (!read_hex(text, bytes))
            return false;
        v->ptr = bytes->ptr;
        v->len = bytes->len;
        return true;
    case MR_CLASS_DECIMAL: return text[strcspn(text, "eE+")] == '\0'; /* as no image is spelled */
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_JSON: break;
    }
    return true;
}

/* Text that images have in a charset of the column's own; *possible: which has all of it.  A
 * server writes "?" for what it has not. */
static enum mr_code recode(struct mr_plan_fit *fit, const char *charset, struct mr_value *v,
                           bool *possible, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(fit->target);
    bool is_utf8 =
        charset == NULL || strncmp(charset, "utf8", 4) == 0 || strcmp(charset, "ascii") == 0;
    if (is_utf8 || (v->cls != MR_CLASS_TEXT && v->cls != MR_CLASS_ENUM))
        return MR_OK;
    mr_strbuf_reset(&fit->sql);
    mr_strbuf_add_str(&fit->sql, "SELECT IF(HEX(CONVERT(CONVERT(");
    mr_sql_value(&fit->sql, v, "utf8mb4");
    mr_strbuf_add_fmt(&fit->sql, " USING %s) USING utf8mb4)) = HEX(", charset);
    mr_sql_value(&fit->sql, v, "utf8mb4");
    mr_strbuf_add_str(&fit->sql, "), HEX(CONVERT(");
    mr_sql_value(&fit->sql, v, "utf8mb4");
    mr_strbuf_add_fmt(&fit->sql, " USING %s)), 'lost')", charset);
    enum mr_code code = mr_strbuf_check(&fit->sql, "reading a value", err);
    if (code == MR_OK && db == NULL)
        code = mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    mr_strbuf_reset(&fit->text);
    if (code == MR_OK)
        code = mr_db_query_text(db, fit->sql.ptr, &fit->text, err);
    *possible = code != MR_OK || read_hex(fit->text.ptr, &fit->bytes);
    if (code == MR_OK && *possible) {
        v->ptr = fit->bytes.ptr;
        v->len = fit->bytes.len;
    }
    return code;
}

static void refuse(struct mr_plan_fit *fit, const struct mr_column *c, const char *what)
{
    mr_strbuf_reset(&fit->why);
    mr_strbuf_add_fmt(&fit->why, "%s: %s", c->name, what);
}

/* The same judge as for values of SOURCE; a text that only a server knows is judged again
 * with the row.  A day is judged as it was typed, since one that a server holds may be none at all. */
static bool fits(struct mr_plan_fit *fit, const struct mr_column *to, const char *text,
                 const struct mr_value *v)
{
    const bool is_day = (v->cls == MR_CLASS_DATE || v->cls == MR_CLASS_DATETIME) &&
                        (v->t.year | v->t.month | v->t.day) != 0; /* zeros may be a default */
    const struct mr_value typed = {
        .cls = MR_CLASS_TEXT, .ptr = text, .len = is_day ? strlen(text) : 0};
    const struct mr_fit_value judged = {.value = is_day ? &typed : v, .most_bytes = fit->packet};
    mr_strbuf_reset(&fit->why);
    mr_strbuf_add_fmt(&fit->why, "%s: ", to->name);
    return mr_column_fit(to, &judged, &fit->why) != MR_FIT_NO;
}

/* text NULL: NULL. */
static enum mr_code add_text(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                             size_t column, const char *text, struct mr_strbuf *edits,
                             bool *possible, struct mr_err *err)
{
    const struct mr_column *to = mr_pair_column(table->pair, MR_TARGET, column);
    const struct mr_readcol *read = &table->pair->full[MR_TARGET].cols[column];
    struct mr_value v = {.cls = MR_CLASS_NULL};
    struct mr_strbuf encoded = MR_STRBUF_INIT;
    *possible = text == NULL || read_value(to->cls, text, &fit->bytes, &v);
    if (!*possible) {
        refuse(fit, to, "the value given is none of its type");
        return MR_OK;
    }
    *possible = fits(fit, to, text, &v);
    /* images of columns whose types differ are texts */
    if (text != NULL && read->cls == MR_CLASS_TEXT && to->cls != MR_CLASS_TEXT)
        v = (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
    bool has_all = true;
    enum mr_code code = *possible ? recode(fit, read->charset, &v, &has_all, err) : MR_OK;
    if (code == MR_OK && !has_all) {
        refuse(fit, to, "its character set does not have the value given");
        *possible = false;
    }
    if (code == MR_OK && *possible)
        code = mr_row_encode(&encoded, &v, err);
    if (code == MR_OK && *possible)
        mr_plan_fit_add(edits, column, (struct mr_key){encoded.ptr, encoded.len});
    mr_strbuf_release(&encoded);
    return code;
}

/* ---- choices ---- */

/* Judged by the same rule that made the offer; a decision may have been written by hand, and for
 * another row. */
static enum mr_code empty(struct mr_plan_fit *fit, const struct mr_plan_table *table, size_t column,
                          struct mr_strbuf *edits, bool *possible, struct mr_err *err)
{
    const struct mr_column *to = mr_pair_column(table->pair, MR_TARGET, column);
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *possible = can_empty(fit, table, column);
    if (!*possible)
        refuse(fit, to,
               is_condition(fit->plan, table, column)
                   ? "it says whom the row refers to"
                   : "the column can neither be NULL nor has it a constant default");
    else if (to->nullable)
        mr_plan_fit_add(edits, column, (struct mr_key){"N", 1});
    else if (mr_column_default_literal(to, &text))
        code = add_text(fit, table, column, text.ptr, edits, possible, err);
    mr_strbuf_release(&text);
    return code;
}

/* COLUMN=TEXT; NULL where it is about another column. */
static const char *text_behind(const char *choice, const char *column)
{
    size_t len = strlen(column);
    if (strncasecmp(choice, column, len) != 0)
        return NULL;
    choice += len;
    choice += strspn(choice, " ");
    return *choice == '=' ? choice + 1 : NULL;
}

/* The value that a choice gives for a column; *known false: none. */
static const char *given(const char *choice, const struct json_t *object, const char *column,
                         bool *known)
{
    const char *text = NULL;
    if (object == NULL) {
        text = text_behind(choice, column);
        *known = text != NULL;
        return text;
    }
    *known = mr_json_has(object, column) &&
             mr_json_get_text_or_null(object, column, &text, NULL) == MR_OK;
    return text;
}

/* A value is wanted for each column that does not fit, by name: one that is missing would leave
 * the value in place that was refused. */
static enum mr_code give(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                         const char *choice, struct mr_strbuf *edits, bool *possible,
                         struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_err ignored = {0};
    enum mr_code code = MR_OK;
    if (choice[0] == '{' &&
        mr_json_parse(choice, strlen(choice), "the decision", &doc, &ignored) != MR_OK) {
        *possible = false;
        mr_strbuf_reset(&fit->why);
        mr_strbuf_add_str(&fit->why, "the decision is no JSON object");
        return MR_OK;
    }
    const struct json_t *object = doc != NULL ? mr_json_root(doc) : NULL;
    for (size_t i = 0; code == MR_OK && *possible && i < fit->columns.count; i++) {
        size_t column = column_at(fit, i);
        const struct mr_column *to = mr_pair_column(table->pair, MR_TARGET, column);
        bool known = false;
        const char *text = given(choice, object, mr_plan_column_name(table, column), &known);
        *possible = known && can_edit(fit, table, column);
        if (!*possible)
            refuse(fit, to, known ? "no value can be given for it" : "no value is given");
        else
            code = add_text(fit, table, column, text, edits, possible, err);
    }
    mr_json_free(doc);
    return code;
}

/* All or nothing: edits of columns that were possible are taken back where another one is not.
 * */
enum mr_code mr_plan_fit_choose(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                                const char *choice, struct mr_strbuf *edits, bool *possible,
                                struct mr_err *err)
{
    size_t before = edits->len;
    enum mr_code code = MR_OK;
    *possible = !fit->is_stuck;
    if (!*possible)
        return MR_OK;
    if (strcmp(choice, MR_FIT_WITHOUT) == 0)
        for (size_t i = 0; code == MR_OK && *possible && i < fit->columns.count; i++)
            code = empty(fit, table, column_at(fit, i), edits, possible, err);
    else if (mr_plan_fit_is_value(choice))
        code = give(fit, table, choice, edits, possible, err);
    else
        *possible = false;
    if (!*possible)
        edits->len = before;
    return code == MR_OK ? mr_strbuf_check(edits, "deciding about a value", err) : code;
}

/* ---- edits ---- */

void mr_plan_fit_add(struct mr_strbuf *edits, size_t column, struct mr_key value)
{
    mr_strbuf_add(edits, &column, sizeof column);
    mr_strbuf_add(edits, &value.len, sizeof value.len);
    mr_strbuf_add(edits, value.ptr, value.len);
}

void mr_plan_fit_apply(struct mr_key edits, struct mr_key *values, size_t nvalues)
{
    const char *at = edits.ptr, *end = at != NULL ? at + edits.len : NULL;
    size_t head[2];
    while (at != NULL && (size_t)(end - at) >= sizeof head) {
        memcpy(head, at, sizeof head);
        at += sizeof head;
        if (head[1] > (size_t)(end - at))
            return; /* they are cut */
        if (head[0] < nvalues)
            values[head[0]] = (struct mr_key){at, head[1]};
        at += head[1];
    }
}
