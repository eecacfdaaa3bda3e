/* check_narrow.c: see check_narrow.h. */
#include "recon/check/check_narrow.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/source/abreast.h"

#define PARTS 32
#define JOIN_BYTES_S (512.0 * 1024) /* of a line of which nothing is known but how long it is */
#define LEAST_BYTES (128.0 * 1024)  /* fewer are read as soon as their parts are asked for */

void mr_narrow_init(struct mr_narrow *narrow)
{
    *narrow =
        (struct mr_narrow){.arena = MR_ARENA_INIT, .stretches = MR_VEC_INIT(struct mr_stretch)};
}

void mr_narrow_release(struct mr_narrow *narrow)
{
    mr_vec_release(&narrow->stretches);
    mr_arena_release(&narrow->arena);
}

bool mr_range_digest_same(const struct mr_range_digest *a, const struct mr_range_digest *b)
{
    return a->exact && b->exact && a->rows == b->rows && strcmp(a->words[0], b->words[0]) == 0 &&
           strcmp(a->words[1], b->words[1]) == 0;
}

/* What one side is asked. */
struct question {
    struct mr_reader *reader;
    const struct mr_readspec *spec;
    struct mr_range range;
    const struct mr_vec *cuts; /* struct mr_key */
    struct mr_range_digest digests[MR_CUTS_MAX + 1];
};

static enum mr_code ask(void *ctx, struct mr_err *err)
{
    struct question *q = ctx;
    return mr_reader_digest_parts(q->reader, q->spec, q->range, q->cuts->items, q->cuts->count,
                                  q->digests, err);
}

/* Part by part; neighbours of one kind are one stretch. */
static enum mr_code add_parts(struct mr_narrow *narrow, const struct question *a,
                              const struct question *b, struct mr_err *err)
{
    struct mr_stretch *last = NULL;
    narrow->parts = a->cuts->count + 1;
    for (size_t i = 0; i < narrow->parts; i++) {
        const bool differs = !mr_range_digest_same(&a->digests[i], &b->digests[i]);
        narrow->differing += differs;
        if (last == NULL || last->differs != differs) {
            last = mr_vec_push(&narrow->stretches);
            if (last == NULL)
                return mr_err_nomem(err, "comparing a chunk");
            *last = (struct mr_stretch){.differs = differs};
        }
        last->rows += differs ? 0 : a->digests[i].rows;
        last->hi = i < a->cuts->count ? *(const struct mr_key *)mr_vec_at(a->cuts, i) : a->range.hi;
    }
    return MR_OK;
}

void mr_narrow_join(struct mr_narrow *narrow, uint64_t rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < narrow->stretches.count; i++) {
        const struct mr_stretch *next = mr_vec_at(&narrow->stretches, i);
        struct mr_stretch *gap = kept > 1 ? mr_vec_at(&narrow->stretches, kept - 1) : NULL;
        if (gap == NULL || gap->differs || gap->rows > rows) {
            *(struct mr_stretch *)mr_vec_at(&narrow->stretches, kept++) = *next;
            continue;
        }
        struct mr_stretch *first = mr_vec_at(&narrow->stretches, kept - 2);
        first->hi = next->hi;
        first->rows += gap->rows + next->rows;
        kept--;
    }
    narrow->stretches.count = kept;
}

static enum mr_code find_parts(struct mr_check_worker *worker, const struct mr_pair *table,
                               struct mr_reader *again, struct mr_range range, uint64_t rows,
                               struct mr_narrow *narrow, struct mr_err *err)
{
    struct mr_vec cuts = MR_VEC_INIT(struct mr_key);
    struct question source = {
        .reader = again, .spec = &table->scan[MR_SOURCE], .range = range, .cuts = &cuts};
    struct question target = {.reader = worker->reader[MR_TARGET],
                              .spec = &table->scan[MR_TARGET],
                              .range = range,
                              .cuts = &cuts};
    enum mr_code code = MR_OK;
    const double begun_s = mr_clock_now_s();
    MR_TRY_OUT(mr_reader_cuts(again, source.spec, range, rows / PARTS + 1, PARTS - 1,
                              &narrow->arena, &cuts, err));
    if (cuts.count == 0)
        goto out;
    /* One more stretch takes as long: its rows come by such a statement, too. */
    const double a_stretch_s = mr_clock_now_s() - begun_s;
    MR_TRY_OUT(mr_abreast(ask, &target, ask, &source, NULL, err));
    MR_TRY_OUT(add_parts(narrow, &source, &target, err));
    mr_narrow_join(narrow, (uint64_t)(a_stretch_s * JOIN_BYTES_S /
                                      ((double)table->side[MR_SOURCE]->avg_row_bytes + 1)));
out:
    mr_vec_release(&cuts);
    return code;
}

enum mr_code mr_check_narrow(struct mr_check_worker *worker, const struct mr_pair *table,
                             struct mr_reader *again, struct mr_range range, uint64_t rows,
                             struct mr_narrow *narrow, struct mr_err *err)
{
    struct mr_err why = {0};
    mr_arena_reset(&narrow->arena);
    mr_vec_clear(&narrow->stretches);
    narrow->parts = narrow->differing = 0;
    if (rows < 2 || (double)rows * (double)table->side[MR_SOURCE]->avg_row_bytes < LEAST_BYTES)
        return MR_OK;
    enum mr_code code = find_parts(worker, table, again, range, rows, narrow, &why);
    if (code == MR_OK)
        return MR_OK;
    mr_vec_clear(&narrow->stretches);
    if (!mr_check_is_fatal(code)) {
        mr_log_detail("table \"%s\": %s; reading the whole chunk", table->find.name, why.message);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}
