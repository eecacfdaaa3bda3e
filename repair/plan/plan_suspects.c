/* plan_suspects.c: see plan_suspects.h. */
#include "repair/plan/plan_suspects.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/pair/pair_columns.h"
#include "core/pair/suspect_config.h"
#include "core/row/row_class.h"
#include "repair/side/side_sample.h"

/* Could the one hold the keys of the other?  The width and sign of integers need not be
 * the same: those who forget to declare a reference forget that, too. */
static bool may_hold(const struct mr_column *a, const struct mr_column *b)
{
    if (a == NULL || b == NULL || a->auto_increment || a->generated)
        return false;
    return mr_class_is_integer(a->cls)
               ? mr_class_is_integer(b->cls) && strcmp(a->data_type, "year") != 0
               : a->cls == b->cls && a->cls != MR_CLASS_DATE && a->cls != MR_CLASS_DATETIME;
}

/* The column by which others refer to the table: its key, or what a counter makes of it;
 * MR_NO_COLUMN: none. */
static size_t id_of(const struct mr_plan_table *parent)
{
    if (parent->key.count == 1)
        return parent->key.at[0];
    return mr_plan_columns_has(&parent->key, parent->counter) ? parent->counter : MR_NO_COLUMN;
}

/* ---- what the values say ---- */

/* Rows of the samples of both sides that have a value, and of them those whose value is a
 * key. */
static enum mr_code sample(const struct mr_plan_tables *plan, const struct mr_plan_table *child,
                           size_t column, const struct mr_plan_table *parent, uint64_t counts[2],
                           struct mr_err *err)
{
    counts[0] = counts[1] = 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_side_sample what = {.reader = plan->pairing.side[side].main,
                                            .child = &child->pair->scan[side],
                                            .column = column,
                                            .parent = &parent->pair->scan[side],
                                            .key = id_of(parent)};
        MR_TRY(mr_side_sample(&what, counts, err));
    }
    return MR_OK;
}

/* ---- columns ---- */

struct suspecting {
    const struct mr_plan_tables *plan;
    const bool *is_mapped;
    struct mr_suspect_names names;
    struct mr_vec hits;
    struct mr_vec *suspects;
};

/* Both sides must be able to hold the key, and the values of both are asked: a column that is
 * filled on one side alone is as much a reference. */
static enum mr_code look_at(struct suspecting *s, const struct mr_plan_table *child, size_t at,
                            const struct mr_plan_table *parent, struct mr_err *err)
{
    const char *column = mr_plan_column_name(child, at);
    uint64_t counts[2];
    const size_t id = id_of(parent);
    if (!s->is_mapped[parent->at] || id == MR_NO_COLUMN)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (!may_hold(mr_pair_column(child->pair, (enum mr_side)side, at),
                      mr_pair_column(parent->pair, (enum mr_side)side, id)))
            return MR_OK;
    enum mr_code code = sample(s->plan, child, at, parent, counts, err);
    if (code != MR_OK || counts[1] == 0 || counts[1] * 2 < counts[0])
        return code;
    struct mr_suspect *suspect = mr_vec_push(s->suspects);
    if (suspect == NULL)
        return mr_err_nomem(err, "looking for references");
    *suspect = (struct mr_suspect){.child = child->pair,
                                   .parent = parent->pair,
                                   .column = column,
                                   .parent_column = mr_plan_column_name(parent, id)};
    return MR_OK;
}

/* Of the tables that the name means the nearest that hold its values; several that are as
 * near are all named. */
static enum mr_code look_at_column(struct suspecting *s, const struct mr_plan_table *t,
                                   size_t column, struct mr_err *err)
{
    const size_t before = s->suspects->count;
    enum mr_code code = MR_OK;
    for (unsigned d = 1; d <= MR_SUSPECT_FAR && s->suspects->count == before; d++)
        for (size_t k = 0; code == MR_OK && k < s->hits.count; k++) {
            const struct mr_suspect_hit *hit = mr_vec_at(&s->hits, k);
            const struct mr_plan_table *parent = &s->plan->tables[hit->table];
            if (mr_suspect_distance(t->pair, parent->pair, hit->by_word) == d)
                code = look_at(s, t, column, parent, err);
        }
    for (size_t i = before; s->suspects->count > before + 1 && i < s->suspects->count; i++)
        ((struct mr_suspect *)mr_vec_at(s->suspects, i))->either = true;
    return code;
}

static enum mr_code look_at_table(struct suspecting *s, const struct mr_plan_table *t,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (mr_suspect_is_declared(t->pair, mr_plan_column_name(t, i), false))
            continue;
        MR_TRY(mr_suspect_names_find(&s->names, mr_plan_column_name(t, i), &s->hits, err));
        MR_TRY(look_at_column(s, t, i, err));
    }
    return MR_OK;
}

static enum mr_code add_names(struct suspecting *s, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->plan->ntables; i++)
        code =
            mr_suspect_names_add(&s->names, s->plan->tables[i].pair->side[MR_SOURCE]->name, i, err);
    mr_suspect_names_sort(&s->names);
    return code;
}

enum mr_code mr_plan_suspects_by_name(const struct mr_plan_tables *plan, const bool *is_mapped,
                                      struct mr_vec *suspects, struct mr_err *err)
{
    struct suspecting s = {.plan = plan,
                           .is_mapped = is_mapped,
                           .hits = MR_VEC_INIT(struct mr_suspect_hit),
                           .suspects = suspects};
    mr_suspect_names_init(&s.names);
    enum mr_code code = add_names(&s, err);
    for (size_t i = 0; code == MR_OK && i < plan->ntables; i++)
        code = look_at_table(&s, &plan->tables[i], err);
    mr_suspect_names_release(&s.names);
    mr_vec_release(&s.hits);
    return code;
}

/* ---- the refusal ---- */

static struct mr_suspect_line line_of(const struct mr_suspect *s)
{
    return (struct mr_suspect_line){.child = s->child->side[MR_SOURCE],
                                    .parent = s->parent->side[MR_SOURCE],
                                    .column = s->column,
                                    .parent_column = s->parent_column,
                                    .type_column = s->type_column,
                                    .type = s->type,
                                    .unlike = s->unlike,
                                    .either = s->either};
}

/* Prints what is to be pasted, a section a table. */
static enum mr_code print_lines(const struct mr_vec *suspects, struct mr_err *err)
{
    struct mr_vec lines = MR_VEC_INIT(struct mr_suspect_line);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < suspects->count;) {
        const struct mr_suspect *first = mr_vec_at(suspects, i);
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_vec_clear(&lines);
        for (; i < suspects->count; i++) {
            const struct mr_suspect *s = mr_vec_at(suspects, i);
            struct mr_suspect_line *line = s->child == first->child ? mr_vec_push(&lines) : NULL;
            if (line == NULL)
                break;
            *line = line_of(s);
        }
        if (lines.count == 0)
            code = mr_err_nomem(err, "looking for references");
        else if (mr_suspect_config(&text, lines.items, lines.count))
            mr_log_lines(text.ptr);
        mr_strbuf_release(&text);
    }
    mr_vec_release(&lines);
    return code;
}

static int compare_suspects(const void *a, const void *b)
{
    const struct mr_suspect *x = a, *y = b;
    int order = strcmp(x->child->find.name, y->child->find.name);
    if (order == 0)
        order = strcmp(x->column, y->column);
    return order != 0 ? order : strcmp(x->parent->find.name, y->parent->find.name);
}

#define UNLIKE                                                                                     \
    " What stands behind a ; is not of the key's type and cannot be followed: bring "              \
    "the "                                                                                         \
    "column to that type on both servers, and check again."

static bool any_unlike(const struct mr_vec *suspects)
{
    for (size_t i = 0; i < suspects->count; i++)
        if (((const struct mr_suspect *)mr_vec_at(suspects, i))->unlike)
            return true;
    return false;
}

/* Suspects beside the first, of which those that may be meant in its place are named; of
 * several that may be meant one is counted. */
static size_t count_more(const struct mr_vec *suspects, struct mr_strbuf *others)
{
    const struct mr_suspect *first = mr_vec_at(suspects, 0);
    size_t count = 0;
    for (size_t i = 1; i < suspects->count; i++) {
        const struct mr_suspect *s = mr_vec_at(suspects, i);
        if (mr_suspect_is_or(s, first))
            mr_strbuf_add_fmt(others, " or \"%s\"", s->parent->find.name);
        else
            count += !mr_suspect_is_or(s, mr_vec_at(suspects, i - 1));
    }
    return count;
}

/* Sorted, so that two plans of the same case say the same; the lines to paste are printed, as a
 * hint holds one of them only. */
enum mr_code mr_plan_suspects_refuse(struct mr_vec *suspects, struct mr_err *err)
{
    struct mr_strbuf more = MR_STRBUF_INIT, others = MR_STRBUF_INIT;
    if (suspects->count == 0)
        return MR_OK;
    qsort(suspects->items, suspects->count, sizeof(struct mr_suspect), compare_suspects);
    const struct mr_suspect *first = mr_vec_at(suspects, 0);
    size_t n = count_more(suspects, &others);
    if (n > 0)
        mr_strbuf_add_fmt(&more, " (and %zu more like it)", n);
    enum mr_code code = print_lines(suspects, err);
    if (code == MR_OK) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "column \"%s\" of table \"%s\" looks like a reference to "
                          "\"%s\"%s, whose ids change hands, and nothing declares it%s",
                          first->column, first->child->find.name, first->parent->find.name,
                          others.ptr, more.ptr);
        mr_err_hint(err,
                    "Nothing was changed. The lines above declare it: put them into a file, and "
                    "name that by --config%s; for what is no reference, write reference = none: "
                    "%s in [table %s].%s",
                    others.len > 0 ? ", once the ; before the one that is meant is gone" : "",
                    first->column, first->child->find.name, any_unlike(suspects) ? UNLIKE : "");
    }
    mr_strbuf_release(&more);
    mr_strbuf_release(&others);
    return code;
}
