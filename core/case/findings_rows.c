/* findings_rows.c: segments, chunks and findings of a table; see findings.h. */
#include "core/case/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

enum mr_code mr_findings_segments_add(struct mr_findings *fd, int64_t table,
                                      const struct mr_range *ranges, size_t count,
                                      struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_prepare(
        fd->cf, "INSERT INTO segment (tbl, no, lo, hi) VALUES (:tbl, :no, :lo, :hi)", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        code = MR_CASE_RUN(stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("no", i),
                           MR_ARG_BYTES("lo", ranges[i].lo), MR_ARG_BYTES("hi", ranges[i].hi));
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

#define SEGMENT(member, type) MR_CASE_FIELD(struct mr_find_segment, member, MR_CASE_##type)

static const struct mr_case_field segment_fields[] =
    MR_CASE_LIST(SEGMENT(lo, BYTES), SEGMENT(hi, BYTES), SEGMENT(done_to, BYTES),
                 SEGMENT(next_chunk, INT), SEGMENT(done, FLAG));

/* Where each segment goes on: its last chunk says how far it came, and one without chunks begins
 * at its lower end. */
enum mr_code mr_findings_segments(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                                  struct mr_find_segment **segments, size_t *count,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec list = MR_VEC_INIT(struct mr_find_segment);
    mr_case_lock(fd->cf);
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        "SELECT s.lo AS lo, s.hi AS hi, c.hi AS done_to, ifnull(c.no + 1, 0) AS"
                        " next_chunk, c.last AS done FROM segment s LEFT JOIN chunk c"
                        " ON c.tbl = s.tbl AND c.segment = s.no AND c.no ="
                        " (SELECT max(no) FROM chunk x WHERE x.tbl = s.tbl AND x.segment = s.no)"
                        " WHERE s.tbl = :tbl ORDER BY s.no",
                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(segment_fields), arena, &list, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    *count = list.count;
    *segments = (struct mr_find_segment *)(void *)mr_arena_dup(arena, list.items,
                                                               list.count * sizeof **segments);
    if (code == MR_OK && *segments == NULL)
        code = mr_err_nomem(err, "reading the case file");
    mr_vec_release(&list);
    return code;
}

/* Neither a finding nor a page has it, nor any greater one.  In a transaction. */
static enum mr_code next_id(struct mr_findings *fd, int64_t *id, struct mr_err *err)
{
    return mr_case_number_with(
        fd->cf,
        "SELECT 1 + max(ifnull((SELECT max(id) FROM finding), 0),"
        " ifnull((SELECT last FROM suspect_page ORDER BY first DESC LIMIT 1), 0))",
        NULL, 0, id, err);
}

/* A chunk and its suspects become known in one transaction: a resumed run would skip a chunk
 * whose suspects were lost. */
enum mr_code mr_findings_chunk_done(struct mr_findings *fd, const struct mr_find_chunk *chunk,
                                    const struct mr_find_suspect *suspects, size_t count,
                                    struct mr_err *err)
{
    const struct mr_case_arg table = MR_ARG_INT("tbl", chunk->table),
                             segment = MR_ARG_INT("segment", chunk->segment);
    int64_t id = 0;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = MR_CASE_RUN(fd->add_chunk, err, table, segment, MR_ARG_INT("no", chunk->no),
                       MR_ARG_BYTES("hi", chunk->hi), MR_ARG_INT("last", chunk->last),
                       MR_ARG_INT("source_rows", chunk->source_rows),
                       MR_ARG_INT("target_rows", chunk->target_rows),
                       MR_ARG_INT("bytes", chunk->bytes), MR_ARG_INT("equal", chunk->equal));
    if (code == MR_OK && count > 0)
        code = next_id(fd, &id, err);
    if (code == MR_OK && mr_findings_pages_suit(suspects, count))
        code = mr_findings_pages_add(fd, chunk, suspects, count, id, err);
    else
        for (size_t i = 0; code == MR_OK && i < count; i++)
            code = MR_CASE_RUN(
                fd->add_suspect, err, MR_ARG_INT("id", id + (int64_t)i), table, segment,
                MR_ARG_INT("chunk", chunk->no), MR_ARG_INT("pos", suspects[i].pos),
                MR_ARG_INT("equal", suspects[i].equal), MR_ARG_BYTES("key", suspects[i].key));
    return mr_findings_end(fd, code, err);
}

/* Only upper ends are kept: a chunk begins where the one before it ended, so that no gap can be
 * between them. */
enum mr_code mr_findings_chunk_range(struct mr_findings *fd, int64_t table, int64_t segment,
                                     int64_t no, struct mr_arena *arena, struct mr_range *range,
                                     struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_range, lo, MR_CASE_BYTES),
                     MR_CASE_FIELD(struct mr_range, hi, MR_CASE_BYTES));
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT CASE WHEN c.no = 0 THEN s.lo ELSE"
        " (SELECT p.hi FROM chunk p WHERE p.tbl = c.tbl AND p.segment = c.segment"
        " AND p.no = c.no - 1) END AS lo, c.hi AS hi"
        " FROM chunk c JOIN segment s ON s.tbl = c.tbl AND s.no = c.segment"
        " WHERE c.tbl = :tbl AND c.segment = :segment AND c.no = :no",
        &stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("segment", segment), MR_ARG_INT("no", no));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, range, &row, err);
    if (code == MR_OK && !row)
        code = mr_err_set(err, MR_E_CASE, "the case is damaged: a finding is of no chunk");
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_chunk_sums(struct mr_findings *fd, int64_t table,
                                    struct mr_find_counts *counts, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_find_counts, source_rows, MR_CASE_INT),
                     MR_CASE_FIELD(struct mr_find_counts, target_rows, MR_CASE_INT),
                     MR_CASE_FIELD(struct mr_find_counts, bytes, MR_CASE_INT));
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        "SELECT sum(source_rows) AS source_rows, sum(target_rows) AS target_rows,"
                        " sum(bytes) AS bytes FROM chunk WHERE tbl=:tbl",
                        &stmt, err, MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), NULL, counts, NULL, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_read_so_far(struct mr_findings *fd, uint64_t *rows, uint64_t *bytes,
                                     struct mr_err *err)
{
    static const char rows_sql[] = "SELECT coalesce(sum(source_rows + target_rows), 0) FROM chunk",
                      bytes_sql[] = "SELECT coalesce(sum(bytes), 0) FROM chunk";
    int64_t number[2] = {0};
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_number_with(fd->cf, rows_sql, NULL, 0, &number[0], err);
    if (code == MR_OK)
        code = mr_case_number_with(fd->cf, bytes_sql, NULL, 0, &number[1], err);
    mr_case_unlock(fd->cf);
    *rows = number[0] > 0 ? (uint64_t)number[0] : 0;
    *bytes = number[1] > 0 ? (uint64_t)number[1] : 0;
    return code;
}

#define PAGE(images)                                                                               \
    "SELECT " MR_FINDING_COLUMNS("f") images                                                       \
        " FROM finding f WHERE f.tbl=:tbl"                                                         \
        " AND f.state=:state AND f.id>:after AND f.id<=:last AND (:kinds=0 OR (:kinds >> f.kind) " \
        "& 1)"                                                                                     \
        " ORDER BY f.id LIMIT :limit"

int64_t mr_findings_last_of(const struct mr_find_page *page)
{
    return page->last_id != 0 ? page->last_id : INT64_MAX;
}

/* Those that are rows, with ids to `last`.  They end by rows or bytes, whichever comes first: a few
 * rows may have images of many megabytes. */
static enum mr_code read_rows(struct mr_findings *fd, const struct mr_find_page *page, int64_t last,
                              struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    size_t bytes = 0;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf, page->with_images ? PAGE(MR_FINDING_IMAGES("f")) : PAGE(""), &stmt,
                        err, MR_ARG_INT("tbl", page->table), MR_ARG_INT("state", page->state),
                        MR_ARG_INT("after", page->after_id), MR_ARG_INT("last", last),
                        MR_ARG_INT("kinds", page->kinds), MR_ARG_INT("limit", page->limit));
    if (code == MR_OK)
        code = mr_findings_map(&map, stmt, 0, 1, err);
    while (code == MR_OK && (page->max_bytes == 0 || bytes < page->max_bytes) &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding *f = mr_vec_push(out);
        code = f != NULL ? mr_case_fields_read(&map, arena, f, err)
                         : mr_err_nomem(err, "reading findings");
        if (code == MR_OK)
            code = mr_findings_unpack(fd, 0, arena, f, err);
        if (code == MR_OK)
            bytes += f->source_len + f->target_len;
    }
    mr_case_free(stmt);
    return code;
}

/* In the order of ids: what are rows before the next page, else that page alone, so that it can be
 * written as a whole. */
enum mr_code mr_findings_page(struct mr_findings *fd, const struct mr_find_page *page,
                              struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    const size_t before = out->count;
    int64_t first = 0, last = mr_findings_last_of(page);
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_pages_first(fd, page, &first, err);
    if (code == MR_OK)
        code = read_rows(fd, page, first != 0 ? first - 1 : last, arena, out, err);
    if (code == MR_OK && first != 0 && out->count == before)
        code = mr_findings_pages_read(fd, page, arena, out, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_in_state(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                                  int64_t after_id, size_t limit, bool with_images,
                                  struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    struct mr_find_page page = {.table = table,
                                .state = state,
                                .after_id = after_id,
                                .limit = limit,
                                .with_images = with_images};
    for (size_t before = out->count; page.limit > 0; before = out->count) {
        MR_TRY(mr_findings_page(fd, &page, arena, out, err));
        if (out->count == before)
            break;
        page.after_id = ((struct mr_finding *)mr_vec_at(out, out->count - 1))->id;
        page.limit -= out->count - before;
    }
    return MR_OK;
}

static enum mr_code count_rows(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                               int64_t *count, struct mr_err *err)
{
    return MR_CASE_NUMBER(fd->cf, "SELECT count(*) FROM finding WHERE tbl=:tbl AND state=:state",
                          count, err, MR_ARG_INT("tbl", table), MR_ARG_INT("state", state));
}

/* The id of the nth finding in that state, from 0 on; 0: there are fewer. */
static enum mr_code nth_id(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                           uint64_t nth, int64_t *id, struct mr_err *err)
{
    return MR_CASE_NUMBER(fd->cf,
                          "SELECT id FROM finding WHERE tbl=:tbl AND state=:state"
                          " ORDER BY id LIMIT 1 OFFSET :nth",
                          id, err, MR_ARG_INT("tbl", table), MR_ARG_INT("state", state),
                          MR_ARG_INT("nth", nth));
}

/* Cuts the findings into parts of about equal numbers, by ids that are there: ids have gaps, so
 * that dividing their range would not do. */
enum mr_code mr_findings_cut(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                             size_t parts, struct mr_vec *ids, struct mr_err *err)
{
    int64_t rows = 0, paged = 0;
    mr_case_lock(fd->cf);
    enum mr_code code = count_rows(fd, table, state, &rows, err);
    if (code == MR_OK)
        code = mr_findings_pages_count(fd, table, state, &paged, err);
    if (code == MR_OK && paged > rows) {
        code = mr_findings_pages_cut(fd, table, state, parts, ids, err);
        parts = 0;
    }
    const uint64_t count = (uint64_t)rows;
    for (size_t i = 1; code == MR_OK && i < parts; i++) {
        uint64_t nth = count / parts * i;
        int64_t id = 0;
        if (nth == 0)
            break;
        code = nth_id(fd, table, state, nth - 1, &id, err);
        if (code != MR_OK || id == 0)
            break;
        int64_t *slot = mr_vec_push(ids);
        if (slot == NULL)
            code = mr_err_nomem(err, "planning the work");
        else
            *slot = id;
    }
    mr_case_unlock(fd->cf);
    return code;
}

#define NEW_FINDING                                                                                \
    "INSERT INTO finding (id, state, kind, count, source_id, target_id, source, target,"           \
    " tbl, key, segment, chunk, pos, equal) SELECT :id, :state, :kind, :count, :source_id,"        \
    " :target_id, :source, :target, :tbl, :key, :segment, :chunk, :pos, :equal"
#define OLD_FINDING(images)                                                                        \
    "UPDATE finding SET state=:state, kind=:kind, count=:count, source_id=:source_id,"             \
    " target_id=:target_id" images " WHERE id=:id"

/* The arguments in the order of who needs them: what is there already is written without
 * images or with them, and keeps its key and place. */
enum { OF_RESULT = 6, OF_IMAGES = 8, OF_ALL = 14 };

/* One list of arguments serves the INSERT and both UPDATEs, each of which takes a stretch of it:
 * the order of the list is part of that. */
static enum mr_code write_finding(struct mr_case_stmt *stmt, size_t first, size_t end,
                                  int64_t table, const struct mr_finding *f,
                                  const struct mr_image_pair *images, struct mr_err *err)
{
    const struct mr_case_arg args[OF_ALL] = {
        MR_ARG_INT("id", f->id),
        MR_ARG_INT("state", f->state),
        MR_ARG_INT("kind", f->kind),
        MR_ARG_INT("count", f->count),
        MR_ARG_BLOB("source_id", f->source_id, f->source_id_len),
        MR_ARG_BLOB("target_id", f->target_id, f->target_id_len),
        MR_ARG_BLOB("source", images->source, images->source_len),
        MR_ARG_BLOB("target", images->target, images->target_len),
        MR_ARG_INT("tbl", table),
        MR_ARG_BYTES("key", f->key),
        MR_ARG_INT("segment", f->segment),
        MR_ARG_INT("chunk", f->chunk),
        MR_ARG_INT("pos", f->pos),
        MR_ARG_INT("equal", f->equal)};
    return mr_case_run_with(stmt, args + first, end - first, err);
}

enum mr_code mr_findings_prepare_insert(struct mr_findings *fd, struct mr_case_stmt **insert,
                                        struct mr_err *err)
{
    return mr_case_prepare(fd->cf, NEW_FINDING, insert, err);
}

enum mr_code mr_findings_insert(struct mr_case_stmt *insert, int64_t table,
                                const struct mr_finding *finding,
                                const struct mr_image_pair *images, struct mr_err *err)
{
    return write_finding(insert, 0, OF_ALL, table, finding, images, err);
}

/* One that is new: under the next id. */
static enum mr_code add_finding(struct mr_findings *fd, struct mr_case_stmt *insert, int64_t table,
                                const struct mr_finding *finding,
                                const struct mr_image_pair *images, struct mr_err *err)
{
    struct mr_finding f = *finding;
    MR_TRY(next_id(fd, &f.id, err));
    return mr_findings_insert(insert, table, &f, images, err);
}

static enum mr_code write_findings(struct mr_findings *fd, int64_t table,
                                   const struct mr_finding *findings, size_t count,
                                   const struct mr_image_pair *images, struct mr_err *err)
{
    struct mr_case_stmt *update = NULL, *insert = NULL;
    const struct mr_case_sql list[] = {
        {&update,
         images != NULL ? OLD_FINDING(", source=:source, target=:target") : OLD_FINDING("")},
        {&insert, NEW_FINDING}};
    const size_t old = images != NULL ? OF_IMAGES : OF_RESULT;
    bool *done = calloc(count + 1, sizeof *done);
    const struct mr_find_batch batch = {findings, images, done, count};
    if (done == NULL)
        return mr_err_nomem(err, "storing findings");
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK) {
        free(done);
        return code;
    }
    code = mr_case_prepare_all(fd->cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK)
        code = mr_findings_pages_write(fd, table, &batch, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        if (done[i])
            continue;
        const struct mr_image_pair plain = mr_findings_pair(&findings[i]);
        const struct mr_image_pair *of = images != NULL ? &images[i] : &plain;
        code = findings[i].id == 0 ? add_finding(fd, insert, table, &findings[i], of, err)
                                   : write_finding(update, 0, old, table, &findings[i], of, err);
    }
    mr_case_free(update);
    mr_case_free(insert);
    free(done);
    return mr_findings_end(fd, code, err);
}

/* Packed before the transaction begins: other threads write to the case meanwhile. */
static enum mr_code pack_and_write(struct mr_findings *fd, int64_t table,
                                   const struct mr_finding *findings, size_t count,
                                   struct mr_err *err)
{
    struct mr_image_packer packer;
    struct mr_image_pair *images = calloc(count + 1, sizeof *images);
    enum mr_code code = mr_image_packer_init(&packer, err);
    if (code == MR_OK && images == NULL)
        code = mr_err_nomem(err, "storing findings");
    if (code == MR_OK)
        code = mr_findings_pack(fd, table, findings, count, &packer, images, err);
    if (code == MR_OK)
        code = write_findings(fd, table, findings, count, images, err);
    mr_image_packer_release(&packer);
    free(images);
    return code;
}

/* Images are rewritten only on demand: they are most of the bytes, and a changed state alone
 * does not touch them. */
enum mr_code mr_findings_save(struct mr_findings *fd, int64_t table,
                              const struct mr_finding *findings, size_t count, bool images,
                              struct mr_err *err)
{
    return images ? pack_and_write(fd, table, findings, count, err)
                  : write_findings(fd, table, findings, count, NULL, err);
}

/* One that is paired, or was settled before its row came, is no live one. */
enum mr_code mr_findings_add_unknown(struct mr_findings *fd, int64_t table,
                                     const struct mr_finding *finding, struct mr_err *err)
{
    const struct mr_image_pair plain = mr_findings_pair(finding);
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        mr_case_prepare(fd->cf,
                        NEW_FINDING " WHERE NOT EXISTS (SELECT 1 FROM finding"
                                    " WHERE tbl=:tbl AND key=:key AND state NOT IN (3, 5))",
                        &stmt, err);
    if (code == MR_OK) /* or its key would have to be looked for in each of them */
        code = mr_findings_pages_open(fd, table, err);
    if (code == MR_OK)
        code = add_finding(fd, stmt, table, finding, &plain, err);
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_count(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                               uint64_t *count, struct mr_err *err)
{
    int64_t rows = 0, paged = 0;
    mr_case_lock(fd->cf);
    enum mr_code code = count_rows(fd, table, state, &rows, err);
    if (code == MR_OK)
        code = mr_findings_pages_count(fd, table, state, &paged, err);
    mr_case_unlock(fd->cf);
    *count = (uint64_t)(rows + paged);
    return code;
}

enum mr_code mr_findings_restate_page(struct mr_findings *fd, const struct mr_find_page *page,
                                      enum mr_find_state to, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_findings_pages_restate(fd, page, to, err);
    if (code == MR_OK)
        code = MR_CASE_ONCE(fd->cf,
                            "UPDATE finding SET state=:to WHERE tbl=:tbl AND state=:state"
                            " AND id>:after AND id<=:last",
                            err, MR_ARG_INT("to", to), MR_ARG_INT("tbl", page->table),
                            MR_ARG_INT("state", page->state), MR_ARG_INT("after", page->after_id),
                            MR_ARG_INT("last", mr_findings_last_of(page)));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_restate(struct mr_findings *fd, int64_t table, enum mr_find_state from,
                                 enum mr_find_state to, struct mr_err *err)
{
    const struct mr_find_page page = {.table = table, .state = from};
    return mr_findings_restate_page(fd, &page, to, err);
}

enum mr_code mr_findings_duplicate_add(struct mr_findings *fd, int64_t table,
                                       const struct mr_find_duplicate *duplicate,
                                       struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    if (duplicate->place != NULL)
        return mr_findings_end(
            fd,
            MR_CASE_ONCE(fd->cf,
                         "INSERT OR IGNORE INTO doubled (tbl, key, place, image)"
                         " VALUES (:tbl, :key, :place, :image)",
                         err, MR_ARG_INT("tbl", table),
                         MR_ARG_BLOB("key", duplicate->identity, duplicate->identity_len),
                         MR_ARG_TEXT("place", duplicate->place),
                         MR_ARG_BLOB("image", duplicate->image, duplicate->image_len)),
            err);
    enum mr_code code =
        MR_CASE_ONCE(fd->cf,
                     "INSERT OR IGNORE INTO duplicate (tbl, side, identity, image)"
                     " VALUES (:tbl, :side, :identity, :image)",
                     err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", duplicate->side),
                     MR_ARG_BLOB("identity", duplicate->identity, duplicate->identity_len),
                     MR_ARG_BLOB("image", duplicate->image, duplicate->image_len));
    return mr_findings_end(fd, code, err);
}
