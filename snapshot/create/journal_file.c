/* journal_file.c: see journal_file.h. */
#include "snapshot/create/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/file/io.h"
#include "core/json/jsonw.h"

#define MAX_BYTES ((size_t)1 << 30)

/* ---- writing ---- */

/* Half a line is only ever the last one: another worker may still write its own. */
static void take_back(const struct mr_journal_file *j, off_t from)
{
    if (ftruncate(j->fd, from) == 0)
        (void)lseek(j->fd, from, SEEK_SET);
}

/* A machine that loses its power loses the lines of a second, and what they are of is read again:
 * a file is held against its digest before a line of it is believed. */
static enum mr_code sync_now_and_then(struct mr_journal_file *j, struct mr_err *err)
{
    const double now_s = mr_clock_now_s();
    if (now_s - j->synced_s < 1)
        return MR_OK;
    j->synced_s = now_s;
    return fdatasync(j->fd) == 0
               ? MR_OK
               : mr_err_set_sys(err, MR_E_IO, errno, "could not sync \"%s\"", MR_SNAP_JOURNAL);
}

static enum mr_code append(struct mr_journal_file *j, struct mr_jsonw *w, struct mr_strbuf *line,
                           struct mr_err *err)
{
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    enum mr_code code = mr_jsonw_finish(w, MR_SNAP_JOURNAL, err);
    mr_jsonw_release(w);
    off_t from = code == MR_OK ? lseek(j->fd, 0, SEEK_CUR) : -1;
    if (code == MR_OK)
        code = mr_io_write_all(j->fd, MR_SNAP_JOURNAL, line->ptr, line->len, err);
    if (code == MR_OK)
        code = sync_now_and_then(j, err);
    if (code != MR_OK && from >= 0)
        take_back(j, from);
    if (code != MR_OK && err != NULL && err->sys_errno == ENOSPC)
        mr_err_hint(err, "Free some space there, and run the same command again: it goes "
                         "on where it was.");
    mr_strbuf_release(line);
    return code;
}

static void begin(struct mr_jsonw *w, struct mr_strbuf *line, const char *type)
{
    mr_strbuf_init(line);
    mr_jsonw_init_buf(w, line);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", type);
}

static void begin_for(struct mr_jsonw *w, struct mr_strbuf *line, const char *type,
                      const struct mr_snap_table *table)
{
    begin(w, line, type);
    mr_jsonw_add_str(w, "db", table->db);
    mr_jsonw_add_str(w, "name", table->name);
}

static enum mr_code write_head(struct mr_journal_file *j, const char *fingerprint,
                               struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    begin(&w, &line, "run");
    mr_jsonw_add_str(&w, "schema", MR_SNAP_SCHEMA);
    mr_jsonw_add_str(&w, "fingerprint", fingerprint);
    return append(j, &w, &line, err);
}

enum mr_code mr_journal_file_view(struct mr_journal_file *j, const struct mr_snap_consistency *view,
                                  const char *mark, struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    begin(&w, &line, "view");
    mr_jsonw_add_str(&w, "gtid", view->gtid);
    mr_jsonw_add_str(&w, "binlog_file", view->binlog_file);
    mr_jsonw_add_uint(&w, "binlog_position", view->binlog_position);
    mr_jsonw_add_str(&w, "mark", mark);
    return append(j, &w, &line, err);
}

/* Keys go into it as they are: of a table whose keys are hidden nothing is written, since the
 * journal is not encrypted. */
enum mr_code mr_journal_file_table(struct mr_journal_file *j, const struct mr_snap_table *table,
                                   const char *create, const struct mr_vec *bounds,
                                   struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    if (table->keys_hidden)
        return MR_OK;
    begin_for(&w, &line, "table", table);
    mr_jsonw_add_str(&w, "create", create);
    mr_jsonw_key(&w, "bounds");
    mr_jsonw_array_begin(&w);
    for (size_t i = 0; i < bounds->count; i++) {
        const struct mr_key *key = mr_vec_at(bounds, i);
        struct mr_strbuf hex = MR_STRBUF_INIT;
        mr_strbuf_add_hex(&hex, key->ptr, key->len);
        mr_jsonw_string(&w, hex.ptr, hex.len);
        line.failed |= hex.failed;
        mr_strbuf_release(&hex);
    }
    mr_jsonw_array_end(&w);
    return append(j, &w, &line, err);
}

enum mr_code mr_journal_file_chunk(struct mr_journal_file *j, const struct mr_snap_table *table,
                                   const struct mr_journal_chunk *chunk, struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    if (table->keys_hidden)
        return MR_OK;
    begin_for(&w, &line, "chunk", table);
    mr_jsonw_add_uint(&w, "segment", chunk->segment);
    mr_jsonw_add_uint(&w, "part", chunk->part);
    mr_jsonw_add_uint(&w, "sequence", chunk->sequence);
    mr_jsonw_key(&w, "chunk");
    mr_snap_chunk_put(&w, table, &chunk->chunk);
    return append(j, &w, &line, err);
}

/* ---- order ---- */

int mr_journal_chunk_compare(const void *a, const void *b)
{
    const struct mr_journal_chunk *x = a, *y = b;
    if (x->segment != y->segment)
        return x->segment < y->segment ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void number_anew(const struct mr_journal_file *j, struct mr_journal_table *table)
{
    struct mr_journal_chunk *items = table->chunks.items;
    if (table->chunks.count > 1)
        qsort(items, table->chunks.count, sizeof *items, mr_journal_chunk_compare);
    for (size_t i = 0; i < table->chunks.count; i++) {
        items[i].part = 2 * i + 1;
        items[i].sequence = 0;
    }
    table->ordered = j->views.count;
}

static struct mr_journal_table *find(const struct mr_journal_file *j, const char *db,
                                     const char *name)
{
    struct mr_journal_table *items = j->tables.items;
    for (size_t i = 0; i < j->tables.count; i++)
        if (strcmp(items[i].db, db) == 0 && strcmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

enum mr_code mr_journal_file_resumed(struct mr_journal_file *j, const struct mr_snap_table *table,
                                     struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    struct mr_journal_table *known = find(j, table->db, table->name);
    if (table->keys_hidden || known == NULL)
        return MR_OK;
    begin_for(&w, &line, "resumed", table);
    MR_TRY(append(j, &w, &line, err));
    number_anew(j, known);
    return MR_OK;
}

enum mr_code mr_journal_file_drop(struct mr_journal_file *j, const struct mr_snap_table *table,
                                  const char *file, struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf line;
    begin_for(&w, &line, "drop", table);
    mr_jsonw_add_str(&w, "file", file);
    return append(j, &w, &line, err);
}

/* ---- reading ---- */

const struct mr_journal_table *mr_journal_file_find(const struct mr_journal_file *j, const char *db,
                                                    const char *name)
{
    return find(j, db, name);
}

static enum mr_code keep_text(struct mr_journal_file *j, const struct json_t *line, const char *key,
                              const char **out, struct mr_err *err)
{
    const char *text = NULL;
    enum mr_code code = mr_json_get_text_or_null(line, key, &text, err);
    *out = NULL;
    if (code == MR_OK && text != NULL) {
        *out = mr_arena_strdup(j->arena, text);
        if (*out == NULL)
            code = mr_err_nomem(err, "reading the journal");
    }
    return code;
}

static enum mr_code take_view(struct mr_journal_file *j, const struct json_t *line,
                              struct mr_err *err)
{
    struct mr_journal_view *view = mr_vec_push(&j->views);
    if (view == NULL)
        return mr_err_nomem(err, "reading the journal");
    /* an older version has not written any */
    return mr_json_has(line, "mark") ? keep_text(j, line, "mark", &view->mark, err) : MR_OK;
}

static enum mr_code take_bounds(struct mr_journal_file *j, const struct json_t *line,
                                struct mr_vec *bounds, struct mr_err *err)
{
    const struct json_t *array = NULL;
    size_t count = 0;
    MR_TRY(mr_json_get_array(line, "bounds", &array, &count, err));
    for (size_t i = 0; i < count; i++) {
        const char *hex = NULL;
        MR_TRY(mr_json_item_text(array, i, &hex, err));
        struct mr_key *key = mr_vec_push(bounds);
        if (key == NULL)
            return mr_err_nomem(err, "reading the journal");
        MR_TRY(mr_snap_key_unhex(hex, j->arena, key, err));
    }
    return MR_OK;
}

static enum mr_code take_table(struct mr_journal_file *j, const struct json_t *line, const char *db,
                               const char *name, struct mr_err *err)
{
    struct mr_journal_table *table = find(j, db, name);
    uint64_t files = table != NULL ? table->files : 0;
    if (table == NULL)
        table = mr_vec_push(&j->tables);
    if (table == NULL)
        return mr_err_nomem(err, "reading the journal");
    mr_vec_release(&table->bounds);
    mr_vec_release(&table->chunks);
    *table = (struct mr_journal_table){.db = mr_arena_strdup(j->arena, db),
                                       .name = mr_arena_strdup(j->arena, name),
                                       .files = files,
                                       .ordered = j->views.count,
                                       .bounds = MR_VEC_INIT(struct mr_key),
                                       .chunks = MR_VEC_INIT(struct mr_journal_chunk)};
    const char *create = NULL;
    enum mr_code code = mr_json_get_text(line, "create", &create, err);
    if (code == MR_OK)
        code = take_bounds(j, line, &table->bounds, err);
    if (code == MR_OK)
        table->create = mr_arena_strdup(j->arena, create);
    return code == MR_OK && (table->db == NULL || table->name == NULL || table->create == NULL)
               ? mr_err_nomem(err, "reading the journal")
               : code;
}

/* Also before the line of a later run that found an old chunk to be of its view, too. */
static void forget(struct mr_journal_table *table, const char *file)
{
    struct mr_journal_chunk *items = table->chunks.items;
    for (size_t i = 0; i < table->chunks.count; i++)
        if (strcmp(items[i].chunk.file, file) == 0) {
            items[i] = items[--table->chunks.count];
            return;
        }
}

/* "data/club.members.7.tsv.zst": 7 */
static uint64_t file_number(const char *file)
{
    const char *end = strstr(file, ".tsv");
    if (end == NULL)
        return 0;
    const char *at = end;
    while (at > file && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return strtoull(at, NULL, 10);
}

static enum mr_code take_chunk(struct mr_journal_file *j, const struct json_t *line,
                               struct mr_journal_table *table, struct mr_err *err)
{
    struct mr_journal_chunk chunk = {.view = j->views.count - 1};
    const struct json_t *object = NULL;
    uint64_t segment = 0, part = 0, sequence = 0;
    if (j->views.count == 0)
        return mr_err_set(err, MR_E_REFUSED, "a chunk is of no view");
    MR_TRY(mr_json_get_uint(line, "segment", &segment, err));
    MR_TRY(mr_json_get_uint(line, "part", &part, err));
    MR_TRY(mr_json_get_uint(line, "sequence", &sequence, err));
    MR_TRY(mr_json_get_object(line, "chunk", &object, err));
    MR_TRY(mr_snap_chunk_get(object, j->arena, &chunk.chunk, err));
    chunk.segment = (size_t)segment;
    chunk.part = (size_t)part;
    chunk.sequence = (size_t)sequence;
    forget(table, chunk.chunk.file);
    table->unordered = table->unordered || table->ordered != j->views.count;
    struct mr_journal_chunk *slot = mr_vec_push(&table->chunks);
    if (slot == NULL)
        return mr_err_nomem(err, "reading the journal");
    *slot = chunk;
    uint64_t number = file_number(chunk.chunk.file);
    if (number >= table->files)
        table->files = number + 1;
    return MR_OK;
}

static enum mr_code take_of_table(struct mr_journal_file *j, const struct json_t *line,
                                  const char *type, struct mr_err *err)
{
    const char *db = NULL, *name = NULL, *file = NULL;
    MR_TRY(mr_json_get_text(line, "db", &db, err));
    MR_TRY(mr_json_get_text(line, "name", &name, err));
    if (strcmp(type, "table") == 0)
        return take_table(j, line, db, name, err);
    struct mr_journal_table *table = find(j, db, name);
    if (table == NULL)
        return mr_err_set(err, MR_E_REFUSED, "a line is of no known table");
    if (strcmp(type, "chunk") == 0)
        return take_chunk(j, line, table, err);
    if (strcmp(type, "resumed") == 0) {
        number_anew(j, table);
        return MR_OK;
    }
    MR_TRY(mr_json_get_text(line, "file", &file, err));
    forget(table, file);
    return MR_OK;
}

static enum mr_code check_head(const struct json_t *line, const char *fingerprint,
                               const char *partial, struct mr_err *err)
{
    const char *found = NULL;
    enum mr_code code = mr_json_get_text(line, "fingerprint", &found, err);
    if (code != MR_OK || strcmp(found, fingerprint) == 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "directory \"%s\" is of an unfinished run with another source or "
                     "other options",
                     partial);
    mr_err_hint(err, "Nothing was changed. Finish that one with its own options, remove "
                     "the directory, or name another.");
    return MR_E_REFUSED;
}

static enum mr_code take_line(struct mr_journal_file *j, const char *text, size_t len,
                              struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *type = NULL;
    MR_TRY(mr_json_parse(text, len, MR_SNAP_JOURNAL, &doc, err));
    const struct json_t *line = mr_json_root(doc);
    enum mr_code code = mr_json_get_text(line, "type", &type, err);
    if (code == MR_OK && strcmp(type, "view") == 0)
        code = take_view(j, line, err);
    else if (code == MR_OK && strcmp(type, "run") != 0)
        code = take_of_table(j, line, type, err);
    mr_json_free(doc);
    return code;
}

static enum mr_code take_head(const char *text, size_t len, const char *fingerprint,
                              const char *partial, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    enum mr_code code = mr_json_parse(text, len, MR_SNAP_JOURNAL, &doc, err);
    if (code == MR_OK)
        code = check_head(mr_json_root(doc), fingerprint, partial, err);
    mr_json_free(doc);
    return code;
}

static void tell_line(const char *partial, size_t number, struct mr_err *err)
{
    mr_err_context(err, "%s/" MR_SNAP_JOURNAL ", line %zu", partial, number);
    mr_err_hint(err, "Nothing was changed. The journal is damaged: remove the directory, and "
                     "the snapshot begins anew.");
}

/* Whole lines only; *good: up to where.  Where the machine lost its power, a file system may have
 * zeros instead of what was written last: what is behind them counts as not written, either. */
static enum mr_code take_all(struct mr_journal_file *j, const struct mr_strbuf *text,
                             const char *fingerprint, const char *partial, size_t *good,
                             struct mr_err *err)
{
    enum mr_code code = MR_OK;
    size_t number = 0;
    *good = 0;
    while (code == MR_OK) {
        const char *at = text->ptr + *good;
        const char *end = memchr(at, '\n', text->len - *good);
        if (end == NULL || memchr(at, '\0', (size_t)(end - at)) != NULL)
            break;
        size_t len = (size_t)(end - at);
        number++;
        if (number == 1) {
            code = take_head(at, len, fingerprint, partial, err);
        } else {
            code = take_line(j, at, len, err);
            if (code != MR_OK && code != MR_E_NOMEM)
                tell_line(partial, number, err);
        }
        *good += len + 1;
    }
    return code;
}

static enum mr_code load(struct mr_journal_file *j, const struct mr_snap_dir *dir, const char *path,
                         const char *fingerprint, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t good = 0;
    enum mr_code code = mr_io_read_part(path, MAX_BYTES, &text, err);
    if (code == MR_OK)
        code = take_all(j, &text, fingerprint, mr_snap_dir_partial(dir), &good, err);
    mr_strbuf_release(&text);
    if (code == MR_OK && (ftruncate(j->fd, (off_t)good) != 0 || lseek(j->fd, 0, SEEK_END) < 0))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write \"%s\"", path);
    j->resumed = good > 0;
    return code;
}

/* A journal of another source or of other options is not gone on with: its files hold rows that
 * this run was not asked for. */
enum mr_code mr_journal_file_open(const struct mr_snap_dir *dir, const char *fingerprint,
                                  struct mr_arena *arena, struct mr_journal_file **out,
                                  struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_journal_file *j = calloc(1, sizeof *j);
    *out = NULL;
    if (j == NULL)
        return mr_err_nomem(err, "opening the journal");
    j->arena = arena;
    j->views = (struct mr_vec)MR_VEC_INIT(struct mr_journal_view);
    j->tables = (struct mr_vec)MR_VEC_INIT(struct mr_journal_table);
    mr_strbuf_add_fmt(&path, "%s/" MR_SNAP_JOURNAL, mr_snap_dir_partial(dir));
    enum mr_code code = mr_strbuf_check(&path, "opening the journal", err);
    j->fd = code == MR_OK ? open(path.ptr, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (code == MR_OK && j->fd < 0)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not open \"%s\"", path.ptr);
    if (code == MR_OK)
        code = load(j, dir, path.ptr, fingerprint, err);
    if (code == MR_OK && !j->resumed)
        code = write_head(j, fingerprint, err);
    mr_strbuf_release(&path);
    if (code == MR_OK)
        *out = j;
    else
        mr_journal_file_close(j);
    return code;
}

void mr_journal_file_close(struct mr_journal_file *j)
{
    if (j == NULL)
        return;
    struct mr_journal_table *items = j->tables.items;
    for (size_t i = 0; i < j->tables.count; i++) {
        mr_vec_release(&items[i].bounds);
        mr_vec_release(&items[i].chunks);
    }
    mr_vec_release(&j->tables);
    mr_vec_release(&j->views);
    if (j->fd >= 0)
        (void)close(j->fd);
    free(j);
}
