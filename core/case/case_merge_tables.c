/* case_merge_tables.c: the tables of a pair over all of its parts; see case_merge.h. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_merge_internal.h"
#include "core/base/same_text.h"
#include "core/case/findings_internal.h"

enum mr_code mr_case_merge_nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "merging the parts of a pair");
}

const char *mr_case_merge_say(struct mr_case_merging *m, const char *fmt, ...)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(&text, fmt, args);
    va_end(args);
    const char *kept = text.failed ? NULL : mr_arena_strdup(&m->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

/* ---- ranges ---- */

/* A range of a scope. */
struct piece {
    const char *table;
    const struct mr_case_merge_range *range;
    size_t part;
};

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    int order = strcmp(x->table, y->table);
    if (order != 0)
        return order;
    if (x->range->at != y->range->at)
        return x->range->at < y->range->at ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

static enum mr_code collect(const struct mr_case_merge *of, struct mr_vec *pieces,
                            struct mr_err *err)
{
    for (size_t p = 0; p < of->nparts; p++)
        for (size_t i = 0; i < of->parts[p].ntables; i++) {
            const struct mr_case_merge_table *t = &of->parts[p].tables[i];
            for (size_t r = 0; r < t->nranges; r++) {
                struct piece *piece = mr_vec_push(pieces);
                if (piece == NULL)
                    return mr_case_merge_nomem(err);
                *piece = (struct piece){t->name, &t->ranges[r], p};
            }
        }
    if (pieces->count > 1)
        qsort(pieces->items, pieces->count, sizeof(struct piece), compare_pieces);
    return MR_OK;
}

/* What is wrong with the ranges of one table, all of pieces[count]; NULL: they tile. */
static const char *fault_of(const struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mr_range *range = &pieces[i].range->range;
        if (pieces[i].range->at < i)
            return "a range of its keys is in two parts";
        if (pieces[i].range->at > i)
            return "a range of its keys is in no part";
        if ((range->lo.ptr == NULL) != (i == 0) || (range->hi.ptr == NULL) != (i + 1 == count))
            return "its ranges do not reach from the first key to the last";
        if (i > 0 && mr_key_compare(pieces[i - 1].range->range.hi, range->lo) != 0)
            return "a range of its keys does not begin where the one before it ends";
    }
    return NULL;
}

static enum mr_code add_tiled(struct mr_case_merging *m, const struct piece *pieces, size_t count,
                              struct mr_err *err)
{
    const char *fault = fault_of(pieces, count);
    if (fault != NULL)
        return mr_err_set(err, MR_E_REFUSED, "pair \"%s\", table \"%s\": %s", m->of->pair,
                          pieces->table, fault);
    struct mr_case_merged_table *table = mr_vec_push(&m->tables);
    if (table == NULL)
        return mr_case_merge_nomem(err);
    *table = (struct mr_case_merged_table){.name = pieces->table, .nranges = count};
    table->find.name = table->find.target_name = table->name;
    table->find.time_at = -1;
    return MR_OK;
}

/* Scopes are what a fleet was to do: that they leave nothing out is proved before a part is
 * believed. */
enum mr_code mr_case_merge_tile(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_vec pieces = MR_VEC_INIT(struct piece);
    enum mr_code code = collect(m->of, &pieces, err);
    for (size_t from = 0, to = 0; code == MR_OK && from < pieces.count; from = to) {
        const struct piece *first = mr_vec_at(&pieces, from);
        while (to < pieces.count &&
               strcmp(((struct piece *)mr_vec_at(&pieces, to))->table, first->table) == 0)
            to++;
        code = add_tiled(m, first, to - from, err);
    }
    mr_vec_release(&pieces);
    for (size_t p = 0; code == MR_OK && p < m->of->nparts; p++)
        for (size_t i = 0; i < m->of->parts[p].ntables; i++)
            mr_case_merge_table_of(m, m->of->parts[p].tables[i].name)->nparts++;
    return code;
}

static int compare_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct mr_case_merged_table *)item)->name);
}

static int compare_tables(const void *a, const void *b)
{
    return compare_name(((const struct mr_case_merged_table *)a)->name, b);
}

struct mr_case_merged_table *mr_case_merge_table_of(const struct mr_case_merging *m,
                                                    const char *name)
{
    return m->tables.count > 0 ? bsearch(name, m->tables.items, m->tables.count,
                                         sizeof(struct mr_case_merged_table), compare_name)
                               : NULL;
}

/* ---- what parts say ---- */

enum mr_code mr_case_merge_give_up(struct mr_case_merged_table *t, const char *reason,
                                   struct mr_err *err)
{
    if (reason == NULL)
        return mr_case_merge_nomem(err);
    if (t->reason == NULL)
        t->reason = reason;
    t->is_refuted = true;
    return MR_OK;
}

bool mr_case_merge_is_in_part(const struct mr_case_merged_table *table)
{
    return table->is_unread && !table->is_refuted && table->is_known;
}

/* Sums begin at nothing: each part adds its own. */
static void know(struct mr_case_merged_table *t, const struct mr_find_table *found, bool objects)
{
    t->find = *found;
    t->find.id = 0;
    t->find.counts = (struct mr_find_counts){0};
    t->find.verdict = MR_VERDICT_UNDECIDED;
    t->find.scanned = t->find.settled = false;
    t->find.schema_differs = objects && found->schema_differs;
    t->find.reason = t->find.note = t->find.alike = NULL;
    t->is_known = true;
}

/* Whoever compares the objects gives up tables of other parts, too: one that was altered or dropped meanwhile,
 * or whose counter could not be read.  Those who read its rows do not see that, and its counter is judged by
 * nobody. */
static void heed(struct mr_case_merged_table *t, const struct mr_find_table *found)
{
    if (found->verdict != MR_VERDICT_NOT_CHECKED || t->is_own)
        return;
    t->is_refuted = true;
    if (t->reason == NULL)
        t->reason = found->reason != NULL ? found->reason
                                          : "whoever has compared the objects has given it up";
}

enum mr_code mr_case_merge_add_tables(struct mr_case_merging *m, const struct mr_vec *more,
                                      struct mr_err *err)
{
    for (size_t i = 0; i < more->count; i++) {
        struct mr_case_merged_table *t = mr_vec_push(&m->tables);
        if (t == NULL)
            return mr_case_merge_nomem(err);
        *t = *(const struct mr_case_merged_table *)mr_vec_at(more, i);
    }
    if (more->count > 0)
        qsort(m->tables.items, m->tables.count, sizeof(struct mr_case_merged_table),
              compare_tables);
    return MR_OK;
}

enum mr_code mr_case_merge_know(struct mr_case_merging *m, struct mr_err *err)
{
    const bool objects = m->of->parts[m->at].has_objects;
    struct mr_find_table *found = NULL;
    size_t count = 0;
    MR_TRY(mr_findings_tables(m->part, &m->arena, &found, &count, err));
    for (size_t i = 0; i < m->of->parts[m->at].ntables; i++) /* all of which stand in a scope */
        mr_case_merge_table_of(m, m->of->parts[m->at].tables[i].name)->is_own = true;
    struct mr_vec extra = MR_VEC_INIT(struct mr_case_merged_table);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_case_merged_table *t = mr_case_merge_table_of(m, found[i].name);
        if (t == NULL) {
            t = mr_vec_push(&extra);
            if (t == NULL)
                MR_TRY_OUT(mr_case_merge_nomem(err));
            t->name = found[i].name;
            t->reason = found[i].verdict == MR_VERDICT_NOT_CHECKED && found[i].reason != NULL
                            ? found[i].reason
                            : "it was not there when the fleet was planned: no part has read it";
        }
        heed(t, &found[i]);
        if (objects && !t->is_own)
            MR_TRY_OUT(
                mr_findings_made(m->part, found[i].id, &m->arena, t->shown, &t->is_shown, err));
        know(t, &found[i], objects);
    }
    MR_TRY_OUT(mr_case_merge_add_tables(m, &extra, err));
out:
    mr_vec_release(&extra);
    return code;
}

static bool same_column(const struct mr_find_column *a, const struct mr_find_column *b)
{
    return mr_same_text(a->name, b->name) && mr_same_text(a->type, b->type) &&
           mr_same_text(a->charset, b->charset) && a->style.cls == b->style.cls &&
           a->style.decimals == b->style.decimals && a->show_at == b->show_at &&
           a->key_at == b->key_at && a->identity_at == b->identity_at && a->flag_at == b->flag_at &&
           a->normalise == b->normalise && a->masked == b->masked;
}

static bool same_table(const struct mr_find_table *a, const struct mr_find_table *b)
{
    bool same = a->ncolumns == b->ncolumns && a->keyless == b->keyless &&
                mr_same_text(a->target_name, b->target_name) &&
                a->identity_known == b->identity_known && a->subject == b->subject &&
                a->time_at == b->time_at && a->windowed == b->windowed;
    for (size_t i = 0; same && i < a->ncolumns; i++)
        same = same_column(&a->columns[i], &b->columns[i]);
    return same;
}

static bool is_piece(const char *notes, const char *piece, size_t len)
{
    for (const char *at = notes; (at = strstr(at, piece)) != NULL; at++)
        if ((at == notes || (at - notes >= 2 && strncmp(at - 2, "; ", 2) == 0)) &&
            (at[len] == '\0' || strncmp(at + len, "; ", 2) == 0))
            return true;
    return false;
}

/* What is said of a table, piece by piece in the order in which it was said first. */
static enum mr_code add_note(struct mr_case_merging *m, struct mr_case_merged_table *t,
                             const char *note, struct mr_err *err)
{
    struct mr_strbuf all = MR_STRBUF_INIT, piece = MR_STRBUF_INIT;
    if (note == NULL || mr_same_text(note, t->find.note))
        return MR_OK;
    mr_strbuf_add_str(&all, t->find.note != NULL ? t->find.note : "");
    for (const char *at = note, *end; at != NULL; at = end != NULL ? end + 2 : NULL) {
        end = strstr(at, "; ");
        mr_strbuf_reset(&piece);
        mr_strbuf_add(&piece, at, end != NULL ? (size_t)(end - at) : strlen(at));
        if (!piece.failed && !all.failed && !is_piece(all.ptr, piece.ptr, piece.len))
            mr_strbuf_add_fmt(&all, "%s%s", all.len > 0 ? "; " : "", piece.ptr);
    }
    t->find.note = all.failed || piece.failed ? NULL : mr_arena_strdup(&m->arena, all.ptr);
    mr_strbuf_release(&all);
    mr_strbuf_release(&piece);
    return t->find.note != NULL ? MR_OK : mr_case_merge_nomem(err);
}

static void add_counts(struct mr_find_counts *sum, const struct mr_find_counts *part)
{
    sum->source_rows += part->source_rows;
    sum->target_rows += part->target_rows;
    sum->bytes += part->bytes;
    sum->null_identities += part->null_identities;
}

/* Is everything of the scope recorded as read?  A table without segments was joined on disk, which
 * only a whole one can be. */
static enum mr_code is_covered(struct mr_case_merging *m, int64_t table,
                               const struct mr_case_merged_table *t,
                               const struct mr_case_merge_table *scope, bool *covered,
                               struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_segment *segments = NULL;
    size_t count = 0;
    enum mr_code code = mr_findings_segments(m->part, table, &arena, &segments, &count, err);
    const bool whole = t->nranges == 1;
    *covered = code == MR_OK && (whole || count == scope->nranges);
    for (size_t i = 0; *covered && i < count; i++) {
        const struct mr_range *range = whole ? NULL : &scope->ranges[i].range;
        const struct mr_key lo = range != NULL ? range->lo
                                 : i > 0       ? segments[i - 1].hi
                                               : (struct mr_key){0};
        *covered = segments[i].done && mr_key_compare(segments[i].lo, lo) == 0;
        if (range != NULL)
            *covered = *covered && mr_key_compare(segments[i].hi, range->hi) == 0;
        else
            *covered = *covered && (segments[i].hi.ptr == NULL) == (i + 1 == count);
    }
    mr_arena_release(&arena);
    return code;
}

/* Two parts of a table are of one table, or of none. */
static enum mr_code compare_made(struct mr_case_merging *m, struct mr_case_merged_table *t,
                                 int64_t table, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_find_made made[2] = {{0}};
    bool known = false;
    if (!t->is_made)
        MR_TRY(mr_findings_made(m->part, table, &m->arena, t->made, &t->is_made, err));
    MR_TRY(mr_findings_made(m->part, table, arena, made, &known, err));
    if (t->nparts > 1 && !known)
        return mr_case_merge_give_up(t,
                                     mr_case_merge_say(m,
                                                       "%s does not say of which table it has read",
                                                       m->of->parts[m->at].name),
                                     err);
    for (size_t side = 0; t->nparts > 1 && side < 2; side++) {
        const bool altered = strcmp(t->made[side].key, made[side].key) != 0;
        if (!mr_findings_made_is_same(&t->made[side], &made[side]))
            return mr_case_merge_give_up(
                t,
                mr_case_merge_say(m, "it was %s on the %s, before %s has read it",
                                  altered ? "altered"
                                          : "made anew, or another one has taken its "
                                            "place",
                                  side == 0 ? "source" : "target", m->of->parts[m->at].name),
                err);
    }
    return MR_OK;
}

/* Its columns as they were compared, and as it was read: one that a side got in between was compared by nobody.
 * Whoever has filled it anew meanwhile has changed no column; but rows of a snapshot are others only in another
 * one. */
static enum mr_code compare_shown(struct mr_case_merging *m, struct mr_case_merged_table *t,
                                  int64_t table, struct mr_arena *arena, struct mr_err *err)
{
    const char *const uri[2] = {m->run.source, m->run.target};
    struct mr_find_made made[2] = {{0}};
    bool known = false;
    if (t->is_shown)
        MR_TRY(mr_findings_made(m->part, table, arena, made, &known, err));
    for (size_t side = 0; known && side < 2; side++) {
        struct mr_find_made was = t->shown[side], now = made[side];
        const bool is_snapshot = strncmp(uri[side], "snapshot:", 9) == 0;
        was.numbers = now.numbers = NULL;
        was.time = is_snapshot ? was.time : NULL;
        if (mr_findings_made_is_same(&was, &now))
            continue;
        return mr_case_merge_give_up(
            t,
            mr_case_merge_say(m,
                              "%s on the %s between %s, which has compared its "
                              "definition, and %s, which has read it",
                              is_snapshot ? "another snapshot has taken its place"
                                          : "it was altered",
                              side == 0 ? "source" : "target", m->of->parts[m->base].name,
                              m->of->parts[m->at].name),
            err);
    }
    return MR_OK;
}

static enum mr_code judge_table(struct mr_case_merging *m, const struct mr_case_merge_table *scope,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct mr_case_merged_table *t = mr_case_merge_table_of(m, scope->name);
    const char *part = m->of->parts[m->at].name;
    struct mr_find_table found;
    bool there = false, covered = false;
    MR_TRY(mr_findings_table_find(m->part, scope->name, arena, &found, &there, err));
    if (!there) {
        t->unseen++;
        t->unseen_by = t->unseen_by != NULL ? t->unseen_by : part;
        return MR_OK;
    }
    add_counts(&t->find.counts, &found.counts);
    MR_TRY(add_note(m, t, found.note, err));
    if (found.verdict == MR_VERDICT_NOT_CHECKED)
        return mr_case_merge_give_up(t,
                                     found.reason != NULL
                                         ? mr_case_merge_say(m, "%s", found.reason)
                                         : mr_case_merge_say(m, "%s gives no reason", part),
                                     err);
    if (!t->is_known)
        return mr_case_merge_give_up(t,
                                     mr_case_merge_say(m, "%s has read it, and %s has not seen it",
                                                       part, m->of->parts[m->base].name),
                                     err);
    if (!same_table(&t->find, &found))
        return mr_case_merge_give_up(
            t,
            mr_case_merge_say(m,
                              "its columns, or what the configuration says of it, "
                              "are others in %s than in %s",
                              part, m->of->parts[m->base].name),
            err);
    MR_TRY(is_covered(m, found.id, t, scope, &covered, err));
    if (!found.settled || !found.scanned || found.verdict == MR_VERDICT_UNDECIDED || !covered)
        return mr_case_merge_give_up(
            t, mr_case_merge_say(m, "%s has not read all that it was to read", part), err);
    MR_TRY(compare_shown(m, t, found.id, arena, err));
    return compare_made(m, t, found.id, arena, err);
}

enum mr_code mr_case_merge_judge(struct mr_case_merging *m, struct mr_err *err)
{
    const struct mr_case_merge_part *part = &m->of->parts[m->at];
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < part->ntables; i++) {
        mr_arena_reset(&arena);
        code = judge_table(m, &part->tables[i], &arena, err);
    }
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_case_merge_miss(struct mr_case_merging *m, size_t part, const char *reason,
                                struct mr_err *err)
{
    const struct mr_case_merge_part *of = &m->of->parts[part];
    for (size_t i = 0; i < of->ntables; i++) {
        struct mr_case_merged_table *t = mr_case_merge_table_of(m, of->tables[i].name);
        t->is_unread = true;
        t->reason = t->reason != NULL ? t->reason : reason;
    }
    return reason != NULL ? MR_OK : mr_case_merge_nomem(err);
}

/* A table that one side lacks is an object, and no table. */
static bool is_object(const struct mr_vec *objects, const char *table)
{
    for (size_t i = 0; i < objects->count; i++) {
        const struct mr_find_object *o = mr_vec_at(objects, i);
        if (strcmp(o->kind, "table") == 0 && mr_same_text(o->table, table))
            return true;
    }
    return false;
}

enum mr_code mr_case_merge_unseen(struct mr_case_merging *m, const struct mr_vec *objects,
                                  struct mr_err *err)
{
    struct mr_case_merged_table *all = m->tables.items;
    size_t kept = 0;
    for (size_t i = 0; i < m->tables.count; i++) {
        struct mr_case_merged_table *t = &all[i];
        if (t->unseen > 0 && t->unseen == t->nparts && !t->is_known && is_object(objects, t->name))
            continue;
        if (t->unseen > 0)
            MR_TRY(mr_case_merge_give_up(
                t,
                mr_case_merge_say(m,
                                  "it was there when the fleet was planned, and "
                                  "%s has not seen it",
                                  t->unseen_by),
                err));
        all[kept++] = *t;
    }
    m->tables.count = kept;
    return MR_OK;
}
