/* check_keys.c: see check_keys.h. */
#include "recon/check/check_keys.h"

#include "core/base/signals.h"
#include "core/pair/rowset.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_wait.h"

/* As check_confirm.c has it: below the length from which MariaDB makes a table of a list. */
#define BATCH_KEYS 900
/* Behind all rows of a table: what has no chunk is no neighbour of what has one. */
#define LATE_EQUAL ((uint64_t)1 << 62)

struct looking {
    struct mr_check_worker *worker;
    const struct mr_keys_task *task;
    struct mr_rowhash hash[MR_SIDES];
    struct mr_rowset rows[MR_SIDES];
    struct mr_vec keys;     /* struct mr_key of the batch */
    struct mr_vec suspects; /* struct mr_find_suspect */
    int64_t no;             /* of the next chunk */
};

static enum mr_code add_suspect(struct looking *l, struct mr_key key, size_t at, struct mr_err *err)
{
    struct mr_find_suspect *suspect = mr_vec_push(&l->suspects);
    if (suspect == NULL)
        return mr_err_nomem(err, "comparing rows");
    /* as if an equal row stood before each: none is told as the next one of another */
    *suspect = (struct mr_find_suspect){.key = key, .pos = at, .equal = at + 1};
    return MR_OK;
}

/* Does any batch ask for exactly that key?  Then it is that one's, also where others find it. */
static bool is_asked(const struct looking *l, struct mr_key key)
{
    size_t at;
    return mr_key_set_find(l->task->keys, key, &at);
}

/* Rows that a collation has found under other letters: 'A' where 'a' was asked for. */
static enum mr_code compare_others(struct looking *l, size_t at, uint64_t *equal,
                                   struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_rowset *own = &l->rows[side], *other = &l->rows[!side];
        for (size_t i = 0; i < own->rows.count; i++) {
            const struct mr_key key = mr_rowset_key(own, mr_rowset_at(own, i));
            const struct mr_rowset_group a = mr_rowset_group(own, key),
                                         b = mr_rowset_group(other, key);
            if (is_asked(l, key) || (side == MR_TARGET && b.rows > 0))
                continue;
            if (!mr_rowset_group_is_same(a, b))
                MR_TRY(add_suspect(l, key, at, err));
            else
                *equal += 1;
        }
    }
    return MR_OK;
}

/* Both are sorted by key.  Rows under one key that is no unique one stand in no order: all of them
 * have to be there. */
static enum mr_code compare(struct looking *l, size_t from, uint64_t *equal, struct mr_err *err)
{
    const struct mr_rowset *s = &l->rows[MR_SOURCE], *t = &l->rows[MR_TARGET];
    *equal = 0;
    for (size_t i = 0; i < l->keys.count; i++) {
        const struct mr_key key = *(struct mr_key *)mr_vec_at(&l->keys, i);
        const struct mr_rowset_group a = mr_rowset_group(s, key), b = mr_rowset_group(t, key);
        if (!mr_rowset_group_is_same(a, b))
            MR_TRY(add_suspect(l, key, from + i, err));
        else
            *equal += a.rows;
    }
    return compare_others(l, from + l->keys.count, equal, err);
}

static bool is_late(const struct looking *l)
{
    return l->task->segment >= MR_KEYS_LATE;
}

/* What a range of this run has met keeps its place there. */
static enum mr_code add_unmet(struct looking *l, struct mr_err *err)
{
    for (size_t i = 0; i < l->suspects.count; i++) {
        const struct mr_find_suspect *s = mr_vec_at(&l->suspects, i);
        const struct mr_finding f = {.segment = (int64_t)(MR_KEYS_SEGMENT + l->task->segment),
                                     .chunk = l->no,
                                     .pos = s->pos,
                                     .equal = is_late(l) ? LATE_EQUAL + s->equal : s->equal,
                                     .state = MR_FIND_SUSPECT,
                                     .key = s->key,
                                     .count = 1};
        MR_TRY(mr_findings_add_unknown(l->worker->check->fd, l->task->table->find.id, &f, err));
    }
    return MR_OK;
}

static enum mr_code record(struct looking *l, uint64_t equal, bool last, struct mr_err *err)
{
    struct mr_check_run *check = l->worker->check;
    const struct mr_rowset *s = &l->rows[MR_SOURCE], *t = &l->rows[MR_TARGET];
    const struct mr_key *hi = mr_vec_at(&l->keys, l->keys.count - 1);
    const struct mr_find_chunk done = {.table = l->task->table->find.id,
                                       .segment = MR_KEYS_SEGMENT + l->task->segment,
                                       .no = l->no,
                                       .hi = *hi,
                                       .last = last,
                                       .source_rows = s->rows.count,
                                       .target_rows = t->rows.count,
                                       .bytes = s->value_bytes + t->value_bytes,
                                       .equal = equal};
    const bool dedupes = l->task->has_ranges;
    mr_progress_add(check->progress, s->rows.count + t->rows.count, done.bytes);
    if (!is_late(l))
        MR_TRY(mr_findings_chunk_done(check->fd, &done, l->suspects.items,
                                      dedupes ? 0 : l->suspects.count, err));
    if (dedupes)
        MR_TRY(add_unmet(l, err));
    l->no++;
    return MR_OK;
}

static enum mr_code read_side(struct looking *l, enum mr_side side, struct mr_err *err)
{
    MR_TRY(mr_check_wait(l->worker, side, err));
    return mr_rowset_fetch_again(&l->rows[side], l->worker->reader[side], &l->hash[side],
                                 l->keys.items, l->keys.count, 0, err);
}

static enum mr_code look(struct looking *l, struct mr_err *err)
{
    const struct mr_keys_task *task = l->task;
    const size_t end = task->from + task->count;
    for (size_t from = task->from, n; from < end; from += n) {
        uint64_t equal;
        n = end - from < BATCH_KEYS ? end - from : BATCH_KEYS;
        mr_vec_clear(&l->keys);
        mr_vec_clear(&l->suspects);
        for (size_t i = 0; i < n; i++) {
            struct mr_key *key = mr_vec_push(&l->keys);
            if (key == NULL)
                return mr_err_nomem(err, "comparing rows");
            *key = mr_key_set_at(task->keys, from + i);
        }
        /* one task asks the one server while another asks the other */
        const enum mr_side first = (task->segment + (size_t)l->no) % 2 == 0 ? MR_SOURCE : MR_TARGET;
        MR_TRY(read_side(l, first, err));
        MR_TRY(read_side(l, mr_other_side(first), err));
        MR_TRY(compare(l, from, &equal, err));
        MR_TRY(record(l, equal, from + n == end, err));
        mr_check_marks_look(l->worker->check, task->table);
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
    }
    return MR_OK;
}

enum mr_code mr_check_keys(struct mr_check_worker *worker, const struct mr_keys_task *task,
                           struct mr_err *err)
{
    struct looking l = {.worker = worker,
                        .task = task,
                        .keys = MR_VEC_INIT(struct mr_key),
                        .suspects = MR_VEC_INIT(struct mr_find_suspect)};
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_rowset_init(&l.rows[side]);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY_OUT(mr_rowhash_init(&l.hash[side], task->table, &task->table->scan[side], err));
    MR_TRY_OUT(look(&l, err));
out:
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_rowset_release(&l.rows[side]);
        mr_rowhash_release(&l.hash[side]);
    }
    mr_vec_release(&l.keys);
    mr_vec_release(&l.suspects);
    if (code == MR_OK || mr_check_is_fatal(code))
        return code;
    mr_check_give_up(worker->check, task->table, err);
    return MR_OK;
}
