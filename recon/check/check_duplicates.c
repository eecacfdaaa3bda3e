/* check_duplicates.c: see check_duplicates.h. */
#include "recon/check/check_duplicates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowhash.h"

#define BATCH 400
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
/* What is kept of the rows of one statement's identities: where they have more, they are
 * asked for again in two halves, down to one, of which the rest is not listed. */
#define MAX_ROWS 40000
#define MAX_BYTES (2 * BATCH_BYTES)
#define CROWDED_KEPT 64
#define STATEMENT_BYTES ((size_t)512 * 1024)
#define KEY_SQL_BYTES 48   /* of a column in a statement, beside the bytes in hex */
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
    struct mr_readspec spec; /* of the side, keyed by the identity */
    struct mr_rowhash hash;
    struct mr_strbuf images;
    struct mr_vec rows; /* struct row */
    struct mr_arena arena;
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
        const void *copy = mr_arena_dup(&s->arena, id.ptr, id.len);
        if (key == NULL || copy == NULL)
            code = mr_err_nomem(err, "looking for duplicates");
        else
            *key = (struct mr_key){copy, id.len};
    }
    mr_strbuf_release(&id);
    return code;
}

/* Reads the rows of all keys, in statements that fit the server's packet. */
static enum mr_code fetch_rows(struct search *s, const struct mr_key *keys, size_t count,
                               struct mr_err *err)
{
    struct mr_reader *reader = s->worker->reader[s->side];
    const struct mr_db *db = mr_reader_db(reader);
    uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
    size_t room = packet > 0 && packet / 2 < STATEMENT_BYTES ? (size_t)packet / 2 : STATEMENT_BYTES;
    enum mr_code code = MR_OK;
    for (size_t from = 0, to = 0; code == MR_OK && !s->full && from < count; from = to) {
        size_t used = 0;
        for (; to < count && (to == from || used < room); to++)
            used += 2 * keys[to].len + KEY_SQL_BYTES * s->table->nidentity;
        code = mr_reader_fetch(reader, &s->spec, &keys[from], to - from, keep_row, s, err);
    }
    return code;
}

/* Invariant: keys[0 .. at) are looked for; the next look takes at most `step`. */
static enum mr_code search_keys(struct search *s, const struct mr_vec *keys, struct mr_err *err)
{
    const struct mr_key *all = keys->items;
    enum mr_code code = MR_OK;
    for (size_t at = 0, step = keys->count; code == MR_OK && at < keys->count;) {
        const size_t n = step < keys->count - at ? step : keys->count - at;
        mr_vec_clear(&s->rows);
        mr_strbuf_reset(&s->images);
        s->full = false;
        code = fetch_rows(s, &all[at], n, err);
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

static enum mr_code search_batch(struct search *s, const struct mr_vec *batch, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = collect_keys(s, batch, &keys, err);
    sort_keys(&keys);
    if (code == MR_OK)
        code = search_keys(s, &keys, err);
    mr_vec_release(&keys);
    return code;
}

/* Pages go on behind the last id: what is found here adds no findings, so none is met twice. */
static enum mr_code search_side(struct search *s, struct mr_err *err)
{
    struct mr_vec batch = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page page = {.table = s->table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = BATCH,
                                .max_bytes = BATCH_BYTES,
                                .with_images = true};
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&s->arena);
        mr_vec_clear(&batch);
        code = mr_findings_page(s->worker->check->fd, &page, &s->arena, &batch, err);
        if (code != MR_OK || batch.count == 0)
            break;
        page.after_id = ((struct mr_finding *)mr_vec_at(&batch, batch.count - 1))->id;
        code = search_batch(s, &batch, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code != MR_OK)
            break;
    }
    mr_vec_release(&batch);
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
static enum mr_code search_table(struct mr_check_worker *worker, struct mr_pair *table,
                                 enum mr_side side, struct mr_err *err)
{
    struct search s = {.worker = worker,
                       .table = table,
                       .side = side,
                       .spec = table->full[side],
                       .images = MR_STRBUF_INIT,
                       .rows = MR_VEC_INIT(struct row),
                       .arena = MR_ARENA_INIT,
                       .crowded = MR_VEC_INIT(struct mr_key),
                       .names = MR_ARENA_INIT};
    s.spec.key = table->identity;
    s.spec.nkey = table->nidentity;
    s.spec.index = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_rowhash_init(&s.hash, table, &s.spec, err));
    MR_TRY_OUT(search_side(&s, err));
    if (s.crowded.count > 0)
        MR_TRY_OUT(add_note(worker, table, side,
                            "of an identity with very many rows not all are listed", err));
out:
    mr_rowhash_release(&s.hash);
    mr_strbuf_release(&s.images);
    mr_vec_release(&s.rows);
    mr_vec_release(&s.crowded);
    mr_arena_release(&s.names);
    mr_arena_release(&s.arena);
    return code;
}

/* Without a differing row there is nothing to ask for: equal tables cost no reads. */
enum mr_code mr_check_duplicates(struct mr_check_worker *worker, struct mr_pair *table,
                                 struct mr_err *err)
{
    uint64_t differ = 0;
    if (table->by_identity)
        MR_TRY(
            mr_findings_count(worker->check->fd, table->find.id, MR_FIND_DIVERGED, &differ, err));
    for (int i = MR_SOURCE; i < MR_SIDES && differ > 0; i++) {
        enum mr_side side = (enum mr_side)i;
        const bool is_many = mr_side_is_shards(&worker->check->pairing.side[side]);
        if (!is_many && is_unique(table, side))
            continue;
        MR_TRY(is_findable(table, side)
                   ? search_table(worker, table, side, err)
                   : add_note(worker, table, side,
                              "not looked for, no index leads with the identity", err));
    }
    return MR_OK;
}
