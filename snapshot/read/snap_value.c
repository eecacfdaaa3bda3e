/* snap_value.c: see snap_value.h. */
#include "snapshot/read/snap_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/row/row_class.h"
#include "core/row/value_text.h"
#include "core/source/condition.h"
#include "snapshot/format/snap_charset.h"
#include "snapshot/format/snap_member.h"

/* How a value comes from the snapshot's. */
enum how {
    HOW_SAME = 1, /* of the class that was asked for */
    HOW_MEMBER,   /* an ENUM's or SET's text, from its number */
    HOW_NUMBER,   /* its number, from its text */
    HOW_ZERO,     /* is its number 0? */
    HOW_NOTHING,  /* the same from the text, where no member is '' */
    HOW_UTF8,     /* a text converted */
    HOW_LOST,     /* was something of it no character? */
    HOW_TEXT,     /* a number, date or time as text */
    HOW_CONDITION /* 1 or 0, from several columns */
};

struct judged;

struct part {
    size_t at; /* in the snapshot's row */
    enum how how;
    enum mr_class cls;
    struct mr_value_style style;
    struct mr_snap_charset *charset; /* HOW_UTF8, HOW_LOST */
    uint64_t lost;                   /* HOW_LOST: what stands for yes */
    struct mr_snap_members members;
    struct mr_strbuf text;
    struct judged *judged; /* HOW_CONDITION */
};

/* A condition, and how the values of its columns come. */
struct judged {
    struct mr_condition *condition;
    size_t count;
    struct part *parts;
    struct mr_value *values;
};

struct mr_snap_values {
    size_t count;
    struct part *parts;
    struct mr_value *values;
};

size_t mr_snap_column_at(const struct mr_snap_table *table, const char *name)
{
    size_t i = 0;
    while (i < table->ncolumns && strcasecmp(table->columns[i].name, name) != 0)
        i++;
    return i;
}

static bool is_text(enum mr_class cls)
{
    return mr_class_is_text(cls) || cls == MR_CLASS_BINARY;
}

static const char *charset_of(const struct mr_table *known, const char *name)
{
    const struct mr_column *col = known != NULL ? mr_table_column(known, name) : NULL;
    return col != NULL ? col->charset : NULL;
}

static enum mr_code refuse(const struct mr_snap_table *table, const char *column, const char *what,
                           struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED, "column \"%s\" of snapshot table \"%s.%s\": %s",
                      column, table->db, table->name, what);
}

/* The text of a member, in its column's character set or in UTF-8. */
static enum mr_code plan_member(struct part *p, const struct mr_snap_column *col,
                                const char *charset, struct mr_err *err)
{
    p->how = HOW_MEMBER;
    return mr_snap_members_init(&p->members, col->type, charset, err);
}

/* CAST(column AS CHAR) of what is no text. */
static enum mr_code plan_text(struct part *p, const struct mr_snap_table *table,
                              const struct mr_snap_column *col, struct mr_err *err)
{
    p->style = (struct mr_value_style){.cls = col->cls, .decimals = col->decimals};
    p->how = HOW_TEXT;
    switch (col->cls) {
    case MR_CLASS_DECIMAL: p->how = HOW_SAME; return MR_OK;
    case MR_CLASS_INT:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return MR_OK;
    case MR_CLASS_UINT:
        if (strncmp(col->type, "bit", 3) != 0)
            return MR_OK;
        break;
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_JSON:
        p->how = HOW_UTF8;
        return mr_snap_charset_open(col->charset, true, &p->charset, err);
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: break;
    }
    return refuse(table, col->name,
                  "its type differs on the other side, and only a server could compare "
                  "the two as text",
                  err);
}

static enum mr_code plan_zero(struct part *p, const struct mr_snap_column *col)
{
    p->how = col->by_number ? HOW_ZERO : HOW_NOTHING;
    return MR_OK;
}

static enum mr_code plan_lost(struct part *p, const struct mr_snap_column *col,
                              const struct mr_readcol *read, struct mr_err *err)
{
    p->how = HOW_LOST;
    p->lost = read->numbers;
    return mr_snap_charset_open(col->charset, true, &p->charset, err);
}

static enum mr_code plan_number(struct part *p, const struct mr_snap_column *col,
                                struct mr_err *err)
{
    p->how = HOW_SAME;
    if (col->cls != MR_CLASS_ENUM)
        return MR_OK;
    p->how = HOW_NUMBER;
    return mr_snap_members_init(&p->members, col->type, col->charset, err);
}

static enum mr_code plan_part(struct part *p, const struct mr_snap_table *table,
                              const struct mr_table *known, const struct mr_readcol *read,
                              struct mr_err *err);

/* Simple conditions are judged here, as those of references that lead to one of several
 * tables; others are a server's. */
static enum mr_code plan_condition(struct part *p, const struct mr_snap_table *table,
                                   const struct mr_table *known, const char *text,
                                   struct mr_err *err)
{
    struct mr_err why = {0};
    struct judged *j = p->judged = calloc(1, sizeof *j);
    p->how = HOW_CONDITION;
    if (j == NULL)
        return mr_err_nomem(err, "reading rows");
    enum mr_code code = known != NULL ? mr_condition_parse(text, known, &j->condition, &why)
                                      : mr_err_set(&why, MR_E_UNSUPPORTED, "no catalogue");
    if (code == MR_E_UNSUPPORTED)
        return refuse(table, text, why.message, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    if (code != MR_OK)
        return code;
    size_t count = 0;
    const struct mr_column *const *columns = mr_condition_columns(j->condition, &count);
    j->parts = calloc(count + 1, sizeof *j->parts);
    j->values = calloc(count + 1, sizeof *j->values);
    if (j->parts == NULL || j->values == NULL)
        return mr_err_nomem(err, "reading rows");
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_readcol read = {.name = columns[i]->name,
                                        .expr = MR_EXPR_COLUMN,
                                        .cls = columns[i]->cls,
                                        .charset = columns[i]->charset};
        mr_strbuf_init(&j->parts[i].text);
        mr_strbuf_init(&j->parts[i].members.bytes);
        mr_strbuf_init(&j->parts[i].members.comma);
        j->count++;
        code = plan_part(&j->parts[i], table, known, &read, err);
    }
    return code;
}

/* What only a server could compute is refused here, by the column's name, and not guessed row by
 * row. */
static enum mr_code plan_part(struct part *p, const struct mr_snap_table *table,
                              const struct mr_table *known, const struct mr_readcol *read,
                              struct mr_err *err)
{
    p->how = HOW_SAME;
    p->cls = read->cls;
    if (read->expr == MR_EXPR_CONDITION)
        return plan_condition(p, table, known, read->name, err);
    p->at = mr_snap_column_at(table, read->name);
    if (p->at == table->ncolumns)
        return refuse(table, read->name, "it is not kept", err);
    const struct mr_snap_column *col = &table->columns[p->at];
    switch (read->expr) {
    case MR_EXPR_NUMBER: return plan_number(p, col, err);
    case MR_EXPR_INDEX_ZERO: return plan_zero(p, col);
    case MR_EXPR_LOST: return plan_lost(p, col, read, err);
    case MR_EXPR_UTF8:
    case MR_EXPR_TEXT:
        return col->by_number ? plan_member(p, col, NULL, err) : plan_text(p, table, col, err);
    case MR_EXPR_COLUMN:
        return col->by_number && is_text(read->cls)
                   ? plan_member(p, col, charset_of(known, col->name), err)
                   : MR_OK;
    case MR_EXPR_BINARY:
    case MR_EXPR_CONDITION: break;
    }
    return MR_OK;
}

enum mr_code mr_snap_values_new(const struct mr_snap_table *table, const struct mr_table *known,
                                const struct mr_readspec *spec, struct mr_snap_values **out,
                                struct mr_err *err)
{
    struct mr_snap_values *v = calloc(1, sizeof *v);
    enum mr_code code = MR_OK;
    *out = NULL;
    if (v == NULL)
        return mr_err_nomem(err, "reading rows");
    v->parts = calloc(spec->ncols + 1, sizeof *v->parts);
    v->values = calloc(spec->ncols + 1, sizeof *v->values);
    if (v->parts == NULL || v->values == NULL)
        code = mr_err_nomem(err, "reading rows");
    while (code == MR_OK && v->count < spec->ncols) {
        struct part *p = &v->parts[v->count];
        mr_strbuf_init(&p->text);
        mr_strbuf_init(&p->members.bytes);
        mr_strbuf_init(&p->members.comma);
        code = plan_part(p, table, known, &spec->cols[v->count++], err);
    }
    if (code == MR_OK)
        *out = v;
    else
        mr_snap_values_free(v);
    return code;
}

static void release_part(struct part *p)
{
    struct judged *j = p->judged;
    mr_snap_charset_close(p->charset);
    mr_snap_members_release(&p->members);
    mr_strbuf_release(&p->text);
    for (size_t i = 0; j != NULL && i < j->count; i++)
        release_part(&j->parts[i]);
    if (j != NULL) {
        mr_condition_free(j->condition);
        free(j->parts);
        free(j->values);
    }
    free(j);
}

void mr_snap_values_free(struct mr_snap_values *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < v->count; i++)
        release_part(&v->parts[i]);
    free(v->parts);
    free(v->values);
    free(v);
}

static struct mr_value unsigned_value(uint64_t number)
{
    return (struct mr_value){.cls = MR_CLASS_UINT, .u = number};
}

static struct mr_value text_value(const struct part *p)
{
    return (struct mr_value){.cls = p->cls, .ptr = p->text.ptr, .len = p->text.len};
}

/* Long values are none: rows of a snapshot are in memory as a whole, so that every text has its
 * bytes at hand. */
static enum mr_code make(struct part *p, const struct mr_value *in, struct mr_value *out,
                         struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool lost = false;
    mr_strbuf_reset(&p->text);
    switch (p->how) {
    case HOW_SAME:
        *out = *in;
        if (in->ptr != NULL)
            out->cls = p->cls;
        return MR_OK;
    case HOW_NUMBER:
        *out = unsigned_value(mr_snap_members_number(&p->members, in->ptr, in->len));
        return MR_OK;
    case HOW_ZERO: *out = unsigned_value(in->u == 0); return MR_OK;
    case HOW_NOTHING: *out = unsigned_value(in->len == 0); return MR_OK;
    case HOW_MEMBER: mr_snap_members_text(&p->members, in->u, &p->text); break;
    case HOW_UTF8:
        code = mr_snap_charset_convert(p->charset, in->ptr, in->len, &p->text, NULL, err);
        break;
    case HOW_LOST:
        code = mr_snap_charset_convert(p->charset, in->ptr, in->len, &p->text, &lost, err);
        *out = unsigned_value(lost ? p->lost : 0);
        return code;
    case HOW_TEXT: mr_value_to_text(&p->text, in, p->style); break;
    case HOW_CONDITION: break;
    }
    *out = text_value(p);
    return code == MR_OK ? mr_strbuf_check(&p->text, "reading rows", err) : code;
}

/* NULL stays NULL in whatever form it is asked for, but for what counts lost bytes: of those it
 * has none. */
static enum mr_code fill(struct part *p, const struct mr_value *row, struct mr_value *out,
                         struct mr_err *err)
{
    struct judged *j = p->judged;
    enum mr_code code = MR_OK;
    bool holds = false;
    if (j == NULL && row[p->at].cls == MR_CLASS_NULL) {
        *out = p->how == HOW_LOST ? unsigned_value(0) : (struct mr_value){.cls = MR_CLASS_NULL};
        return MR_OK;
    }
    if (j == NULL)
        return make(p, &row[p->at], out, err);
    for (size_t i = 0; code == MR_OK && i < j->count; i++)
        code = fill(&j->parts[i], row, &j->values[i], err);
    if (code == MR_OK)
        code = mr_condition_holds(j->condition, j->values, &holds, err);
    *out = unsigned_value(holds);
    return code;
}

enum mr_code mr_snap_values_of(struct mr_snap_values *v, const struct mr_value *row,
                               const struct mr_value **out, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < v->count; i++)
        code = fill(&v->parts[i], row, &v->values[i], err);
    *out = v->values;
    return code;
}
