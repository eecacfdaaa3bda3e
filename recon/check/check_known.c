/* check_known.c: see check_known.h. */
#include "recon/check/check_known.h"

#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/pair/pair_columns.h"
#include "recon/check/check_options.h"
#include "recon/check/check_wait.h"

#define TRIES 4
#define MISSES 4 /* ranges in a row that differ, before the rest is read as usual */

/* ---- what can be compared by sums ---- */

static const struct mr_kept *kept_of(const struct mr_check_run *check, const struct mr_pair *table,
                                     enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    return mr_source_kept(check->pairing.side[side].source, t->db, t->name);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Are values of the two columns equal where their encodings are, and encoded alike? */
static bool same_column(const struct mr_column *a, const struct mr_column *b)
{
    if (a->cls != b->cls || !same_text(a->charset, b->charset))
        return false;
    /* a "?" in a type may stand for any character of four bytes (snapshot/create/create_true.h),
     * and sums of keys are sums of the members' numbers */
    return a->cls != MR_CLASS_ENUM ||
           (strcmp(a->type, b->type) == 0 && strchr(a->type, '?') == NULL);
}

static bool same_columns(const struct mr_kept *kept, const struct mr_table *own,
                         const struct mr_table *other)
{
    for (size_t i = 0; i < kept->spec.ncols; i++) {
        const char *name = kept->spec.cols[i].name;
        const struct mr_column *a = mr_table_column(own, name);
        const struct mr_column *b = mr_table_column(other, name);
        if (a == NULL || b == NULL || !same_column(a, b))
            return false;
    }
    return true;
}

/* Have two snapshots digested the same values, in the same order? */
static bool same_digests(const struct mr_kept *a, const struct mr_kept *b)
{
    if (a->spec.ncols != b->spec.ncols || !same_text(a->spec.where, b->spec.where))
        return false;
    for (size_t i = 0; i < a->spec.ncols; i++)
        if (strcasecmp(a->spec.cols[i].name, b->spec.cols[i].name) != 0 ||
            a->spec.cols[i].expr != b->spec.cols[i].expr)
            return false;
    return true;
}

/* A doubt here costs a full read; a wrong yes would call tables equal that are not. */
bool mr_check_known_is_possible(const struct mr_check_run *check, const struct mr_pair *table,
                                enum mr_side *side)
{
    const struct mr_kept *s = kept_of(check, table, MR_SOURCE);
    const struct mr_kept *t = kept_of(check, table, MR_TARGET);
    *side = s != NULL ? MR_SOURCE : MR_TARGET;
    const struct mr_kept *kept = s != NULL ? s : t;
    if ((s != NULL && table->scan[MR_SOURCE].where != NULL) ||
        (t != NULL && table->scan[MR_TARGET].where != NULL))
        return false; /* the sums are of all rows */
    if (table->config->nrenamed > 0)
        return false; /* and of columns of that name */
    return kept != NULL && kept->nranges > 0 &&
           same_columns(kept, table->side[*side], table->side[mr_other_side(*side)]) &&
           (s == NULL || t == NULL || same_digests(s, t));
}

/* ---- the other side's sum ---- */

struct known {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    enum mr_side side;            /* the snapshot */
    const struct mr_kept *kept;   /* its own */
    const struct mr_kept *other;  /* of the other side, if that is a snapshot, too */
    bool other_is_proved;         /* all of its files */
    struct mr_readspec spec;      /* of the other side: as the snapshot was digested */
    size_t key[MR_KEY_PARTS_MAX]; /* of spec */
};

/* What was read of a range. */
struct sum {
    const struct mr_readspec *spec;
    struct mr_hasher *hasher;
    struct mr_strbuf last; /* key of the last row */
    uint64_t rows, bytes;
    struct mr_digest digests;
};

/* The key by which the other side is read, where the snapshot has all of it. */
static void take_key(struct known *k)
{
    const struct mr_readspec *own = &k->table->scan[mr_other_side(k->side)];
    struct mr_readspec *spec = &k->spec;
    size_t found = 0;
    for (size_t i = 0; i < own->nkey && i < MR_KEY_PARTS_MAX; i++) {
        const struct mr_readcol *part = &own->cols[own->key[i]];
        size_t at = 0;
        while (at < spec->ncols && (strcasecmp(spec->cols[at].name, part->name) != 0 ||
                                    spec->cols[at].expr != part->expr))
            at++;
        if (at < spec->ncols)
            k->key[found++] = at;
    }
    bool whole = found == own->nkey;
    spec->key = k->key;
    spec->nkey = whole ? found : 0;
    spec->index = whole ? own->index : NULL;
}

static void known_init(struct known *k, struct mr_check_worker *worker, struct mr_pair *table,
                       enum mr_side side)
{
    enum mr_side other = mr_other_side(side);
    *k = (struct known){.worker = worker,
                        .table = table,
                        .side = side,
                        .kept = kept_of(worker->check, table, side),
                        .other = kept_of(worker->check, table, other)};
    k->spec = k->kept->spec;
    k->spec.db = table->side[other]->db;
    k->spec.table = table->side[other]->name;
    k->spec.where = table->scan[other].where;
    k->spec.store = table->scan[other].store;
    take_key(k);
}

/* The key of the last row is kept, since the next statement goes on behind it. */
static enum mr_code add_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct sum *sum = ctx;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sum->spec->ncols; i++) {
        sum->bytes += values[i].len > 0 ? values[i].len : 8;
        code = mr_hasher_add(sum->hasher, &values[i], err);
    }
    struct mr_digest digest = mr_hasher_finish(sum->hasher);
    sum->digests.hi += digest.hi;
    sum->digests.lo += digest.lo;
    sum->rows++;
    mr_strbuf_reset(&sum->last);
    for (size_t i = 0; code == MR_OK && i < sum->spec->nkey; i++)
        code = mr_row_encode(&sum->last, &values[sum->spec->key[i]], err);
    return code == MR_OK ? mr_strbuf_check(&sum->last, "reading rows", err) : code;
}

/* Statement by statement; more rows than there should be are not all read. */
static enum mr_code read_sum(struct known *k, struct mr_range range, uint64_t most, struct sum *sum,
                             struct mr_err *err)
{
    enum mr_side other = mr_other_side(k->side);
    double row_bytes = (double)k->table->side[other]->avg_row_bytes;
    struct mr_strbuf lo = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    bool more = true;
    /* what comes in no order is read in one scan: there is no going on behind its last row */
    const bool in_order =
        k->spec.nkey > 0 && mr_reader_has_order(k->worker->reader[other], &k->spec);
    sum->rows = sum->bytes = 0;
    sum->digests = (struct mr_digest){0};
    while (code == MR_OK && more && sum->rows <= most) {
        uint64_t limit = in_order ? mr_check_chunk_rows(k->table, row_bytes) : 0;
        uint64_t before = sum->rows;
        code = mr_check_wait(k->worker, other, err);
        if (code == MR_OK)
            code =
                mr_reader_scan(k->worker->reader[other], &k->spec, range, limit, add_row, sum, err);
        more = limit > 0 && sum->rows - before >= limit; /* of many sources all of the last key */
        mr_strbuf_reset(&lo);
        mr_strbuf_add(&lo, sum->last.ptr, sum->last.len);
        if (code == MR_OK)
            code = mr_strbuf_check(&lo, "reading rows", err);
        range.lo = (struct mr_key){lo.ptr, lo.len};
    }
    mr_strbuf_release(&lo);
    return code;
}

/* A lost connection starts the sum anew: half of it added twice would equal nothing. */
static enum mr_code sum_up(struct known *k, struct mr_range range, uint64_t most, struct sum *sum,
                           struct mr_err *err)
{
    enum mr_code code = MR_OK;
    sum->spec = &k->spec;
    sum->last = (struct mr_strbuf)MR_STRBUF_INIT;
    sum->hasher = mr_hasher_new();
    if (sum->hasher == NULL)
        return mr_err_nomem(err, "reading rows");
    for (int attempt = 0; attempt < TRIES; attempt++) {
        code = read_sum(k, range, most, sum, err);
        if (code != MR_E_LOST || mr_is_cancelled())
            break;
    }
    mr_hasher_free(sum->hasher);
    mr_strbuf_release(&sum->last);
    return code;
}

static bool same_sum(uint64_t rows, struct mr_digest a, uint64_t other_rows, struct mr_digest b)
{
    return rows == other_rows && a.hi == b.hi && a.lo == b.lo;
}

static bool same_key(struct mr_key a, struct mr_key b)
{
    if (a.ptr == NULL || b.ptr == NULL)
        return a.ptr == b.ptr;
    return mr_key_compare(a, b) == 0;
}

/* Is the file of a range what its sum was taken of? */
static enum mr_code prove(const struct known *k, enum mr_side side, size_t at, struct mr_err *err)
{
    const struct mr_check_run *check = k->worker->check;
    const struct mr_table *t = k->table->side[side];
    if (check->opts->trust_manifest)
        return MR_OK;
    return mr_source_prove(check->pairing.side[side].source, t->db, t->name, at, err);
}

static enum mr_code prove_all(const struct known *k, enum mr_side side, const struct mr_kept *kept,
                              struct mr_err *err)
{
    for (size_t i = 0; i < kept->nranges; i++) {
        MR_TRY(prove(k, side, i, err));
        if (mr_is_cancelled())
            MR_TRY(mr_cancelled_err(err));
    }
    return MR_OK;
}

/* The same range of the other snapshot; a chunk of another range says nothing. */
static enum mr_code is_known_equal(struct known *k, const struct mr_kept_range *range, bool *equal,
                                   struct mr_err *err)
{
    const struct mr_kept *other = k->other;
    const enum mr_side side = mr_other_side(k->side);
    *equal = same_sum(k->kept->rows, k->kept->sum, other->rows, other->sum);
    if (*equal) {
        enum mr_code code = k->other_is_proved ? MR_OK : prove_all(k, side, other, err);
        k->other_is_proved = code == MR_OK;
        return code;
    }
    for (size_t i = 0; i < other->nranges; i++) {
        const struct mr_kept_range *r = &other->ranges[i];
        if (!same_key(r->range.lo, range->range.lo) || !same_key(r->range.hi, range->range.hi))
            continue;
        *equal = same_sum(range->rows, range->sum, r->rows, r->sum);
        return *equal ? prove(k, side, i, err) : MR_OK;
    }
    return MR_OK;
}

/* The file is proved only where its sum would be believed. */
static enum mr_code is_equal(struct known *k, size_t at, bool *equal, uint64_t *bytes,
                             struct mr_err *err)
{
    const struct mr_kept_range *range = &k->kept->ranges[at];
    struct sum sum = {0};
    enum mr_code code = MR_OK;
    *bytes = 0;
    if (k->other != NULL) {
        code = is_known_equal(k, range, equal, err);
    } else {
        code = sum_up(k, range->range, range->rows, &sum, err);
        *equal = code == MR_OK && same_sum(range->rows, range->sum, sum.rows, sum.digests);
        *bytes = sum.bytes;
    }
    return code == MR_OK && *equal ? prove(k, k->side, at, err) : code;
}

/* ---- a segment, range by range ---- */

/* As the scan records it, so that --resume goes on behind a range that was not read. */
static enum mr_code record(struct known *k, struct mr_scan_task *task,
                           const struct mr_kept_range *range, uint64_t bytes, bool last,
                           struct mr_err *err)
{
    struct mr_check_run *check = k->worker->check;
    const struct mr_find_chunk done = {.table = k->table->find.id,
                                       .segment = task->segment,
                                       .no = task->next_chunk++,
                                       .hi = range->range.hi,
                                       .last = last,
                                       .source_rows = range->rows,
                                       .target_rows = range->rows,
                                       .bytes = bytes,
                                       .equal = range->rows};
    mr_progress_add(check->progress, 2 * range->rows, bytes);
    mr_progress_add_done(check->progress, 2 * range->rows);
    return mr_findings_chunk_done(check->fd, &done, NULL, 0, err);
}

/* The ordinary way, from where the task stands up to hi. */
static enum mr_code scan_up_to(struct known *k, struct mr_scan_task *task, struct mr_key hi,
                               bool last, struct mr_err *err)
{
    struct mr_scan_task part = *task;
    part.hi = hi;
    part.more = !last;
    enum mr_code code = mr_check_scan(k->worker, &part, err);
    task->next_chunk = part.next_chunk;
    return code;
}

/* The first of the ranges that the task is made of; as many as there are, where it is not made of
 * whole ones: where it goes on within one, or somebody else has cut the table (check_scope.h). */
static size_t first_range(const struct mr_kept *kept, const struct mr_scan_task *task)
{
    size_t first = 0;
    while (first < kept->nranges && !same_key(kept->ranges[first].range.lo, task->lo))
        first++;
    for (size_t at = first; at < kept->nranges; at++)
        if (same_key(kept->ranges[at].range.hi, task->hi))
            return first;
    return kept->nranges;
}

/* Tables that differ everywhere would be read twice: after a few misses only the scan is left. */
static enum mr_code walk(struct known *k, struct mr_scan_task *task, struct mr_err *err)
{
    unsigned misses = 0;
    size_t at = first_range(k->kept, task);
    enum mr_code code = MR_OK;
    for (; code == MR_OK && at < k->kept->nranges && misses < MISSES; at++) {
        const struct mr_kept_range *range = &k->kept->ranges[at];
        bool last = same_key(range->range.hi, task->hi), equal = false;
        uint64_t bytes = 0;
        code = is_equal(k, at, &equal, &bytes, err);
        if (code == MR_OK && equal)
            code = record(k, task, range, bytes, last, err);
        else if (code == MR_OK)
            code = scan_up_to(k, task, range->range.hi, last, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (last || atomic_load(&k->table->failed))
            return code;
        misses = equal ? 0 : misses + 1;
        task->lo = range->range.hi;
    }
    return code == MR_OK ? scan_up_to(k, task, task->hi, true, err) : code;
}

/* What only this table suffers from makes it not-checked; the run goes on. */
enum mr_code mr_check_known_scan(struct mr_check_worker *worker, struct mr_scan_task *task,
                                 struct mr_err *err)
{
    struct known k;
    enum mr_side side;
    if (!mr_check_known_is_possible(worker->check, task->table, &side))
        return mr_check_scan(worker, task, err);
    known_init(&k, worker, task->table, side);
    enum mr_code code =
        k.spec.nkey > 0 || k.other != NULL ? walk(&k, task, err) : mr_check_scan(worker, task, err);
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        mr_check_give_up(worker->check, task->table, err);
        code = MR_OK;
    }
    return code;
}

/* ---- a table as a whole ---- */

/* No half result: without an order nothing tells which rows differ, so it is all or none. */
enum mr_code mr_check_known_whole(struct mr_check_worker *worker, struct mr_pair *table,
                                  bool *equal, struct mr_err *err)
{
    const struct mr_range open = {{NULL, 0}, {NULL, 0}};
    struct mr_check_run *check = worker->check;
    struct known k;
    struct sum sum = {0};
    enum mr_side side;
    enum mr_code code = MR_OK;
    *equal = false;
    if (!mr_check_known_is_possible(check, table, &side))
        return MR_OK;
    known_init(&k, worker, table, side);
    if (k.other != NULL) {
        *equal = same_sum(k.kept->rows, k.kept->sum, k.other->rows, k.other->sum);
        if (*equal)
            code = prove_all(&k, mr_other_side(side), k.other, err);
    } else {
        code = sum_up(&k, open, k.kept->rows, &sum, err);
        *equal = code == MR_OK && same_sum(k.kept->rows, k.kept->sum, sum.rows, sum.digests);
    }
    if (code == MR_OK && *equal)
        code = prove_all(&k, side, k.kept, err);
    if (code != MR_OK || !*equal)
        return code;
    table->find.counts.source_rows = table->find.counts.target_rows = k.kept->rows;
    table->find.counts.bytes = sum.bytes;
    mr_progress_add(check->progress, 2 * k.kept->rows, sum.bytes);
    mr_progress_add_done(check->progress, 2 * k.kept->rows);
    return mr_findings_table_clear(check->fd, table->find.id, err);
}
