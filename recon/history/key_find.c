/* key_find.c: see key_find.h. */
#include "recon/history/key_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/image.h"
#include "core/case/lineage.h"
#include "core/case/seen_image.h"
#include "core/row/row_class.h"
#include "recon/affected/affected_row.h"

#define PAGE 1000

/* ---- texts of keys and identities ---- */

/* The values of a part of a row, joined by commas.  is_shown: the image of a finding, which has what
 * people see; else values as they are.  false: one is NULL where it would be nobody, or not seen. */
static enum mr_code text_of(struct mr_key image, const struct mr_find_table *table,
                            enum mr_image_part part, bool is_shown, struct mr_strbuf *out,
                            bool *whole, struct mr_err *err)
{
    struct mr_seen_image seen;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    mr_seen_image_init(&seen);
    MR_TRY_OUT(mr_seen_image_open(&seen, image.ptr, image.len, err));
    *whole = image.ptr != NULL;
    for (size_t n = 0; *whole; n++) {
        const size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns) {
            *whole = n > 0;
            break;
        }
        const struct mr_key bytes =
            mr_seen_image_at(&seen, is_shown ? table->columns[i].show_at : i);
        struct mr_value value = {.cls = MR_CLASS_NULL};
        size_t at = 0;
        if (bytes.ptr != NULL)
            MR_TRY_OUT(mr_row_decode(bytes.ptr, bytes.len, &at, &value, err));
        *whole = value.cls != MR_CLASS_NULL;
        mr_strbuf_add_str(out, n > 0 ? "," : "");
        mr_affected_add_text(out, &value, table->columns[i].style);
    }
    MR_TRY_OUT(mr_strbuf_check(out, "looking for a row", err));
out:
    mr_seen_image_release(&seen);
    return code;
}

enum mr_code mr_key_spell(struct mr_key key, const struct mr_find_table *table,
                          struct mr_strbuf *out, struct mr_err *err)
{
    size_t at = 0;
    for (size_t n = 0; at < key.len; n++) {
        const size_t i = mr_image_part_column(table, MR_IMAGE_KEY, n);
        struct mr_value value;
        if (i == table->ncolumns)
            break;
        MR_TRY(mr_row_decode(key.ptr, key.len, &at, &value, err));
        mr_strbuf_add_str(out, n > 0 ? "," : "");
        mr_affected_add_text(out, &value, table->columns[i].style);
    }
    return mr_strbuf_check(out, "looking for a row", err);
}

/* ---- a key ---- */

struct search {
    struct mr_findings *fd;
    const struct mr_find_table *table;
    const char *text;
    struct mr_arena *arena;
    struct mr_strbuf buf;
    struct mr_evidence_table of;
    bool has_evidence;
    struct mr_key key;
    bool found;
};

static enum mr_code take(struct search *s, struct mr_key key, struct mr_err *err)
{
    const char *kept = mr_arena_dup(s->arena, key.ptr, key.len);
    if (kept == NULL)
        return mr_err_nomem(err, "looking for a row");
    s->key = (struct mr_key){kept, key.len};
    s->found = true;
    return MR_OK;
}

/* Does the case know that key? */
static enum mr_code try_key(struct search *s, struct mr_key key, struct mr_err *err)
{
    struct mr_evidence_mark mark;
    bool has = false;
    MR_TRY(MR_CASE_HAS(mr_findings_case(s->fd),
                       "SELECT 1 FROM finding WHERE tbl=:tbl AND key=:key AND state=:diverged"
                       " UNION ALL SELECT 1 FROM ancestor WHERE tbl=:tbl AND key=:key LIMIT 1",
                       &has, err, MR_ARG_INT("tbl", s->table->id), MR_ARG_BYTES("key", key),
                       MR_ARG_INT("diverged", MR_FIND_DIVERGED)));
    for (int side = 0; !has && s->has_evidence && side < 2; side++)
        MR_TRY(mr_evidence_mark(s->fd, s->of.id, side, key, s->arena, &mark, &has, err));
    return has ? take(s, key, err) : MR_OK;
}

/* A part of the text as a value of that class; false: it cannot be one that is looked up. */
static bool encode_part(const char *text, size_t len, enum mr_class cls, struct mr_strbuf *out)
{
    struct mr_value value = {.cls = cls, .ptr = text, .len = len};
    char number[32], *end = NULL;
    if (mr_class_is_integer(cls)) {
        if (len == 0 || len >= sizeof number)
            return false;
        memcpy(number, text, len);
        number[len] = '\0';
        errno = 0;
        if (number[0] == '-')
            value = (struct mr_value){.cls = MR_CLASS_INT, .i = strtoll(number, &end, 10)};
        else
            value = (struct mr_value){.cls = MR_CLASS_UINT, .u = strtoull(number, &end, 10)};
        if (errno != 0 || *end != '\0')
            return false;
    } else if (cls != MR_CLASS_TEXT) {
        return false;
    }
    return mr_row_encode(out, &value, NULL) == MR_OK;
}

/* The common case, without a walk: only the last part may hold a comma. */
static enum mr_code look_up(struct search *s, struct mr_err *err)
{
    const char *at = s->text;
    mr_strbuf_reset(&s->buf);
    for (size_t n = 0;; n++) {
        const size_t i = mr_image_part_column(s->table, MR_IMAGE_KEY, n);
        if (i == s->table->ncolumns)
            break;
        const bool is_last =
            mr_image_part_column(s->table, MR_IMAGE_KEY, n + 1) == s->table->ncolumns;
        const size_t len = is_last ? strlen(at) : strcspn(at, ",");
        if (!encode_part(at, len, s->table->columns[i].style.cls, &s->buf))
            return MR_OK;
        at += len + (at[len] == ',');
    }
    return try_key(s, (struct mr_key){s->buf.ptr, s->buf.len}, err);
}

static enum mr_code match_finding(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct search *s = ctx;
    const struct mr_key images[2] = {{f->source, f->source_len}, {f->target, f->target_len}};
    for (int side = 0; !s->found && side < 2; side++) {
        bool whole = false;
        MR_TRY(text_of(images[side], s->table, MR_IMAGE_KEY, true, &s->buf, &whole, err));
        if (whole && strcmp(s->buf.ptr, s->text) == 0)
            MR_TRY(take(s, f->key, err));
    }
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* Called for each mark of a table; *stop ends the walk. */
typedef enum mr_code mark_fn(void *ctx, const struct mr_evidence_mark *mark, bool *stop,
                             struct mr_err *err);

static enum mr_code walk_marks(struct mr_findings *fd, int64_t table, int side, mark_fn *fn,
                               void *ctx, struct mr_err *err)
{
    struct mr_arena pages[2] = {MR_ARENA_INIT, MR_ARENA_INIT};
    struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
    struct mr_key after = {NULL, 0};
    bool stop = false;
    enum mr_code code = MR_OK;
    /* `after` lives in the page before: two arenas take turns */
    for (unsigned turn = 0; !stop; turn = 1 - turn) {
        mr_vec_clear(&marks);
        mr_arena_reset(&pages[turn]);
        MR_TRY_OUT(mr_evidence_marks(fd, table, side, after, PAGE, &pages[turn], &marks, err));
        for (size_t i = 0; !stop && i < marks.count; i++) {
            const struct mr_evidence_mark *mark = mr_vec_at(&marks, i);
            MR_TRY_OUT(fn(ctx, mark, &stop, err));
            after = mark->key;
        }
        stop = stop || marks.count < PAGE;
        if (mr_is_cancelled())
            MR_TRY_OUT(mr_cancelled_err(err));
    }
out:
    mr_vec_release(&marks);
    mr_arena_release(&pages[0]);
    mr_arena_release(&pages[1]);
    return code;
}

static enum mr_code match_mark(void *ctx, const struct mr_evidence_mark *mark, bool *stop,
                               struct mr_err *err)
{
    struct search *s = ctx;
    mr_strbuf_reset(&s->buf);
    MR_TRY(mr_key_spell(mark->key, s->table, &s->buf, err));
    *stop = strcmp(s->buf.ptr, s->text) == 0;
    return *stop ? take(s, mark->key, err) : MR_OK;
}

enum mr_code mr_key_find(struct mr_findings *fd, const struct mr_find_table *table,
                         const char *text, struct mr_arena *arena, struct mr_key *key, bool *found,
                         struct mr_err *err)
{
    struct search s = {
        .fd = fd, .table = table, .text = text, .arena = arena, .buf = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_evidence_match(fd, table, arena, &s.of, &s.has_evidence, err));
    MR_TRY_OUT(look_up(&s, err));
    if (!s.found)
        MR_TRY_OUT(mr_findings_walk(fd, table->id, false, match_finding, &s, err));
    for (int side = 0; !s.found && s.has_evidence && side < 2; side++)
        MR_TRY_OUT(walk_marks(fd, s.of.id, side, match_mark, &s, err));
    *key = s.key;
    *found = s.found;
out:
    mr_strbuf_release(&s.buf);
    return code;
}

/* ---- a person ---- */

struct person {
    struct mr_findings *fd;
    const struct mr_find_table *tables;
    size_t ntables, limit;
    const char *identity;
    struct mr_arena *arena;
    struct mr_vec *found;
    bool *more;
    struct mr_vec nodes[2]; /* int64_t: the person's own rows, as references name them */
    struct mr_strbuf buf;
    const struct mr_find_table *table; /* that is looked through */
};

static enum mr_code add_key(struct person *p, const struct mr_find_table *table, struct mr_key key,
                            struct mr_err *err)
{
    for (size_t i = 0; i < p->found->count; i++) {
        const struct mr_found_key *other = mr_vec_at(p->found, i);
        if (other->table == table && other->key.len == key.len &&
            memcmp(other->key.ptr, key.ptr, key.len) == 0)
            return MR_OK;
    }
    if (p->found->count >= p->limit) {
        *p->more = true;
        return MR_OK;
    }
    const char *kept = mr_arena_dup(p->arena, key.ptr, key.len);
    struct mr_found_key *slot = kept != NULL ? mr_vec_push(p->found) : NULL;
    if (slot == NULL)
        return mr_err_nomem(err, "looking for a person");
    *slot = (struct mr_found_key){table, {kept, key.len}};
    return MR_OK;
}

static enum mr_code add_node(struct person *p, int side, int64_t node, struct mr_err *err)
{
    int64_t *slot = mr_vec_push(&p->nodes[side]);
    if (slot == NULL)
        return mr_err_nomem(err, "looking for a person");
    *slot = node;
    return MR_OK;
}

static enum mr_code is_of(struct person *p, struct mr_key image, bool is_shown, bool *yes,
                          struct mr_err *err)
{
    bool whole = false;
    MR_TRY(text_of(image, p->table, MR_IMAGE_IDENTITY, is_shown, &p->buf, &whole, err));
    *yes = whole && strcmp(p->buf.ptr, p->identity) == 0;
    return MR_OK;
}

static enum mr_code person_finding(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct person *p = ctx;
    const struct mr_key images[2] = {{f->source, f->source_len}, {f->target, f->target_len}};
    for (int side = 0; side < 2; side++) {
        bool yes = false;
        MR_TRY(is_of(p, images[side], true, &yes, err));
        if (yes && f->key.ptr != NULL)
            MR_TRY(add_key(p, p->table, f->key, err));
        if (yes)
            MR_TRY(add_node(p, side, f->id, err));
    }
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

static enum mr_code person_ancestors(struct person *p, int side, struct mr_err *err)
{
    struct mr_arena page = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_lineage_ancestor);
    struct mr_lineage_page which = {.table = p->table->id, .side = side, .limit = PAGE};
    enum mr_code code = MR_OK;
    do {
        mr_vec_clear(&rows);
        mr_arena_reset(&page);
        MR_TRY_OUT(mr_lineage_ancestors(p->fd, &which, &page, &rows, err));
        for (size_t i = 0; i < rows.count; i++) {
            const struct mr_lineage_ancestor *a = mr_vec_at(&rows, i);
            bool yes = false;
            MR_TRY_OUT(is_of(p, (struct mr_key){a->row.image, a->row.image_len}, true, &yes, err));
            if (yes)
                MR_TRY_OUT(add_key(p, p->table, a->row.key, err));
            if (yes)
                MR_TRY_OUT(add_node(p, side, -a->id, err));
            which.after_id = a->id;
        }
        if (mr_is_cancelled())
            MR_TRY_OUT(mr_cancelled_err(err));
    } while (rows.count > 0);
out:
    mr_vec_release(&rows);
    mr_arena_release(&page);
    return code;
}

static enum mr_code person_mark(void *ctx, const struct mr_evidence_mark *mark, bool *stop,
                                struct mr_err *err)
{
    struct person *p = ctx;
    bool first = false, last = false;
    (void)stop;
    MR_TRY(is_of(p, mark->first, false, &first, err));
    MR_TRY(is_of(p, mark->last, false, &last, err));
    return first || last ? add_key(p, p->table, mark->key, err) : MR_OK;
}

/* Where the evidence's columns are others, its images have other places. */
static enum mr_code person_marks(struct person *p, struct mr_err *err)
{
    struct mr_evidence_table of;
    bool has = false;
    MR_TRY(mr_evidence_match(p->fd, p->table, p->arena, &of, &has, err));
    const char *columns = mr_evidence_columns(p->table, p->arena);
    if (columns == NULL)
        return mr_err_nomem(err, "looking for a person");
    if (!has || strcmp(columns, of.columns) != 0)
        return MR_OK;
    MR_TRY(walk_marks(p->fd, of.id, 0, person_mark, p, err));
    return walk_marks(p->fd, of.id, 1, person_mark, p, err);
}

struct child {
    int64_t table;
    struct mr_key key;
};

/* Downwards from a row of the person, over findings and what lies between. */
static const char children_sql[] =
    "WITH RECURSIVE down (node) AS (SELECT :node UNION SELECT l.child FROM down d JOIN link l"
    " ON l.side=:side AND l.parent=d.node) SELECT f.tbl AS \"table\", f.key AS key FROM down"
    " JOIN finding f ON f.id=down.node WHERE f.id<>:node AND f.state=:diverged"
    " AND f.key IS NOT NULL ORDER BY f.id";

static const struct mr_find_table *table_of(const struct person *p, int64_t id)
{
    for (size_t i = 0; i < p->ntables; i++)
        if (p->tables[i].id == id)
            return &p->tables[i];
    return NULL;
}

static enum mr_code person_children(struct person *p, int side, int64_t node, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct child, table, MR_CASE_INT),
                     MR_CASE_FIELD(struct child, key, MR_CASE_BYTES));
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct child child;
    bool more = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(mr_findings_case(p->fd), children_sql, &stmt, err,
                               MR_ARG_INT("node", node), MR_ARG_INT("side", side),
                               MR_ARG_INT("diverged", MR_FIND_DIVERGED)));
    MR_TRY_OUT(mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err));
    for (;;) {
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &child, &more, err));
        if (!more)
            break;
        const struct mr_find_table *table = table_of(p, child.table);
        if (table != NULL && table->subject == MR_SUBJECT_NO)
            MR_TRY_OUT(add_key(p, table, child.key, err));
    }
out:
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_key_find_person(struct mr_findings *fd, const struct mr_find_table *tables,
                                size_t ntables, const char *identity, size_t limit,
                                struct mr_arena *arena, struct mr_vec *found, bool *more,
                                struct mr_err *err)
{
    struct person p = {.fd = fd,
                       .tables = tables,
                       .ntables = ntables,
                       .limit = limit,
                       .identity = identity,
                       .arena = arena,
                       .found = found,
                       .more = more,
                       .nodes = {MR_VEC_INIT(int64_t), MR_VEC_INIT(int64_t)},
                       .buf = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    *more = false;
    for (size_t i = 0; i < ntables; i++) {
        p.table = &tables[i];
        if (p.table->subject == MR_SUBJECT_NO)
            continue;
        MR_TRY_OUT(mr_findings_walk(fd, p.table->id, false, person_finding, &p, err));
        MR_TRY_OUT(person_ancestors(&p, 0, err));
        MR_TRY_OUT(person_ancestors(&p, 1, err));
        MR_TRY_OUT(person_marks(&p, err));
    }
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < p.nodes[side].count; i++)
            MR_TRY_OUT(
                person_children(&p, side, *(const int64_t *)mr_vec_at(&p.nodes[side], i), err));
out:
    mr_vec_release(&p.nodes[0]);
    mr_vec_release(&p.nodes[1]);
    mr_strbuf_release(&p.buf);
    return code;
}
