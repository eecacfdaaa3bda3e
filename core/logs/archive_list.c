/* archive_list.c: see archive_list.h. */
#include "core/logs/archive_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/io.h"
#include "core/json/json_reader.h"
#include "core/json/json_sealed.h"
#include "core/json/jsonw.h"

static const struct mr_json_sealed_kind kind = {
    .file = MR_ARCHIVE_FILE,
    .schema = MR_ARCHIVE_SCHEMA,
    .thing = "binary log archive",
    .made_by = "history archive",
    .on_change = "Nothing was done. Put back the copy of it that is kept elsewhere; without one "
                 "each NAME.zst is still a log of its own.",
    .on_schema = "Use the myrecon that wrote it."};

void mr_archive_list_init(struct mr_archive_list *list)
{
    *list = (struct mr_archive_list){
        .made = "", .server = "", .logs = MR_VEC_INIT(struct mr_archived_log)};
}

void mr_archive_list_release(struct mr_archive_list *list)
{
    mr_vec_release(&list->logs);
}

bool mr_archive_is_name(const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = name; *at != '\0'; at++)
        if (*at < ' ' || *at > '~' || *at == '/' || *at == '\\')
            return false;
    return len > 0 && len <= MR_ARCHIVE_NAME_MAX && name[0] != '.' && name[0] != '-' &&
           strcmp(name, MR_ARCHIVE_FILE) != 0;
}

const char *mr_archive_path(const char *dir, const char *file, struct mr_arena *arena)
{
    const size_t size = strlen(dir) + strlen(file) + sizeof "/";
    char *path = mr_arena_calloc(arena, size, 1);
    if (path != NULL)
        (void)snprintf(path, size, "%s/%s", dir, file);
    return path;
}

/* ---- order ---- */

/* The digits that the name ends in; *stem: how much stands before them. */
static uint64_t number_of(const char *name, size_t *stem)
{
    size_t at = strlen(name);
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
        at--;
    *stem = at;
    return strtoull(name + at, NULL, 10);
}

static bool same_stem(const char *a, const char *b, uint64_t *x, uint64_t *y)
{
    size_t left, right;
    *x = number_of(a, &left);
    *y = number_of(b, &right);
    return left == right && strncmp(a, b, left) == 0;
}

bool mr_archive_is_next(const char *name, const char *next)
{
    uint64_t a, b;
    return same_stem(name, next, &a, &b) && b == a + 1;
}

/* Of another stem nothing is known: it came later. */
static bool is_before(const char *a, const char *b)
{
    uint64_t x, y;
    return same_stem(a, b, &x, &y) && x < y;
}

struct mr_archived_log *mr_archive_list_put(struct mr_archive_list *list,
                                            const struct mr_archived_log *log)
{
    struct mr_archived_log *slot = mr_archive_list_find(list, log->name);
    if (slot == NULL)
        slot = mr_vec_push(&list->logs);
    if (slot == NULL)
        return NULL;
    *slot = *log;
    while (slot > (struct mr_archived_log *)list->logs.items &&
           is_before(log->name, slot[-1].name)) {
        *slot = slot[-1];
        *--slot = *log;
    }
    return slot;
}

void mr_archive_list_add_gaps(const struct mr_archive_list *list, struct mr_strbuf *out)
{
    if (list->logs.count == 0)
        mr_strbuf_add_str(out, "no log is in the archive yet");
    for (size_t i = 1; i < list->logs.count; i++) {
        const struct mr_archived_log *log = mr_vec_at(&list->logs, i - 1), *next = log + 1;
        if (!log->is_whole)
            mr_strbuf_add_fmt(out, "%sthe end of \"%s\" is not in the archive",
                              out->len > 0 ? "\n" : "", log->name);
        if (!mr_archive_is_next(log->name, next->name))
            mr_strbuf_add_fmt(out, "%swhat came between \"%s\" and \"%s\" is not in the archive",
                              out->len > 0 ? "\n" : "", log->name, next->name);
    }
}

struct mr_archived_log *mr_archive_list_find(const struct mr_archive_list *list, const char *name)
{
    for (size_t i = 0; i < list->logs.count; i++) {
        struct mr_archived_log *log = mr_vec_at(&list->logs, i);
        if (strcmp(log->name, name) == 0)
            return log;
    }
    return NULL;
}

/* ---- what lies beside ---- */

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* A file that was being written, or ".bin.000001.new", as archive_log has it. */
static bool is_unfinished(const char *name)
{
    static const char tail[] = ".new";
    const size_t len = strlen(name);
    char log[MR_ARCHIVE_NAME_MAX + 1];
    if (mr_io_is_temp_name(name))
        return true;
    if (name[0] != '.' || len < sizeof tail || len - sizeof tail > MR_ARCHIVE_NAME_MAX ||
        strcmp(name + len - (sizeof tail - 1), tail) != 0)
        return false;
    (void)snprintf(log, sizeof log, "%.*s", (int)(len - sizeof tail), name + 1);
    return mr_archive_is_name(log) && log[strlen(log) - 1] >= '0' && log[strlen(log) - 1] <= '9';
}

/* A copy of a log that was not whole, which a longer one has taken the place of. */
static bool is_copy_of(const char *name, const char *log)
{
    const size_t stem = strlen(log);
    if (strncmp(name, log, stem) != 0 || name[stem] != '.')
        return false;
    const size_t bytes = digits(name + stem + 1);
    return bytes > 0 && strcmp(name + stem + 1 + bytes, ".zst") == 0;
}

/* What is listed is never left over, whatever else its name may mean. */
bool mr_archive_list_is_left(const struct mr_archive_list *list, const char *file)
{
    bool is_left = is_unfinished(file);
    for (size_t i = 0; i < list->logs.count; i++) {
        const struct mr_archived_log *log = mr_vec_at(&list->logs, i);
        if (strcmp(file, log->file) == 0)
            return false;
        is_left = is_left || is_copy_of(file, log->name);
    }
    return is_left;
}

/* ---- reading ---- */

static void copy_text(struct mr_json_reader *r, const struct json_t *object, const char *name,
                      char *out, size_t size)
{
    const char *text = mr_json_read_exact(r, object, name);
    if (text == NULL)
        return;
    if (strlen(text) >= size)
        mr_json_read_refuse(r, name, text);
    else
        (void)snprintf(out, size, "%s", text);
}

static void read_digest(struct mr_json_reader *r, const struct json_t *object, const char *name,
                        char hex[MR_SHA256_HEX])
{
    copy_text(r, object, name, hex, MR_SHA256_HEX);
    if (r->code == MR_OK && !mr_sha256_is_hex(hex))
        mr_json_read_refuse(r, name, hex);
}

/* What tells one server from another, as far as mr_server_is_same asks. */
static void read_server(struct mr_json_reader *r, const struct json_t *root,
                        struct mr_archive_list *list)
{
    const struct json_t *object = mr_json_read_object(r, root, "server");
    struct mr_server *s = &list->of;
    const char *flavour = mr_json_read_text(r, object, "flavour");
    list->server = mr_json_read_exact(r, object, "uri");
    copy_text(r, object, "version", s->version_text, sizeof s->version_text);
    copy_text(r, object, "uuid", s->uuid, sizeof s->uuid);
    copy_text(r, object, "hostname", s->hostname, sizeof s->hostname);
    copy_text(r, object, "datadir", s->datadir, sizeof s->datadir);
    s->server_id = (uint32_t)mr_json_read_number(r, object, "server_id");
    s->port = (unsigned)mr_json_read_number(r, object, "port");
    if (r->code != MR_OK)
        return;
    s->version = mr_db_parse_version(s->version_text);
    s->flavour = strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
}

/* Where it lies follows from what it is: no list can lead anywhere else. */
static bool is_file_of(const char *file, const struct mr_archived_log *log)
{
    char name[MR_ARCHIVE_NAME_MAX + 32];
    if (log->is_whole)
        (void)snprintf(name, sizeof name, "%s.zst", log->name);
    else
        (void)snprintf(name, sizeof name, "%s.%" PRIu64 ".zst", log->name, log->bytes);
    return strcmp(file, name) == 0;
}

static void read_log(struct mr_json_reader *r, const struct json_t *object,
                     struct mr_archived_log *log)
{
    log->name = mr_json_read_text(r, object, "name");
    if (r->code == MR_OK && !mr_archive_is_name(log->name))
        mr_json_read_refuse(r, "the name of a log", log->name);
    log->file = mr_json_read_text(r, object, "file");
    log->bytes = mr_json_read_number(r, object, "bytes");
    log->server_bytes = mr_json_read_number(r, object, "server_bytes");
    log->stored_bytes = mr_json_read_number(r, object, "stored_bytes");
    log->began = mr_json_read_number(r, object, "began");
    log->before = mr_json_read_text(r, object, "before");
    log->is_whole = mr_json_read_bool(r, object, "whole");
    log->shift = mr_json_read_number(r, object, "shift");
    log->fault = mr_json_read_text_or_null(r, object, "fault");
    if (r->code == MR_OK && !is_file_of(log->file, log))
        mr_json_read_refuse(r, "the file of a log", log->file);
    read_digest(r, object, "content_sha256", log->content);
    read_digest(r, object, "sha256", log->stored);
}

static void read_logs(struct mr_json_reader *r, const struct json_t *root,
                      struct mr_archive_list *list)
{
    size_t count = 0;
    void *room = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "logs", sizeof(struct mr_archived_log), &count, &room);
    for (size_t i = 0; r->code == MR_OK && i < count; i++) {
        struct mr_archived_log log = {0};
        read_log(r, mr_json_read_item(r, array, i), &log);
        if (r->code == MR_OK && mr_archive_list_find(list, log.name) != NULL)
            mr_json_read_refuse(r, "a log that is listed twice", log.name);
        struct mr_archived_log *slot = r->code == MR_OK ? mr_vec_push(&list->logs) : NULL;
        if (slot != NULL)
            *slot = log;
        else if (r->code == MR_OK)
            r->code = mr_err_nomem(r->err, r->doing);
    }
}

enum mr_code mr_archive_list_read(const char *dir, struct mr_arena *arena,
                                  struct mr_archive_list *list, bool *found, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {
        .arena = arena, .err = err, .doing = "reading an archive of binary logs"};
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_strbuf_add_fmt(&path, "%s/%s", dir, MR_ARCHIVE_FILE);
    MR_TRY(mr_strbuf_check(&path, r.doing, err));
    *found = lstat(path.ptr, &st) == 0 || errno != ENOENT;
    mr_strbuf_release(&path);
    if (!*found)
        return MR_OK;
    MR_TRY(mr_json_sealed_load(dir, &kind, &doc, err));
    const struct json_t *root = mr_json_root(doc);
    list->made = mr_json_read_text(&r, root, "made");
    read_server(&r, root, list);
    read_logs(&r, root, list);
    mr_json_free(doc);
    return r.code;
}

/* ---- writing ---- */

static void write_server(struct mr_jsonw *w, const struct mr_archive_list *list)
{
    const struct mr_server *s = &list->of;
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "uri");
    mr_jsonw_exact(w, list->server);
    mr_jsonw_add_str(w, "flavour", s->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_jsonw_key(w, "version");
    mr_jsonw_exact(w, s->version_text);
    mr_jsonw_key(w, "uuid");
    mr_jsonw_exact(w, s->uuid);
    mr_jsonw_add_uint(w, "server_id", s->server_id);
    mr_jsonw_key(w, "hostname");
    mr_jsonw_exact(w, s->hostname);
    mr_jsonw_add_uint(w, "port", s->port);
    mr_jsonw_key(w, "datadir");
    mr_jsonw_exact(w, s->datadir);
    mr_jsonw_object_end(w);
}

static void write_log(struct mr_jsonw *w, const struct mr_archived_log *log)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "name", log->name);
    mr_jsonw_add_str(w, "file", log->file);
    mr_jsonw_add_uint(w, "bytes", log->bytes);
    mr_jsonw_add_str(w, "content_sha256", log->content);
    mr_jsonw_add_uint(w, "server_bytes", log->server_bytes);
    mr_jsonw_add_uint(w, "stored_bytes", log->stored_bytes);
    mr_jsonw_add_str(w, "sha256", log->stored);
    mr_jsonw_add_uint(w, "began", log->began);
    mr_jsonw_add_str(w, "before", log->before);
    mr_jsonw_add_bool(w, "whole", log->is_whole);
    mr_jsonw_add_uint(w, "shift", log->shift);
    mr_jsonw_add_str(w, "fault", log->fault);
    mr_jsonw_object_end(w);
}

/* By a rename: what is read is always one list, whole. */
enum mr_code mr_archive_list_write(const char *dir, const struct mr_archive_list *list,
                                   struct mr_err *err)
{
    struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT, path = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &body);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", MR_ARCHIVE_SCHEMA);
    mr_jsonw_add_str(&w, "made", list->made);
    write_server(&w, list);
    mr_jsonw_key(&w, "logs");
    mr_jsonw_array_begin(&w);
    for (size_t i = 0; i < list->logs.count; i++)
        write_log(&w, mr_vec_at(&list->logs, i));
    mr_jsonw_array_end(&w);
    mr_jsonw_object_end(&w);
    enum mr_code code = mr_jsonw_finish(&w, MR_ARCHIVE_FILE, err);
    mr_jsonw_release(&w);
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_json_sealed_add(&body, &text, err));
    if (text.len > MR_JSON_SEALED_MAX) {
        code = mr_err_set(err, MR_E_IO, "the list of \"%s\" would be larger than can be read again",
                          dir);
        mr_err_hint(err, "What is listed is there. Archive what comes into another directory.");
        goto out;
    }
    mr_strbuf_add_fmt(&path, "%s/%s", dir, MR_ARCHIVE_FILE);
    MR_TRY_OUT(mr_strbuf_check(&path, "writing an archive of binary logs", err));
    MR_TRY_OUT(mr_io_write_file(path.ptr, 0600, text.ptr, text.len, err));
out:
    mr_strbuf_release(&body);
    mr_strbuf_release(&text);
    mr_strbuf_release(&path);
    return code;
}
