/* fleet_part.c: see fleet_part.h. */
#include "recon/fleet/fleet_part.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/in_file.h"
#include "core/file/io.h"
#include "core/json/json_record.h"

#define PART_BYTES ((size_t)64 << 20)

#define PAIR(name, type, member) MR_JSON_MEMBER(name, type, struct mr_fleet_part_pair, member)
static const struct mr_json_member pair_members[] = {
    PAIR("pair", MR_JSON_TEXT, name),
    MR_JSON_WORD_OF("state", &mr_fleet_words, struct mr_fleet_part_pair, state),
    MR_JSON_WORD_OF("verdict", &mr_fleet_words, struct mr_fleet_part_pair, verdict),
    PAIR("why", MR_JSON_TEXT_OR_NULL, why),
    PAIR("differing", MR_JSON_COUNT, differing),
    MR_JSON_MAY_LACK("manifest", MR_JSON_TEXT, struct mr_fleet_part_pair, manifest),
    MR_JSON_MAY_LACK("rows", MR_JSON_COUNT, struct mr_fleet_part_pair, rows),
    MR_JSON_MAY_LACK("bytes", MR_JSON_COUNT, struct mr_fleet_part_pair, bytes),
};
static const struct mr_json_record pair_record =
    MR_JSON_RECORD(struct mr_fleet_part_pair, pair_members);

#define PART(name, type, member) MR_JSON_MEMBER(name, type, struct mr_fleet_part, member)
static const struct mr_json_member part_members[] = {
    PART("fleet", MR_JSON_TEXT, fleet),
    PART("part", MR_JSON_COUNT, part),
    MR_JSON_WORD_OF("state", &mr_fleet_words, struct mr_fleet_part, state),
    PART("host", MR_JSON_TEXT, host),
    PART("process", MR_JSON_COUNT, process),
    MR_JSON_MAY_LACK("version", MR_JSON_TEXT, struct mr_fleet_part, version),
    PART("begun", MR_JSON_TEXT, begun),
    PART("updated", MR_JSON_TEXT, updated),
    PART("updated_at", MR_JSON_COUNT, updated_at),
    PART("milliseconds", MR_JSON_COUNT, millis),
    PART("rows", MR_JSON_COUNT, rows),
    PART("bytes", MR_JSON_COUNT, bytes),
    MR_JSON_MAY_LACK("waits", MR_JSON_TEXT, struct mr_fleet_part, waits),
    MR_JSON_MAY_LACK("why", MR_JSON_TEXT, struct mr_fleet_part, why),
    MR_JSON_MEMBERS("pairs", &pair_record, struct mr_fleet_part, pairs, npairs),
};
static const struct mr_json_record part_record = MR_JSON_RECORD(struct mr_fleet_part, part_members);

const char *mr_fleet_part_path(const char *dir, size_t part, const char *ending,
                               struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/parts/%zu.%s", dir, part, ending);
    const char *kept = path.failed ? NULL : mr_arena_strdup(arena, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

enum mr_code mr_fleet_part_require_plain(const char *path, struct mr_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0 || S_ISREG(st.st_mode))
        return MR_OK;
    (void)mr_err_set(err, MR_E_IO, "file \"%s\" %s", path, mr_in_strange(st.st_mode));
    mr_err_hint(err,
                "Files of parts are made by fleet run alone: remove it, and run the part again.");
    return MR_E_IO;
}

enum mr_code mr_fleet_part_write(const char *path, const struct mr_fleet_part *part,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &text);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", MR_FLEET_PART_SCHEMA);
    mr_json_put_record(&w, &part_record, part);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_jsonw_release(&w);
    enum mr_code code = mr_strbuf_check(&text, "keeping how far a part is", err);
    if (code == MR_OK)
        code = mr_io_write_file(path, 0600, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code parse(const struct mr_strbuf *text, const char *path, struct mr_arena *arena,
                          struct mr_fleet_part *out, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading how far a part is"};
    MR_TRY(mr_json_parse(text->ptr, text->len, path, &doc, err));
    const char *schema = mr_json_read_text(&r, mr_json_root(doc), "schema");
    if (r.code == MR_OK && strcmp(schema, MR_FLEET_PART_SCHEMA) != 0)
        mr_json_read_refuse(&r, "schema", schema);
    mr_json_get_record(&r, mr_json_root(doc), &part_record, out);
    mr_json_free(doc);
    if (r.code == MR_E_REFUSED)
        mr_err_context(err, "%s", path);
    return r.code;
}

enum mr_code mr_fleet_part_read(const char *path, struct mr_arena *arena, struct mr_fleet_part *out,
                                bool *is_there, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    *out = (struct mr_fleet_part){0};
    *is_there = access(path, F_OK) == 0 || errno != ENOENT;
    if (!*is_there)
        return MR_OK;
    enum mr_code code = mr_io_read_part(path, PART_BYTES, &text, err);
    if (code == MR_OK)
        code = parse(&text, path, arena, out, err);
    mr_strbuf_release(&text);
    return code;
}
