/* findings_rows.c: segments, chunks and findings of a table; see findings.h. */
#include "core/case/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/findings_internal.h"

static void bind_key(struct mr_case_stmt *stmt, int at, struct mr_key key)
{
    if (key.ptr == NULL)
        mr_case_bind_null(stmt, at);
    else
        mr_case_bind_blob(stmt, at, key.ptr, key.len);
}

static void bind_bytes(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len)
{
    bind_key(stmt, at, (struct mr_key){ptr, len});
}

enum mr_code mr_findings_segments_add(struct mr_findings *fd, int64_t table,
                                      const struct mr_range *ranges, size_t count,
                                      struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(
        fd->cf, "INSERT INTO segment (tbl, no, lo, hi) VALUES (?,?,?,?)", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        mr_case_bind_int(stmt, 1, table);
        mr_case_bind_int(stmt, 2, (int64_t)i);
        bind_key(stmt, 3, ranges[i].lo);
        bind_key(stmt, 4, ranges[i].hi);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_segments(struct mr_findings *fd, int64_t table,
                                  struct mr_arena *arena,
                                  struct mr_find_segment **segments, size_t *count,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec list = MR_VEC_INIT(struct mr_find_segment);
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT s.lo, s.hi, c.hi, c.no, c.last FROM segment s LEFT JOIN chunk c"
        " ON c.tbl = s.tbl AND c.segment = s.no AND c.no ="
        " (SELECT max(no) FROM chunk x WHERE x.tbl = s.tbl AND x.segment = s.no)"
        " WHERE s.tbl = ? ORDER BY s.no",
        table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_segment *seg = mr_vec_push(&list);
        if (seg == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        seg->lo.ptr = mr_findings_blob(stmt, 0, &seg->lo.len, arena, &code, err);
        seg->hi.ptr = mr_findings_blob(stmt, 1, &seg->hi.len, arena, &code, err);
        seg->done_to.ptr =
            mr_findings_blob(stmt, 2, &seg->done_to.len, arena, &code, err);
        seg->next_chunk = mr_case_is_null(stmt, 3) ? 0 : mr_case_int(stmt, 3) + 1;
        seg->done = mr_case_int(stmt, 4) != 0;
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    *count = list.count;
    *segments = (struct mr_find_segment *)(void *)mr_arena_dup(
        arena, list.items, list.count * sizeof **segments);
    if (code == MR_OK && *segments == NULL)
        code = mr_err_nomem(err, "reading the case file");
    mr_vec_release(&list);
    return code;
}

enum mr_code mr_findings_chunk_done(struct mr_findings *fd,
                                    const struct mr_find_chunk *chunk,
                                    const struct mr_find_suspect *suspects, size_t count,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = fd->add_chunk;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(stmt, 1, chunk->table);
    mr_case_bind_int(stmt, 2, (int64_t)chunk->segment);
    mr_case_bind_int(stmt, 3, chunk->no);
    bind_key(stmt, 4, chunk->hi);
    mr_case_bind_int(stmt, 5, chunk->last);
    mr_case_bind_int(stmt, 6, (int64_t)chunk->source_rows);
    mr_case_bind_int(stmt, 7, (int64_t)chunk->target_rows);
    mr_case_bind_int(stmt, 8, (int64_t)chunk->bytes);
    mr_case_bind_int(stmt, 9, (int64_t)chunk->equal);
    code = mr_case_run(stmt, err);
    stmt = fd->add_suspect;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        mr_case_bind_int(stmt, 1, chunk->table);
        mr_case_bind_int(stmt, 2, (int64_t)chunk->segment);
        mr_case_bind_int(stmt, 3, chunk->no);
        mr_case_bind_int(stmt, 4, (int64_t)suspects[i].pos);
        mr_case_bind_int(stmt, 5, (int64_t)suspects[i].equal);
        bind_key(stmt, 6, suspects[i].key);
        code = mr_case_run(stmt, err);
    }
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_chunk_range(struct mr_findings *fd, int64_t table,
                                     int64_t segment, int64_t no, struct mr_arena *arena,
                                     struct mr_range *range, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT CASE WHEN c.no = 0 THEN s.lo ELSE"
        " (SELECT p.hi FROM chunk p WHERE p.tbl = c.tbl AND p.segment = c.segment"
        " AND p.no = c.no - 1) END, c.hi"
        " FROM chunk c JOIN segment s ON s.tbl = c.tbl AND s.no = c.segment"
        " WHERE c.tbl = ?1 AND c.segment = ?2 AND c.no = ?3",
        table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, segment);
        mr_case_bind_int(stmt, 3, no);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && !row)
        code =
            mr_err_set(err, MR_E_CASE, "the case is damaged: a finding is of no chunk");
    if (code == MR_OK) {
        range->lo.ptr = mr_findings_blob(stmt, 0, &range->lo.len, arena, &code, err);
        range->hi.ptr = mr_findings_blob(stmt, 1, &range->hi.len, arena, &code, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_chunk_sums(struct mr_findings *fd, int64_t table,
                                    struct mr_find_counts *counts, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code =
        mr_case_prepare(fd->cf,
                        "SELECT ifnull(sum(source_rows),0), ifnull(sum(target_rows),0),"
                        " ifnull(sum(bytes),0) FROM chunk WHERE tbl=?",
                        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, table);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && row) {
        counts->source_rows = (uint64_t)mr_case_int(stmt, 0);
        counts->target_rows = (uint64_t)mr_case_int(stmt, 1);
        counts->bytes = (uint64_t)mr_case_int(stmt, 2);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

static enum mr_code copy_bytes(struct mr_arena *arena, const void **ptr, size_t len,
                               struct mr_err *err)
{
    if (*ptr == NULL)
        return MR_OK;
    *ptr = mr_arena_dup(arena, *ptr, len);
    return *ptr != NULL ? MR_OK : mr_err_nomem(err, "reading findings");
}

static enum mr_code copy_finding(struct mr_arena *arena, struct mr_finding *f,
                                 struct mr_err *err)
{
    enum mr_code code = copy_bytes(arena, &f->key.ptr, f->key.len, err);
    if (code == MR_OK)
        code = copy_bytes(arena, &f->source_id, f->source_id_len, err);
    if (code == MR_OK)
        code = copy_bytes(arena, &f->target_id, f->target_id_len, err);
    if (code == MR_OK)
        code = copy_bytes(arena, &f->source, f->source_len, err);
    if (code == MR_OK)
        code = copy_bytes(arena, &f->target, f->target_len, err);
    return code;
}

enum mr_code mr_findings_page(struct mr_findings *fd, const struct mr_find_page *page,
                              struct mr_arena *arena, struct mr_vec *out,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    size_t bytes = 0;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        page->with_images
            ? "SELECT " MR_FINDING_COLUMNS MR_FINDING_IMAGES
              " FROM finding f WHERE f.tbl=?1"
              " AND f.state=?2 AND f.id>?3 AND f.id<=?4 ORDER BY f.id LIMIT ?5"
            : "SELECT " MR_FINDING_COLUMNS MR_FINDING_NO_IMAGES
              " FROM finding f WHERE f.tbl=?1"
              " AND f.state=?2 AND f.id>?3 AND f.id<=?4 ORDER BY f.id LIMIT ?5",
        page->table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)page->state);
        mr_case_bind_int(stmt, 3, page->after_id);
        mr_case_bind_int(stmt, 4, page->last_id != 0 ? page->last_id : INT64_MAX);
        mr_case_bind_int(stmt, 5, (int64_t)page->limit);
    }
    while (code == MR_OK && (page->max_bytes == 0 || bytes < page->max_bytes) &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding *f = mr_vec_push(out);
        if (f == NULL) {
            code = mr_err_nomem(err, "reading findings");
            break;
        }
        mr_findings_peek(stmt, 0, f);
        bytes += f->source_len + f->target_len;
        code = copy_finding(arena, f, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_in_state(struct mr_findings *fd, int64_t table,
                                  enum mr_find_state state, int64_t after_id,
                                  size_t limit, bool with_images, struct mr_arena *arena,
                                  struct mr_vec *out, struct mr_err *err)
{
    const struct mr_find_page page = {.table = table,
                                      .state = state,
                                      .after_id = after_id,
                                      .limit = limit,
                                      .with_images = with_images};
    return mr_findings_page(fd, &page, arena, out, err);
}

/* The id of the nth finding in that state, from 0 on; 0: there are fewer. */
static enum mr_code nth_id(struct mr_findings *fd, int64_t table,
                           enum mr_find_state state, uint64_t nth, int64_t *id,
                           struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT id FROM finding WHERE tbl=?1 AND state=?2 ORDER BY id LIMIT 1 OFFSET ?3",
        table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)state);
        mr_case_bind_int(stmt, 3, (int64_t)nth);
        code = mr_case_step(stmt, &row, err);
    }
    *id = code == MR_OK && row ? mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_cut(struct mr_findings *fd, int64_t table,
                             enum mr_find_state state, size_t parts, struct mr_vec *ids,
                             struct mr_err *err)
{
    uint64_t count = 0;
    enum mr_code code = mr_findings_count(fd, table, state, &count, err);
    mr_case_lock(fd->cf);
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

static void bind_image(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len)
{
    if (ptr == NULL)
        mr_case_bind_null(stmt, at);
    else
        mr_case_bind_borrowed(stmt, at, ptr, len);
}

/* What a save writes of a finding, new or not. */
static void bind_result(struct mr_case_stmt *stmt, const struct mr_finding *f,
                        bool images)
{
    mr_case_bind_int(stmt, 1, (int64_t)f->state);
    mr_case_bind_int(stmt, 2, (int64_t)f->kind);
    mr_case_bind_int(stmt, 3, (int64_t)f->count);
    bind_bytes(stmt, 4, f->source_id, f->source_id_len);
    bind_bytes(stmt, 5, f->target_id, f->target_id_len);
    if (images) {
        bind_image(stmt, 6, f->source, f->source_len);
        bind_image(stmt, 7, f->target, f->target_len);
    }
}

static void bind_place(struct mr_case_stmt *stmt, int64_t table,
                       const struct mr_finding *f)
{
    mr_case_bind_int(stmt, 8, table);
    bind_key(stmt, 9, f->key);
    mr_case_bind_int(stmt, 10, f->segment);
    mr_case_bind_int(stmt, 11, f->chunk);
    mr_case_bind_int(stmt, 12, (int64_t)f->pos);
    mr_case_bind_int(stmt, 13, (int64_t)f->equal);
}

#define NEW_FINDING                                                                      \
    "INSERT INTO finding (state, kind, count, source_id, target_id, source, target,"     \
    " tbl, key, segment, chunk, pos, equal)"                                             \
    " SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13"

enum mr_code mr_findings_save(struct mr_findings *fd, int64_t table,
                              const struct mr_finding *findings, size_t count,
                              bool images, struct mr_err *err)
{
    struct mr_case_stmt *update = NULL, *insert = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(
        fd->cf,
        images ? "UPDATE finding SET state=?1, kind=?2, count=?3, source_id=?4,"
                 " target_id=?5, source=?6, target=?7 WHERE id=?8"
               : "UPDATE finding SET state=?1, kind=?2, count=?3, source_id=?4,"
                 " target_id=?5 WHERE id=?8",
        &update, err);
    if (code == MR_OK)
        code = mr_case_prepare(fd->cf, NEW_FINDING, &insert, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_finding *f = &findings[i];
        bool is_new = f->id == 0;
        struct mr_case_stmt *stmt = is_new ? insert : update;
        bind_result(stmt, f, images || is_new);
        if (is_new)
            bind_place(stmt, table, f);
        else
            mr_case_bind_int(stmt, 8, f->id);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(update);
    mr_case_free(insert);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_add_unknown(struct mr_findings *fd, int64_t table,
                                     const struct mr_finding *finding, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_prepare(fd->cf,
                           NEW_FINDING " WHERE NOT EXISTS (SELECT 1 FROM finding"
                                       " WHERE tbl=?8 AND key=?9 AND state<>5)",
                           &stmt, err);
    if (code == MR_OK) {
        bind_result(stmt, finding, true);
        bind_place(stmt, table, finding);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_count(struct mr_findings *fd, int64_t table,
                               enum mr_find_state state, uint64_t *count,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd, "SELECT count(*) FROM finding WHERE tbl=? AND state=?", table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)state);
        code = mr_case_step(stmt, &row, err);
    }
    *count = code == MR_OK && row ? (uint64_t)mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_restate_page(struct mr_findings *fd,
                                      const struct mr_find_page *page,
                                      enum mr_find_state to, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_prepare(fd,
                               "UPDATE finding SET state=?3 WHERE tbl=?1 AND state=?2"
                               " AND id>?4 AND id<=?5",
                               page->table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)page->state);
        mr_case_bind_int(stmt, 3, (int64_t)to);
        mr_case_bind_int(stmt, 4, page->after_id);
        mr_case_bind_int(stmt, 5, page->last_id != 0 ? page->last_id : INT64_MAX);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_restate(struct mr_findings *fd, int64_t table,
                                 enum mr_find_state from, enum mr_find_state to,
                                 struct mr_err *err)
{
    const struct mr_find_page page = {.table = table, .state = from};
    return mr_findings_restate_page(fd, &page, to, err);
}

enum mr_code mr_findings_duplicate_add(struct mr_findings *fd, int64_t table,
                                       const struct mr_find_duplicate *duplicate,
                                       struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code =
        mr_findings_prepare(fd,
                            "INSERT OR IGNORE INTO duplicate (tbl, side, identity, image)"
                            " VALUES (?,?,?,?)",
                            table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, duplicate->side);
        bind_bytes(stmt, 3, duplicate->identity, duplicate->identity_len);
        bind_bytes(stmt, 4, duplicate->image, duplicate->image_len);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}
