/* json_in.c: see json_in.h. */
#include "core/json/json_in.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"

struct mr_json_doc {
    json_t *root;
};

/* ---- reading ---- */

/* jansson's reader goes on where its buffer cannot grow: with a text that lacks the bytes in
 * between, and past the end of it where the closing quote is one of them.  So it is left at
 * once; what it holds then is lost, and the command ends. */
static _Thread_local jmp_buf *out_of_memory;

static void *give(size_t size)
{
    void *got = malloc(size);
    if (got == NULL && out_of_memory != NULL)
        longjmp(*out_of_memory, 1);
    return got;
}

static void watch_memory(void)
{
    json_set_alloc_funcs(give, free);
}

/* False: no memory. */
static bool load(const char *text, size_t len, json_t **root, json_error_t *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    jmp_buf here;
    (void)pthread_once(&once, watch_memory);
    if (setjmp(here) != 0) {
        out_of_memory = NULL;
        return false;
    }
    out_of_memory = &here;
    /* keys of rows stand in a manifest for whoever reads it, and may hold a NUL */
    *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, why);
    out_of_memory = NULL;
    return true;
}

enum mr_code mr_json_parse(const char *text, size_t len, const char *name, struct mr_json_doc **out,
                           struct mr_err *err)
{
    json_error_t why = {.text = ""};
    struct mr_json_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return mr_err_nomem(err, "reading JSON");
    if (!load(text, len, &doc->root, &why)) {
        free(doc);
        return mr_err_nomem(err, "reading JSON");
    }
    if (doc->root != NULL && json_is_object(doc->root)) {
        *out = doc;
        return MR_OK;
    }
    if (doc->root == NULL)
        (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\", line %d: %s", name, why.line, why.text);
    else
        (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" holds no JSON object", name);
    mr_json_free(doc);
    return MR_E_REFUSED;
}

enum mr_code mr_json_load(const char *path, size_t max_bytes, struct mr_json_doc **out,
                          struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_io_read_file(path, max_bytes, &text, err);
    if (code == MR_OK)
        code = mr_json_parse(text.ptr, text.len, path, out, err);
    mr_strbuf_release(&text);
    return code;
}

void mr_json_free(struct mr_json_doc *doc)
{
    if (doc == NULL)
        return;
    json_decref(doc->root);
    free(doc);
}

const struct json_t *mr_json_root(const struct mr_json_doc *doc)
{
    return doc->root;
}

static enum mr_code refuse(const char *name, const char *wanted, struct mr_err *err)
{
    return mr_err_set(err, MR_E_REFUSED, "member \"%s\" is missing or is not %s", name, wanted);
}

/* NULL where it is no text, and where a NUL would cut it short. */
static const char *whole_text(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

enum mr_code mr_json_get_text(const struct json_t *object, const char *name, const char **out,
                              struct mr_err *err)
{
    *out = whole_text(json_object_get(object, name));
    return *out != NULL ? MR_OK : refuse(name, "a text", err);
}

enum mr_code mr_json_get_text_or_null(const struct json_t *object, const char *name,
                                      const char **out, struct mr_err *err)
{
    const json_t *value = json_object_get(object, name);
    *out = whole_text(value);
    if (value == NULL || json_is_null(value) || *out != NULL)
        return MR_OK;
    return refuse(name, "a text or null", err);
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL: it is not hex, or holds a NUL. */
static enum mr_code unhex(const char *hex, struct mr_arena *arena, const char **out,
                          struct mr_err *err)
{
    size_t len = strlen(hex) / 2;
    *out = NULL;
    if (strlen(hex) % 2 != 0)
        return MR_OK;
    char *bytes = mr_arena_alloc(arena, len + 1);
    if (bytes == NULL)
        return mr_err_nomem(err, "reading JSON");
    for (size_t i = 0; i < len; i++) {
        int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0 || high + low == 0)
            return MR_OK;
        bytes[i] = (char)(high << 4 | low);
    }
    bytes[len] = '\0';
    *out = bytes;
    return MR_OK;
}

/* *out stays NULL where the value is of neither form. */
static enum mr_code exact_value(const json_t *value, struct mr_arena *arena, const char **out,
                                struct mr_err *err)
{
    const char *text = whole_text(value);
    const char *hex = whole_text(json_object_get(value, "hex"));
    *out = NULL;
    if (hex != NULL)
        return unhex(hex, arena, out, err);
    if (text != NULL && (*out = mr_arena_strdup(arena, text)) == NULL)
        return mr_err_nomem(err, "reading JSON");
    return MR_OK;
}

enum mr_code mr_json_get_exact(const struct json_t *object, const char *name,
                               struct mr_arena *arena, const char **out, struct mr_err *err)
{
    const json_t *value = json_object_get(object, name);
    enum mr_code code = exact_value(value, arena, out, err);
    if (code != MR_OK || *out != NULL || value == NULL || json_is_null(value))
        return code;
    return refuse(name, "a text or null", err);
}

enum mr_code mr_json_item_exact(const struct json_t *array, size_t at, struct mr_arena *arena,
                                const char **out, struct mr_err *err)
{
    enum mr_code code = exact_value(json_array_get(array, at), arena, out, err);
    return code != MR_OK || *out != NULL ? code : refuse("item", "a text", err);
}

bool mr_json_has(const struct json_t *object, const char *name)
{
    return json_object_get(object, name) != NULL;
}

static bool parse_digits(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

enum mr_code mr_json_get_uint(const struct json_t *object, const char *name, uint64_t *out,
                              struct mr_err *err)
{
    const json_t *value = json_object_get(object, name);
    const char *text = whole_text(value);
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return MR_OK;
    }
    if (text != NULL && parse_digits(text, out))
        return MR_OK;
    return refuse(name, "a number", err);
}

enum mr_code mr_json_get_bool(const struct json_t *object, const char *name, bool *out,
                              struct mr_err *err)
{
    const json_t *value = json_object_get(object, name);
    *out = json_is_true(value);
    return json_is_boolean(value) ? MR_OK : refuse(name, "true or false", err);
}

enum mr_code mr_json_get_object(const struct json_t *object, const char *name,
                                const struct json_t **out, struct mr_err *err)
{
    *out = json_object_get(object, name);
    return json_is_object(*out) ? MR_OK : refuse(name, "an object", err);
}

enum mr_code mr_json_get_array(const struct json_t *object, const char *name,
                               const struct json_t **out, size_t *count, struct mr_err *err)
{
    *out = json_object_get(object, name);
    *count = json_array_size(*out);
    return json_is_array(*out) ? MR_OK : refuse(name, "an array", err);
}

enum mr_code mr_json_item(const struct json_t *array, size_t at, const struct json_t **out,
                          struct mr_err *err)
{
    *out = json_array_get(array, at);
    return json_is_object(*out) ? MR_OK : refuse("item", "an object", err);
}

enum mr_code mr_json_item_text(const struct json_t *array, size_t at, const char **out,
                               struct mr_err *err)
{
    *out = whole_text(json_array_get(array, at));
    return *out != NULL ? MR_OK : refuse("item", "a text", err);
}
