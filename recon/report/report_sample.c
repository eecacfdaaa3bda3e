/* report_sample.c: see report_sample.h. */
#include "recon/report/report_sample.h"

#include <string.h>

#include "core/base/signals.h"

/* Each kind gets an equal share at first: thousands of missing rows must not push the one collision
 * out of sight. */
void mr_sample_quota_init(struct mr_sample_quota *quota, const struct mr_find_counts *counts,
                          uint64_t max_rows)
{
    const uint64_t rows[MR_KIND_COLLISION + 1] = {[MR_KIND_MISSING] = counts->missing,
                                                  [MR_KIND_EXTRA] = counts->extra,
                                                  [MR_KIND_CHANGED] = counts->changed,
                                                  [MR_KIND_COLLISION] = counts->collision};
    uint64_t kinds = 0, rest = max_rows;
    memset(quota, 0, sizeof *quota);
    for (int kind = MR_KIND_MISSING; kind <= MR_KIND_COLLISION; kind++)
        kinds += rows[kind] > 0;
    for (int kind = MR_KIND_MISSING; kind <= MR_KIND_COLLISION; kind++) {
        uint64_t share = kinds > 0 ? max_rows / kinds : 0;
        quota->left[kind] = rows[kind] < share ? rows[kind] : share;
        rest -= quota->left[kind];
    }
    /* what one kind does not need, the gravest of the others get */
    for (int kind = MR_KIND_COLLISION; kind >= MR_KIND_MISSING; kind--) {
        uint64_t more = rows[kind] - quota->left[kind];
        more = more < rest ? more : rest;
        quota->left[kind] += more;
        rest -= more;
    }
}

bool mr_sample_take(struct mr_sample_quota *quota, enum mr_find_kind kind)
{
    if (kind == MR_KIND_UNDECIDED || quota->left[kind] == 0)
        return false;
    quota->left[kind]--;
    return true;
}

size_t mr_sample_columns(const struct mr_find_table *table, size_t columns[MR_SAMPLE_COLUMNS])
{
    size_t count = 0;
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < table->ncolumns && count < MR_SAMPLE_COLUMNS; i++) {
            bool of_identity = table->columns[i].identity_at >= 0;
            if (table->columns[i].key_at < 0 && of_identity == (others == 0))
                columns[count++] = i;
        }
    return count;
}

/* Where a table has a key, its counts tell beforehand how many rows there are of each kind; without
 * one they are counted on the walk. */
void mr_samples_init(struct mr_samples *samples, const struct mr_report *report,
                     struct mr_report_columns columns)
{
    const struct mr_find_counts *c = &columns.table->counts;
    *samples = (struct mr_samples){.report = report, .columns = columns};
    mr_sample_quota_init(&samples->quota, c, report->max_rows);
    mr_image_init(&samples->images[0]);
    mr_image_init(&samples->images[1]);
    if (columns.table->keyless)
        return; /* its counts are of rows, its findings of different rows */
    samples->all[MR_KIND_MISSING] = c->missing;
    samples->all[MR_KIND_EXTRA] = c->extra;
    samples->all[MR_KIND_CHANGED] = c->changed;
    samples->all[MR_KIND_COLLISION] = c->collision;
}

void mr_samples_release(struct mr_samples *samples)
{
    mr_image_release(&samples->images[0]);
    mr_image_release(&samples->images[1]);
}

bool mr_samples_is_pair(const struct mr_samples *samples)
{
    return mr_image_is_row(&samples->images[0]) && mr_image_is_row(&samples->images[1]);
}

const struct mr_image *mr_samples_either(const struct mr_samples *samples)
{
    return &samples->images[mr_image_is_row(&samples->images[0]) ? 0 : 1];
}

static enum mr_code open_images(struct mr_samples *s, const struct mr_finding *source,
                                const struct mr_finding *target, struct mr_err *err)
{
    enum mr_code code = mr_image_open(&s->images[0], source->source, source->source_len, err);
    return code == MR_OK ? mr_image_open(&s->images[1], target->target, target->target_len, err)
                         : code;
}

static enum mr_code see_row(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_samples *s = ctx;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    s->all[f->kind] += s->columns.table->keyless;
    if (!mr_sample_take(&s->quota, f->kind))
        return MR_OK;
    MR_TRY(open_images(s, f, f, err));
    return s->fns->row(s->ctx, f->kind, f->count, err);
}

static enum mr_code see_moved(void *ctx, const struct mr_finding *source,
                              const struct mr_finding *target, struct mr_err *err)
{
    struct mr_samples *s = ctx;
    if (++s->all_moved > s->report->max_rows)
        return MR_OK;
    MR_TRY(open_images(s, source, target, err));
    return s->fns->moved(s->ctx, err);
}

static enum mr_code see_duplicate(void *ctx, const struct mr_find_duplicate *d, bool first,
                                  struct mr_err *err)
{
    struct mr_samples *s = ctx;
    s->all_duplicates += first;
    if (s->all_duplicates > s->report->max_rows)
        return MR_OK;
    MR_TRY(mr_image_open(&s->images[0], d->image, d->image_len, err));
    return s->fns->duplicate(s->ctx, d, first, err);
}

enum mr_code mr_samples_walk(struct mr_samples *samples, const struct mr_sample_fns *fns, void *ctx,
                             struct mr_err *err)
{
    struct mr_findings *fd = samples->report->result->fd;
    const int64_t id = samples->columns.table->id;
    samples->fns = fns;
    samples->ctx = ctx;
    MR_TRY(mr_findings_walk(fd, id, false, see_row, samples, err));
    MR_TRY(mr_findings_walk_moved(fd, id, see_moved, samples, err));
    if (fns->duplicate != NULL)
        MR_TRY(mr_findings_walk_duplicates(fd, id, see_duplicate, samples, err));
    return MR_OK;
}
