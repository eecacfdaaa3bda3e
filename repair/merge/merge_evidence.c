/* merge_evidence.c: see merge_evidence.h. */
#include "repair/merge/merge_evidence.h"

#include <string.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/evidence_reason.h"
#include "core/case/seen_image.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_told.h"
#include "repair/side/counted.h"

/* Marks that say nothing for certain. */
#define NO_EVIDENCE (MR_MARK_BROKEN | MR_MARK_SHARED | MR_MARK_MOVING)

/* ---- columns that are not compared ---- */

static bool is_hidden(const struct mr_pair *pair, size_t column)
{
    return pair->ignored != NULL && pair->ignored[column];
}

enum mr_code mr_merge_evidence_compared(const struct mr_pair *pair, struct mr_arena *arena,
                                        struct mr_find_table *out, struct mr_err *err)
{
    *out = pair->find;
    if (pair->ignored == NULL)
        return MR_OK;
    struct mr_find_column *columns =
        mr_arena_calloc(arena, pair->find.ncolumns + 1, sizeof *columns);
    if (columns == NULL)
        return mr_merge_nomem(err);
    out->ncolumns = 0;
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if (!is_hidden(pair, i))
            columns[out->ncolumns++] = pair->find.columns[i];
    out->columns = columns;
    return MR_OK;
}

/* A place for each column of the plan's table; of those that are not compared no log was asked. */
static enum mr_code widen(const struct mr_pair *pair, struct mr_arena *arena, struct mr_key *image,
                          struct mr_err *err)
{
    struct mr_seen_image seen;
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (image->ptr == NULL)
        return MR_OK;
    mr_seen_image_init(&seen);
    enum mr_code code = mr_seen_image_open(&seen, image->ptr, image->len, err);
    for (size_t i = 0, at = 0; code == MR_OK && i < pair->find.ncolumns; i++)
        mr_seen_image_add(&out, is_hidden(pair, i) ? (struct mr_key){NULL, 0}
                                                   : mr_seen_image_at(&seen, at++));
    if (code == MR_OK)
        code = mr_strbuf_check(&out, "deciding the plan", err);
    if (code == MR_OK) {
        *image = (struct mr_key){mr_arena_dup(arena, out.ptr, out.len), out.len};
        code = image->ptr != NULL ? MR_OK : mr_merge_nomem(err);
    }
    mr_strbuf_release(&out);
    mr_seen_image_release(&seen);
    return code;
}

int64_t mr_merge_evidence_id(const struct mr_merge_table *table)
{
    return table->evidence != 0 ? table->evidence : table->told;
}

enum mr_code mr_merge_evidence_mark(struct mr_merge *m, const struct mr_merge_table *table,
                                    enum mr_side side, struct mr_key key, struct mr_arena *arena,
                                    struct mr_evidence_mark *mark, bool *found, struct mr_err *err)
{
    const struct mr_pair *pair = table->plan->pair;
    MR_TRY(
        mr_evidence_mark(m->fd, mr_merge_evidence_id(table), side, key, arena, mark, found, err));
    if (!*found || pair->ignored == NULL)
        return MR_OK;
    MR_TRY(widen(pair, arena, &mark->first, err));
    return widen(pair, arena, &mark->last, err);
}

/* ---- which tables have evidence ---- */

/* Of columns that are not those of the collection nothing is read, which has to be said. */
static enum mr_code tell_changed(struct mr_merge *m, const struct mr_find_table *table,
                                 const struct mr_evidence_table *evidence, struct mr_err *err)
{
    const char *columns = mr_evidence_columns(table, &m->arena);
    if (columns == NULL)
        return mr_merge_nomem(err);
    if (strcmp(columns, evidence->columns) != 0)
        mr_log_warning("table \"%s\": its columns, or those that ignore-columns names, are not "
                       "those that its logs were collected for: what they tell of it is not used; "
                       "run check and history collect again",
                       table->name);
    return MR_OK;
}

/* What is not good is told of, and so is what is, where its side has gone on.  The plan is passed on, and names no
 * key of a column that is masked. */
static enum mr_code keep_witness(struct mr_merge *m, const struct mr_merge_table *table,
                                 const struct mr_evidence_table *evidence, struct mr_err *err)
{
    static const char *const gone_on[MR_SIDES] = {
        "SOURCE has executed transactions since they were read, or does not say",
        "TARGET has executed transactions since they were read, or does not say"};
    struct mr_plan_witness *witness = &m->plan->tables[table->plan->at].witness;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    witness->is_asked = true;
    witness->is_used = table->told != 0;
    witness->is_good = table->evidence != 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_evidence_of *of = &evidence->of[side];
        const bool is_late = of->witness == MR_WITNESS_GOOD && table->witness[side] != of->witness;
        const char *reason = is_late ? gone_on[side] : of->reason;
        witness->side[side] = table->witness[side];
        witness->reason[side] = NULL;
        if (reason == NULL)
            continue;
        mr_strbuf_reset(&text);
        mr_evidence_add_reason(&text, reason, &table->plan->pair->find, NULL);
        if (!text.failed)
            witness->reason[side] = mr_arena_strdup(table->plan->pair->arena, text.ptr);
        if (witness->reason[side] == NULL)
            MR_TRY_OUT(mr_merge_nomem(err));
    }
out:
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_merge_evidence_find(struct mr_merge *m, struct mr_merge_table *table,
                                    struct mr_err *err)
{
    struct mr_evidence_table evidence;
    struct mr_find_table known;
    bool found = false;
    table->evidence = table->told = 0;
    MR_TRY(mr_merge_evidence_compared(table->plan->pair, &m->arena, &known, err));
    MR_TRY(mr_evidence_match(m->fd, &known, &m->arena, &evidence, &found, err));
    if (!found) /* of a case with logs it was left out */
        return mr_evidence_has(m->fd, &m->plan->tables[table->plan->at].witness.is_asked, err);
    MR_TRY(tell_changed(m, &known, &evidence, err));
    const bool source = evidence.of[MR_SOURCE].witness == MR_WITNESS_GOOD;
    const bool target = evidence.of[MR_TARGET].witness == MR_WITNESS_GOOD;
    table->evidence = source && target ? evidence.id : 0;
    /* TARGET goes on, and may: what it has that SOURCE's log has not is its own doing */
    const bool by_source = source && m->is_still[MR_SOURCE];
    const bool by_target = target && (by_source || m->is_still[MR_TARGET]);
    table->witness[MR_SOURCE] =
        by_source || !source ? evidence.of[MR_SOURCE].witness : MR_WITNESS_NONE;
    table->witness[MR_TARGET] =
        by_target || !target ? evidence.of[MR_TARGET].witness : MR_WITNESS_NONE;
    table->told = by_source || by_target ? evidence.id : 0;
    return keep_witness(m, table, &evidence, err);
}

/* ---- where the past ends ---- */

/* Keys of one integer stand in the case in the order of their numbers. */
static enum mr_code extreme(struct mr_merge *m, const struct mr_merge_table *table, const char *sql,
                            int64_t *order, bool *any, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_value value;
    size_t len = 0, at = 0;
    bool row = false;
    *any = false;
    enum mr_code code = MR_CASE_PREPARE(m->cf, sql, &stmt, err, MR_ARG_INT("tbl", table->evidence),
                                        MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE));
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row && !mr_case_is_null(stmt, 0)) {
        const void *key = mr_case_blob(stmt, 0, &len);
        code = mr_row_decode(key, len, &at, &value, err);
        *any = code == MR_OK;
        if (*any)
            *order = mr_counted_of_value(&value, table->plan->counts_unsigned);
    }
    mr_case_free(stmt);
    return code;
}

static bool is_counted_alone(const struct mr_plan_table *t)
{
    return mr_plan_has_counter(t) && t->key.count == 1 && t->key.at[0] == t->counter;
}

/* A row that was moved to another key is not new under it. */
static enum mr_code has_moved(struct mr_merge *m, const struct mr_merge_table *table, bool *has,
                              struct mr_err *err)
{
    return MR_CASE_HAS(m->cf,
                       "SELECT 1 FROM history_mark WHERE tbl=:tbl AND flags & :absent"
                       " AND flags & :came LIMIT 1",
                       has, err, MR_ARG_INT("tbl", table->evidence),
                       MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE),
                       MR_ARG_INT("came", MR_MARK_CAME));
}

enum mr_code mr_merge_evidence_bound(struct mr_merge *m, const struct mr_merge_table *table,
                                     int64_t *base, bool *known, struct mr_err *err)
{
    int64_t first = 0, last = 0;
    bool any = false, has_last = false, moved = false;
    *known = false;
    if (table->evidence == 0 || !is_counted_alone(table->plan))
        return MR_OK;
    MR_TRY(has_moved(m, table, &moved, err));
    MR_TRY(extreme(m, table, "SELECT min(key) FROM history_mark WHERE tbl=:tbl AND flags & :absent",
                   &first, &any, err));
    MR_TRY(extreme(m, table,
                   "SELECT max(key) FROM history_mark WHERE tbl=:tbl AND NOT flags & :absent",
                   &last, &has_last, err));
    /* without insertions nothing says how far the past reaches; among older keys they say nothing of it */
    if (moved || !any || first <= mr_counted_of(0, table->plan->counts_unsigned) ||
        (has_last && last >= first))
        return MR_OK;
    *base = first - 1;
    *known = true;
    return MR_OK;
}

/* Is there a mark of that side, and of an insertion? */
#define MARKED(sides, key)                                                                         \
    "EXISTS (SELECT 1 FROM history_mark h WHERE h.tbl=:evidence AND h.side IN (" sides ")"         \
    " AND h.key=" key
#define INSERTED(side, key) MARKED(side, key) " AND h.flags & :absent)"

#define SOURCE_INSERTED INSERTED("0", "w.skey")
#define TARGET_INSERTED INSERTED("1", "w.live_key")
#define ANY_KNOWS MARKED("0, 1", "w.skey") ")"

/* The greatest key that its log shows as inserted. */
#define LAST_INSERTED(side)                                                                        \
    "(SELECT max(l.key) FROM history_mark l WHERE l.tbl=:evidence AND l.side=" side                \
    " AND l.flags & :absent)"

/* Above the bound: SOURCE's row was not inserted by its log, or TARGET's by its own, of those that it had
 * then.  Up to it: a row of SOURCE alone that no log has deleted, nor anything else, unless a cascade may
 * have, or a side that has gone on since: then it is asked about, or left (merge_told.h). */
static const char contradiction_sql[] =
    "SELECT 1 FROM w WHERE w.tbl=:tbl AND CASE WHEN w.n>:base THEN"
    " (NOT " SOURCE_INSERTED " AND NOT (:source_on AND w.skey>coalesce(" LAST_INSERTED(
        "0") ", x'')))"
             " OR (w.live_key IS NOT NULL AND NOT " TARGET_INSERTED
             " AND w.live_key<=coalesce(" LAST_INSERTED(
                 "1") ", w.live_key))"
                      " ELSE NOT :unknown AND w.live_key IS NULL AND NOT " ANY_KNOWS " END LIMIT 1";

enum mr_code mr_merge_evidence_contradicts(struct mr_merge *m, const struct mr_merge_table *table,
                                           bool *contradicts, struct mr_err *err)
{
    const bool unknown = !m->is_still[MR_TARGET] || mr_merge_told_may_cascade(m, table);
    return MR_CASE_HAS(m->cf, contradiction_sql, contradicts, err,
                       MR_ARG_INT("tbl", table->plan->at), MR_ARG_INT("base", table->bound.base),
                       MR_ARG_INT("source_on", !m->is_still[MR_SOURCE]),
                       MR_ARG_INT("unknown", unknown), MR_ARG_INT("evidence", table->evidence),
                       MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE));
}

/* Rows that differ under keys that both have inserted.  Of a copy nobody has to have kept the images: it
 * was equal when the logs were read. */
#define PAIRS                                                                                      \
    "WITH pair AS (SELECT w.n, cs.image IS NULL OR ct.image IS NULL OR ct.image=cs.image"          \
    " OR ct.image IS s.last AS copied FROM w"                                                      \
    " JOIN history_mark s ON s.tbl=:evidence AND s.side=0 AND s.key=w.skey"                        \
    " JOIN history_mark t ON t.tbl=:evidence AND t.side=1 AND t.key=w.skey"                        \
    " LEFT JOIN history_change cs ON cs.tbl=:evidence AND cs.side=0 AND cs.key=w.skey AND cs.n=1"  \
    " LEFT JOIN history_change ct ON ct.tbl=:evidence AND ct.side=1 AND ct.key=w.skey AND ct.n=1"  \
    " WHERE w.tbl=:tbl AND w.n>:base AND w.equal IS NOT 1 AND s.flags & :absent AND"               \
    " t.flags & :absent AND NOT EXISTS (SELECT 1 FROM known_key k WHERE k.tbl=w.tbl AND "          \
    "k.n=w.n)) "

enum mr_code mr_merge_evidence_both(struct mr_merge *m, const struct mr_merge_table *table,
                                    struct mr_merge_both *both, struct mr_err *err)
{
    int64_t count = 0, copied = 0;
    *both = (struct mr_merge_both){0};
    MR_TRY(MR_CASE_NUMBER(
        m->cf,
        "SELECT count(*) FROM history_mark s JOIN history_mark t ON t.tbl=s.tbl AND t.side=1 AND"
        " t.key=s.key WHERE s.tbl=:tbl AND s.side=0 AND s.flags & :absent AND t.flags & :absent",
        &count, err, MR_ARG_INT("tbl", table->evidence),
        MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE)));
    MR_TRY(MR_CASE_NUMBER(m->cf, PAIRS "SELECT count(*) FROM pair WHERE copied", &copied, err,
                          MR_ARG_INT("tbl", table->plan->at), MR_ARG_INT("base", table->bound.base),
                          MR_ARG_INT("evidence", table->evidence),
                          MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE)));
    both->count = (uint64_t)count;
    both->copied = (uint64_t)copied;
    return MR_CASE_HAS(
        m->cf, PAIRS "SELECT 1 FROM pair WHERE copied AND n=(SELECT min(n) FROM pair) LIMIT 1",
        &both->first_is_so, err, MR_ARG_INT("tbl", table->plan->at),
        MR_ARG_INT("base", table->bound.base), MR_ARG_INT("evidence", table->evidence),
        MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE));
}

/* ---- who edited a row ---- */

/* Is a row what a log had before the first change?  Columns that the log has not shown are not known. */
static enum mr_code is_first(const struct mr_evidence_mark *mark, struct mr_key image,
                             const struct mr_pair *pair, bool *is, struct mr_err *err)
{
    const size_t ncolumns = pair->find.ncolumns;
    struct mr_seen_image first;
    mr_seen_image_init(&first);
    enum mr_code code = mr_seen_image_open(&first, mark->first.ptr, mark->first.len, err);
    *is = code == MR_OK && mark->has_images && mark->first.ptr != NULL &&
          mr_seen_image_places(&first) == ncolumns;
    for (size_t i = 0; code == MR_OK && *is && i < ncolumns; i++) {
        struct mr_key value;
        const struct mr_key seen = mr_seen_image_at(&first, i);
        if (is_hidden(pair, i))
            continue;
        code = mr_merge_row_value(image, i, &value, err);
        *is = code == MR_OK && seen.ptr != NULL &&
              mr_row_same(seen.ptr, seen.len, value.ptr, value.len);
    }
    mr_seen_image_release(&first);
    return code;
}

/* A mark that is evidence of an edit: the row was there before. */
static bool is_edit(const struct mr_evidence_mark *mark)
{
    return (mark->flags & (NO_EVIDENCE | MR_MARK_ABSENT_BEFORE | MR_MARK_AGAIN)) == 0;
}

enum mr_code mr_merge_evidence_edited(struct mr_merge *m, const struct mr_merge_table *table,
                                      struct mr_key key, const struct mr_key images[MR_SIDES],
                                      struct mr_merge_edited *edited, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_mark mark[MR_SIDES];
    bool found[MR_SIDES] = {false, false}, untouched = false;
    enum mr_code code = MR_OK;
    *edited = (struct mr_merge_edited){.source = true, .target = true};
    if (table->evidence == 0)
        return MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = mr_merge_evidence_mark(m, table, (enum mr_side)side, key, &arena, &mark[side],
                                      &found[side], err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const enum mr_side other = mr_other_side((enum mr_side)side);
        if (found[side] || !found[other] || !is_edit(&mark[other]))
            continue;
        code = is_first(&mark[other], images[side], table->plan->pair, &untouched, err);
        if (code != MR_OK || !untouched)
            continue;
        edited->known = true;
        edited->source = side != MR_SOURCE;
        edited->target = side != MR_TARGET;
    }
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_merge_evidence_explains(struct mr_merge *m, const struct mr_merge_table *table,
                                        struct mr_key key, bool *is, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    bool edited = false, other = false;
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; table->evidence != 0 && code == MR_OK && side < MR_SIDES; side++) {
        struct mr_evidence_mark mark;
        bool found = false;
        code = mr_evidence_mark(m->fd, table->evidence, side, key, &arena, &mark, &found, err);
        if (code != MR_OK || !found)
            continue;
        edited = true;
        other = other || (mark.flags & (MR_MARK_ABSENT_BEFORE | MR_MARK_AGAIN | MR_MARK_DELETED |
                                        MR_MARK_CAME | MR_MARK_WENT)) != 0;
    }
    *is = edited && !other;
    mr_arena_release(&arena);
    return code;
}
