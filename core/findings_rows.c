/* findings_rows.c: segments, chunks and findings of a table; see findings.h. */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

#include "findings_internal.h"

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

/* The columns of every query that yields a finding; images last, and only on request. */
#define FINDING_COLUMNS                                                                  \
    "f.id, f.segment, f.chunk, f.pos, f.equal, f.state, f.kind, f.count, f.key,"         \
    " f.source_id, f.target_id"
#define IMAGE_COLUMNS ", f.source, f.target"
#define NO_IMAGES ", NULL, NULL"

/* Points into the statement's row: valid until its next step. */
static void peek_finding(struct mr_case_stmt *stmt, int first, struct mr_finding *f)
{
    f->id = mr_case_int(stmt, first);
    f->segment = mr_case_int(stmt, first + 1);
    f->chunk = mr_case_int(stmt, first + 2);
    f->pos = (uint64_t)mr_case_int(stmt, first + 3);
    f->equal = (uint64_t)mr_case_int(stmt, first + 4);
    f->state = (enum mr_find_state)mr_case_int(stmt, first + 5);
    f->kind = (enum mr_find_kind)mr_case_int(stmt, first + 6);
    f->count = (uint64_t)mr_case_int(stmt, first + 7);
    f->key.ptr = mr_case_blob(stmt, first + 8, &f->key.len);
    f->source_id = mr_case_blob(stmt, first + 9, &f->source_id_len);
    f->target_id = mr_case_blob(stmt, first + 10, &f->target_id_len);
    f->source = mr_case_blob(stmt, first + 11, &f->source_len);
    f->target = mr_case_blob(stmt, first + 12, &f->target_len);
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

enum mr_code mr_findings_in_state(struct mr_findings *fd, int64_t table,
                                  enum mr_find_state state, int64_t after_id,
                                  size_t limit, bool with_images, struct mr_arena *arena,
                                  struct mr_vec *out, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        with_images ? "SELECT " FINDING_COLUMNS IMAGE_COLUMNS " FROM finding f"
                      " WHERE f.tbl=?1 AND f.state=?2 AND f.id>?3 ORDER BY f.id LIMIT ?4"
                    : "SELECT " FINDING_COLUMNS NO_IMAGES " FROM finding f"
                      " WHERE f.tbl=?1 AND f.state=?2 AND f.id>?3 ORDER BY f.id LIMIT ?4",
        table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)state);
        mr_case_bind_int(stmt, 3, after_id);
        mr_case_bind_int(stmt, 4, (int64_t)limit);
    }
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding *f = mr_vec_push(out);
        if (f == NULL) {
            code = mr_err_nomem(err, "reading findings");
            break;
        }
        peek_finding(stmt, 0, f);
        code = copy_finding(arena, f, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_has_key(struct mr_findings *fd, int64_t table, struct mr_key key,
                                 bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd, "SELECT 1 FROM finding WHERE tbl=? AND key=? AND state<>5 LIMIT 1", table,
        &stmt, err);
    if (code == MR_OK) {
        bind_key(stmt, 2, key);
        code = mr_case_step(stmt, found, err);
    }
    mr_case_free(stmt);
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

static enum mr_code save_one(struct mr_case_stmt *stmt, int64_t table,
                             const struct mr_finding *f, bool images, struct mr_err *err)
{
    mr_case_bind_int(stmt, 1, (int64_t)f->state);
    mr_case_bind_int(stmt, 2, (int64_t)f->kind);
    bind_key(stmt, 3, f->key);
    mr_case_bind_int(stmt, 4, (int64_t)f->count);
    bind_bytes(stmt, 5, f->source_id, f->source_id_len);
    bind_bytes(stmt, 6, f->target_id, f->target_id_len);
    if (images) {
        bind_image(stmt, 7, f->source, f->source_len);
        bind_image(stmt, 8, f->target, f->target_len);
    }
    if (f->id != 0) {
        mr_case_bind_int(stmt, 9, f->id);
    } else {
        mr_case_bind_int(stmt, 9, table);
        mr_case_bind_int(stmt, 10, f->segment);
        mr_case_bind_int(stmt, 11, f->chunk);
        mr_case_bind_int(stmt, 12, (int64_t)f->pos);
        mr_case_bind_int(stmt, 13, (int64_t)f->equal);
    }
    return mr_case_run(stmt, err);
}

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
        images ? "UPDATE finding SET state=?1, kind=?2, key=?3, count=?4, source_id=?5,"
                 " target_id=?6, source=?7, target=?8 WHERE id=?9"
               : "UPDATE finding SET state=?1, kind=?2, key=?3, count=?4, source_id=?5,"
                 " target_id=?6 WHERE id=?9",
        &update, err);
    if (code == MR_OK)
        code = mr_case_prepare(
            fd->cf,
            "INSERT INTO finding (state, kind, key, count, source_id, target_id, source,"
            " target, tbl, segment, chunk, pos, equal)"
            " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
            &insert, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        bool is_new = findings[i].id == 0;
        code = save_one(is_new ? insert : update, table, &findings[i], images || is_new,
                        err);
    }
    mr_case_free(update);
    mr_case_free(insert);
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

enum mr_code mr_findings_restate(struct mr_findings *fd, int64_t table,
                                 enum mr_find_state from, enum mr_find_state to,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_prepare(
        fd, "UPDATE finding SET state=?3 WHERE tbl=?1 AND state=?2", table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, (int64_t)from);
        mr_case_bind_int(stmt, 3, (int64_t)to);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

/* An identity that one side holds once and the other side holds once under another
 * finding has moved.  (Under the same finding it would be the same key.) */
static const char find_moved_sql[] =
    "INSERT INTO moved (tbl, source, target)"
    " SELECT s.tbl, s.id, t.id FROM"
    " (SELECT tbl, source_id, min(id) AS id FROM finding WHERE tbl=?1 AND state=2"
    "  AND source_id IS NOT NULL AND source_id NOT IN (SELECT identity FROM duplicate"
    "  WHERE tbl=?1 AND side=0) GROUP BY source_id HAVING count(*)=1) s JOIN"
    " (SELECT target_id, min(id) AS id FROM finding WHERE tbl=?1 AND state=2"
    "  AND target_id IS NOT NULL AND target_id NOT IN (SELECT identity FROM duplicate"
    "  WHERE tbl=?1 AND side=1) GROUP BY target_id HAVING count(*)=1) t"
    " ON t.target_id = s.source_id WHERE s.id <> t.id";

static enum mr_code count_kinds(struct mr_findings *fd, int64_t table,
                                struct mr_find_counts *counts, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    counts->missing = counts->extra = counts->changed = counts->collision = 0;
    enum mr_code code = mr_findings_prepare(fd,
                                            "SELECT kind, sum(count) FROM finding"
                                            " WHERE tbl=? AND state=2 GROUP BY kind",
                                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        uint64_t rows = (uint64_t)mr_case_int(stmt, 1);
        switch ((enum mr_find_kind)mr_case_int(stmt, 0)) {
        case MR_KIND_MISSING: counts->missing = rows; break;
        case MR_KIND_EXTRA: counts->extra = rows; break;
        case MR_KIND_CHANGED: counts->changed = rows; break;
        case MR_KIND_COLLISION: counts->collision = rows; break;
        case MR_KIND_UNDECIDED: break;
        }
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_summarise(struct mr_findings *fd, int64_t table,
                                   struct mr_find_counts *counts, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_run_int(fd, "DELETE FROM moved WHERE tbl=?", table, err);
    if (code == MR_OK)
        code = mr_findings_run_int(fd, find_moved_sql, table, err);
    if (code == MR_OK)
        code = count_kinds(fd, table, counts, err);
    if (code == MR_OK)
        code =
            mr_case_prepare(fd->cf, "SELECT count(*) FROM moved WHERE tbl=?", &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, table);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && row)
        counts->moved = (uint64_t)mr_case_int(stmt, 0);
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_walk(struct mr_findings *fd, int64_t table, bool all,
                              mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        all ? "SELECT " FINDING_COLUMNS IMAGE_COLUMNS " FROM finding f"
              " WHERE f.tbl=?1 AND f.state IN (2,3,4)"
              " ORDER BY f.segment, f.chunk, f.pos, f.id"
            : "SELECT " FINDING_COLUMNS IMAGE_COLUMNS " FROM finding f"
              " WHERE f.tbl=?1 AND f.state = 2 ORDER BY f.segment, f.chunk, f.pos, f.id",
        table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding f = {0};
        peek_finding(stmt, 0, &f);
        code = fn(ctx, &f, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_walk_moved(struct mr_findings *fd, int64_t table,
                                    mr_moved_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT f.id, f.segment, f.chunk, f.pos, f.equal, f.state, f.kind, f.count,"
        " f.key, f.source_id, f.target_id, f.source, f.target,"
        " t.id, t.segment, t.chunk, t.pos, t.equal, t.state, t.kind, t.count,"
        " t.key, t.source_id, t.target_id, t.source, t.target"
        " FROM moved m JOIN finding f ON f.id = m.source JOIN finding t ON t.id ="
        " m.target WHERE m.tbl=? ORDER BY f.segment, f.chunk, f.pos",
        table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding source = {0}, target = {0};
        peek_finding(stmt, 0, &source);
        peek_finding(stmt, 13, &target);
        code = fn(ctx, &source, &target, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
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

static enum mr_code walk_duplicates(struct mr_findings *fd, int64_t table,
                                    mr_duplicate_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf last = MR_STRBUF_INIT;
    int last_side = -1;
    bool row = false;
    enum mr_code code =
        mr_findings_prepare(fd,
                            "SELECT side, identity, image FROM duplicate"
                            " WHERE tbl = ? ORDER BY side, identity, image",
                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_duplicate d = {.side = (int)mr_case_int(stmt, 0)};
        d.identity = mr_case_blob(stmt, 1, &d.identity_len);
        d.image = mr_case_blob(stmt, 2, &d.image_len);
        bool first = d.side != last_side || last.len != d.identity_len ||
                     memcmp(last.ptr, d.identity, d.identity_len) != 0;
        last_side = d.side;
        mr_strbuf_reset(&last);
        mr_strbuf_add(&last, d.identity, d.identity_len);
        code = fn(ctx, &d, first, err);
    }
    mr_case_free(stmt);
    mr_strbuf_release(&last);
    return code;
}

enum mr_code mr_findings_walk_duplicates(struct mr_findings *fd, int64_t table,
                                         mr_duplicate_fn *fn, void *ctx,
                                         struct mr_err *err)
{
    mr_case_lock(fd->cf);
    enum mr_code code = walk_duplicates(fd, table, fn, ctx, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_walk_chunks(struct mr_findings *fd, int64_t table,
                                     mr_chunk_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(fd,
                                            "SELECT segment, no, equal FROM chunk"
                                            " WHERE tbl=? ORDER BY segment, no",
                                            table, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row)
        code = fn(ctx, mr_case_int(stmt, 0), mr_case_int(stmt, 1),
                  (uint64_t)mr_case_int(stmt, 2), err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
