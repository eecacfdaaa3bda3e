/* check_duplicates.c: see check_duplicates.h. */
#include "recon/check/check_duplicates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowhash.h"
#include "core/source/abreast.h"
#include "recon/check/check_twins.h"
#include "recon/check/check_wait.h"

#define BATCH 3600 /* four statements' worth */
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
/* What is kept of the rows of one statement's identities: where they have more, they are
 * asked for again in two halves, down to one, of which the rest is not listed. */
#define MAX_ROWS 40000
#define MAX_BYTES (2 * BATCH_BYTES)
#define CROWDED_KEPT 64
#define SMALL_TABLE 200000 /* may be read whole for a batch */

/* A row that has one of the identities asked for. */
struct row {
    size_t image_at, image_len;
    const void *canon;
    size_t canon_len;
};

struct search {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    enum mr_side side;
    uint64_t differ;         /* findings of the table */
    struct mr_readspec spec; /* of the side, keyed by the identity */
    struct mr_rowhash hash;
    struct mr_check_twins twins;
    struct mr_vec keys; /* struct mr_key: the batch's identities; in `asked` */
    struct mr_arena asked;
    struct mr_strbuf images;
    struct mr_vec rows;    /* struct row */
    struct mr_arena arena; /* of the rows */
    bool full;             /* there were more rows than are kept */
    struct mr_vec crowded; /* struct mr_key: identities that alone have more; in `names` */
    struct mr_arena names;
};

static bool has_part(const struct mr_index *index, const char *column)
{
    for (size_t i = 0; i < index->nparts; i++)
        if (index->parts[i].column != NULL && index->parts[i].prefix_len == 0 &&
            strcasecmp(index->parts[i].column, column) == 0)
            return true;
    return false;
}

/* Does a UNIQUE index over some of the identity's columns rule duplicates out? */
static bool is_unique(const struct mr_pair *table, enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    for (size_t i = 0; i < t->nindexes; i++) {
        const struct mr_index *index = &t->indexes[i];
        size_t covered = 0;
        for (size_t k = 0; k < table->nidentity; k++)
            covered += has_part(index, table->full[side].cols[table->identity[k]].name);
        if (index->unique && index->nparts > 0 && covered == index->nparts)
            return true;
    }
    return false;
}

/* A big table is searched by an index or not at all; a cast (another expression) uses none. */
static bool is_findable(const struct mr_pair *table, enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    const struct mr_readspec *full = &table->full[side];
    for (size_t i = 0; i < table->nidentity; i++)
        if (full->cols[table->identity[i]].expr != MR_EXPR_COLUMN)
            return false;
    if (t->est_rows <= SMALL_TABLE)
        return true;
    const char *first = full->cols[table->identity[0]].name;
    for (size_t i = 0; i < t->nindexes; i++)
        if (t->indexes[i].usable && t->indexes[i].parts[0].column != NULL &&
            strcasecmp(t->indexes[i].parts[0].column, first) == 0)
            return true;
    return false;
}

static enum mr_code keep_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct search *s = ctx;
    /* two of one identity are a finding, however wide they are */
    if (s->rows.count >= 2 && (s->rows.count >= MAX_ROWS || s->images.len >= MAX_BYTES)) {
        s->full = true;
        return MR_OK;
    }
    struct row *row = mr_vec_push(&s->rows);
    if (row == NULL)
        return mr_err_nomem(err, "looking for duplicates");
    row->image_at = s->images.len;
    enum mr_code code = mr_rowhash_image(&s->hash, values, &s->images, err);
    row->image_len = s->images.len - row->image_at;
    return code;
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    size_t n = x->canon_len < y->canon_len ? x->canon_len : y->canon_len;
    int order = n > 0 ? memcmp(x->canon, y->canon, n) : 0;
    if (order != 0)
        return order;
    return x->canon_len < y->canon_len ? -1 : x->canon_len > y->canon_len;
}

/* The identities of the rows found, in the arena. */
static enum mr_code identities(struct search *s, struct mr_vec *items, struct mr_err *err)
{
    struct mr_strbuf id = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->rows.count; i++) {
        const struct row *row = mr_vec_at(&s->rows, i);
        struct mr_canon_item *item = mr_vec_push(items);
        bool null = false;
        code = mr_pair_identity_of(s->table, s->images.ptr + row->image_at, row->image_len, &id,
                                   &null, err);
        const void *copy = mr_arena_dup(&s->arena, id.ptr, id.len);
        if (code == MR_OK && (item == NULL || copy == NULL))
            code = mr_err_nomem(err, "looking for duplicates");
        if (code == MR_OK) {
            item->in = copy;
            item->in_len = id.len;
        }
    }
    mr_strbuf_release(&id);
    return code;
}

static void sort_by(struct search *s, const struct mr_vec *items)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_canon_item *item = mr_vec_at(items, i);
        struct row *row = mr_vec_at(&s->rows, i);
        row->canon = item->out;
        row->canon_len = item->out != NULL ? item->out_len : 0;
    }
    qsort(s->rows.items, s->rows.count, sizeof(struct row), compare_rows);
}

/* Rows are sorted: who has no neighbour of the same identity is nobody's twin. */
static void keep_twins(struct search *s)
{
    struct row *rows = s->rows.items;
    size_t kept = 0;
    bool as_last = false;
    for (size_t i = 0; i < s->rows.count; i++) {
        const bool as_next = i + 1 < s->rows.count && compare_rows(&rows[i], &rows[i + 1]) == 0;
        if (rows[i].canon != NULL && (as_last || as_next))
            rows[kept++] = rows[i];
        as_last = as_next;
    }
    s->rows.count = kept;
}

/* Canonical identities of the rows found; rows are then sorted by them.  The server is asked for those alone
 * that can have a twin: mostly there are none, and it would be the half of all that is asked here. */
static enum mr_code canonise(struct search *s, struct mr_err *err)
{
    struct mr_vec items = MR_VEC_INIT(struct mr_canon_item);
    const struct mr_pair *table = s->table;
    bool exact = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(identities(s, &items, err));
    MR_TRY_OUT(mr_pair_canonise_plain(table, table->identity, table->nidentity, &items, &s->arena,
                                      &exact, err));
    if (exact) {
        sort_by(s, &items);
        keep_twins(s);
        mr_vec_clear(&items);
        MR_TRY_OUT(identities(s, &items, err));
    }
    MR_TRY_OUT(mr_pair_canonise(table, table->identity, table->nidentity,
                                mr_pair_judge(s->worker->reader), &items, &s->arena, err));
    sort_by(s, &items);
out:
    mr_vec_release(&items);
    return code;
}

/* Of an image: from where to where its n-th value goes. */
static bool span_of(const char *image, size_t len, size_t n, size_t *from, size_t *to)
{
    *to = 0;
    for (size_t i = 0; i <= n; i++) {
        *from = *to;
        if (mr_row_skip(image, len, to, NULL) != MR_OK)
            return false;
    }
    return true;
}

/* Do two rows stand under one key?  Only where the side is many servers, whose places are told of by
 * check_doubled. */
static bool is_one_key(const struct search *s, const struct row *a, const struct row *b)
{
    const struct mr_readspec *spec = &s->table->full[s->side];
    const char *x = s->images.ptr + a->image_at, *y = s->images.ptr + b->image_at;
    for (size_t k = 0; k < spec->nkey; k++) {
        size_t from, to, start, end;
        if (!span_of(x, a->image_len, spec->key[k], &from, &to) ||
            !span_of(y, b->image_len, spec->key[k], &start, &end) || to - from != end - start ||
            memcmp(x + from, y + start, to - from) != 0)
            return false;
    }
    return spec->nkey > 0;
}

static bool is_twin(const struct search *s, const struct row *row, size_t of)
{
    const struct row *other = of < s->rows.count ? mr_vec_at(&s->rows, of) : NULL;
    return other != NULL && compare_rows(row, other) == 0 && !is_one_key(s, row, other);
}

/* Rows are sorted by identity, so twins are neighbours; a NULL is nobody and has none. */
static enum mr_code store_groups(struct search *s, struct mr_err *err)
{
    struct mr_check_run *check = s->worker->check;
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct row *row = mr_vec_at(&s->rows, i);
        bool twin = is_twin(s, row, i - 1) || is_twin(s, row, i + 1);
        if (!twin || row->canon == NULL)
            continue;
        struct mr_find_duplicate d = {.side = (int)s->side,
                                      .identity = row->canon,
                                      .identity_len = row->canon_len,
                                      .image = s->images.ptr + row->image_at,
                                      .image_len = row->image_len};
        MR_TRY(mr_findings_duplicate_add(check->fd, s->table->find.id, &d, err));
    }
    return MR_OK;
}

static bool is_crowded(const struct search *s, struct mr_key key)
{
    for (size_t i = 0; i < s->crowded.count; i++)
        if (mr_key_compare(*(const struct mr_key *)mr_vec_at(&s->crowded, i), key) == 0)
            return true;
    return false;
}

/* Of what is cut already nothing new would be told. */
static enum mr_code keep_crowded(struct search *s, struct mr_key key, struct mr_err *err)
{
    if (s->crowded.count == CROWDED_KEPT)
        return MR_OK;
    struct mr_key *kept = mr_vec_push(&s->crowded);
    const void *copy = mr_arena_dup(&s->names, key.ptr, key.len);
    if (kept == NULL || copy == NULL)
        return mr_err_nomem(err, "looking for duplicates");
    *kept = (struct mr_key){copy, key.len};
    return MR_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return mr_key_compare(*(const struct mr_key *)a, *(const struct mr_key *)b);
}

/* Each once. */
static void sort_keys(struct mr_vec *keys)
{
    struct mr_key *all = keys->items;
    size_t kept = 0;
    if (keys->count > 1)
        qsort(all, keys->count, sizeof *all, compare_keys);
    for (size_t i = 0; i < keys->count; i++)
        if (kept == 0 || compare_keys(&all[i], &all[kept - 1]) != 0)
            all[kept++] = all[i];
    keys->count = kept;
}

/* The identities of a batch of findings on this side, as keys of the spec. */
static enum mr_code collect_keys(struct search *s, const struct mr_vec *batch, struct mr_vec *keys,
                                 struct mr_err *err)
{
    struct mr_strbuf id = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < batch->count; i++) {
        const struct mr_finding *f = mr_vec_at(batch, i);
        const void *image = s->side == MR_SOURCE ? f->source : f->target;
        size_t len = s->side == MR_SOURCE ? f->source_len : f->target_len;
        bool null = true;
        if (image == NULL)
            continue;
        code = mr_pair_identity_of(s->table, image, len, &id, &null, err);
        if (code != MR_OK || null || is_crowded(s, (struct mr_key){id.ptr, id.len}))
            continue;
        struct mr_key *key = mr_vec_push(keys);
        const void *copy = mr_arena_dup(&s->asked, id.ptr, id.len);
        if (key == NULL || copy == NULL)
            code = mr_err_nomem(err, "looking for duplicates");
        else
            *key = (struct mr_key){copy, id.len};
    }
    mr_strbuf_release(&id);
    return code;
}

/* Invariant: keys[0 .. at) are looked for; the next look takes at most `step`. */
static enum mr_code search_keys(struct search *s, struct mr_err *err)
{
    const struct mr_vec *keys = &s->keys;
    const struct mr_key *all = keys->items;
    struct mr_reader *reader = s->worker->reader[s->side];
    enum mr_code code = MR_OK;
    for (size_t at = 0, step = keys->count; code == MR_OK && at < keys->count;) {
        const size_t n = step < keys->count - at ? step : keys->count - at;
        mr_arena_reset(&s->arena);
        mr_vec_clear(&s->rows);
        mr_strbuf_reset(&s->images);
        s->full = false;
        code = mr_check_twins_fetch(reader, &s->spec, &all[at], n, &s->full, keep_row, s, err);
        if (code == MR_OK && s->full && n > 1) {
            step = n / 2;
            continue;
        }
        if (code == MR_OK && s->rows.count > 1)
            code = canonise(s, err);
        if (code == MR_OK && s->rows.count > 1)
            code = store_groups(s, err);
        if (code == MR_OK && s->full)
            code = keep_crowded(s, all[at], err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        at += n;
        step = s->full ? keys->count : step;
    }
    return code;
}

static enum mr_code wait_for(void *ctx, struct mr_err *err)
{
    const struct search *s = ctx;
    return mr_check_wait(s->worker, s->side, err);
}

/* Many servers have no order of identities in common. */
static enum mr_code look_at_all(void *ctx, struct mr_err *err)
{
    struct search *s = ctx;
    if (mr_side_is_shards(&s->worker->check->pairing.side[s->side]))
        return MR_OK;
    return mr_check_twins_scan(&s->twins, s->differ, wait_for, s, err);
}

static enum mr_code sift(void *ctx, struct mr_err *err)
{
    struct search *s = ctx;
    return mr_check_twins_sift(&s->twins, &s->keys, err);
}

static enum mr_code on_sides(mr_abreast_fn *fn, struct search *const *sides, size_t count,
                             struct mr_err *err)
{
    return count > 1 ? mr_abreast(fn, sides[0], fn, sides[1], NULL, err) : fn(sides[0], err);
}

/* Where no identity of the sides has twins, the findings need not be read. */
static bool has_twins(struct search *const *sides, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!sides[i]->twins.is_known || sides[i]->twins.shared.count > 0)
            return true;
    return false;
}

/* Most identities have one row, which the sides say at once; what is left is asked for again, with
 * TARGET as the judge of both, so one side after the other. */
static enum mr_code search_batch(struct search *const *sides, size_t count,
                                 const struct mr_vec *batch, struct mr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        mr_arena_reset(&sides[i]->asked);
        mr_vec_clear(&sides[i]->keys);
        MR_TRY(collect_keys(sides[i], batch, &sides[i]->keys, err));
        sort_keys(&sides[i]->keys);
        MR_TRY(mr_check_wait(sides[i]->worker, sides[i]->side, err));
    }
    MR_TRY(count > 1 ? mr_abreast(sift, sides[0], sift, sides[1], NULL, err) : sift(sides[0], err));
    for (size_t i = 0; i < count; i++)
        MR_TRY(search_keys(sides[i], err));
    return MR_OK;
}

/* Pages go on behind the last id: what is found here adds no findings, so none is met twice. */
static enum mr_code search_pages(struct search *const *sides, size_t count, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec batch = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page page = {.table = sides[0]->table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = BATCH,
                                .max_bytes = BATCH_BYTES,
                                .with_images = true};
    enum mr_code code = on_sides(look_at_all, sides, count, err);
    while (code == MR_OK && has_twins(sides, count)) {
        mr_arena_reset(&arena);
        mr_vec_clear(&batch);
        code = mr_findings_page(sides[0]->worker->check->fd, &page, &arena, &batch, err);
        if (code != MR_OK || batch.count == 0)
            break;
        page.after_id = ((struct mr_finding *)mr_vec_at(&batch, batch.count - 1))->id;
        code = search_batch(sides, count, &batch, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_vec_release(&batch);
    mr_arena_release(&arena);
    return code;
}

/* The notes of all tables are in one arena. */
static enum mr_code add_note(struct mr_check_worker *worker, struct mr_pair *table,
                             enum mr_side side, const char *what, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&note, "duplicates on the %s: %s", mr_side_name(side), what);
    enum mr_code code = mr_strbuf_check(&note, "describing a table", err);
    pthread_mutex_lock(&worker->check->lock);
    if (code == MR_OK)
        code = mr_pair_add_note(table, note.ptr, err);
    pthread_mutex_unlock(&worker->check->lock);
    mr_strbuf_release(&note);
    return code;
}

/* The identity stands in for the key; the index is left to the server, which may have several. */
static enum mr_code open_search(struct search *s, struct mr_check_worker *worker,
                                struct mr_pair *table, enum mr_side side, struct mr_err *err)
{
    *s = (struct search){.worker = worker,
                         .table = table,
                         .side = side,
                         .spec = table->full[side],
                         .keys = MR_VEC_INIT(struct mr_key),
                         .asked = MR_ARENA_INIT,
                         .images = MR_STRBUF_INIT,
                         .rows = MR_VEC_INIT(struct row),
                         .arena = MR_ARENA_INIT,
                         .crowded = MR_VEC_INIT(struct mr_key),
                         .names = MR_ARENA_INIT};
    s->spec.key = table->identity;
    s->spec.nkey = table->nidentity;
    s->spec.index = NULL;
    MR_TRY(mr_check_twins_init(&s->twins, table, side, worker->reader[side], err));
    return mr_rowhash_init(&s->hash, table, &s->spec, err);
}

/* Also what open_search could not open. */
static void close_search(struct search *s)
{
    mr_check_twins_release(&s->twins);
    mr_rowhash_release(&s->hash);
    mr_vec_release(&s->keys);
    mr_strbuf_release(&s->images);
    mr_vec_release(&s->rows);
    mr_vec_release(&s->crowded);
    mr_arena_release(&s->names);
    mr_arena_release(&s->asked);
    mr_arena_release(&s->arena);
}

/* Does a UNIQUE index keep the identity?  Not of many servers, each of which has one of its own. */
static bool is_guarded(const struct mr_check_worker *worker, const struct mr_pair *table,
                       enum mr_side side)
{
    return !mr_side_is_shards(&worker->check->pairing.side[side]) && is_unique(table, side);
}

static enum mr_code open_sides(struct mr_check_worker *worker, struct mr_pair *table,
                               uint64_t differ, struct search **sides, size_t *count,
                               struct mr_err *err)
{
    for (int i = MR_SOURCE; i < MR_SIDES; i++) {
        enum mr_side side = (enum mr_side)i;
        if (is_guarded(worker, table, side) || !is_findable(table, side))
            continue;
        struct search *s = sides[(*count)++];
        MR_TRY(open_search(s, worker, table, side, err));
        s->differ = differ;
    }
    return MR_OK;
}

/* What is not told, of either side. */
static enum mr_code add_notes(struct mr_check_worker *worker, struct mr_pair *table,
                              struct search *const *sides, size_t count, struct mr_err *err)
{
    for (int i = MR_SOURCE, at = 0; i < MR_SIDES; i++) {
        enum mr_side side = (enum mr_side)i;
        const struct search *s = (size_t)at < count && sides[at]->side == side ? sides[at++] : NULL;
        if (s == NULL && !is_guarded(worker, table, side))
            MR_TRY(add_note(worker, table, side, "not looked for, no index leads with the identity",
                            err));
        else if (s != NULL && s->crowded.count > 0)
            MR_TRY(add_note(worker, table, side,
                            "of an identity with very many rows not all are listed", err));
    }
    return MR_OK;
}

/* Without a differing row there is nothing to ask for: equal tables cost no reads. */
enum mr_code mr_check_duplicates(struct mr_check_worker *worker, struct mr_pair *table,
                                 struct mr_err *err)
{
    struct search search[MR_SIDES], *sides[MR_SIDES] = {&search[0], &search[1]};
    size_t count = 0;
    uint64_t differ = 0;
    enum mr_code code = MR_OK;
    if (table->by_identity)
        MR_TRY(
            mr_findings_count(worker->check->fd, table->find.id, MR_FIND_DIVERGED, &differ, err));
    if (differ == 0)
        return MR_OK;
    MR_TRY_OUT(open_sides(worker, table, differ, sides, &count, err));
    if (count > 0)
        MR_TRY_OUT(search_pages(sides, count, err));
    MR_TRY_OUT(add_notes(worker, table, sides, count, err));
out:
    for (size_t i = 0; i < count; i++)
        close_search(sides[i]);
    return code;
}
