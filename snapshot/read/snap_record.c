/* snap_record.c: see snap_record.h. */
#include "snapshot/read/snap_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/run_id.h"
#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/file/in_file.h"
#include "core/file/io.h"
#include "core/json/json_record.h"

#define MAX_BYTES ((size_t)64 << 10)
#define DATE_BYTES 10 /* of an ISO 8601 moment */

static const struct mr_json_member members[] = {
    MR_JSON_MEMBER("schema", MR_JSON_TEXT, struct mr_snap_record, schema),
    MR_JSON_MEMBER("kind", MR_JSON_TEXT, struct mr_snap_record, kind),
    MR_JSON_MEMBER("uuid", MR_JSON_TEXT, struct mr_snap_record, uuid),
    MR_JSON_MEMBER("manifest_sha256", MR_JSON_TEXT, struct mr_snap_record, manifest_sha256),
    MR_JSON_MEMBER("at", MR_JSON_TEXT, struct mr_snap_record, at),
    MR_JSON_MEMBER("version", MR_JSON_TEXT, struct mr_snap_record, version),
    MR_JSON_MEMBER("verdict", MR_JSON_TEXT, struct mr_snap_record, verdict),
    MR_JSON_MEMBER("all", MR_JSON_BOOL, struct mr_snap_record, all),
    MR_JSON_MEMBER("tables", MR_JSON_COUNT, struct mr_snap_record, tables),
    MR_JSON_MEMBER("rows", MR_JSON_COUNT, struct mr_snap_record, rows),
    MR_JSON_MEMBER("server", MR_JSON_TEXT_OR_NULL, struct mr_snap_record, server),
    MR_JSON_MEMBER("seconds", MR_JSON_COUNT, struct mr_snap_record, seconds),
};
static const struct mr_json_record format = MR_JSON_RECORD(struct mr_snap_record, members);

static const char *word_of(enum mr_record_kind kind)
{
    return kind == MR_RECORD_VERIFIED ? "verified" : "rehearsed";
}

bool mr_snap_record_is_good(const struct mr_snap_record *record)
{
    return record->all &&
           (strcmp(record->verdict, "whole") == 0 || strcmp(record->verdict, "equal") == 0);
}

/* ---- its place ---- */

enum mr_code mr_snap_record_path(enum mr_record_kind kind, const char *dir, struct mr_strbuf *out,
                                 struct mr_err *err)
{
    char *real = realpath(dir, NULL);
    mr_strbuf_reset(out);
    if (real == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not find snapshot \"%s\"", dir);
    mr_strbuf_add_fmt(out, "%s.%s.json", real, word_of(kind));
    free(real);
    return mr_strbuf_check(out, "naming a record", err);
}

enum mr_code mr_snap_record_require_place(const char *dir, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = mr_snap_record_path(MR_RECORD_REHEARSED, dir, &path, err);
    char *slash = code == MR_OK ? strrchr(path.ptr, '/') : NULL;
    if (slash != NULL)
        slash[slash == path.ptr] = '\0';
    if (slash != NULL && access(path.ptr, W_OK | X_OK) != 0) {
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not keep a record in directory \"%s\"",
                              path.ptr);
        mr_err_hint(err, "The proof is kept beside the snapshot; with --no-record it is printed "
                         "only.");
    }
    mr_strbuf_release(&path);
    return code;
}

/* ---- writing and reading ---- */

static enum mr_code write_text(const char *path, const struct mr_snap_record *record,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &text);
    mr_jsonw_object_begin(&w);
    mr_json_put_record(&w, &format, record);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, path, err);
    if (code == MR_OK)
        code = mr_io_write_file(path, 0600, text.ptr, text.len, err);
    mr_jsonw_release(&w);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_snap_record_write(enum mr_record_kind kind, const struct mr_snap *snap,
                                  const struct mr_snap_record *record, struct mr_err *err)
{
    struct mr_snap_record whole = *record;
    struct mr_strbuf path = MR_STRBUF_INIT;
    char now[MR_RUN_TIME_SIZE];
    mr_run_id_time(now);
    whole.schema = MR_SNAP_RECORD_SCHEMA;
    whole.kind = word_of(kind);
    whole.uuid = snap->manifest.uuid;
    whole.manifest_sha256 = snap->manifest_sha256;
    whole.at = now;
    whole.version = MR_VERSION;
    enum mr_code code = mr_snap_record_path(kind, snap->path, &path, err);
    if (code == MR_OK)
        code = write_text(path.ptr, &whole, err);
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code parse(const struct mr_strbuf *text, const char *path, struct mr_arena *arena,
                          struct mr_snap_record *out, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a record"};
    MR_TRY(mr_json_parse(text->ptr, text->len, path, &doc, err));
    mr_json_get_record(&r, mr_json_root(doc), &format, out);
    mr_json_free(doc);
    return r.code;
}

/* What stands there in its place is not waited for (a pipe), nor followed. */
static enum mr_code read_text(const char *path, struct mr_strbuf *text, struct mr_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open file \"%s\"", path);
    if (!S_ISREG(st.st_mode))
        return mr_err_set(err, MR_E_IO, "file \"%s\" %s", path, mr_in_strange(st.st_mode));
    return mr_io_read_own(path, MAX_BYTES, text, err);
}

/* A record that cannot be read says nothing, as one that is not there. */
enum mr_code mr_snap_record_read(enum mr_record_kind kind, const char *dir,
                                 const char *manifest_sha256, struct mr_arena *arena,
                                 struct mr_snap_record *out, bool *found, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    *out = (struct mr_snap_record){0};
    *found = false;
    enum mr_code code = mr_snap_record_path(kind, dir, &path, &why);
    if (code == MR_OK)
        code = read_text(path.ptr, &text, &why);
    if (code == MR_OK)
        code = parse(&text, path.ptr, arena, out, &why);
    *found = code == MR_OK && strcmp(out->schema, MR_SNAP_RECORD_SCHEMA) == 0 &&
             strcmp(out->kind, word_of(kind)) == 0 &&
             strcmp(out->manifest_sha256, manifest_sha256) == 0;
    mr_strbuf_release(&path);
    mr_strbuf_release(&text);
    if (code != MR_E_NOMEM && code != MR_E_CANCELLED)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code read_one(const struct mr_snap *snap, enum mr_record_kind kind,
                             struct mr_arena *arena, const struct mr_snap_record **out,
                             struct mr_err *err)
{
    bool found = false;
    struct mr_snap_record *record = mr_arena_alloc(arena, sizeof *record);
    if (record == NULL)
        return mr_err_nomem(err, "reading a record");
    MR_TRY(
        mr_snap_record_read(kind, snap->path, snap->manifest_sha256, arena, record, &found, err));
    *out = found ? record : NULL;
    return MR_OK;
}

enum mr_code mr_snap_record_read_both(const struct mr_snap *snap, struct mr_arena *arena,
                                      const struct mr_snap_record **verified,
                                      const struct mr_snap_record **rehearsed, struct mr_err *err)
{
    MR_TRY(read_one(snap, MR_RECORD_VERIFIED, arena, verified, err));
    return read_one(snap, MR_RECORD_REHEARSED, arena, rehearsed, err);
}

enum mr_code mr_snap_record_remove(const char *dir, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (enum mr_record_kind kind = MR_RECORD_VERIFIED;
         code == MR_OK && kind <= MR_RECORD_REHEARSED; kind++) {
        code = mr_snap_record_path(kind, dir, &path, err);
        if (code == MR_OK && unlink(path.ptr) != 0 && errno != ENOENT)
            code = mr_err_set_sys(err, MR_E_IO, errno, "could not remove record \"%s\"", path.ptr);
    }
    mr_strbuf_release(&path);
    return code;
}

/* ---- shown ---- */

/* A day for people, who see the age of the snapshot beside it. */
static void add_day(struct mr_strbuf *out, const struct mr_snap_record *record)
{
    mr_utf8_show(out, record->at, strnlen(record->at, DATE_BYTES), false);
}

static void add_good(struct mr_strbuf *out, const struct mr_snap_record *record, const char *word)
{
    mr_strbuf_add_fmt(out, ", %s%s ", word, record->all ? "" : " in part");
    add_day(out, record);
}

static void add_bad(struct mr_strbuf *out, const struct mr_snap_record *record)
{
    mr_strbuf_add_str(out, ", rehearsed ");
    add_day(out, record);
    mr_strbuf_add_str(out, " and ");
    mr_utf8_show_str(out, record->verdict);
}

void mr_snap_record_add_text(struct mr_strbuf *out, const struct mr_snap_record *verified,
                             const struct mr_snap_record *rehearsed)
{
    if (verified != NULL && mr_snap_record_is_good(verified))
        add_good(out, verified, "verified");
    if (rehearsed != NULL && strcmp(rehearsed->verdict, "equal") == 0)
        add_good(out, rehearsed, "rehearsed");
    else if (rehearsed != NULL)
        add_bad(out, rehearsed);
}

static void put_one(struct mr_jsonw *w, const char *name, const struct mr_snap_record *record)
{
    mr_jsonw_key(w, name);
    if (record == NULL) {
        mr_jsonw_null(w);
        return;
    }
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "at", record->at);
    mr_jsonw_add_str(w, "verdict", record->verdict);
    mr_jsonw_add_bool(w, "all", record->all);
    mr_jsonw_add_uint(w, "tables", record->tables);
    mr_jsonw_add_uint(w, "rows", record->rows);
    mr_jsonw_add_str(w, "server", record->server);
    mr_jsonw_add_uint(w, "seconds", record->seconds);
    mr_jsonw_object_end(w);
}

void mr_snap_record_put(struct mr_jsonw *w, const struct mr_snap_record *verified,
                        const struct mr_snap_record *rehearsed)
{
    put_one(w, "verified", verified);
    put_one(w, "rehearsed", rehearsed);
}
