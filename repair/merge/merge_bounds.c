/* merge_bounds.c: see merge_bounds.h. */
#include "repair/merge/merge_bounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/suggest.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "repair/merge/merge_equal.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_split.h"
#include "repair/plan/planbook.h"
#include "repair/side/counted.h"
#include "core/schema/sequence.h"
#include "repair/side/side_column.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_bound (tbl TEXT PRIMARY KEY, base INT,"
    " base_origin TEXT, fresh INT, fresh_origin TEXT, first_next TEXT) STRICT";

/* ---- kept in the case ---- */

/* Integers of SQLite end at 2^63-1: the bits of the number stand in one. */
static int64_t order_kept(int64_t bits, bool is_unsigned)
{
    return is_unsigned ? mr_counted_of((uint64_t)bits, true) : bits;
}

static int64_t order_to_keep(int64_t order, bool is_unsigned)
{
    return is_unsigned ? (int64_t)mr_counted_number(order, true) : order;
}

static const char *text_of(uint64_t value, char text[24])
{
    (void)snprintf(text, 24, "%" PRIu64, value);
    return text;
}

#define BOUND(member, type) MR_CASE_FIELD(struct mr_merge_bound, member, MR_CASE_##type)
static const struct mr_case_field bound_fields[] =
    MR_CASE_LIST(BOUND(base, INT), BOUND(base_origin, TEXT), BOUND(has_fresh, FLAG),
                 BOUND(fresh, INT), BOUND(fresh_origin, TEXT), BOUND(first_next, DIGITS));

enum mr_code mr_merge_bounds_load(struct mr_case *cf, const struct mr_plan_table *table,
                                  struct mr_merge_bound *bound, struct mr_arena *arena, bool *known,
                                  struct mr_err *err)
{
    const bool is_unsigned = table->counts_unsigned;
    struct mr_case_stmt *stmt = NULL;
    *bound = (struct mr_merge_bound){0};
    *known = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(cf, schema_sql, err));
    MR_TRY_OUT(MR_CASE_PREPARE(cf,
                               "SELECT base, base_origin, fresh IS NOT NULL AS has_fresh, fresh,"
                               " fresh_origin, first_next FROM plan_bound WHERE tbl=:tbl",
                               &stmt, err, MR_ARG_TEXT("tbl", mr_plan_table_name(table))));
    MR_TRY_OUT(mr_case_fields_one(stmt, MR_CASE_FIELDS(bound_fields), arena, bound, known, err));
    if (*known) {
        bound->base = order_kept(bound->base, is_unsigned);
        bound->fresh = order_kept(bound->fresh, is_unsigned);
    }
out:
    mr_case_free(stmt);
    return code;
}

/* The case has what a person reads as text: where the bound came from, and no number for a U
 * that there is not, since 0 would be one. */
static enum mr_code keep(struct mr_merge *m, const struct mr_merge_table *t, struct mr_err *err)
{
    const struct mr_merge_bound *b = &t->bound;
    const bool is_unsigned = t->plan->counts_unsigned;
    char text[24];
    return MR_CASE_ONCE(
        m->cf,
        "INSERT OR REPLACE INTO plan_bound (tbl, base, base_origin, fresh, fresh_origin,"
        " first_next) VALUES (:tbl, :base, :base_origin, :fresh, :fresh_origin, :next)",
        err, MR_ARG_TEXT("tbl", mr_plan_table_name(t->plan)),
        MR_ARG_INT("base", order_to_keep(b->base, is_unsigned)),
        MR_ARG_TEXT("base_origin", b->base_origin),
        b->has_fresh ? MR_ARG_INT("fresh", order_to_keep(b->fresh, is_unsigned))
                     : MR_ARG_NULL("fresh"),
        MR_ARG_TEXT("fresh_origin", b->has_fresh ? b->fresh_origin : NULL),
        MR_ARG_TEXT("next", text_of(b->first_next, text)));
}

/* ---- TARGET's counter as the case first saw it ---- */

/* MySQL up to 5.7 and MariaDB up to 10.2.3 take MAX + 1 at every start, so that what they
 * have handed out is not known. */
static bool recomputes(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MYSQL ? server->version < 80000 : server->version < 100204;
}

static enum mr_code read_now(struct mr_merge *m, const struct mr_plan_table *t, uint64_t *next,
                             struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(m->plan->pairing.side[MR_TARGET].main);
    uint64_t greatest = 0;
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    if (t->sequence != NULL) {
        struct mr_sequence sequence = {0};
        enum mr_code read = mr_sequence_read(db, t->sequence_db, t->sequence, &sequence, err);
        *next = sequence.next;
        return read;
    }
    enum mr_code code =
        mr_schema_auto_increment(db, t->pair->side[MR_TARGET], next, &greatest, err);
    if (code == MR_OK && *next == 0)
        *next = greatest < UINT64_MAX ? greatest + 1 : greatest; /* 0 would be the first id */
    return code;
}

static enum mr_code first_next(struct mr_merge *m, struct mr_merge_table *t, struct mr_err *err)
{
    uint64_t *next = &t->bound.first_next;
    bool found = *next != 0;
    if (recomputes(&m->plan->pairing.side[MR_TARGET].cat->server) && t->plan->sequence == NULL) {
        *next = 0;
        return MR_OK;
    }
    if (!found)
        MR_TRY(mr_planbook_first_next(m->fd, m->target, mr_plan_table_name(t->plan),
                                      mr_plan_column_name(t->plan, t->plan->counter), next, &found,
                                      err));
    if (!found)
        MR_TRY(read_now(m, t->plan, next, err));
    if (*next == 0)
        *next = 1; /* SHOW CREATE TABLE leaves a first value out */
    return MR_OK;
}

/* ---- the base bound ---- */

static bool stated_key(const struct mr_merge *m, const struct mr_plan_table *t, uint64_t *key)
{
    const struct mr_merge_options *o = m->options;
    bool several = false;
    for (size_t i = o->nsplit_keys; i > 0; i--)
        if (mr_plan_table_meant(m->plan, o->split_keys[i - 1].table, &several) == t) {
            *key = o->split_keys[i - 1].key;
            return true;
        }
    *key = t->pair->config->split_key;
    return t->pair->config->has_split_key;
}

/* Raises *key to the greatest key of one side created before the time of the split. */
static enum mr_code before_split(struct mr_merge *m, const struct mr_plan_table *t,
                                 enum mr_side side, int64_t *key, struct mr_err *err)
{
    const struct mr_table *table = t->pair->side[side];
    const struct mr_side_counter counter = {
        {m->reader[side], table, mr_pair_column(t->pair, side, t->counter)}, t->counts_unsigned};
    struct mr_time split;
    MR_TRY(mr_merge_split_time(m, t, t->time_at, &split, err));
    return mr_side_greatest_before(&counter, mr_pair_column(t->pair, side, t->time_at), &split, key,
                                   err);
}

/* Sets the bound where it need not be inferred; *known: it is set. */
static enum mr_code stated(struct mr_merge *m, struct mr_merge_table *t, bool *known,
                           struct mr_err *err)
{
    struct mr_merge_bound *b = &t->bound;
    uint64_t key = 0;
    if (stated_key(m, t->plan, &key)) {
        b->base = mr_counted_of(key, t->plan->counts_unsigned);
        b->base_origin = MR_BOUND_SPLIT_KEY;
        *known = true;
    } else if (m->options->split_at != NULL &&
               mr_merge_split_misses(t->plan, m->options->split_at) == NULL) {
        b->base = mr_counted_of(0, t->plan->counts_unsigned);
        b->base_origin = MR_BOUND_AT;
        *known = true;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            MR_TRY(before_split(m, t->plan, (enum mr_side)side, &b->base, err));
    } else {
        const struct mr_merge_bound before = *b;
        MR_TRY(mr_merge_evidence_bound(m, t, &b->base, known, err));
        if (!*known)
            return MR_OK;
        t->before = before;
        b->base_origin = MR_BOUND_LOGS;
    }
    return MR_OK;
}

static enum mr_code begin_table(struct mr_merge *m, struct mr_merge_table *t, bool *known,
                                struct mr_err *err)
{
    struct mr_merge_bound kept;
    enum mr_code code = mr_merge_bounds_load(m->cf, t->plan, &kept, &m->arena, known, err);
    if (code != MR_OK)
        return code;
    t->bound = kept;
    if (!*known)
        t->bound.base = mr_counted_of(0, t->plan->counts_unsigned);
    bool has_base = *known && kept.base_origin != NULL;
    *known = false;
    code = first_next(m, t, err);
    if (code == MR_OK)
        code = stated(m, t, known, err);
    if (code == MR_OK && *known && has_base && kept.base != t->bound.base)
        t->bound.has_fresh = false; /* it was that of another bound */
    *known = *known || has_base;
    t->bound.is_stated =
        t->bound.base_origin != NULL && strcmp(t->bound.base_origin, MR_BOUND_EQUAL) != 0;
    return code;
}

/* A key that is stated for no table that it bounds is a slip. */
static enum mr_code check_stated(const struct mr_merge *m, const char *table, struct mr_err *err)
{
    struct mr_suggest near = {.typed = table};
    bool several = false;
    const struct mr_plan_table *t = mr_plan_table_meant(m->plan, table, &several);
    if (t != NULL && !several && mr_plan_has_counter(t))
        return MR_OK;
    if (several) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "option \"--split-key\": several tables are \"%s\" but for capitals",
                         table);
        mr_err_hint(err, "Write the name as SOURCE does.");
        return MR_E_USAGE;
    }
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (mr_plan_has_counter(&m->plan->tables[i]))
            mr_suggest_offer(&near, mr_plan_table_name(&m->plan->tables[i]));
    (void)mr_err_set(err, MR_E_USAGE,
                     "option \"--split-key\": no planned table \"%s\" has a counter", table);
    if (near.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", near.best);
    else
        mr_err_hint(err, "Write it like club.members=3000, in SOURCE's names.");
    return MR_E_USAGE;
}

static bool is_of(const struct mr_merge_bound *b, const char *origin)
{
    return b->base_origin != NULL && strcmp(b->base_origin, origin) == 0;
}

static bool is_by_time(const struct mr_merge_table *t)
{
    return is_of(&t->bound, MR_BOUND_AT);
}

/* Rows above a bound that was stated, by a key or a time, that both sides have: the histories
 * parted later.  A key is taken as it is; of a time, which is one for all tables, less is
 * believed then. */
static enum mr_code find_younger(struct mr_merge *m, struct mr_err *err)
{
    const size_t n = m->plan->ntables;
    bool *of = mr_arena_calloc(&m->arena, n + 1, sizeof *of), any = false, early = false;
    struct mr_merge_equal_above *above = mr_arena_calloc(&m->arena, n + 1, sizeof *above);
    if (of == NULL || above == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < n; i++) {
        of[i] = mr_plan_has_counter(m->tables[i].plan) && m->tables[i].bound.is_stated;
        any = any || of[i];
    }
    enum mr_code code = any ? mr_merge_equal_above(m, of, above, err) : MR_OK;
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        m->plan->tables[i].younger_equal = above[i].rows;
        m->plan->tables[i].younger_key = above[i].greatest;
        early = early || (above[i].rows > 0 && is_by_time(&m->tables[i]));
    }
    for (size_t i = 0; i < n; i++)
        m->tables[i].bound.is_early = of[i] && early && is_by_time(&m->tables[i]);
    return code;
}

/* Keys are told from the past by their number: MariaDB also counts in DOUBLE, and a sequence
 * in any type. */
static enum mr_code check_type(const struct mr_plan_table *t, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column *c = mr_pair_column(t->pair, (enum mr_side)side, t->counter);
        if (mr_class_is_integer(c->cls))
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the counter \"%s\" of table \"%s\" is of type %s: merge tells "
                         "the rows of two histories apart by whole numbers alone",
                         mr_plan_column_name(t, t->counter), mr_plan_table_name(t), c->type);
        mr_err_hint(err,
                    "Nothing was changed. Make it BIGINT on both sides, check again, "
                    "and plan then; or leave the table out: --exclude '%s'.",
                    mr_plan_table_name(t));
        return MR_E_REFUSED;
    }
    return MR_OK;
}

/* TARGET has lost what counts its keys: ids that both histories gave away would be taken for
 * natural keys, and two people for one. */
static enum mr_code refuse_uncounted(const struct mr_plan_table *t, size_t column,
                                     struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "a counter makes the key \"%s\" of table \"%s\" on the source, and "
                     "none on the target: whether one key is one row on both sides is not "
                     "known",
                     mr_plan_column_name(t, column), mr_plan_table_name(t));
    mr_err_hint(err,
                "Nothing was changed. Give the target's column its counter back "
                "(AUTO_INCREMENT, DEFAULT NEXTVAL), check again, and plan then; or, where "
                "rows of one key are one row all the same, say identity = key in [table "
                "%s].",
                mr_plan_table_name(t));
    return MR_E_REFUSED;
}

/* What rows are known by is not what others refer to them by: an id that both histories gave
 * away would be there twice, and a child would belong to both. */
static enum mr_code refuse_beside(const struct mr_plan_table *t, size_t column, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "others refer to column \"%s\" of table \"%s\", which a counter "
                     "makes, and which is in no key that both sides have, nor unique on "
                     "the target: an id that both sides gave away would be there twice",
                     mr_plan_column_name(t, column), mr_plan_table_name(t));
    mr_err_hint(err, "Nothing was changed. Make it the primary key, or the first part of "
                     "it, on both sides, check again, and plan then.");
    return MR_E_REFUSED;
}

static bool is_referred_to(const struct mr_merge *m, const struct mr_plan_table *t, size_t column)
{
    for (size_t i = 0; i < m->plan->nreferences; i++)
        if (m->plan->references[i].parent == t->at &&
            mr_plan_columns_has(&m->plan->references[i].to, column))
            return true;
    return false;
}

static bool is_unique(const struct mr_plan_table *t, size_t column)
{
    for (size_t i = 0; i < t->nuniques; i++)
        if (t->uniques[i].columns.count == 1 && !t->uniques[i].is_partial &&
            t->uniques[i].columns.at[0] == column)
            return true;
    return false;
}

/* Of a table whose key TARGET does not count. */
static enum mr_code check_uncounted(struct mr_merge *m, const struct mr_plan_table *t,
                                    struct mr_err *err)
{
    int64_t any = 0;
    MR_TRY(MR_CASE_NUMBER(m->cf, "SELECT EXISTS (SELECT 1 FROM w WHERE tbl=:tbl)", &any, err,
                          MR_ARG_INT("tbl", t->at)));
    for (size_t i = 0; any != 0 && i < t->pair->find.ncolumns; i++) {
        const bool on_source = mr_plan_is_counted(t, MR_SOURCE, i, &m->arena);
        const bool on_target = mr_plan_is_counted(t, MR_TARGET, i, &m->arena);
        if (mr_plan_columns_has(&t->key, i) && on_source &&
            t->pair->config->identity != MR_IDENTITY_KEY)
            MR_TRY(refuse_uncounted(t, i, err));
        else if (!mr_plan_columns_has(&t->key, i) && (on_source || on_target) &&
                 is_referred_to(m, t, i) && !is_unique(t, i))
            MR_TRY(refuse_beside(t, i, err));
    }
    return MR_OK;
}

/* Are the rows above a bound of the logs those that they showed to be inserted?  Others were copied (a
 * server that was loaded from a dump has its rows by insertions of its own), or are younger than the
 * evidence: then the logs do not say where the past ends. */
static enum mr_code is_contradicted(struct mr_merge *m, size_t table, bool *is, struct mr_err *err)
{
    struct mr_merge_both both;
    MR_TRY(mr_merge_evidence_contradicts(m, &m->tables[table], is, err));
    if (*is)
        return MR_OK;
    MR_TRY(mr_merge_evidence_both(m, &m->tables[table], &both, err));
    /* of rows that both sides inserted under one key few are equal: one who came to both; what was
     * copied has the least of them, too */
    const uint64_t equal = m->plan->tables[table].younger_equal + both.copied;
    *is = equal >= MR_EQUAL_ABOVE_MOST || both.first_is_so ||
          (equal > 0 && (both.count < equal || equal >= both.count - equal));
    return MR_OK;
}

#define MISLED "rows contradict where they say that the past ends"

/* What the case kept counts again; else it is inferred. */
static void undo_logs(struct mr_merge_table *t, bool *infer)
{
    const uint64_t first_next = t->bound.first_next;
    t->evidence = t->told = 0;
    *infer = t->before.base_origin == NULL || is_of(&t->before, MR_BOUND_LOGS);
    if (!*infer) {
        t->bound = t->before;
        t->bound.is_stated = !is_of(&t->bound, MR_BOUND_EQUAL);
        return;
    }
    t->bound = (struct mr_merge_bound){.base = mr_counted_of(0, t->plan->counts_unsigned),
                                       .base_origin = MR_BOUND_EQUAL,
                                       .first_next = first_next};
}

/* Those tables that logs mislead of have their bounds inferred, and nothing that logs say.  So have the
 * others of which that was done: their rows lead to rows of these. */
static enum mr_code doubt_logs(struct mr_merge *m, bool *infer, bool *any, struct mr_err *err)
{
    *any = false;
    for (size_t i = 0; i < m->plan->ntables; i++) {
        struct mr_merge_table *t = &m->tables[i];
        bool is = false;
        if (!is_of(&t->bound, MR_BOUND_LOGS))
            continue;
        if (t->evidence != 0) /* else it was found, and tested, with what the case has no more */
            MR_TRY(is_contradicted(m, i, &is, err));
        m->plan->tables[i].younger_equal = 0;
        if (!is)
            continue;
        undo_logs(t, &infer[i]);
        m->plan->tables[i].witness =
            (struct mr_plan_witness){.is_asked = true, .reason = {MISLED, MISLED}};
        *any = true;
    }
    return *any ? mr_merge_equal_bounds(m, infer, err) : MR_OK;
}

/* What is stated comes before what is inferred: equal rows of one table lead to others, so that
 * theirs have to stand first. */
enum mr_code mr_merge_bounds_find(struct mr_merge *m, struct mr_err *err)
{
    bool *infer = mr_arena_calloc(&m->arena, m->plan->ntables + 1, sizeof *infer);
    bool any = false;
    enum mr_code code = infer != NULL ? MR_OK : mr_merge_nomem(err);
    for (size_t i = 0; code == MR_OK && i < m->options->nsplit_keys; i++)
        code = check_stated(m, m->options->split_keys[i].table, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++) {
        struct mr_merge_table *t = &m->tables[i];
        bool known = false;
        code = mr_merge_evidence_find(m, t, err);
        if (code != MR_OK)
            break;
        if (!mr_plan_has_counter(t->plan)) {
            code = check_uncounted(m, t->plan, err);
            continue;
        }
        code = check_type(t->plan, err);
        if (code == MR_OK)
            code = begin_table(m, t, &known, err);
        infer[i] = !known;
        any = any || !known;
    }
    if (code == MR_OK && any)
        code = mr_merge_equal_bounds(m, infer, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        if (infer[i])
            m->tables[i].bound.base_origin = MR_BOUND_EQUAL;
    /* rows of one table that lead to those of another may have been no equal ones for its bound */
    for (any = true; code == MR_OK && any;) {
        code = find_younger(m, err);
        if (code == MR_OK)
            code = doubt_logs(m, infer, &any, err);
    }
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++) {
        if (mr_plan_has_counter(m->tables[i].plan))
            code = keep(m, &m->tables[i], err);
    }
    return code;
}

/* ---- the fresh bound ---- */

enum mr_code mr_merge_bounds_fresh(struct mr_merge *m, struct mr_merge_table *table,
                                   struct mr_err *err)
{
    struct mr_merge_bound *b = &table->bound;
    int64_t any = 0, first = 0;
    if (b->has_fresh)
        return MR_OK;
    MR_TRY(MR_CASE_NUMBER(m->cf, "SELECT count(*) FROM m WHERE tbl=:tbl AND collides", &any, err,
                          MR_ARG_INT("tbl", table->plan->at)));
    if (any > 0)
        MR_TRY(MR_CASE_NUMBER(m->cf,
                              "SELECT min(w.n) FROM m JOIN w ON w.id=m.id"
                              " WHERE m.tbl=:tbl AND m.collides",
                              &first, err, MR_ARG_INT("tbl", table->plan->at)));
    if (any > 0) {
        b->has_fresh = true;
        b->fresh = first;
        b->fresh_origin = MR_BOUND_COLLISION;
    }
    /* One that is not above the common past was recorded before the histories parted, and
     * says nothing of what TARGET has handed out since. */
    int64_t next = mr_counted_of(b->first_next, table->plan->counts_unsigned);
    if (b->first_next > 0 && next > b->base && (!b->has_fresh || next < b->fresh)) {
        b->has_fresh = true;
        b->fresh = next;
        b->fresh_origin = "counter";
    }
    return MR_OK;
}

enum mr_code mr_merge_bounds_keep(struct mr_merge *m, const struct mr_merge_table *table,
                                  struct mr_err *err)
{
    return keep(m, table, err);
}
