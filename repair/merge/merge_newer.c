/* merge_newer.c: see merge_newer.h. */
#include "repair/merge/merge_newer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "core/row/value_text.h"
#include "core/schema/type_member.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/text_form.h"

#define SHOWN 40 /* columns of a value in a message */

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_integers(const struct mr_value *a, const struct mr_value *b)
{
    if (a->cls == b->cls && a->cls == MR_CLASS_INT)
        return order(a->i, b->i);
    if (a->cls == MR_CLASS_UINT && b->cls == MR_CLASS_UINT)
        return a->u < b->u ? -1 : a->u > b->u;
    return a->cls == MR_CLASS_UINT ? 1 : -1; /* UINT begins where INT ends */
}

/* Of decimals as the encoding has them: no zeros in front or at the end. */
static int compare_decimals(const struct mr_value *a, const struct mr_value *b)
{
    const char *x = a->ptr, *y = b->ptr;
    bool minus = a->len > 0 && x[0] == '-', other = b->len > 0 && y[0] == '-';
    if (minus != other)
        return minus ? -1 : 1;
    size_t from = minus, n = a->len, m = b->len, whole = from, whole_other = from;
    while (whole < n && x[whole] != '.')
        whole++;
    while (whole_other < m && y[whole_other] != '.')
        whole_other++;
    int sign = minus ? -1 : 1;
    if (whole != whole_other)
        return whole < whole_other ? -sign : sign;
    int c = memcmp(x + from, y + from, (n < m ? n : m) - from);
    return c != 0 ? (c < 0 ? -sign : sign) : n == m ? 0 : n < m ? -sign : sign;
}

static int compare_times(const struct mr_time *a, const struct mr_time *b)
{
    const int64_t x[] = {a->year, a->month, a->day, a->hour, a->minute, a->second, a->micros};
    const int64_t y[] = {b->year, b->month, b->day, b->hour, b->minute, b->second, b->micros};
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        if (x[i] != y[i])
            return a->negative ? order(y[i], x[i]) : order(x[i], y[i]);
    return 0;
}

/* What is known of a column that was compared. */
struct mr_merge_newest {
    struct mr_merge_newest *next;
    const struct mr_plan_table *table;
    size_t at;
    char form[MR_TEXT_FORM_MAX]; /* of text */
};

struct comparing {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    const char *column;
    size_t at;
    struct mr_merge_newest *known;
};

/* ---- text ---- */

/* Named with the CAST that would do: in a column of its own, since a plan compares what
 * stands in the tables. */
static enum mr_code refuse_text(const struct comparing *c, const struct mr_value *a,
                                const struct mr_value *b, struct mr_err *err)
{
    const char *cast = mr_text_cast(a->ptr, a->len, b->ptr, b->len);
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    mr_value_to_screen(&x, a, (struct mr_value_style){.cls = MR_CLASS_TEXT}, SHOWN);
    mr_value_to_screen(&y, b, (struct mr_value_style){.cls = MR_CLASS_TEXT}, SHOWN);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "newest:%s: the column is text in table \"%s\", and its values are not "
                     "of one form, such as %s and %s: which is newer cannot be said",
                     c->column, mr_plan_table_name(c->table), x.failed ? "" : x.ptr,
                     y.failed ? "" : y.ptr);
    if (cast != NULL)
        mr_err_hint(err,
                    "Nothing was changed. CAST(`%s` AS %s) orders them: add a generated "
                    "column with it on both servers, check again, and name that one.",
                    c->column, cast);
    else
        mr_err_hint(err, "Nothing was changed. No CAST orders them: name a column that "
                         "holds a time or a number, or decide row by row.");
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return MR_E_REFUSED;
}

static enum mr_code compare_text(struct comparing *c, const struct mr_value *a,
                                 const struct mr_value *b, int *order, struct mr_err *err)
{
    char form[MR_TEXT_FORM_MAX] = "", other[MR_TEXT_FORM_MAX] = "";
    bool one = mr_text_form(a->ptr, a->len, form) && mr_text_form(b->ptr, b->len, other) &&
               strcmp(form, other) == 0;
    if (one && c->known->form[0] == '\0')
        memcpy(c->known->form, form, sizeof form);
    if (!one || strcmp(c->known->form, form) != 0)
        return refuse_text(c, a, b, err);
    *order = memcmp(a->ptr, b->ptr, a->len); /* one form is one length */
    return MR_OK;
}

/* ---- ENUM ---- */

static enum mr_code member_number(const struct comparing *c, const struct mr_value *v,
                                  int64_t *number, struct mr_err *err)
{
    const struct mr_column *col = mr_table_column(c->table->pair->side[MR_SOURCE], c->column);
    const char *at = mr_type_members(col->type);
    struct mr_strbuf member = MR_STRBUF_INIT;
    int64_t n = 0;
    *number = v->len == 0 && !col->empty_member ? 0 : -1;
    while (*number < 0 && mr_type_next_member(&at, &member)) {
        n++;
        if (v->len > 0 && member.len == v->len && memcmp(member.ptr, v->ptr, v->len) == 0)
            *number = n;
    }
    enum mr_code code = mr_strbuf_check(&member, "comparing values", err);
    mr_strbuf_release(&member);
    if (code == MR_OK && *number < 0)
        code = mr_err_set(err, MR_E_REFUSED,
                          "newest:%s: which member of its ENUM a row of table \"%s\" has "
                          "cannot be told: which is newer cannot be said",
                          c->column, mr_plan_table_name(c->table));
    return code;
}

static enum mr_code compare_members(const struct comparing *c, const struct mr_value *a,
                                    const struct mr_value *b, int *by, struct mr_err *err)
{
    int64_t x = 0, y = 0;
    enum mr_code code = member_number(c, a, &x, err);
    if (code == MR_OK)
        code = member_number(c, b, &y, err);
    *by = order(x, y);
    return code;
}

/* ---- types ---- */

/* Do both sides have the values of the column in one type? */
static bool same_type(const struct mr_column *s, const struct mr_column *t)
{
    bool members = s->cls == MR_CLASS_ENUM;
    return strcmp(s->data_type, t->data_type) == 0 && s->is_unsigned == t->is_unsigned &&
           s->decimals == t->decimals && s->is_json == t->is_json &&
           (!members || strcmp(s->type, t->type) == 0);
}

static bool has_order(const struct mr_column *col)
{
    return !col->is_set && !col->is_json && col->cls != MR_CLASS_JSON &&
           (col->cls != MR_CLASS_BINARY || strcmp(col->data_type, "bit") == 0) &&
           col->cls != MR_CLASS_GEOMETRY;
}

/* Two sides that order otherwise would each call its own row the newer one. */
static enum mr_code check_type(const struct comparing *c, struct mr_err *err)
{
    const struct mr_pair *pair = c->table->pair;
    const struct mr_column *s = mr_pair_column(pair, MR_SOURCE, c->at);
    const struct mr_column *t = mr_pair_column(pair, MR_TARGET, c->at);
    const char *name = mr_plan_table_name(c->table);
    if (!same_type(s, t))
        (void)mr_err_set(err, MR_E_REFUSED,
                         "newest:%s: the column is %s on SOURCE and %s on TARGET in table "
                         "\"%s\": which value is newer cannot be said",
                         c->column, s->type, t->type, name);
    else if (!has_order(s))
        (void)mr_err_set(err, MR_E_REFUSED,
                         "newest:%s: the column is %s in table \"%s\", which has no order: "
                         "which value is newer cannot be said",
                         c->column, s->is_json ? "JSON" : s->type, name);
    else
        return MR_OK;
    mr_err_hint(err, "Nothing was changed. Name a column that holds a time or a number, of "
                     "one type on both servers.");
    return MR_E_REFUSED;
}

/* Looks at the column once a plan. */
static enum mr_code know(struct comparing *c, struct mr_err *err)
{
    size_t n = c->table->pair->find.ncolumns;
    while (c->at < n && strcasecmp(mr_plan_column_name(c->table, c->at), c->column) != 0)
        c->at++;
    if (c->at == n)
        return mr_err_set(err, MR_E_CONFIG, "newest:%s: table \"%s\" has no such column", c->column,
                          mr_plan_table_name(c->table));
    for (c->known = c->m->newest; c->known != NULL; c->known = c->known->next)
        if (c->known->table == c->table && c->known->at == c->at)
            return MR_OK;
    MR_TRY(check_type(c, err));
    c->known = mr_arena_calloc(&c->m->arena, 1, sizeof *c->known);
    if (c->known == NULL)
        return mr_merge_nomem(err);
    c->known->table = c->table;
    c->known->at = c->at;
    c->known->next = c->m->newest;
    c->m->newest = c->known;
    return MR_OK;
}

/* ---- values ---- */

static enum mr_code compare_values(struct comparing *c, const struct mr_value *a,
                                   const struct mr_value *b, int *by, struct mr_err *err)
{
    const struct mr_column *col = mr_table_column(c->table->pair->side[MR_SOURCE], c->column);
    if (mr_class_is_integer(a->cls) && mr_class_is_integer(b->cls))
        *by = compare_integers(a, b);
    else if (a->cls == MR_CLASS_DOUBLE && b->cls == MR_CLASS_DOUBLE)
        *by = a->d < b->d ? -1 : a->d > b->d;
    else if (a->cls == MR_CLASS_DECIMAL && b->cls == MR_CLASS_DECIMAL)
        *by = compare_decimals(a, b);
    else if (mr_class_is_moment(a->cls) || a->cls == MR_CLASS_TIME)
        *by = compare_times(&a->t, &b->t);
    else if (col->cls == MR_CLASS_ENUM)
        return compare_members(c, a, b, by, err);
    else
        return compare_text(c, a, b, by, err);
    return MR_OK;
}

static enum mr_code read_value(struct mr_key image, size_t at, struct mr_value *value,
                               struct mr_err *err)
{
    struct mr_key bytes = {0};
    size_t pos = 0;
    MR_TRY(mr_merge_row_value(image, at, &bytes, err));
    return mr_row_decode(bytes.ptr, bytes.len, &pos, value, err);
}

enum mr_code mr_merge_newer(struct mr_merge *m, const struct mr_plan_table *table,
                            const char *column, const struct mr_key rows[MR_SIDES], int *by,
                            struct mr_err *err)
{
    struct comparing c = {.m = m, .table = table, .column = column};
    struct mr_value own, live;
    MR_TRY(know(&c, err));
    MR_TRY(read_value(rows[MR_SOURCE], c.at, &own, err));
    MR_TRY(read_value(rows[MR_TARGET], c.at, &live, err));
    *by = (own.cls != MR_CLASS_NULL) - (live.cls != MR_CLASS_NULL);
    return own.cls == MR_CLASS_NULL || live.cls == MR_CLASS_NULL
               ? MR_OK
               : compare_values(&c, &own, &live, by, err);
}
