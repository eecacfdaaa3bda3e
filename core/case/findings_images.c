/*
 * findings_images.c: row images of findings on their way into the case and out of it; see
 * findings.h, and image_pack.h for what is stored.
 *
 * A table has a dictionary once enough of its rows are known to train one, and keeps it: its
 * number stands in each frame, so dictionaries are only ever added, and those that a table had
 * before stay readable.  It is committed before the first frame that needs it.
 *
 * In memory are some of them only, those that were wanted last.
 *
 * Threads: packing happens outside of the case's lock, in as many threads as there are; the list
 * of dictionaries has a lock of its own, taken before the case's.  Reading is under the case's.
 */
#include "core/case/findings.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

#define TRAIN_AFTER 2000 /* findings of a table, in this run: a dictionary takes some space */
#define TRAIN_LEAST 200  /* of which it is trained: those of one batch */
#define TRAIN_BYTES ((size_t)2 * 1024 * 1024)
#define DICT_MAX ((size_t)1024 * 1024) /* to be read: we make much smaller ones */
/* In memory at a time, however many tables differ: of those to pack with, near half a megabyte
 * each, no more than these and those in use; of those to read with, a tenth of that each. */
#define PACKING_MAX 16
#define KNOWN_MAX 64

/* Of one table, for packing. */
struct table_dict {
    int64_t table;
    uint64_t packed; /* findings so far */
    bool is_tried;
    bool is_kept;                  /* the case has one for it */
    struct mr_compress_dict *dict; /* or NULL: none, or forgotten for a while */
    unsigned users;                /* threads that pack with it */
    uint64_t used;                 /* when it was wanted last, in wants */
};

/* For reading. */
struct known_dict {
    uint32_t number;
    struct mr_decompress_dict *dict;
};

struct mr_find_images {
    pthread_mutex_t lock;
    /* under lock */
    bool is_ready;        /* the case is of a version that knows packed images */
    struct mr_vec tables; /* struct table_dict */
    uint64_t wants;       /* of a dictionary, so far */
    /* under the case's lock */
    struct mr_decompress_pieces *pieces;
    struct mr_vec known;      /* struct known_dict */
    struct mr_strbuf rows[2]; /* what was unpacked last */
};

enum mr_code mr_findings_images_new(struct mr_find_images **out, struct mr_err *err)
{
    struct mr_find_images *images = calloc(1, sizeof *images);
    *out = images;
    if (images == NULL)
        return mr_err_nomem(err, "opening the case file");
    (void)pthread_mutex_init(&images->lock, NULL);
    images->tables = (struct mr_vec)MR_VEC_INIT(struct table_dict);
    images->known = (struct mr_vec)MR_VEC_INIT(struct known_dict);
    for (size_t i = 0; i < 2; i++)
        mr_strbuf_init(&images->rows[i]);
    return MR_OK;
}

void mr_findings_images_free(struct mr_find_images *images)
{
    if (images == NULL)
        return;
    for (size_t i = 0; i < images->tables.count; i++)
        mr_compress_dict_free(((struct table_dict *)mr_vec_at(&images->tables, i))->dict);
    for (size_t i = 0; i < images->known.count; i++)
        mr_decompress_dict_free(((struct known_dict *)mr_vec_at(&images->known, i))->dict);
    mr_vec_release(&images->tables);
    mr_vec_release(&images->known);
    mr_decompress_pieces_free(images->pieces);
    for (size_t i = 0; i < 2; i++)
        mr_strbuf_release(&images->rows[i]);
    (void)pthread_mutex_destroy(&images->lock);
    free(images);
}

/* ---- dictionaries of tables ---- */

/* Packed images are of version 2, which an earlier myrecon must not take for plain ones. */
static enum mr_code make_ready(struct mr_findings *fd, struct mr_err *err)
{
    if (fd->images->is_ready)
        return MR_OK;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf, MR_DICTIONARY_SCHEMA, err);
    if (code == MR_OK)
        code = mr_findings_version_set(fd, MR_FINDINGS_PLAIN, false, err);
    code = mr_findings_end(fd, code, err);
    fd->images->is_ready = code == MR_OK;
    return code;
}

/* As frames can name it. */
static bool is_number(int64_t id)
{
    return id > 0 && id <= UINT32_MAX;
}

/* The latest that was made of the table's rows, by this run or an earlier one. */
static enum mr_code load_dict(struct mr_findings *fd, struct table_dict *t, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, "SELECT id, bytes FROM dictionary WHERE tbl=:tbl ORDER BY id DESC LIMIT 1", &stmt,
        err, MR_ARG_INT("tbl", t->table));
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row) {
        size_t len = 0;
        const int64_t number = mr_case_int(stmt, 0);
        const void *ptr = mr_case_blob(stmt, 1, &len);
        /* a damaged one is told when rows that need it are read: new ones do not */
        if (is_number(number) && len <= DICT_MAX)
            code = mr_compress_dict_new(ptr, len, (uint32_t)number, &t->dict, err);
        if (code == MR_E_IO)
            code = MR_OK;
    }
    t->is_kept = t->dict != NULL;
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

static enum mr_code store_dict(struct mr_findings *fd, const struct table_dict *t, int64_t number,
                               const struct mr_strbuf *bytes, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf, "INSERT INTO dictionary (id, tbl, bytes) VALUES (:id, :tbl, :bytes)",
                     err, MR_ARG_INT("id", number), MR_ARG_INT("tbl", t->table),
                     MR_ARG_BLOB("bytes", bytes->ptr, bytes->len));
    return mr_findings_end(fd, code, err);
}

struct mr_image_pair mr_findings_pair(const struct mr_finding *f)
{
    return (struct mr_image_pair){.source = f->source,
                                  .target = f->target,
                                  .source_len = f->source_len,
                                  .target_len = f->target_len};
}

/* As frames will hold them; from the first on, as many as training takes. */
static enum mr_code add_samples(const struct mr_finding *findings, size_t count,
                                struct mr_strbuf *samples, struct mr_vec *sizes, struct mr_err *err)
{
    for (size_t i = 0; i < count && samples->len < TRAIN_BYTES; i++) {
        const struct mr_image_pair images = mr_findings_pair(&findings[i]);
        const size_t before = samples->len;
        if (images.source == NULL && images.target == NULL)
            continue;
        mr_image_pack_content(samples, &images);
        size_t *size = mr_vec_push(sizes);
        if (size == NULL)
            return mr_err_nomem(err, "packing row images");
        *size = samples->len - before;
    }
    return mr_strbuf_check(samples, "packing row images", err);
}

static enum mr_code train(struct mr_findings *fd, struct table_dict *t,
                          const struct mr_finding *findings, size_t count, struct mr_err *err)
{
    struct mr_strbuf samples = MR_STRBUF_INIT, bytes = MR_STRBUF_INIT;
    struct mr_vec sizes = MR_VEC_INIT(size_t);
    int64_t last = 0;
    bool made = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add_samples(findings, count, &samples, &sizes, err));
    if (sizes.count < TRAIN_LEAST)
        goto out;
    t->is_tried = true; /* rows that have nothing in common will not have it later */
    mr_case_lock(fd->cf);
    code = mr_case_number_with(fd->cf, "SELECT max(id) FROM dictionary", NULL, 0, &last, err);
    mr_case_unlock(fd->cf);
    if (code != MR_OK)
        goto out;
    if (last < 0 || last >= UINT32_MAX)
        goto out;
    MR_TRY_OUT(mr_compress_dict_train(samples.ptr, sizes.items, (unsigned)sizes.count,
                                      (uint32_t)last + 1, &bytes, &made, err));
    if (!made)
        goto out;
    MR_TRY_OUT(store_dict(fd, t, last + 1, &bytes, err));
    t->is_kept = true;
    MR_TRY_OUT(mr_compress_dict_new(bytes.ptr, bytes.len, (uint32_t)last + 1, &t->dict, err));
out:
    mr_strbuf_release(&samples);
    mr_strbuf_release(&bytes);
    mr_vec_release(&sizes);
    return code;
}

static struct table_dict *find_table(struct mr_find_images *images, int64_t table)
{
    for (size_t i = 0; i < images->tables.count; i++) {
        struct table_dict *t = mr_vec_at(&images->tables, i);
        if (t->table == table)
            return t;
    }
    return NULL;
}

/* Those that nobody packs with, but for the latest. */
static void forget_dicts(struct mr_find_images *images)
{
    size_t count = 0;
    struct table_dict *oldest = NULL;
    for (size_t i = 0; i < images->tables.count; i++) {
        struct table_dict *t = mr_vec_at(&images->tables, i);
        if (t->dict == NULL)
            continue;
        count++;
        if (t->users == 0 && (oldest == NULL || t->used < oldest->used))
            oldest = t;
    }
    if (count <= PACKING_MAX || oldest == NULL)
        return;
    mr_compress_dict_free(oldest->dict);
    oldest->dict = NULL;
}

/* With the list's lock.  *dict, where there is one, stays until leave_dict(). */
static enum mr_code choose_dict(struct mr_findings *fd, int64_t table,
                                const struct mr_finding *findings, size_t count,
                                const struct mr_compress_dict **dict, struct mr_err *err)
{
    MR_TRY(make_ready(fd, err));
    struct table_dict *t = find_table(fd->images, table);
    if (t == NULL) {
        t = mr_vec_push(&fd->images->tables);
        if (t == NULL)
            return mr_err_nomem(err, "packing row images");
        *t = (struct table_dict){.table = table};
        MR_TRY(load_dict(fd, t, err));
    } else if (t->dict == NULL && t->is_kept) {
        MR_TRY(load_dict(fd, t, err));
    }
    t->packed += count;
    if (t->dict == NULL && !t->is_tried && t->packed >= TRAIN_AFTER)
        MR_TRY(train(fd, t, findings, count, err));
    *dict = t->dict;
    t->users += t->dict != NULL;
    t->used = ++fd->images->wants;
    return MR_OK;
}

/* By its table: the list may have grown meanwhile. */
static void leave_dict(struct mr_find_images *images, int64_t table)
{
    (void)pthread_mutex_lock(&images->lock);
    struct table_dict *t = find_table(images, table);
    if (t != NULL)
        t->users--;
    forget_dicts(images);
    (void)pthread_mutex_unlock(&images->lock);
}

enum mr_code mr_findings_pack(struct mr_findings *fd, int64_t table,
                              const struct mr_finding *findings, size_t count,
                              struct mr_image_packer *packer, struct mr_image_pair *columns,
                              struct mr_err *err)
{
    const struct mr_compress_dict *dict = NULL;
    (void)pthread_mutex_lock(&fd->images->lock);
    enum mr_code code = choose_dict(fd, table, findings, count, &dict, err);
    (void)pthread_mutex_unlock(&fd->images->lock);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_image_pair images = mr_findings_pair(&findings[i]);
        code = mr_image_pack(packer, dict, &images, &columns[i], err);
    }
    if (dict != NULL)
        leave_dict(fd->images, table);
    return code;
}

/* ---- reading ---- */

static void forget_first(struct mr_vec *known)
{
    struct known_dict *first = mr_vec_at(known, 0);
    mr_decompress_dict_free(first->dict);
    memmove(first, first + 1, (known->count - 1) * sizeof *first);
    known->count--;
}

static enum mr_code read_dict(struct mr_findings *fd, uint32_t number, struct mr_vec *known,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct known_dict found = {.number = number};
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(fd->cf, "SELECT bytes FROM dictionary WHERE id=:id", &stmt,
                                        err, MR_ARG_INT("id", number));
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row) {
        size_t len = 0;
        const void *ptr = mr_case_blob(stmt, 0, &len);
        code = len <= DICT_MAX ? mr_decompress_dict_new(ptr, len, number, &found.dict, err)
                               : mr_err_set(err, MR_E_IO, "their dictionary is too large");
    } else if (code == MR_OK) {
        code = mr_err_set(err, MR_E_IO, "their dictionary is missing");
    }
    mr_case_free(stmt);
    if (code != MR_OK)
        return code;
    if (known->count >= KNOWN_MAX)
        forget_first(known);
    struct known_dict *slot = mr_vec_push(known);
    if (slot == NULL) {
        mr_decompress_dict_free(found.dict);
        return mr_err_nomem(err, "reading row images");
    }
    *slot = found;
    return MR_OK;
}

/* The last one is mostly the next one. */
static enum mr_code dict_of(struct mr_findings *fd, uint32_t number,
                            const struct mr_decompress_dict **dict, struct mr_err *err)
{
    struct mr_vec *known = &fd->images->known;
    *dict = NULL;
    if (number == 0)
        return MR_OK;
    for (size_t i = known->count; i > 0; i--) {
        const struct known_dict *k = mr_vec_at(known, i - 1);
        if (k->number != number)
            continue;
        *dict = k->dict;
        return MR_OK;
    }
    MR_TRY(read_dict(fd, number, known, err));
    *dict = ((struct known_dict *)mr_vec_at(known, known->count - 1))->dict;
    return MR_OK;
}

static void *room_for(struct mr_find_images *images, size_t slot, struct mr_arena *arena,
                      size_t size)
{
    struct mr_strbuf *row = &images->rows[slot];
    if (arena != NULL)
        return mr_arena_alloc(arena, size);
    mr_strbuf_reset(row);
    return mr_strbuf_reserve(row, size) ? row->ptr : NULL;
}

static enum mr_code unpack(struct mr_findings *fd, size_t slot, struct mr_arena *arena,
                           const struct mr_image_pair *columns, struct mr_image_pair *images,
                           struct mr_err *err)
{
    const struct mr_decompress_dict *dict = NULL;
    uint32_t number = 0;
    size_t size = 0;
    if (fd->images->pieces == NULL)
        MR_TRY(mr_decompress_pieces_new(&fd->images->pieces, err));
    MR_TRY(mr_image_pack_look(columns, &number, &size, err));
    MR_TRY(dict_of(fd, number, &dict, err));
    void *room = room_for(fd->images, slot, arena, size);
    if (room == NULL)
        return mr_err_nomem(err, "reading row images");
    return mr_image_unpack(fd->images->pieces, dict, columns, room, size, images, err);
}

/* Whose row it is.  The key may be damaged as well: the finding's number is not. */
static enum mr_code name_damage(struct mr_findings *fd, const struct mr_finding *f,
                                const char *what, const char *why, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    struct mr_strbuf reason = MR_STRBUF_INIT;
    mr_strbuf_add_str(&reason, why); /* which stands in *err */
    if (MR_CASE_PREPARE(fd->cf,
                        "SELECT t.name FROM finding f JOIN tbl t ON t.id = f.tbl WHERE f.id = :id",
                        &stmt, NULL, MR_ARG_INT("id", f->id)) == MR_OK)
        (void)mr_case_step(stmt, &row, NULL);
    const char *table = row ? mr_case_text(stmt, 0) : NULL;
    (void)mr_err_set(err, MR_E_CASE,
                     "case file \"%s\" is damaged: %s %" PRId64 " (table \"%s\"): %s",
                     mr_case_path(fd->cf), what, f->id, table != NULL ? table : "",
                     reason.failed ? "" : reason.ptr);
    mr_case_free(stmt);
    mr_strbuf_release(&reason);
    mr_err_hint(err, "Take the file from a backup, or start a new case.");
    return MR_E_CASE;
}

/* Whoever counts by kinds goes by the number; a file may say anything. */
static bool has_kind(const struct mr_finding *f)
{
    return (unsigned)f->kind <= MR_KIND_COLLISION;
}

/* A frame whose first bytes are damaged would be taken for a plain image. */
static bool begins_as_row(const void *ptr, size_t len)
{
    size_t pos = 0;
    return ptr == NULL || mr_row_skip(ptr, len, &pos, NULL) == MR_OK;
}

enum mr_code mr_findings_unpack(struct mr_findings *fd, size_t slot, struct mr_arena *arena,
                                struct mr_finding *f, struct mr_err *err)
{
    const struct mr_image_pair columns = mr_findings_pair(f);
    static const char of_images[] = "row images of finding";
    struct mr_image_pair images = columns;
    if (!has_kind(f))
        return name_damage(fd, f, "finding", "it is of no kind", err);
    if (!mr_image_is_packed(&columns))
        return begins_as_row(f->source, f->source_len) && begins_as_row(f->target, f->target_len)
                   ? MR_OK
                   : name_damage(fd, f, of_images, "no row, and no frame of one", err);
    enum mr_code code = unpack(fd, slot, arena, &columns, &images, err);
    if (code != MR_OK)
        return code == MR_E_IO ? name_damage(fd, f, of_images, err != NULL ? err->message : "", err)
                               : code;
    f->source = images.source;
    f->source_len = images.source_len;
    f->target = images.target;
    f->target_len = images.target_len;
    return MR_OK;
}

enum mr_code mr_findings_images(struct mr_findings *fd, struct mr_finding *finding,
                                struct mr_err *err)
{
    return mr_findings_unpack(fd, 0, NULL, finding, err);
}
