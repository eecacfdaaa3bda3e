/* conflict_differs.c: see conflict_differs.h. */
#include "repair/planning/conflict_differs.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/image.h"
#include "core/row/value_text.h"

#define WIDTH 60 /* columns of a screen that a value takes at most */

struct mr_conflict_differs {
    const struct mr_plan_tables *tables;
    struct mr_findings *fd;
    struct mr_case_stmt *find;
    struct mr_case_fields find_map; /* struct mr_finding */
    struct mr_image rows[MR_SIDES], parent;
    struct mr_strbuf shown[MR_SIDES], cell[MR_SIDES], key, name;
};

#define FINDING(member) MR_CASE_SPAN(struct mr_finding, member)
static const struct mr_case_field finding_fields[] = MR_CASE_LIST(
    MR_CASE_FIELD(struct mr_finding, id, MR_CASE_INT), FINDING(source), FINDING(target));

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "writing conflicts");
}

/* ---- a value ---- */

static bool is_plain(const char *text, size_t len)
{
    static const char special[] = ";'\\()";
    if (len == 0 || text[0] == ' ' || text[len - 1] == ' ' || strcmp(text, "NULL") == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (strchr(special, text[i]) != NULL)
            return false;
    return strstr(text, "→") == NULL;
}

/* Quotes go where nothing can be misread without them. */
static void add_shown(struct mr_strbuf *text, struct mr_strbuf *shown)
{
    const size_t len = shown->len;
    if (len >= 2 && shown->ptr[0] == '\'' && shown->ptr[len - 1] == '\'') {
        shown->ptr[len - 1] = '\0';
        if (is_plain(shown->ptr + 1, len - 2)) {
            mr_strbuf_add(text, shown->ptr + 1, len - 2);
            return;
        }
        shown->ptr[len - 1] = '\'';
    }
    mr_strbuf_add(text, shown->ptr, len);
}

/* ---- whom it refers to ---- */

static const struct mr_plan_reference *find_reference(const struct mr_conflict_differs *d,
                                                      const struct mr_plan_table *table,
                                                      size_t column)
{
    for (size_t i = 0; i < d->tables->nreferences; i++) {
        const struct mr_plan_reference *r = &d->tables->references[i];
        const struct mr_plan_table *parent = &d->tables->tables[r->parent];
        if (r->child == table->at && mr_plan_columns_has(&r->from, column) &&
            parent->identity == MR_PLAN_BY_COLUMNS && r->to.count == parent->key.count)
            return r;
    }
    return NULL;
}

/* Encodes the key of the parent that the row names; *is false: it names none, or by other columns. */
static enum mr_code make_key(struct mr_conflict_differs *d, const struct mr_plan_reference *r,
                             const struct mr_image *row, bool *is, struct mr_err *err)
{
    const struct mr_plan_table *parent = &d->tables->tables[r->parent];
    mr_strbuf_reset(&d->key);
    *is = false;
    for (size_t i = 0; i < parent->key.count; i++) {
        struct mr_value value;
        size_t n = 0;
        while (n < r->to.count && r->to.at[n] != parent->key.at[i])
            n++;
        if (n == r->to.count)
            return MR_OK;
        MR_TRY(mr_image_value(row, r->from.at[n], &value, err));
        if (value.cls == MR_CLASS_NULL)
            return MR_OK;
        MR_TRY(mr_row_encode(&d->key, &value, err));
    }
    *is = true;
    return mr_strbuf_check(&d->key, "writing conflicts", err);
}

/* The values of the identity in the parent's row, as the run has kept it. */
static enum mr_code add_identity(struct mr_conflict_differs *d, const struct mr_plan_table *parent,
                                 struct mr_strbuf *text, struct mr_err *err)
{
    bool any = false;
    for (size_t i = 0; i < parent->named_by.count; i++) {
        const size_t at = parent->found_at[parent->named_by.at[i]];
        struct mr_value value;
        if (at == MR_NO_COLUMN)
            return MR_OK;
        MR_TRY(mr_image_value(&d->parent, at, &value, err));
        mr_strbuf_reset(&d->name);
        mr_value_to_screen(&d->name, &value, parent->found->columns[at].style, WIDTH);
        MR_TRY(mr_strbuf_check(&d->name, "writing conflicts", err));
        mr_strbuf_add_str(text, any ? ", " : " (");
        add_shown(text, &d->name);
        any = true;
    }
    if (any)
        mr_strbuf_add_char(text, ')');
    return MR_OK;
}

/* A row that the run did not find different is the same one on both sides, and needs no name. */
static enum mr_code add_name(struct mr_conflict_differs *d, const struct mr_plan_table *table,
                             size_t column, enum mr_side side, struct mr_strbuf *text,
                             struct mr_err *err)
{
    const struct mr_plan_reference *r = find_reference(d, table, column);
    struct mr_finding f = {0};
    bool is = false;
    if (r == NULL || d->tables->tables[r->parent].found == NULL)
        return MR_OK;
    const struct mr_plan_table *parent = &d->tables->tables[r->parent];
    MR_TRY(make_key(d, r, &d->rows[side], &is, err));
    if (!is)
        return MR_OK;
    MR_CASE_BIND(d->find, MR_ARG_INT("tbl", parent->found->id),
                 MR_ARG_BYTES("key", ((struct mr_key){d->key.ptr, d->key.len})),
                 MR_ARG_INT("diverged", MR_FIND_DIVERGED));
    enum mr_code code = mr_case_fields_next(&d->find_map, NULL, &f, &is, err);
    if (code == MR_OK && is)
        code = mr_findings_images(d->fd, &f, err);
    if (code == MR_OK && is)
        code = side == MR_SOURCE ? mr_image_open(&d->parent, f.source, f.source_len, err)
                                 : mr_image_open(&d->parent, f.target, f.target_len, err);
    if (code == MR_OK && is && mr_image_is_row(&d->parent))
        code = add_identity(d, parent, text, err);
    mr_case_reset(d->find);
    return code;
}

/* ---- a conflict ---- */

/* Both sides' cells, of a column that differs or refers to somebody. */
static enum mr_code make_cells(struct mr_conflict_differs *d, const struct mr_plan_table *table,
                               size_t at, struct mr_err *err)
{
    struct mr_value values[MR_SIDES];
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_strbuf_reset(&d->shown[side]);
        mr_strbuf_reset(&d->cell[side]);
        MR_TRY(mr_image_value(&d->rows[side], at, &values[side], err));
    }
    mr_value_pair_to_screen(&d->shown[MR_SOURCE], &d->shown[MR_TARGET], &values[MR_SOURCE],
                            &values[MR_TARGET], table->pair->find.columns[at].style, WIDTH);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY(mr_strbuf_check(&d->shown[side], "writing conflicts", err));
        add_shown(&d->cell[side], &d->shown[side]);
        MR_TRY(add_name(d, table, at, (enum mr_side)side, &d->cell[side], err));
        MR_TRY(mr_strbuf_check(&d->cell[side], "writing conflicts", err));
    }
    return MR_OK;
}

/* The same id tells nothing apart where it means two people. */
static enum mr_code add_column(struct mr_conflict_differs *d, const struct mr_plan_table *table,
                               size_t at, struct mr_strbuf *text, struct mr_err *err)
{
    const bool differs = mr_image_differs(&d->rows[MR_SOURCE], &d->rows[MR_TARGET], at,
                                          &table->pair->find.columns[at]);
    if (!differs && find_reference(d, table, at) == NULL)
        return MR_OK;
    MR_TRY(make_cells(d, table, at, err));
    if (differs || strcmp(d->cell[MR_SOURCE].ptr, d->cell[MR_TARGET].ptr) != 0)
        mr_strbuf_add_fmt(text, "%s%s: %s → %s", text->len > 0 ? "; " : "",
                          mr_plan_column_name(table, at), d->cell[MR_SOURCE].ptr,
                          d->cell[MR_TARGET].ptr);
    return MR_OK;
}

enum mr_code mr_conflict_differs_add(struct mr_conflict_differs *d,
                                     const struct mr_plan_table *table,
                                     const struct mr_entity *entity, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    const struct mr_pair *pair = table->pair;
    if (entity->source.ptr == NULL || entity->target.ptr == NULL)
        return MR_OK;
    MR_TRY(mr_image_open(&d->rows[MR_SOURCE], entity->source.ptr, entity->source.len, err));
    MR_TRY(mr_image_open(&d->rows[MR_TARGET], entity->target.ptr, entity->target.len, err));
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if ((pair->ignored == NULL || !pair->ignored[i]) && !mr_plan_columns_has(&table->key, i))
            MR_TRY(add_column(d, table, i, text, err));
    return mr_strbuf_check(text, "writing conflicts", err);
}

/* ---- its life ---- */

enum mr_code mr_conflict_differs_open(const struct mr_plan_tables *tables, struct mr_findings *fd,
                                      struct mr_conflict_differs **out, struct mr_err *err)
{
    struct mr_conflict_differs *d = calloc(1, sizeof *d);
    *out = d;
    if (d == NULL)
        return no_memory(err);
    d->tables = tables;
    d->fd = fd;
    d->key = d->name = (struct mr_strbuf)MR_STRBUF_INIT;
    mr_image_init(&d->parent);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        d->shown[side] = d->cell[side] = (struct mr_strbuf)MR_STRBUF_INIT;
        mr_image_init(&d->rows[side]);
    }
    MR_TRY(mr_case_prepare(mr_findings_case(fd),
                           "SELECT id, source, target FROM finding WHERE tbl=:tbl AND key=:key"
                           " AND state=:diverged LIMIT 1",
                           &d->find, err));
    return mr_case_fields_open(&d->find_map, d->find, MR_CASE_FIELDS(finding_fields), err);
}

void mr_conflict_differs_close(struct mr_conflict_differs *d)
{
    if (d == NULL)
        return;
    mr_case_free(d->find);
    mr_image_release(&d->parent);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_image_release(&d->rows[side]);
        mr_strbuf_release(&d->shown[side]);
        mr_strbuf_release(&d->cell[side]);
    }
    mr_strbuf_release(&d->key);
    mr_strbuf_release(&d->name);
    free(d);
}
