/* snap_rows.c: see snap_rows.h. */
#include "snapshot/read/snap_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/cms.h"
#include "core/file/decompress.h"
#include "core/file/in_file.h"
#include "core/file/io.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/tsv_in.h"
#include "snapshot/read/snap_keys.h"

/* A row has at most the 1 GiB of a packet, and each of its bytes may be written as two. */
#define ROW_MAX_BYTES ((uint64_t)2 << 30)

struct mr_snap_text {
    int fd;                   /* -1: the file's content is in `content` */
    struct mr_strbuf content; /* of an encrypted file */
    size_t at;
    struct mr_decompress_in *in;
    const struct mr_snap_chunk *chunk;
    struct mr_sha256 hash; /* of what was read of the file */
    uint64_t given;
};

/* What was read is what was proved, though the file may have been written since. */
static enum mr_code require_hash(struct mr_snap_text *text, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    mr_sha256_finish(&text->hash, hex);
    return strcmp(hex, text->chunk->sha256) == 0
               ? MR_OK
               : mr_err_set(err, MR_E_IO, "it is not the file that was written");
}

static enum mr_code read_content(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct mr_snap_text *text = arg;
    (void)err;
    *got = text->content.len - text->at;
    if (*got > size)
        *got = size;
    memcpy(buf, text->content.ptr + text->at, *got);
    text->at += *got;
    return MR_OK;
}

/* A message is held whole, because nothing of it may be used before its tag is checked. */
static enum mr_code decrypt(const struct mr_snap *snap, const char *path, struct mr_snap_text *text,
                            struct mr_err *err)
{
    struct mr_strbuf message = MR_STRBUF_INIT;
    if (snap->key == NULL)
        return mr_snap_no_key(snap, err);
    uint64_t size = text->chunk->stored_bytes;
    enum mr_code code = size > MR_SNAP_MESSAGE_MAX
                            ? mr_err_set(err, MR_E_IO, "it is too large to be one message")
                            : mr_io_read_part(path, (size_t)size, &message, err);
    if (code == MR_OK) {
        mr_sha256_add(&text->hash, message.ptr, message.len);
        code = require_hash(text, err);
    }
    if (code == MR_OK)
        code = mr_cms_open(snap->key, &message, &text->content, err);
    if (code != MR_OK)
        mr_err_context(err, "file \"%s\"", text->chunk->file);
    mr_strbuf_release(&message);
    return code;
}

static enum mr_code open_file(const struct mr_snap *snap, const char *path,
                              struct mr_snap_text *text, struct mr_err *err)
{
    if (mr_snap_name_is_encrypted(text->chunk->file))
        return decrypt(snap, path, text, err);
    return mr_in_open(path, MR_IN_PART, &text->fd, err);
}

static enum mr_code read_file(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct mr_snap_text *text = arg;
    MR_TRY(mr_in_read(text->fd, text->chunk->file, buf, size, got, err));
    if (*got == 0)
        return require_hash(text, err); /* nobody reads on behind the end */
    mr_sha256_add(&text->hash, buf, *got);
    return MR_OK;
}

enum mr_code mr_snap_text_open(const struct mr_snap *snap, const struct mr_snap_chunk *chunk,
                               struct mr_snap_text **out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_snap_text *text = calloc(1, sizeof *text);
    *out = NULL;
    if (text == NULL)
        return mr_err_nomem(err, "reading a snapshot");
    text->chunk = chunk;
    text->fd = -1;
    mr_strbuf_init(&text->content);
    mr_snap_path(&path, snap, chunk->file);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&path, "reading a snapshot", err));
    MR_TRY_OUT(mr_sha256_init(&text->hash, err));
    MR_TRY_OUT(open_file(snap, path.ptr, text, err));
    MR_TRY_OUT(mr_decompress_in_open(
        (struct mr_feed){.read = text->fd >= 0 ? read_file : read_content, .arg = text}, &text->in,
        err));
out:
    mr_strbuf_release(&path);
    if (code == MR_OK)
        *out = text;
    else
        mr_snap_text_close(text);
    return code;
}

static enum mr_code read_text(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct mr_snap_text *text = arg;
    enum mr_code code = mr_decompress_in_read(text->in, buf, size, got, err);
    text->given += *got;
    if (code == MR_OK && text->given > text->chunk->plain_bytes)
        code = mr_err_set(err, MR_E_IO, "it holds more than the manifest says");
    if (code != MR_OK)
        mr_err_context(err, "file \"%s\"", text->chunk->file);
    return code;
}

struct mr_feed mr_snap_text_feed(struct mr_snap_text *text)
{
    return (struct mr_feed){.read = read_text, .arg = text};
}

void mr_snap_text_close(struct mr_snap_text *text)
{
    if (text == NULL)
        return;
    mr_decompress_in_close(text->in);
    mr_sha256_release(&text->hash);
    mr_strbuf_release(&text->content);
    if (text->fd >= 0)
        (void)close(text->fd);
    free(text);
}

/* ---- values ---- */

struct mr_snap_rows {
    struct mr_snap_text *text;
    struct mr_tsv_in *in;
};

/* A row is never longer than its file's text: so a hostile file cannot ask for more memory than
 * the manifest admits. */
enum mr_code mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                               const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                               struct mr_err *err)
{
    struct mr_snap_rows *rows = calloc(1, sizeof *rows);
    *out = NULL;
    if (rows == NULL)
        return mr_err_nomem(err, "reading a snapshot");
    uint64_t most = chunk->plain_bytes < ROW_MAX_BYTES ? chunk->plain_bytes : ROW_MAX_BYTES;
    enum mr_code code = mr_snap_text_open(snap, chunk, &rows->text, err);
    if (code == MR_OK)
        code = mr_tsv_in_open(mr_snap_text_feed(rows->text), table, most, &rows->in, err);
    if (code == MR_OK)
        *out = rows;
    else
        mr_snap_rows_close(rows);
    return code;
}

enum mr_code mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                               struct mr_err *err)
{
    return mr_tsv_in_next(rows->in, values, err);
}

uint64_t mr_snap_rows_bytes(const struct mr_snap_rows *rows)
{
    return mr_tsv_in_bytes(rows->in);
}

void mr_snap_rows_close(struct mr_snap_rows *rows)
{
    if (rows == NULL)
        return;
    mr_tsv_in_close(rows->in);
    mr_snap_text_close(rows->text);
    free(rows);
}

/* ---- proof ---- */

static struct mr_key key_in(const struct mr_strbuf *text)
{
    return (struct mr_key){text->ptr, text->len};
}

struct proof {
    const struct mr_snap_table *table;
    const struct mr_snap_chunk *chunk;
    struct mr_hasher *hasher;
    struct mr_strbuf key, last;
    bool ordered;
    uint64_t rows, bytes;
    struct mr_snap_sum sum;
    const char *wrong; /* with the keys, or NULL */
};

static void check_key(struct proof *p)
{
    struct mr_key key = key_in(&p->key);
    if (p->rows == 0 && mr_key_compare(key, p->chunk->first) != 0)
        p->wrong = "does not begin with the key that it should";
    if (!p->ordered)
        return;
    if (p->rows > 0 && mr_key_compare(key_in(&p->last), key) >= 0)
        p->wrong = "holds rows out of order";
    if ((p->chunk->range.lo.ptr != NULL && mr_key_compare(key, p->chunk->range.lo) <= 0) ||
        (p->chunk->range.hi.ptr != NULL && mr_key_compare(key, p->chunk->range.hi) > 0))
        p->wrong = "holds rows outside of its range of keys";
}

/* Key and last key change places, so that none is copied for each row. */
static enum mr_code prove_row(struct proof *p, const struct mr_value *values, struct mr_err *err)
{
    const struct mr_snap_table *t = p->table;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->ncolumns; i++)
        code = mr_hasher_add(p->hasher, &values[i], err);
    mr_snap_sum_add(&p->sum, mr_hasher_finish(p->hasher));
    mr_strbuf_reset(&p->key);
    for (size_t k = 0; code == MR_OK && k < t->nkey; k++)
        code = mr_row_encode(&p->key, &values[t->key[k]], err);
    if (code == MR_OK)
        code = mr_strbuf_check(&p->key, "verifying rows", err);
    if (code == MR_OK && t->nkey > 0 && !t->keys_hidden && p->wrong == NULL)
        check_key(p);
    struct mr_strbuf old = p->last;
    p->last = p->key;
    p->key = old;
    p->rows++;
    return code;
}

/* The first thing that is wrong is reported, from the coarsest on: what follows is mostly its
 * consequence. */
static void judge(const struct proof *p, struct mr_strbuf *reason)
{
    const struct mr_snap_chunk *c = p->chunk;
    if (p->rows != c->rows)
        mr_strbuf_add_fmt(reason, "holds %" PRIu64 " rows instead of %" PRIu64, p->rows, c->rows);
    else if (p->bytes != c->plain_bytes)
        mr_strbuf_add_str(reason, "holds less than the manifest says");
    else if (!mr_snap_sum_equal(p->sum, c->sum))
        mr_strbuf_add_str(reason, "holds other rows than its digest says");
    else if (p->wrong != NULL)
        mr_strbuf_add_str(reason, p->wrong);
    else if (p->table->nkey > 0 && !p->table->keys_hidden && p->rows > 0 &&
             mr_key_compare(key_in(&p->last), c->last) != 0)
        mr_strbuf_add_str(reason, "does not end with the key that it should");
}

/* What the file itself does wrong is a finding; so is one that the key does not open, which
 * has opened another. */
static enum mr_code as_finding(const struct mr_snap *snap, enum mr_code code,
                               struct mr_strbuf *reason, const struct mr_err *why,
                               struct mr_err *err)
{
    if ((code == MR_E_IO && why->sys_errno == 0) || (code == MR_E_CERT && snap->key != NULL)) {
        mr_strbuf_add_fmt(reason, "cannot be read: %s", why->message);
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = *why;
    return code;
}

enum mr_code mr_snap_check_chunk(const struct mr_snap *snap, const struct mr_snap_table *table,
                                 const struct mr_snap_chunk *chunk, struct mr_strbuf *reason,
                                 struct mr_err *err)
{
    struct mr_snap_rows *rows = NULL;
    struct proof p = {.table = table, .chunk = chunk, .ordered = mr_snap_key_is_plain(table)};
    const struct mr_value *values = NULL;
    struct mr_err why = {0};
    mr_strbuf_init(&p.key);
    mr_strbuf_init(&p.last);
    p.hasher = mr_hasher_new();
    enum mr_code code = p.hasher != NULL ? MR_OK : mr_err_nomem(&why, "verifying rows");
    if (code == MR_OK)
        code = mr_snap_rows_open(snap, table, chunk, &rows, &why);
    while (code == MR_OK) {
        code = mr_snap_rows_next(rows, &values, &why);
        if (code != MR_OK || values == NULL)
            break;
        code = prove_row(&p, values, &why);
    }
    if (code == MR_OK) {
        p.bytes = mr_snap_rows_bytes(rows);
        judge(&p, reason);
    }
    mr_snap_rows_close(rows);
    mr_hasher_free(p.hasher);
    mr_strbuf_release(&p.key);
    mr_strbuf_release(&p.last);
    code = as_finding(snap, code, reason, &why, err);
    return code == MR_OK ? mr_strbuf_check(reason, "verifying rows", err) : code;
}

/* What a file says of its keys, where their order is that of their bytes. */
static const char *wrong_keys(const struct mr_snap_chunk *c)
{
    const struct mr_range *range = &c->range;
    if (range->lo.ptr != NULL && range->hi.ptr != NULL && mr_key_compare(range->lo, range->hi) > 0)
        return "has files whose keys overlap";
    if (c->rows == 0)
        return NULL;
    if (c->first.ptr == NULL || c->last.ptr == NULL || mr_key_compare(c->first, c->last) > 0 ||
        (range->lo.ptr != NULL && mr_key_compare(c->first, range->lo) <= 0) ||
        (range->hi.ptr != NULL && mr_key_compare(c->last, range->hi) > 0))
        return "has a file whose keys are not those of its range";
    return NULL;
}

/* The ranges must tile from end to end: a restore that compares range by range would never look
 * into a gap. */
void mr_snap_check_table(const struct mr_snap_table *t, const char **reason)
{
    uint64_t rows = 0, plain_bytes = 0, stored_bytes = 0;
    struct mr_snap_sum sum = {0};
    bool keyed = t->nkey > 0 && !t->keys_hidden;
    bool plain = keyed && mr_snap_key_is_plain(t);
    *reason = NULL;
    for (size_t i = 0; i < t->nchunks; i++) {
        const struct mr_snap_chunk *c = &t->chunks[i];
        rows += c->rows;
        plain_bytes += c->plain_bytes;
        stored_bytes += c->stored_bytes;
        mr_snap_sum_join(&sum, c->sum);
        struct mr_key before = i > 0 ? t->chunks[i - 1].range.hi : (struct mr_key){NULL, 0};
        if (keyed && (mr_key_compare(before, c->range.lo) != 0 || (i > 0 && before.ptr == NULL)))
            *reason = "has a gap between the keys of its files";
        else if (plain && *reason == NULL)
            *reason = wrong_keys(c);
    }
    if (keyed && t->nchunks > 0 && t->chunks[t->nchunks - 1].range.hi.ptr != NULL)
        *reason = "lacks its last keys";
    if (rows != t->rows || plain_bytes != t->plain_bytes || stored_bytes != t->stored_bytes ||
        !mr_snap_sum_equal(sum, t->sum))
        *reason = "is not the sum of its files";
}

/* ---- the manifest ---- */

/* A table or an object, by what it is called. */
struct named {
    int kind; /* of an object; 0: a table */
    const char *db, *name;
};

/* Of all of them: tables first. */
static struct named named_at(const struct mr_snap_manifest *m, size_t i)
{
    if (i < m->ntables)
        return (struct named){0, m->tables[i].db, m->tables[i].name};
    const struct mr_snap_object *o = &m->objects[i - m->ntables];
    return (struct named){(int)o->kind, o->db, o->name};
}

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    if ((x->kind == 0) != (y->kind == 0))
        return x->kind == 0 ? -1 : 1;
    int order = strcmp(x->db, y->db);
    if (order == 0)
        order = strcmp(x->name, y->name);
    return order != 0 ? order : x->kind - y->kind;
}

static enum mr_code add_contradiction(struct mr_snap *snap, struct named of, const char *reason,
                                      struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *word = of.kind == 0 ? "table" : mr_object_word((enum mr_object_kind)of.kind);
    mr_strbuf_add_fmt(&text, "contradicts itself: %s \"%s.%s\" %s", word, of.db, of.name, reason);
    enum mr_code code = mr_strbuf_check(&text, "verifying a snapshot", err);
    if (code == MR_OK)
        code = mr_snap_add_damage(snap, MR_SNAP_MANIFEST, text.ptr, err);
    mr_strbuf_release(&text);
    return code;
}

/* Of two of one kind and name a reader would find either. */
static enum mr_code check_twice(struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    const size_t count = m->ntables + m->nobjects;
    struct named *sorted = calloc(count + 1, sizeof *sorted);
    enum mr_code code = MR_OK;
    if (sorted == NULL)
        return mr_err_nomem(err, "verifying a snapshot");
    for (size_t i = 0; i < count; i++)
        sorted[i] = named_at(m, i);
    qsort(sorted, count, sizeof *sorted, compare_named);
    for (size_t i = 1; code == MR_OK && i < count; i++)
        if (compare_named(&sorted[i - 1], &sorted[i]) == 0)
            code = add_contradiction(snap, sorted[i], "stands in it twice", err);
    free(sorted);
    return code;
}

/* What is of no database of the snapshot would be restored into none, unsaid. */
static enum mr_code check_databases(struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    for (size_t i = 0; i < m->ntables + m->nobjects; i++) {
        const struct named of = named_at(m, i);
        if (mr_snap_manifest_database(m, of.db) == NULL)
            MR_TRY(add_contradiction(snap, of, "is of no database of the snapshot", err));
    }
    return MR_OK;
}

enum mr_code mr_snap_check_manifest(struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    const struct mr_snap_totals sum = mr_snap_manifest_totals(m), *said = &m->said;
    MR_TRY(check_twice(snap, err));
    MR_TRY(check_databases(snap, err));
    for (size_t i = 0; i < m->ntables; i++) {
        const char *reason = NULL;
        mr_snap_check_table(&m->tables[i], &reason);
        if (reason != NULL)
            MR_TRY(add_contradiction(snap, named_at(m, i), reason, err));
    }
    if (said->tables != sum.tables || said->rows != sum.rows || said->chunks != sum.chunks ||
        said->plain_bytes != sum.plain_bytes || said->stored_bytes != sum.stored_bytes)
        MR_TRY(mr_snap_add_damage(snap, MR_SNAP_MANIFEST,
                                  "contradicts itself: its totals are not the sum of "
                                  "its tables",
                                  err));
    return MR_OK;
}
