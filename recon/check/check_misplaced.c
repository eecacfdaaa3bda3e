/* check_misplaced.c: see check_misplaced.h. */
#include "recon/check/check_misplaced.h"

#include <stdlib.h>

#include "core/base/signals.h"
#include "recon/check/check_keys.h"

#define LOOKS 3 /* a row that goes or comes is met by one scan and not by the key */
#define SCAN_TRIES 4

/* A settled finding. */
struct settled {
    struct mr_finding *finding;
    size_t met; /* times that a scan of a side met its key */
};

/* Those of one chunk, on one side, by key. */
struct look {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    struct mr_reader *reader;
    struct mr_rowhash *hash;
    struct settled *by_key;
    size_t count;
    struct mr_strbuf key; /* of the row at hand */
};

static int compare_places(const void *a, const void *b)
{
    const struct mr_finding *x = ((const struct settled *)a)->finding;
    const struct mr_finding *y = ((const struct settled *)b)->finding;
    if (x->segment != y->segment)
        return x->segment < y->segment ? -1 : 1;
    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    return mr_key_compare(x->key, y->key);
}

static int compare_to_key(const void *key, const void *item)
{
    const struct settled *row = item;
    return mr_key_compare(*(const struct mr_key *)key, row->finding->key);
}

static enum mr_code meet_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct look *look = ctx;
    mr_strbuf_reset(&look->key);
    MR_TRY(mr_rowhash_key(look->hash, values, &look->key, err));
    const struct mr_key key = {look->key.ptr, look->key.len};
    struct settled *met =
        bsearch(&key, look->by_key, look->count, sizeof *look->by_key, compare_to_key);
    if (met != NULL)
        met->met++;
    return MR_OK;
}

static enum mr_code scan_range(struct look *look, struct mr_range range, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < SCAN_TRIES; attempt++) {
        for (size_t i = 0; i < look->count; i++)
            look->by_key[i].met = 0;
        code = mr_reader_scan(look->reader, look->hash->spec, range, 0, meet_row, look, err);
        if (code != MR_E_LOST || mr_is_cancelled())
            break;
    }
    return code;
}

static enum mr_code scan_chunk(struct look *look, struct mr_err *err)
{
    const struct mr_finding *first = look->by_key[0].finding;
    const struct mr_check_run *check = look->worker->check;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_range range;
    enum mr_code code = mr_findings_chunk_range(check->fd, look->table->find.id, first->segment,
                                                first->chunk, &arena, &range, err);
    if (code == MR_OK)
        code = mr_throttle_wait(check->throttle, err);
    if (code == MR_OK)
        code = scan_range(look, range, err);
    mr_arena_release(&arena);
    return code;
}

/* A key finds one row at most; a scan meets one in each partition.  Those of which the key
 * has found what was met are done with. */
static enum mr_code compare_to_found(struct look *look, struct mr_err *err)
{
    struct mr_rowset found;
    struct mr_key *keys = calloc(look->count, sizeof *keys);
    size_t kept = 0;
    if (keys == NULL)
        return mr_err_nomem(err, "confirming rows");
    for (size_t i = 0; i < look->count; i++)
        keys[i] = look->by_key[i].finding->key;
    mr_rowset_init(&found);
    enum mr_code code =
        mr_rowset_fetch_again(&found, look->reader, look->hash, keys, look->count, 0, err);
    for (size_t i = 0; code == MR_OK && i < look->count; i++) {
        const size_t by_key = mr_rowset_find(&found, keys[i]) != NULL;
        if (look->by_key[i].met > by_key)
            look->by_key[kept++] = look->by_key[i];
    }
    mr_rowset_release(&found);
    free(keys);
    if (code == MR_OK)
        look->count = kept;
    return code;
}

/* What each look meets and does not find. */
static enum mr_code look_at_chunk(struct look *look, struct mr_err *err)
{
    for (int i = 0; look->count > 0 && i < LOOKS; i++) {
        MR_TRY(scan_chunk(look, err));
        MR_TRY(compare_to_found(look, err));
    }
    for (size_t i = 0; i < look->count; i++) {
        look->by_key[i].finding->state = MR_FIND_UNSETTLED;
        atomic_store(&look->table->misplaced, true);
    }
    return MR_OK;
}

static bool is_same_chunk(const struct mr_finding *a, const struct mr_finding *b)
{
    return a->segment == b->segment && a->chunk == b->chunk;
}

/* settled: by chunk, then by key. */
static enum mr_code look_on(struct look look, struct settled *settled, size_t count,
                            struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0, end; code == MR_OK && i < count; i = end) {
        for (end = i + 1; end < count && is_same_chunk(settled[end].finding, settled[i].finding);)
            end++;
        look.by_key = &settled[i];
        look.count = end - i;
        look.key = (struct mr_strbuf)MR_STRBUF_INIT;
        code = look_at_chunk(&look, err);
        mr_strbuf_release(&look.key);
    }
    return code;
}

static bool is_possible(const struct mr_check_worker *worker, const struct mr_pair *table,
                        enum mr_side side)
{
    return table->side[side]->partitioned && mr_side_is_server(&worker->check->pairing.side[side]);
}

/* Each side by itself: a row may be where it belongs here and not there. */
enum mr_code mr_misplaced_find(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_rowhash hash[MR_SIDES], struct mr_finding *findings,
                               size_t count, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (!is_possible(worker, table, MR_SOURCE) && !is_possible(worker, table, MR_TARGET))
        return MR_OK;
    struct settled *settled = calloc(count + 1, sizeof *settled);
    if (settled == NULL)
        return mr_err_nomem(err, "confirming rows");
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        size_t n = 0;
        if (!is_possible(worker, table, (enum mr_side)side))
            continue;
        for (size_t i = 0; i < count; i++)
            /* no scan has met what was looked up by its key */
            if (findings[i].state == MR_FIND_SETTLED &&
                findings[i].segment < (int64_t)MR_KEYS_SEGMENT)
                settled[n++] = (struct settled){.finding = &findings[i]};
        qsort(settled, n, sizeof *settled, compare_places);
        code = look_on((struct look){.worker = worker,
                                     .table = table,
                                     .reader = worker->reader[side],
                                     .hash = &hash[side]},
                       settled, n, err);
    }
    free(settled);
    return code;
}
