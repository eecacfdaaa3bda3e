/* merge_out.c: see merge_out.h. */
#include "snapshot/merge/merge_out.h"

#include "snapshot/read/snap_keys.h"

#define MIB ((uint64_t)1 << 20)

static enum mr_code write_text(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_snap_merge_out *o = arg;
    return mr_snap_out_write(o->file, ptr, len, err);
}

enum mr_code mr_snap_merge_out_init(struct mr_snap_merge_out *o, struct mr_snap_merge *merge,
                                    const struct mr_snap_table *table, struct mr_err *err)
{
    *o = (struct mr_snap_merge_out){.merge = merge,
                                    .table = table,
                                    .chunks = MR_VEC_INIT(struct mr_snap_chunk),
                                    .last = MR_STRBUF_INIT,
                                    .hasher = mr_hasher_new()};
    mr_tsv_init(&o->tsv, (struct mr_sink){.write = write_text, .arg = o});
    return o->hasher != NULL ? MR_OK : mr_err_nomem(err, "writing rows");
}

void mr_snap_merge_out_release(struct mr_snap_merge_out *o)
{
    mr_snap_out_abandon(o->file);
    mr_tsv_release(&o->tsv);
    mr_hasher_free(o->hasher);
    mr_strbuf_release(&o->last);
    mr_vec_release(&o->chunks);
}

static enum mr_code begin(struct mr_snap_merge_out *o, struct mr_err *err)
{
    struct mr_snap_merge *m = o->merge;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_str(&name, "data/");
    mr_snap_stem_add(&name, o->table->db, o->table->name);
    mr_strbuf_add_fmt(&name, ".%u.tsv.zst%s", o->number++,
                      m->opts->nrecipients > 0 ? MR_SNAP_ENCRYPTED : "");
    const char *file = name.failed ? NULL : mr_arena_strdup(&m->arena, name.ptr);
    mr_strbuf_release(&name);
    if (file == NULL)
        return mr_err_nomem(err, "writing rows");
    o->chunk = (struct mr_snap_chunk){.file = file};
    o->chunk.range.lo = o->above;
    o->tsv.bytes = 0;
    mr_strbuf_reset(&o->tsv.text);
    return mr_snap_out_open(m->dir, file, (int)m->opts->level, &o->file, err);
}

static enum mr_code keep_key(struct mr_snap_merge_out *o, struct mr_key from, struct mr_key *to,
                             struct mr_err *err)
{
    *to = (struct mr_key){mr_arena_dup(&o->merge->arena, from.ptr, from.len), from.len};
    return to->ptr != NULL ? MR_OK : mr_err_nomem(err, "writing rows");
}

/* The next file begins behind the last key of this one, so that their ranges tile. */
static enum mr_code end(struct mr_snap_merge_out *o, struct mr_err *err)
{
    struct mr_snap_stored stored;
    MR_TRY(mr_tsv_flush(&o->tsv, err));
    enum mr_code code = mr_snap_out_close(o->file, &stored, err);
    o->file = NULL;
    if (code != MR_OK)
        return code;
    if (o->merge->opts->nrecipients > 0 && stored.bytes > MR_SNAP_MESSAGE_MAX)
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "table \"%s.%s\": a row is too long to be decrypted "
                          "in memory",
                          o->table->db, o->table->name);
    o->chunk.plain_bytes = o->tsv.bytes;
    o->chunk.stored_bytes = stored.bytes;
    o->chunk.sha256 = mr_arena_strdup(&o->merge->arena, stored.sha256);
    if (o->has_ranges) {
        MR_TRY(keep_key(o, (struct mr_key){o->last.ptr, o->last.len}, &o->chunk.last, err));
        o->above = o->chunk.range.hi = o->chunk.last;
    }
    mr_progress_tick(o->merge->opts->progress); /* a table may be all that there is */
    struct mr_snap_chunk *slot = mr_vec_push(&o->chunks);
    if (slot == NULL || o->chunk.sha256 == NULL)
        return mr_err_nomem(err, "writing rows");
    *slot = o->chunk;
    return MR_OK;
}

/* Every byte of a value may become two. */
static uint64_t text_bytes_at_most(const struct mr_snap_merge_out *o, const struct mr_value *values)
{
    const uint64_t number_bytes = 32;
    uint64_t sum = 0;
    for (size_t i = 0; i < o->table->ncolumns; i++)
        sum += 2 * (uint64_t)values[i].len + number_bytes;
    return sum;
}

static uint64_t plain_bytes(const struct mr_snap_merge_out *o)
{
    return o->tsv.bytes + o->tsv.text.len;
}

/* An encrypted file is held in memory by whoever opens it: a row that would make it too long begins the
 * next. */
static bool is_full(const struct mr_snap_merge_out *o, const struct mr_value *values)
{
    if (o->file == NULL || o->chunk.rows == 0)
        return false;
    return plain_bytes(o) >= o->merge->opts->chunk_mib * MIB ||
           (o->merge->opts->nrecipients > 0 &&
            plain_bytes(o) + text_bytes_at_most(o, values) > MR_SNAP_MESSAGE_TEXT);
}

enum mr_code mr_snap_merge_out_row(struct mr_snap_merge_out *o, const struct mr_value *values,
                                   struct mr_key key, struct mr_err *err)
{
    if (is_full(o, values))
        MR_TRY(end(o, err));
    if (o->file == NULL)
        MR_TRY(begin(o, err));
    const uint64_t before = plain_bytes(o);
    for (size_t i = 0; i < o->table->ncolumns; i++)
        MR_TRY(mr_hasher_add(o->hasher, &values[i], err));
    mr_snap_sum_add(&o->chunk.sum, mr_hasher_finish(o->hasher));
    if (o->has_ranges && o->chunk.rows == 0)
        MR_TRY(keep_key(o, key, &o->chunk.first, err));
    if (o->has_ranges) {
        mr_strbuf_reset(&o->last);
        mr_strbuf_add(&o->last, key.ptr, key.len);
        MR_TRY(mr_strbuf_check(&o->last, "writing rows", err));
    }
    o->chunk.rows++;
    MR_TRY(mr_tsv_add_row(&o->tsv, o->table, values, err));
    mr_progress_add(o->merge->opts->progress, 1, plain_bytes(o) - before);
    return MR_OK;
}

enum mr_code mr_snap_merge_out_end(struct mr_snap_merge_out *o, struct mr_err *err)
{
    if (o->file != NULL)
        MR_TRY(end(o, err));
    if (o->chunks.count > 0) /* what lies behind the last key was read, and is empty */
        ((struct mr_snap_chunk *)mr_vec_at(&o->chunks, o->chunks.count - 1))->range.hi =
            (struct mr_key){NULL, 0};
    return MR_OK;
}
