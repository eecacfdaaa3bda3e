/*
 * case_merge_rows.c: the rows of a part's tables, as they are; see case_merge.h.
 *
 * Images stay packed: a part's dictionaries come along with their numbers, which stand in every
 * frame.  Where the new case has that number already, the images of that table are packed anew.
 */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_merge_internal.h"
#include "core/case/findings_internal.h"

#define BATCH 1000
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)

/* One table of a part on its way. */
struct moving {
    struct mr_case_merging *m;
    const struct mr_case_merged_table *table;
    const struct mr_case_merge_table *scope;
    int64_t from; /* the table's id in the part */
    int64_t first;
    bool repack;
    struct mr_arena arena; /* of a batch */
    struct mr_vec batch;   /* struct mr_finding */
};

static enum mr_code damaged(const struct moving *v, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CASE, "case file \"%s\" is damaged: table \"%s\": %s",
                     mr_case_path(mr_findings_case(v->m->part)), v->table->name, what);
    return MR_E_CASE;
}

/* The range of a segment has a place among those of all parts. */
static enum mr_code place_segment(const struct moving *v, int64_t *segment, struct mr_err *err)
{
    if (v->table->nranges == 1)
        return MR_OK;
    if (*segment < 0 || (uint64_t)*segment >= v->scope->nranges)
        return damaged(v, "it has a segment that is in no range", err);
    *segment = (int64_t)v->scope->ranges[*segment].at;
    return MR_OK;
}

/* ---- segments and chunks ---- */

struct segment {
    int64_t no;
    struct mr_key lo, hi;
};

static const struct mr_case_field segment_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct segment, no, MR_CASE_INT),
                 MR_CASE_FIELD(struct segment, lo, MR_CASE_BYTES),
                 MR_CASE_FIELD(struct segment, hi, MR_CASE_BYTES));

static enum mr_code copy_segments(const struct moving *v, struct mr_err *err)
{
    struct mr_case_stmt *read = NULL, *write = NULL;
    struct mr_case_fields map;
    struct segment s;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(v->m->part->cf,
                               "SELECT no, lo, hi FROM segment WHERE tbl=:tbl ORDER BY no", &read,
                               err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(segment_fields), err));
    MR_TRY_OUT(mr_case_prepare(v->m->out->cf,
                               "INSERT INTO segment (tbl, no, lo, hi) VALUES (:tbl, :no, :lo, :hi)",
                               &write, err));
    for (;;) {
        s = (struct segment){0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &s, &more, err));
        if (!more)
            break;
        MR_TRY_OUT(place_segment(v, &s.no, err));
        MR_TRY_OUT(MR_CASE_RUN(write, err, MR_ARG_INT("tbl", v->table->find.id),
                               MR_ARG_INT("no", s.no), MR_ARG_BYTES("lo", s.lo),
                               MR_ARG_BYTES("hi", s.hi)));
    }
out:
    mr_case_free(read);
    mr_case_free(write);
    return code;
}

struct chunk {
    int64_t segment, no, last, source_rows, target_rows, bytes, equal;
    struct mr_key hi;
};

#define CHUNK(member, type) MR_CASE_FIELD(struct chunk, member, MR_CASE_##type)
static const struct mr_case_field chunk_fields[] =
    MR_CASE_LIST(CHUNK(segment, INT), CHUNK(no, INT), CHUNK(last, INT), CHUNK(source_rows, INT),
                 CHUNK(target_rows, INT), CHUNK(bytes, INT), CHUNK(equal, INT), CHUNK(hi, BYTES));

static enum mr_code copy_chunks(const struct moving *v, struct mr_err *err)
{
    struct mr_case_stmt *read = NULL;
    struct mr_case_fields map;
    struct chunk c;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(v->m->part->cf,
                               "SELECT segment, no, hi, last, source_rows, target_rows, bytes,"
                               " equal FROM chunk WHERE tbl=:tbl ORDER BY segment, no",
                               &read, err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(chunk_fields), err));
    for (;;) {
        c = (struct chunk){0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &c, &more, err));
        if (!more)
            break;
        MR_TRY_OUT(place_segment(v, &c.segment, err));
        MR_TRY_OUT(MR_CASE_RUN(v->m->out->add_chunk, err, MR_ARG_INT("tbl", v->table->find.id),
                               MR_ARG_INT("segment", c.segment), MR_ARG_INT("no", c.no),
                               MR_ARG_BYTES("hi", c.hi), MR_ARG_INT("last", c.last),
                               MR_ARG_INT("source_rows", c.source_rows),
                               MR_ARG_INT("target_rows", c.target_rows),
                               MR_ARG_INT("bytes", c.bytes), MR_ARG_INT("equal", c.equal)));
    }
out:
    mr_case_free(read);
    return code;
}

/* ---- dictionaries ---- */

struct dictionary {
    int64_t id;
    struct mr_key bytes;
};

static const struct mr_case_field dictionary_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct dictionary, id, MR_CASE_INT),
                 MR_CASE_FIELD(struct dictionary, bytes, MR_CASE_BYTES));

static enum mr_code copy_dictionary(struct moving *v, const struct dictionary *d,
                                    struct mr_err *err)
{
    int64_t written = 0;
    MR_TRY(MR_CASE_CHANGE(v->m->out->cf,
                          "INSERT OR IGNORE INTO dictionary (id, tbl, bytes)"
                          " VALUES (:id, :tbl, :bytes)",
                          &written, err, MR_ARG_INT("id", d->id),
                          MR_ARG_INT("tbl", v->table->find.id), MR_ARG_BYTES("bytes", d->bytes)));
    v->repack = v->repack || written == 0;
    return MR_OK;
}

/* Cases of version 1 have none. */
static enum mr_code copy_dictionaries(struct moving *v, struct mr_err *err)
{
    struct mr_case_stmt *read = NULL;
    struct mr_case_fields map;
    struct dictionary d;
    bool more = false;
    enum mr_code code = mr_case_has_table(v->m->part->cf, "dictionary", &more, err);
    if (code != MR_OK || !more)
        return code;
    MR_TRY_OUT(MR_CASE_PREPARE(v->m->part->cf,
                               "SELECT id, bytes FROM dictionary WHERE tbl=:tbl ORDER BY id", &read,
                               err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(dictionary_fields), err));
    for (;;) {
        d = (struct dictionary){0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &d, &more, err));
        if (!more)
            break;
        MR_TRY_OUT(copy_dictionary(v, &d, err));
    }
out:
    mr_case_free(read);
    return code;
}

/* ---- findings ---- */

#define READ_FINDINGS                                                                              \
    "SELECT " MR_FINDING_COLUMNS("f") MR_FINDING_IMAGES("f") " FROM finding f WHERE f.tbl=:tbl"    \
                                                             " ORDER BY f.segment, f.chunk,"       \
                                                             " f.pos, f.id"

static enum mr_code write_finding(struct mr_case_stmt *write, const struct moving *v,
                                  const struct mr_finding *f, const struct mr_image_pair *images,
                                  struct mr_err *err)
{
    return MR_CASE_RUN(
        write, err, MR_ARG_INT("id", f->id + v->first), MR_ARG_INT("tbl", v->table->find.id),
        MR_ARG_INT("segment", f->segment), MR_ARG_INT("chunk", f->chunk), MR_ARG_INT("pos", f->pos),
        MR_ARG_INT("equal", f->equal), MR_ARG_BYTES("key", f->key), MR_ARG_INT("state", f->state),
        MR_ARG_INT("kind", f->kind), MR_ARG_INT("count", f->count),
        MR_ARG_BLOB("source_id", f->source_id, f->source_id_len),
        MR_ARG_BLOB("target_id", f->target_id, f->target_id_len),
        MR_ARG_BLOB("source", images->source, images->source_len),
        MR_ARG_BLOB("target", images->target, images->target_len));
}

/* All of the batch, in one transaction. */
static enum mr_code write_batch(const struct moving *v, const struct mr_image_pair *images,
                                struct mr_err *err)
{
    struct mr_case_stmt *write = NULL;
    MR_TRY(mr_findings_begin(v->m->out, err));
    enum mr_code code = mr_case_prepare(
        v->m->out->cf,
        "INSERT INTO finding (id, tbl, segment, chunk, pos, equal, key, state, kind, count,"
        " source_id, target_id, source, target) VALUES (:id, :tbl, :segment, :chunk, :pos,"
        " :equal, :key, :state, :kind, :count, :source_id, :target_id, :source, :target)",
        &write, err);
    for (size_t i = 0; code == MR_OK && i < v->batch.count; i++) {
        const struct mr_finding *f = mr_vec_at(&v->batch, i);
        const struct mr_image_pair plain = mr_findings_pair(f);
        code = write_finding(write, v, f, images != NULL ? &images[i] : &plain, err);
    }
    mr_case_free(write);
    return mr_findings_end(v->m->out, code, err);
}

/* With a dictionary of the new case, or with none. */
static enum mr_code pack_batch(const struct moving *v, struct mr_err *err)
{
    struct mr_image_packer packer;
    struct mr_image_pair *images = calloc(v->batch.count + 1, sizeof *images);
    enum mr_code code = mr_image_packer_init(&packer, err);
    if (code == MR_OK && images == NULL)
        code = mr_case_merge_nomem(err);
    if (code == MR_OK)
        code = mr_findings_pack(v->m->out, v->table->find.id, v->batch.items, v->batch.count,
                                &packer, images, err);
    if (code == MR_OK)
        code = write_batch(v, images, err);
    mr_image_packer_release(&packer);
    free(images);
    return code;
}

static enum mr_code take_finding(struct moving *v, struct mr_finding *f, struct mr_err *err)
{
    if ((unsigned)f->state > MR_FIND_PAIRED || (unsigned)f->kind > MR_KIND_COLLISION || f->id < 1)
        return damaged(v, "it has a finding of no kind", err);
    MR_TRY(place_segment(v, &f->segment, err));
    return v->repack ? mr_findings_unpack(v->m->part, 0, &v->arena, f, err) : MR_OK;
}

static enum mr_code copy_findings(struct moving *v, struct mr_err *err)
{
    struct mr_case_stmt *read = NULL;
    struct mr_case_fields map;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(
        MR_CASE_PREPARE(v->m->part->cf, READ_FINDINGS, &read, err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_findings_map(&map, read, 0, 1, err));
    while (more) {
        mr_arena_reset(&v->arena);
        mr_vec_clear(&v->batch);
        for (size_t bytes = 0; v->batch.count < BATCH && bytes < BATCH_BYTES;) {
            struct mr_finding f = {0};
            MR_TRY_OUT(mr_case_fields_next(&map, &v->arena, &f, &more, err));
            if (!more)
                break;
            MR_TRY_OUT(take_finding(v, &f, err));
            struct mr_finding *slot = mr_vec_push(&v->batch);
            if (slot == NULL)
                MR_TRY_OUT(mr_case_merge_nomem(err));
            else
                *slot = f;
            bytes += f.source_len + f.target_len;
        }
        if (v->batch.count > 0)
            MR_TRY_OUT(v->repack ? pack_batch(v, err) : write_batch(v, NULL, err));
    }
out:
    mr_case_free(read);
    return code;
}

/* ---- duplicates ---- */

/* Each part has looked for all rows of its identities: one row may be in several. */
static enum mr_code copy_duplicates(const struct moving *v, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_find_duplicate, side, MR_CASE_SMALL),
                     MR_CASE_SPAN(struct mr_find_duplicate, identity),
                     MR_CASE_SPAN(struct mr_find_duplicate, image));
    struct mr_case_stmt *read = NULL, *write = NULL;
    struct mr_case_fields map;
    struct mr_find_duplicate d;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(v->m->part->cf,
                               "SELECT side, identity, image FROM duplicate WHERE tbl=:tbl", &read,
                               err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(fields), err));
    MR_TRY_OUT(mr_case_prepare(v->m->out->cf,
                               "INSERT OR IGNORE INTO duplicate (tbl, side, identity, image)"
                               " VALUES (:tbl, :side, :identity, :image)",
                               &write, err));
    for (;;) {
        d = (struct mr_find_duplicate){0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &d, &more, err));
        if (!more)
            break;
        MR_TRY_OUT(MR_CASE_RUN(write, err, MR_ARG_INT("tbl", v->table->find.id),
                               MR_ARG_INT("side", d.side),
                               MR_ARG_BLOB("identity", d.identity, d.identity_len),
                               MR_ARG_BLOB("image", d.image, d.image_len)));
    }
out:
    mr_case_free(read);
    mr_case_free(write);
    return code;
}

/* A table of many sources is the work of one part. */
static enum mr_code copy_doubled(const struct moving *v, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_SPAN(struct mr_find_duplicate, identity),
                     MR_CASE_SPAN(struct mr_find_duplicate, image),
                     MR_CASE_FIELD(struct mr_find_duplicate, place, MR_CASE_TEXT));
    struct mr_case_stmt *read = NULL;
    struct mr_case_fields map;
    bool more = true;
    enum mr_code code = MR_OK;
    if (!v->m->part->has_doubled)
        return MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(v->m->part->cf,
                               "SELECT key AS identity, image, place FROM doubled WHERE tbl=:tbl",
                               &read, err, MR_ARG_INT("tbl", v->from)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(fields), err));
    while (more) {
        struct mr_find_duplicate d = {0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &d, &more, err));
        if (more)
            MR_TRY_OUT(MR_CASE_ONCE(v->m->out->cf,
                                    "INSERT OR IGNORE INTO doubled (tbl, key, place, image)"
                                    " VALUES (:tbl, :key, :place, :image)",
                                    err, MR_ARG_INT("tbl", v->table->find.id),
                                    MR_ARG_BLOB("key", d.identity, d.identity_len),
                                    MR_ARG_TEXT("place", d.place),
                                    MR_ARG_BLOB("image", d.image, d.image_len)));
    }
out:
    mr_case_free(read);
    return code;
}

/* ---- all of it ---- */

/* Of a table that is not read to its end what was found is kept, but nothing of what is read: a check that goes on
 * with the case reads it from the start, and would take the rest for equal. */
static enum mr_code copy_few(struct moving *v, struct mr_err *err)
{
    if (v->table->reason == NULL) {
        MR_TRY(copy_segments(v, err));
        MR_TRY(copy_chunks(v, err));
    }
    MR_TRY(copy_dictionaries(v, err));
    MR_TRY(copy_duplicates(v, err));
    return copy_doubled(v, err);
}

/* What is few, in one transaction: the dictionaries are there before the first frame. */
static enum mr_code copy_small(struct moving *v, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(v->m->out, err));
    return mr_findings_end(v->m->out, copy_few(v, err), err);
}

static enum mr_code copy_table(struct mr_case_merging *m, const struct mr_case_merge_table *scope,
                               struct mr_err *err)
{
    struct moving v = {.m = m,
                       .table = mr_case_merge_table_of(m, scope->name),
                       .scope = scope,
                       .first = m->parts[m->at].first,
                       .arena = MR_ARENA_INIT,
                       .batch = MR_VEC_INIT(struct mr_finding)};
    if (v.table == NULL || (v.table->reason != NULL && !mr_case_merge_is_in_part(v.table)))
        return MR_OK;
    mr_case_lock(m->part->cf);
    enum mr_code code =
        MR_CASE_NUMBER(m->part->cf, "SELECT id FROM tbl WHERE run=:run AND name=:name", &v.from,
                       err, MR_ARG_INT("run", m->part->run), MR_ARG_TEXT("name", scope->name));
    if (code == MR_OK)
        code = copy_small(&v, err);
    if (code == MR_OK)
        code = copy_findings(&v, err);
    mr_case_unlock(m->part->cf);
    mr_vec_release(&v.batch);
    mr_arena_release(&v.arena);
    return code;
}

enum mr_code mr_case_merge_rows(struct mr_case_merging *m, struct mr_err *err)
{
    const struct mr_case_merge_part *part = &m->of->parts[m->at];
    for (size_t i = 0; i < part->ntables; i++)
        MR_TRY(copy_table(m, &part->tables[i], err));
    return MR_OK;
}
