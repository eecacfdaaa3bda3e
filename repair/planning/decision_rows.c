/* decision_rows.c: see decision_rows.h. */
#include "repair/planning/decision_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "repair/plan/plan_text.h"

/* A server takes the beginning of a text for the number: 42 is '42x' to it. */
static bool may_be_key(enum mr_class cls, const char *text)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    return (cls != MR_CLASS_INT && cls != MR_CLASS_UINT) ||
           (digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0');
}

/* Adds the condition that a key is; false where no row can have it. */
static bool add_condition(struct mr_strbuf *where, const struct mr_plan_table *t, const char *key)
{
    struct mr_strbuf value = MR_STRBUF_INIT;
    const char *at = key;
    bool may_be = true;
    for (size_t i = 0; at != NULL && i < t->key.count; i++) {
        const bool is_last = i + 1 == t->key.count;
        const char *comma = !is_last ? strchr(at, ',') : NULL;
        /* a condition over some of the parts would find other rows, and one of them be reported
         * as the right spelling */
        may_be = may_be && (is_last || comma != NULL);
        mr_strbuf_reset(&value);
        mr_strbuf_add(&value, at, comma != NULL ? (size_t)(comma - at) : strlen(at));
        mr_strbuf_add_str(where, i > 0 ? " AND " : "");
        enum mr_class cls = t->pair->find.columns[t->key.at[i]].style.cls;
        may_be = may_be && may_be_key(cls, value.ptr);
        mr_strbuf_add_str(where, cls == MR_CLASS_BINARY ? "HEX(" : "");
        mr_sql_ident(where, mr_plan_column_name(t, t->key.at[i]));
        mr_strbuf_add_str(where, cls == MR_CLASS_BINARY ? ") = " : " = ");
        mr_sql_string(where, value.ptr);
        at = comma != NULL ? comma + 1 : NULL;
    }
    where->failed |= value.failed;
    mr_strbuf_release(&value);
    return may_be;
}

struct seeking {
    const struct mr_plan_table *table;
    const char *key; /* only rows that are spelled so; NULL: any */
    struct mr_strbuf values, text;
    struct mr_strbuf *spelt;
};

/* Encoded and printed again as the plan prints keys: that spelling is compared, and advised. */
static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct seeking *s = ctx;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&s->values);
    mr_strbuf_reset(&s->text);
    for (size_t i = 0; code == MR_OK && i < s->table->key.count; i++)
        code = mr_row_encode(&s->values, &values[i], err);
    const struct mr_key key = {s->values.ptr, s->values.len};
    if (code == MR_OK)
        code = mr_plan_text_values(&s->text, s->table, &s->table->key, key, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&s->text, "reading decisions", err);
    if (code != MR_OK || (s->key != NULL && strcmp(s->text.ptr, s->key) != 0))
        return code;
    mr_strbuf_reset(s->spelt);
    mr_strbuf_add(s->spelt, s->text.ptr, s->text.len);
    return mr_strbuf_check(s->spelt, "reading decisions", err);
}

/* There is no server to read the key of a snapshot's row: all rows are looked at. */
static enum mr_code scan(struct mr_reader *source, const char *where, struct seeking *s,
                         struct mr_err *err)
{
    const struct mr_readspec *scan = &s->table->pair->scan[MR_SOURCE];
    struct mr_readcol *cols = calloc(s->table->key.count, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "reading decisions");
    for (size_t i = 0; i < s->table->key.count; i++)
        cols[i] = scan->cols[s->table->key.at[i]];
    const struct mr_readspec spec = {.db = scan->db,
                                     .table = scan->table,
                                     .cols = cols,
                                     .ncols = s->table->key.count,
                                     .where = where};
    enum mr_code code = mr_reader_scan(source, &spec, (struct mr_range){0}, 0, take_row, s, err);
    free(cols);
    return code;
}

enum mr_code mr_decision_rows_find(struct mr_reader *source, const struct mr_plan_table *table,
                                   const char *key, struct mr_strbuf *spelt, struct mr_err *err)
{
    const bool asks = mr_reader_db(source) != NULL;
    struct mr_strbuf where = MR_STRBUF_INIT;
    struct seeking s = {.table = table,
                        .key = asks ? NULL : key,
                        .values = MR_STRBUF_INIT,
                        .text = MR_STRBUF_INIT,
                        .spelt = spelt};
    const bool may_be = add_condition(&where, table, key);
    mr_strbuf_reset(spelt);
    enum mr_code code = mr_strbuf_check(&where, "reading decisions", err);
    if (code == MR_OK && may_be)
        code = scan(source, asks ? where.ptr : NULL, &s, err);
    mr_strbuf_release(&where);
    mr_strbuf_release(&s.values);
    mr_strbuf_release(&s.text);
    return code;
}
