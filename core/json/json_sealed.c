/* json_sealed.c: see json_sealed.h. */
#include "core/json/json_sealed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/io.h"
#include "core/file/sha256.h"

/* The document ends in SEAL, 64 hex digits, and TAIL. */
#define SEAL ",\"sha256\":\""
#define TAIL "\"}\n"

/* The digest stands at the end of what it covers, so that one file carries both. */
static enum mr_code check_seal(const char *text, size_t len, const char *name,
                               const struct mr_json_sealed_kind *kind, struct mr_err *err)
{
    const size_t seal = sizeof SEAL - 1, tail = sizeof TAIL - 1, hex = MR_SHA256_HEX - 1;
    char actual[MR_SHA256_HEX] = "";
    size_t body = len >= seal + hex + tail ? len - seal - hex - tail : 0;
    if (body > 0 && memcmp(text + body, SEAL, seal) == 0 &&
        memcmp(text + len - tail, TAIL, tail) == 0) {
        MR_TRY(mr_sha256_bytes(text, body, actual, err));
        if (memcmp(text + body + seal, actual, hex) == 0)
            return MR_OK;
    }
    (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" was changed since it was written", name);
    mr_err_hint(err, "%s",
                kind->on_change != NULL
                    ? kind->on_change
                    : "Nothing was done. Plan again; a plan is not edited by hand.");
    return MR_E_REFUSED;
}

/* Another format is refused even where it could be read: a field that this version does not know
 * might forbid what it would do. */
static enum mr_code check_schema(const struct json_t *root, const char *name,
                                 const struct mr_json_sealed_kind *kind, struct mr_err *err)
{
    const char *schema = NULL;
    enum mr_code code = mr_json_get_text(root, "schema", &schema, err);
    if (code != MR_OK)
        mr_err_context(err, "file \"%s\"", name);
    if (code != MR_OK || strcmp(schema, kind->schema) == 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "file \"%s\" is of format \"%s\"; this version knows \"%s\"", name, schema,
                     kind->schema);
    mr_err_hint(err, "%s",
                kind->on_schema != NULL ? kind->on_schema
                                        : "Use the myrecon that made the plan, or plan again.");
    return MR_E_REFUSED;
}

/* The seal comes first: what was changed by hand is not even parsed. */
enum mr_code mr_json_sealed_parse(const char *text, size_t len, const char *name,
                                  const struct mr_json_sealed_kind *kind, struct mr_json_doc **out,
                                  struct mr_err *err)
{
    *out = NULL;
    enum mr_code code = check_seal(text, len, name, kind, err);
    if (code == MR_OK)
        code = mr_json_parse(text, len, name, out, err);
    if (code == MR_OK)
        code = check_schema(mr_json_root(*out), name, kind, err);
    if (code != MR_OK) {
        mr_json_free(*out);
        *out = NULL;
    }
    return code;
}

static enum mr_code refuse_missing(const char *dir, const struct mr_json_sealed_kind *kind,
                                   struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is no directory of a %s", dir, kind->thing);
    mr_err_hint(err, "Name the directory of a %s, as \"%s\" has written it.", kind->thing,
                kind->made_by);
    return MR_E_REFUSED;
}

/* A directory without a manifest is told apart from one that cannot be read: the first is a plan
 * that was not finished, or no plan at all. */
enum mr_code mr_json_sealed_load(const char *dir, const struct mr_json_sealed_kind *kind,
                                 struct mr_json_doc **out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct stat st;
    *out = NULL;
    mr_strbuf_add_fmt(&path, "%s/%s", dir, kind->file);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&path, "reading a sealed file", err));
    if (lstat(path.ptr, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        MR_TRY_OUT(refuse_missing(dir, kind, err));
    MR_TRY_OUT(mr_io_read_part(path.ptr, MR_JSON_SEALED_MAX, &text, err));
    MR_TRY_OUT(mr_json_sealed_parse(text.ptr, text.len, path.ptr, kind, out, err));
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&path);
    return code;
}

enum mr_code mr_json_sealed_add(struct mr_strbuf *body, struct mr_strbuf *out, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    /* The closing brace and the line feed come behind the digest. */
    while (body->len > 0 && body->ptr[body->len - 1] == '\n')
        body->len--;
    if (body->len > 0)
        body->len--;
    MR_TRY(mr_sha256_bytes(body->ptr, body->len, hex, err));
    mr_strbuf_add(out, body->ptr, body->len);
    mr_strbuf_add_str(out, SEAL);
    mr_strbuf_add_str(out, hex);
    mr_strbuf_add_str(out, TAIL);
    return mr_strbuf_check(out, "writing a manifest", err);
}
