/* script_spans.c: which units are undone as one; see script_internal.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_origin.h"

/* Beyond so many units what is undone as one would hold locks for too long; then each
 * unit is judged by itself, and a row that is shared by people of two units goes with the
 * one who is undone. */
#define MOST_UNITS 20

enum mr_code mr_script_spans_add(struct mr_script *s, uint64_t first, uint64_t last,
                                 struct mr_err *err)
{
    const struct mr_script_span *before =
        s->spans.count > 0 ? mr_vec_at(&s->spans, s->spans.count - 1) : NULL;
    if (last - first >= MOST_UNITS ||
        (before != NULL && before->first <= first && before->last >= last))
        return MR_OK;
    struct mr_script_span *span = mr_vec_push(&s->spans);
    if (span == NULL)
        return mr_merge_nomem(err);
    *span = (struct mr_script_span){first, last};
    return MR_OK;
}

#define SPAN(member) MR_CASE_FIELD(struct mr_script_span, member, MR_CASE_INT)
static const struct mr_case_field span_fields[] = MR_CASE_LIST(SPAN(first), SPAN(last));

/* However long they are. */
static enum mr_code add_trees(struct mr_script *s, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(s->lookup.cf,
                        "SELECT min(unit) AS first, max(unit) AS last FROM step"
                        " WHERE plan=:plan GROUP BY tree"
                        " HAVING min(unit) < max(unit)",
                        &stmt, err, MR_ARG_INT("plan", mr_plan_store_id(s->task->store)));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(span_fields), NULL, &s->spans, err);
    mr_case_free(stmt);
    return code;
}

static int compare_spans(const void *a, const void *b)
{
    const struct mr_script_span *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static enum mr_code add_single(struct mr_script *s, struct mr_err *err)
{
    for (uint64_t unit = 1; unit <= s->units; unit++) {
        struct mr_script_span *span = mr_vec_push(&s->spans);
        if (span == NULL)
            return mr_merge_nomem(err);
        *span = (struct mr_script_span){unit, unit};
    }
    return MR_OK;
}

/* Every unit is added by itself as well, so that none is lost, and those that a wider span holds
 * disappear in it. */
enum mr_code mr_script_spans_close(struct mr_script *s, struct mr_err *err)
{
    struct mr_script_span *items;
    size_t kept = 0;
    enum mr_code code = add_trees(s, err);
    if (code == MR_OK)
        code = add_single(s, err);
    if (code != MR_OK || s->spans.count == 0)
        return code;
    items = s->spans.items;
    qsort(items, s->spans.count, sizeof *items, compare_spans);
    for (size_t i = 1; i < s->spans.count; i++) {
        if (items[i].first > items[kept].last)
            items[++kept] = items[i];
        else if (items[i].last > items[kept].last)
            items[kept].last = items[i].last;
    }
    s->spans.count = kept + 1;
    return MR_OK;
}

/* ---- whose rows a unit of undo has ---- */

static int compare_origins(const void *a, const void *b)
{
    const struct mr_script_row *x = *(const struct mr_script_row *const *)a;
    const struct mr_script_row *y = *(const struct mr_script_row *const *)b;
    if (x->units.first != y->units.first)
        return x->units.first < y->units.first ? -1 : 1;
    if (x->units.last != y->units.last)
        return x->units.last < y->units.last ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void add_range(struct mr_strbuf *sql, const char *before, uint64_t first, uint64_t last)
{
    mr_strbuf_add_fmt(sql, "%s%" PRIu64, before, first);
    if (last > first)
        mr_strbuf_add_fmt(sql, "-%" PRIu64, last);
}

/* One line for all rows of the same units; *at goes on behind them. */
static void add_origin(struct mr_script *s, const struct mr_script_row *const *rows, size_t n,
                       size_t *at)
{
    const struct mr_script_span units = rows[*at]->units;
    const char *before = MR_SCRIPT_ORIGIN_PREFIX;
    while (*at < n && rows[*at]->units.first == units.first &&
           rows[*at]->units.last == units.last) {
        const size_t first = rows[*at]->number;
        size_t last = first;
        for (++*at; *at < n && rows[*at]->units.first == units.first &&
                    rows[*at]->units.last == units.last && rows[*at]->number == last + 1;
             ++*at)
            last++;
        add_range(&s->sql, before, first, last);
        before = ",";
    }
    add_range(&s->sql, ": units ", units.first, units.last);
    mr_strbuf_add_char(&s->sql, '\n');
}

/* A unit by itself has the rows of one, which its number tells where no others are joined; so there
 * is a line of each as soon as there are any. */
enum mr_code mr_script_origins(struct mr_script *s, struct mr_err *err)
{
    const size_t n = s->rows.count;
    if (s->spans.count == s->units)
        return MR_OK;
    const struct mr_script_row **rows =
        mr_arena_calloc(&s->unit_arena, n + 1, sizeof(struct mr_script_row *));
    if (rows == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < n; i++)
        rows[i] = mr_vec_at(&s->rows, i);
    qsort(rows, n, sizeof *rows, compare_origins);
    for (size_t at = 0; at < n;)
        add_origin(s, rows, n, &at);
    return MR_OK;
}
