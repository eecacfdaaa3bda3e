/*
 * findings_pages.c: suspects by the hundred; see findings_internal.h.
 *
 * A chunk in which much differs leaves its suspects in pages, a row of `suspect_page` each: their
 * ids follow each other, so that a page of n suspects has the ids from `first` to `last`, which no
 * finding has meanwhile.  To be seen once is a number in that row.  A page becomes findings in the
 * transaction that writes the first of them: each is written once, as what it has become.
 *
 * What a page holds of each suspect: pos and equal (8 bytes each), the length of the key (4), all
 * big-endian, and the key.
 *
 * A version that does not know pages would take their suspects for equal rows: while a case may
 * have some, it is of version 3.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

#define PAGE_LEAST 64 /* suspects of a chunk: fewer become findings at once */
#define PAGE_MOST 900 /* of a page: those that are read again by one statement */
#define PAGE_BYTES ((size_t)256 * 1024)
#define HEAD_BYTES 20 /* of a suspect, before its key */

/* A row of suspect_page. */
struct stored {
    int64_t first, last, table, segment, chunk;
    enum mr_find_state state;
    struct mr_key suspects;
};

#define STORED(name, member, type) MR_CASE_FIELD_AS(name, struct stored, member, MR_CASE_##type)

static const struct mr_case_field stored_fields[] =
    MR_CASE_LIST(STORED("first", first, INT), STORED("last", last, INT), STORED("tbl", table, INT),
                 STORED("segment", segment, INT), STORED("chunk", chunk, INT),
                 STORED("state", state, SMALL), STORED("suspects", suspects, BYTES));

/* ---- one page ---- */

static void put(struct mr_strbuf *out, uint64_t number, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--)
        mr_strbuf_add_char(out, (char)(unsigned char)(number >> (8 * (i - 1))));
}

static uint64_t get(const unsigned char *bytes, unsigned count)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

static enum mr_code fail_damaged(const struct stored *s, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CASE, "the case is damaged: the page of suspects %lld",
                     (long long)s->first);
    mr_err_hint(err, "Take the file from a backup, or start a new case.");
    return MR_E_CASE;
}

/* Takes the next suspect of a page from *pos on, as a finding that nobody has looked at. */
static enum mr_code take(const struct stored *s, int64_t id, size_t *pos, struct mr_finding *f,
                         struct mr_err *err)
{
    const unsigned char *at = (const unsigned char *)s->suspects.ptr + *pos;
    if (s->suspects.len - *pos < HEAD_BYTES)
        return fail_damaged(s, err);
    size_t len = (size_t)get(at + 16, 4);
    if (s->suspects.len - *pos - HEAD_BYTES < len)
        return fail_damaged(s, err);
    *f = (struct mr_finding){.id = id,
                             .segment = s->segment,
                             .chunk = s->chunk,
                             .pos = get(at, 8),
                             .equal = get(at + 8, 8),
                             .state = s->state,
                             .key = {at + HEAD_BYTES, len},
                             .count = 1};
    *pos += HEAD_BYTES + len;
    if (id == s->last && *pos != s->suspects.len)
        return fail_damaged(s, err);
    return MR_OK;
}

/* Can a page be of that state? */
static bool is_paged(enum mr_find_state state)
{
    return state == MR_FIND_SUSPECT || state == MR_FIND_SEEN_ONCE;
}

static bool is_sound(const struct stored *s)
{
    return s->suspects.ptr != NULL && s->first > 0 && s->last >= s->first && is_paged(s->state);
}

/* ---- reading ---- */

/* The first page of the state with an id in (after, last]; bytes in arena.  first 0: none. */
static enum mr_code find_first(struct mr_findings *fd, const struct mr_find_page *page,
                               struct mr_arena *arena, struct stored *out, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    const bool any_kind = page->kinds == 0 || page->kinds & 1U << MR_KIND_UNDECIDED;
    out->first = 0;
    if (!fd->has_pages || !any_kind || !is_paged(page->state))
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT * FROM suspect_page WHERE first >="
        " ifnull((SELECT max(first) FROM suspect_page WHERE first<=:after), 0)"
        " AND first<=:last AND last>:after AND tbl=:tbl AND state=:state ORDER BY first LIMIT 1",
        &stmt, err, MR_ARG_INT("after", page->after_id),
        MR_ARG_INT("last", mr_findings_last_of(page)), MR_ARG_INT("tbl", page->table),
        MR_ARG_INT("state", page->state));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(stored_fields), arena, out, &row, err);
    mr_case_free(stmt);
    if (code == MR_OK && row && !is_sound(out))
        code = fail_damaged(out, err);
    return code;
}

enum mr_code mr_findings_pages_first(struct mr_findings *fd, const struct mr_find_page *page,
                                     int64_t *first, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct stored s;
    enum mr_code code = find_first(fd, page, &arena, &s, err);
    *first = code == MR_OK ? s.first : 0;
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_findings_pages_read(struct mr_findings *fd, const struct mr_find_page *page,
                                    struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    struct stored s;
    size_t pos = 0, count = 0;
    MR_TRY(find_first(fd, page, arena, &s, err));
    for (int64_t id = s.first; s.first != 0 && id <= s.last && count < page->limit; id++) {
        struct mr_finding f;
        MR_TRY(take(&s, id, &pos, &f, err));
        if (id <= page->after_id || id > mr_findings_last_of(page))
            continue;
        struct mr_finding *slot = mr_vec_push(out);
        if (slot == NULL)
            return mr_err_nomem(err, "reading findings");
        *slot = f;
        count++;
    }
    return MR_OK;
}

enum mr_code mr_findings_pages_count(struct mr_findings *fd, int64_t table,
                                     enum mr_find_state state, int64_t *count, struct mr_err *err)
{
    *count = 0;
    return !fd->has_pages
               ? MR_OK
               : MR_CASE_NUMBER(fd->cf,
                                "SELECT sum(last - first + 1) FROM suspect_page"
                                " WHERE tbl=:tbl AND state=:state",
                                count, err, MR_ARG_INT("tbl", table), MR_ARG_INT("state", state));
}

enum mr_code mr_findings_has_pages(struct mr_findings *fd, int64_t table, bool *has,
                                   struct mr_err *err)
{
    *has = false;
    return !fd->has_pages ? MR_OK
                          : MR_CASE_HAS(fd->cf, "SELECT 1 FROM suspect_page WHERE tbl=:tbl LIMIT 1",
                                        has, err, MR_ARG_INT("tbl", table));
}

/* Cuts between pages: one that belonged to two parts would be taken apart for nothing. */
enum mr_code mr_findings_pages_cut(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                                   size_t parts, struct mr_vec *ids, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    int64_t count = 0, seen = 0;
    bool row = false;
    MR_TRY(mr_findings_pages_count(fd, table, state, &count, err));
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        "SELECT last, last - first + 1 FROM suspect_page"
                        " WHERE tbl=:tbl AND state=:state ORDER BY first",
                        &stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("state", state));
    while (code == MR_OK && ids->count + 1 < parts &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        seen += mr_case_int(stmt, 1);
        if (seen >= count || (uint64_t)seen < (uint64_t)count / parts * (ids->count + 1))
            continue;
        int64_t *slot = mr_vec_push(ids);
        if (slot == NULL)
            code = mr_err_nomem(err, "planning the work");
        else
            *slot = mr_case_int(stmt, 0);
    }
    mr_case_free(stmt);
    return code;
}

/* ---- writing ---- */

enum mr_code mr_findings_version_set(struct mr_findings *fd, int version, bool lower,
                                     struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    int64_t is = 0;
    enum mr_code code = mr_case_number_with(fd->cf, "PRAGMA user_version", NULL, 0, &is, err);
    if (code != MR_OK || is == version || (is > version && !lower))
        return code;
    mr_strbuf_add_fmt(&sql, "PRAGMA user_version=%d", version);
    code = mr_strbuf_check(&sql, "writing the case file", err);
    if (code == MR_OK)
        code = mr_case_exec(fd->cf, sql.ptr, err);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_findings_pages_end(struct mr_findings *fd, struct mr_err *err)
{
    bool has = false;
    enum mr_code code = MR_CASE_HAS(fd->cf, "SELECT 1 FROM suspect_page WHERE first>:none LIMIT 1",
                                    &has, err, MR_ARG_INT("none", 0));
    return code == MR_OK && !has ? mr_findings_version_set(fd, MR_FINDINGS_PLAIN, true, err) : code;
}

bool mr_findings_pages_suit(const struct mr_find_suspect *suspects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (suspects[i].key.ptr == NULL || suspects[i].key.len > UINT32_MAX)
            return false;
    return count >= PAGE_LEAST;
}

/* Of similar size, so that none is read alone. */
static size_t page_end(const struct mr_find_suspect *suspects, size_t count, size_t from,
                       size_t most)
{
    size_t bytes = 0, end = from;
    while (end < count && end - from < most && (end == from || bytes < PAGE_BYTES))
        bytes += HEAD_BYTES + suspects[end++].key.len;
    return end;
}

enum mr_code mr_findings_pages_add(struct mr_findings *fd, const struct mr_find_chunk *chunk,
                                   const struct mr_find_suspect *suspects, size_t count,
                                   int64_t first, struct mr_err *err)
{
    const size_t pages = (count + PAGE_MOST - 1) / PAGE_MOST;
    const size_t most = (count + pages - 1) / pages;
    struct mr_case_stmt *insert = NULL;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    enum mr_code code = mr_findings_version_set(fd, MR_FINDINGS_VERSION, false, err);
    if (code == MR_OK)
        code = mr_case_prepare(fd->cf,
                               "INSERT INTO suspect_page (first, last, tbl, segment, chunk, state,"
                               " suspects) VALUES (:first, :last, :tbl, :segment, :chunk, 0,"
                               " :suspects)",
                               &insert, err);
    for (size_t at = 0, end; code == MR_OK && at < count; at = end) {
        end = page_end(suspects, count, at, most);
        mr_strbuf_reset(&bytes);
        for (size_t i = at; i < end; i++) {
            put(&bytes, suspects[i].pos, 8);
            put(&bytes, suspects[i].equal, 8);
            put(&bytes, suspects[i].key.len, 4);
            mr_strbuf_add(&bytes, suspects[i].key.ptr, suspects[i].key.len);
        }
        code = mr_strbuf_check(&bytes, "storing suspects", err);
        if (code == MR_OK)
            code = MR_CASE_RUN(
                insert, err, MR_ARG_INT("first", first + (int64_t)at),
                MR_ARG_INT("last", first + (int64_t)end - 1), MR_ARG_INT("tbl", chunk->table),
                MR_ARG_INT("segment", chunk->segment), MR_ARG_INT("chunk", chunk->no),
                MR_ARG_BLOB("suspects", bytes.ptr, bytes.len));
    }
    mr_case_free(insert);
    mr_strbuf_release(&bytes);
    return code;
}

/* A finding that is written, by its id. */
struct written {
    int64_t id;
    size_t at;
};

static int compare_written(const void *a, const void *b)
{
    const struct written *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* From the first with that id or a greater one on. */
static const struct written *written_from(const struct mr_vec *list, int64_t id)
{
    size_t lo = 0, hi = list->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (((const struct written *)mr_vec_at(list, mid))->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < list->count ? mr_vec_at(list, lo) : NULL;
}

/* All of a page become findings: those of `list` as they are there, with their packed images. */
static enum mr_code open_page(struct mr_findings *fd, const struct stored *s,
                              const struct mr_vec *list, const struct mr_find_batch *batch,
                              struct mr_err *err)
{
    struct mr_case_stmt *insert = NULL;
    size_t pos = 0;
    MR_TRY(MR_CASE_ONCE(fd->cf, "DELETE FROM suspect_page WHERE first=:first", err,
                        MR_ARG_INT("first", s->first)));
    enum mr_code code = mr_findings_prepare_insert(fd, &insert, err);
    const struct written *next = written_from(list, s->first);
    const struct written *end = (const struct written *)list->items + list->count;
    for (int64_t id = s->first; code == MR_OK && id <= s->last; id++) {
        struct mr_finding f;
        struct mr_image_pair images = {0};
        code = take(s, id, &pos, &f, err);
        for (; code == MR_OK && next != NULL && next < end && next->id == id; next++) {
            const struct mr_finding *is = &batch->findings[next->at];
            f.state = is->state;
            f.kind = is->kind;
            f.count = is->count;
            f.source_id = is->source_id;
            f.source_id_len = is->source_id_len;
            f.target_id = is->target_id;
            f.target_id_len = is->target_id_len;
            if (batch->images != NULL)
                images = batch->images[next->at];
            batch->done[next->at] = true;
        }
        if (code == MR_OK)
            code = mr_findings_insert(insert, s->table, &f, &images, err);
    }
    mr_case_free(insert);
    return code;
}

/* Opens the pages of that query, of those that hold one of `list`, where there is a batch. */
static enum mr_code open_pages(struct mr_findings *fd, const char *sql,
                               const struct mr_case_arg *args, size_t nargs,
                               const struct mr_vec *list, const struct mr_find_batch *batch,
                               struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    for (;;) {
        struct mr_case_arg all[4];
        struct mr_case_stmt *stmt = NULL;
        struct stored s;
        bool row = false;
        mr_arena_reset(&arena);
        memcpy(all, args, nargs * sizeof *args);
        all[nargs] = MR_ARG_INT("at", after);
        code = mr_case_prepare_with(fd->cf, sql, all, nargs + 1, &stmt, err);
        if (code == MR_OK)
            code = mr_case_fields_one(stmt, MR_CASE_FIELDS(stored_fields), &arena, &s, &row, err);
        mr_case_free(stmt);
        if (code != MR_OK || !row)
            break;
        after = s.first;
        if (!is_sound(&s)) {
            code = fail_damaged(&s, err);
            break;
        }
        const struct written *hit = written_from(list, s.first);
        if (batch->count > 0 && (hit == NULL || hit->id > s.last))
            continue;
        code = open_page(fd, &s, list, batch, err);
        if (code != MR_OK)
            break;
    }
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_findings_pages_write(struct mr_findings *fd, int64_t table,
                                     const struct mr_find_batch *batch, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct written);
    enum mr_code code = MR_OK;
    for (size_t i = 0; fd->has_pages && i < batch->count; i++) {
        if (batch->findings[i].id == 0)
            continue;
        struct written *w = mr_vec_push(&list);
        if (w == NULL) {
            code = mr_err_nomem(err, "storing findings");
            goto out;
        }
        *w = (struct written){batch->findings[i].id, i};
    }
    if (list.count == 0)
        goto out;
    qsort(list.items, list.count, sizeof(struct written), compare_written);
    const int64_t least = ((struct written *)mr_vec_at(&list, 0))->id;
    const int64_t most = ((struct written *)mr_vec_at(&list, list.count - 1))->id;
    code = open_pages(fd,
                      "SELECT * FROM suspect_page WHERE first > :at AND first >="
                      " ifnull((SELECT max(first) FROM suspect_page WHERE first<=:least), 0)"
                      " AND first<=:most AND tbl=:tbl ORDER BY first LIMIT 1",
                      MR_CASE_ARGS(MR_ARG_INT("least", least), MR_ARG_INT("most", most),
                                   MR_ARG_INT("tbl", table)),
                      &list, batch, err);
out:
    mr_vec_release(&list);
    return code;
}

enum mr_code mr_findings_pages_open(struct mr_findings *fd, int64_t table, struct mr_err *err)
{
    const struct mr_vec none = MR_VEC_INIT(struct written);
    const struct mr_find_batch nothing = {0};
    return !fd->has_pages
               ? MR_OK
               : open_pages(fd,
                            "SELECT * FROM suspect_page WHERE first > :at AND tbl=:tbl"
                            " ORDER BY first LIMIT 1",
                            MR_CASE_ARGS(MR_ARG_INT("tbl", table)), &none, &nothing, err);
}

/* Pages of the state that the range does not cover whole: `whole` false, all that it touches. */
static enum mr_code open_touched(struct mr_findings *fd, const struct mr_find_page *page,
                                 bool whole, struct mr_err *err)
{
    struct mr_find_page rest = *page;
    const int64_t last = mr_findings_last_of(page);
    const struct mr_vec none = MR_VEC_INIT(struct written);
    const struct mr_find_batch nothing = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    struct stored s;
    enum mr_code code = MR_OK;
    while ((code = find_first(fd, &rest, &arena, &s, err)) == MR_OK && s.first != 0) {
        if (!whole || s.first <= page->after_id || s.last > last)
            code = open_page(fd, &s, &none, &nothing, err);
        if (code != MR_OK || s.last >= last)
            break;
        rest.after_id = s.last;
        mr_arena_reset(&arena);
    }
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_findings_pages_restate(struct mr_findings *fd, const struct mr_find_page *page,
                                       enum mr_find_state to, struct mr_err *err)
{
    const bool stays = is_paged(to);
    if (!fd->has_pages || !is_paged(page->state))
        return MR_OK;
    MR_TRY(open_touched(fd, page, stays, err));
    return !stays ? MR_OK
                  : MR_CASE_ONCE(fd->cf,
                                 "UPDATE suspect_page SET state=:to WHERE first>:after AND"
                                 " first<=:last AND tbl=:tbl AND state=:state",
                                 err, MR_ARG_INT("to", to), MR_ARG_INT("after", page->after_id),
                                 MR_ARG_INT("last", mr_findings_last_of(page)),
                                 MR_ARG_INT("tbl", page->table), MR_ARG_INT("state", page->state));
}
