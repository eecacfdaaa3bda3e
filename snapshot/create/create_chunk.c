/* create_chunk.c: one chunk after the other; see create_scan.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/throttle.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/read/snap_keys.h"

/* Left free on the disk, for whoever else writes to it: this, or a hundredth of it. */
#define SPARE_BYTES_MAX ((uint64_t)64 << 20)

/* ---- the worker ---- */

static enum mr_code write_text(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_create_scan *s = arg;
    return mr_snap_out_write(s->out, ptr, len, err);
}

enum mr_code mr_create_scan_new(struct mr_create *create, struct mr_reader *reader,
                                struct mr_create_scan **out, struct mr_err *err)
{
    struct mr_create_scan *s = calloc(1, sizeof *s);
    *out = s;
    if (s == NULL)
        return mr_err_nomem(err, "reading rows");
    s->create = create;
    s->reader = reader;
    s->held = (struct mr_vec)MR_VEC_INIT(struct mr_create_table *);
    mr_strbuf_init(&s->lo);
    mr_strbuf_init(&s->from);
    mr_strbuf_init(&s->key);
    mr_strbuf_init(&s->first);
    mr_tsv_init(&s->tsv, (struct mr_sink){.write = write_text, .arg = s});
    s->hasher = mr_hasher_new();
    if (s->hasher != NULL)
        return MR_OK;
    mr_create_scan_free(s);
    *out = NULL;
    return mr_err_nomem(err, "reading rows");
}

void mr_create_scan_free(struct mr_create_scan *s)
{
    if (s == NULL)
        return;
    mr_create_chunk_abandon(s);
    mr_hasher_free(s->hasher);
    mr_tsv_release(&s->tsv);
    mr_vec_release(&s->held);
    mr_strbuf_release(&s->lo);
    mr_strbuf_release(&s->from);
    mr_strbuf_release(&s->key);
    mr_strbuf_release(&s->first);
    free(s);
}

void mr_create_scan_take(struct mr_create_scan *s, struct mr_create_table *table)
{
    if (s->table != table)
        s->seen_rows = s->seen_bytes = 0;
    s->table = table;
}

/* ---- chunks ---- */

/* Looked at before each file and not only once: a run of hours shares the disk with others, and
 * one that is filled to the last byte stops them, too. */
static enum mr_code check_disk(const struct mr_create *c, struct mr_err *err)
{
    uint64_t left = 0, disk = 0;
    enum mr_code code = mr_snap_dir_free_bytes(c->dir, &left, &disk, err);
    uint64_t spare = disk / 100 < SPARE_BYTES_MAX ? disk / 100 : SPARE_BYTES_MAX;
    if (code != MR_OK || left > spare)
        return code;
    struct mr_strbuf size = MR_STRBUF_INIT;
    mr_strbuf_add_size(&size, left);
    code = mr_strbuf_check(&size, "looking at a disk", err);
    if (code == MR_OK) {
        code = mr_err_set(err, MR_E_IO, "the disk of \"%s\" is nearly full: %s are left",
                          mr_snap_dir_partial(c->dir), size.ptr);
        mr_err_hint(err, "Free some space there, and run the same command again: it goes "
                         "on where it was.");
    }
    mr_strbuf_release(&size);
    return code;
}

/* Numbers are never given twice, not even those of files that were dropped: the journal of a
 * killed run may still name them. */
static const char *file_name(struct mr_create_scan *s)
{
    struct mr_create *c = s->create;
    const struct mr_snap_table *t = &s->table->snap;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_str(&name, "data/");
    mr_snap_stem_add(&name, t->db, t->name);
    mr_strbuf_add_fmt(&name, ".%u.tsv.zst%s", atomic_fetch_add(&s->table->files, 1),
                      c->opts->encrypt_to.count > 0 ? MR_SNAP_ENCRYPTED : "");
    pthread_mutex_lock(&c->lock);
    const char *kept = name.failed ? NULL : mr_arena_strdup(&c->arena, name.ptr);
    pthread_mutex_unlock(&c->lock);
    mr_strbuf_release(&name);
    return kept;
}

enum mr_code mr_create_chunk_begin(struct mr_create_scan *s, struct mr_err *err)
{
    struct mr_create *c = s->create;
    s->file = NULL;
    s->rows = 0;
    s->sum = (struct mr_snap_sum){0};
    s->tsv.bytes = 0;
    mr_strbuf_reset(&s->tsv.text);
    MR_TRY(check_disk(c, err));
    s->file = file_name(s);
    if (s->file == NULL)
        return mr_err_nomem(err, "writing rows");
    return mr_snap_out_open(c->dir, s->file, (int)c->opts->level, &s->out, err);
}

void mr_create_chunk_abandon(struct mr_create_scan *s)
{
    mr_snap_out_abandon(s->out);
    s->out = NULL;
}

static struct mr_key dup_key(struct mr_arena *arena, struct mr_key key)
{
    return (struct mr_key){key.ptr != NULL ? mr_arena_dup(arena, key.ptr, key.len) : NULL, key.len};
}

/* Lock held. */
static enum mr_code record(struct mr_create_scan *s, const struct mr_snap_stored *stored,
                           struct mr_key hi, struct mr_err *err)
{
    struct mr_create *c = s->create;
    struct mr_create_table *t = s->table;
    bool keyed = t->snap.nkey > 0;
    const struct mr_key none = {NULL, 0};
    struct mr_journal_chunk *slot = mr_vec_push(&t->chunks);
    if (slot == NULL)
        return mr_err_nomem(err, "writing rows");
    slot->segment = s->segment;
    slot->part = s->part;
    slot->sequence = s->sequence++;
    s->last_chunk = t->chunks.count - 1;
    struct mr_key lo = {s->lo.ptr, s->lo.len}, first = {s->first.ptr, s->first.len},
                  last = {s->key.ptr, s->key.len};
    slot->chunk = (struct mr_snap_chunk){
        .file = s->file,
        .range = {s->has_lo ? dup_key(&c->arena, lo) : none, dup_key(&c->arena, hi)},
        .first = keyed ? dup_key(&c->arena, first) : none,
        .last = keyed ? dup_key(&c->arena, last) : none,
        .rows = s->rows,
        .plain_bytes = s->tsv.bytes,
        .stored_bytes = stored->bytes,
        .sum = s->sum,
        .sha256 = mr_arena_strdup(&c->arena, stored->sha256)};
    if (slot->chunk.sha256 == NULL)
        return mr_err_nomem(err, "writing rows");
    return mr_journal_file_chunk(c->journal, &t->snap, slot, err);
}

/* The next chunk begins above hi, whatever key the last row has: so that the ranges of
 * consecutive chunks tile and an empty stretch between them counts as read. */
enum mr_code mr_create_chunk_end(struct mr_create_scan *s, struct mr_key hi, struct mr_err *err)
{
    struct mr_create *c = s->create;
    struct mr_snap_stored stored;
    bool keyed = s->table->snap.nkey > 0;
    MR_TRY(mr_tsv_flush(&s->tsv, err));
    enum mr_code code = mr_snap_out_close(s->out, &stored, err);
    s->out = NULL;
    if (code == MR_OK && c->opts->encrypt_to.count > 0 && stored.bytes > MR_SNAP_MESSAGE_MAX)
        code = mr_err_set(err, MR_E_UNSUPPORTED, "a row is too long to be decrypted in memory");
    if (code != MR_OK)
        return code;
    if (!keyed)
        hi = (struct mr_key){NULL, 0};
    pthread_mutex_lock(&c->lock);
    code = record(s, &stored, hi, err);
    pthread_mutex_unlock(&c->lock);
    mr_strbuf_reset(&s->lo);
    s->has_lo = keyed && hi.ptr != NULL;
    if (s->has_lo)
        mr_strbuf_add(&s->lo, hi.ptr, hi.len);
    return code == MR_OK ? mr_strbuf_check(&s->lo, "writing rows", err) : code;
}

enum mr_code mr_create_range_end(struct mr_create_scan *s, struct mr_key hi, struct mr_err *err)
{
    struct mr_create *c = s->create;
    if (s->out != NULL)
        return mr_create_chunk_end(s, hi, err);
    if (s->last_chunk == SIZE_MAX)
        return MR_OK; /* there is no row in it */
    pthread_mutex_lock(&c->lock);
    struct mr_journal_chunk *last = mr_vec_at(&s->table->chunks, s->last_chunk);
    last->chunk.range.hi = dup_key(&c->arena, hi);
    pthread_mutex_unlock(&c->lock);
    return MR_OK;
}

/* ---- chunks of an earlier run ---- */

bool mr_create_chunk_is_whole(const struct mr_create *c, const struct mr_snap_chunk *chunk)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    char hex[MR_SHA256_HEX];
    uint64_t size = 0;
    mr_strbuf_add_fmt(&path, "%s/%s", mr_snap_dir_partial(c->dir), chunk->file);
    bool whole = !path.failed && mr_sha256_file(path.ptr, hex, &size, NULL) == MR_OK &&
                 size == chunk->stored_bytes && strcmp(hex, chunk->sha256) == 0;
    mr_strbuf_release(&path);
    return whole;
}

/* It is written down again, under the view that has just found it: a later run asks whether
 * anything was written since that one. */
enum mr_code mr_create_chunk_keep(struct mr_create_scan *s, const struct mr_journal_chunk *old,
                                  struct mr_err *err)
{
    struct mr_create *c = s->create;
    enum mr_code code = MR_OK;
    pthread_mutex_lock(&c->lock);
    struct mr_journal_chunk *slot = mr_vec_push(&s->table->chunks);
    if (slot == NULL)
        code = mr_err_nomem(err, "writing rows");
    else
        *slot = *old;
    if (code == MR_OK)
        code = mr_journal_file_chunk(c->journal, &s->table->snap, slot, err);
    pthread_mutex_unlock(&c->lock);
    return code;
}
