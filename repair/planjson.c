/* planjson.c: see planjson.h. */
#include "repair/planjson.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void mr_planjson_put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    mr_jsonw_add_str(w, key, text);
}

void mr_planjson_put_number(struct mr_jsonw *w, const char *key, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    mr_planjson_put_text(w, key, text);
}

void mr_planjson_put_signed(struct mr_jsonw *w, const char *key, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    mr_planjson_put_text(w, key, text);
}

void mr_planjson_put_count(struct mr_jsonw *w, const char *key, uint64_t count)
{
    mr_jsonw_add_uint(w, key, count);
}

void mr_planjson_put_bool(struct mr_jsonw *w, const char *key, bool value)
{
    mr_jsonw_add_bool(w, key, value);
}

void mr_planjson_put_texts(struct mr_jsonw *w, const char *key, const char *const *texts,
                           size_t count)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++)
        mr_jsonw_str(w, texts[i]);
    mr_jsonw_array_end(w);
}

static void *keep(struct mr_planjson *r, void *ptr)
{
    if (ptr == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, "reading a manifest");
    return ptr;
}

const char *mr_planjson_get_text(struct mr_planjson *r, const struct json_t *object,
                                 const char *key)
{
    const char *text = "";
    if (r->code == MR_OK)
        r->code = mr_json_get_text(object, key, &text, r->err);
    return r->code == MR_OK ? keep(r, mr_arena_strdup(r->arena, text)) : "";
}

const char *mr_planjson_get_text_or_null(struct mr_planjson *r,
                                         const struct json_t *object, const char *key)
{
    const char *text = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_text_or_null(object, key, &text, r->err);
    return r->code == MR_OK && text != NULL ? keep(r, mr_arena_strdup(r->arena, text))
                                            : NULL;
}

uint64_t mr_planjson_get_number(struct mr_planjson *r, const struct json_t *object,
                                const char *key)
{
    uint64_t number = 0;
    if (r->code == MR_OK)
        r->code = mr_json_get_uint(object, key, &number, r->err);
    return number;
}

int64_t mr_planjson_get_signed(struct mr_planjson *r, const struct json_t *object,
                               const char *key)
{
    const char *text = mr_planjson_get_text(r, object, key);
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (r->code == MR_OK && (errno != 0 || end == text || *end != '\0'))
        r->code =
            mr_err_set(r->err, MR_E_REFUSED, "\"%s\" is no number: \"%s\"", key, text);
    return number;
}

bool mr_planjson_get_bool(struct mr_planjson *r, const struct json_t *object,
                          const char *key)
{
    bool value = false;
    if (r->code == MR_OK)
        r->code = mr_json_get_bool(object, key, &value, r->err);
    return value;
}

const struct json_t *mr_planjson_get_object(struct mr_planjson *r,
                                            const struct json_t *object, const char *key)
{
    const struct json_t *inner = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_object(object, key, &inner, r->err);
    return inner;
}

const struct json_t *mr_planjson_get_array(struct mr_planjson *r,
                                           const struct json_t *object, const char *key,
                                           size_t item_size, size_t *count, void **items)
{
    const struct json_t *array = NULL;
    *count = 0;
    if (r->code == MR_OK)
        r->code = mr_json_get_array(object, key, &array, count, r->err);
    if (r->code == MR_OK)
        *items = keep(r, mr_arena_calloc(r->arena, *count + 1, item_size));
    if (r->code != MR_OK)
        *count = 0;
    return array;
}

const struct json_t *mr_planjson_get_item(struct mr_planjson *r,
                                          const struct json_t *array, size_t at)
{
    const struct json_t *item = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_item(array, at, &item, r->err);
    return item;
}

const char *const *mr_planjson_get_texts(struct mr_planjson *r,
                                         const struct json_t *object, const char *key,
                                         size_t *count)
{
    void *items = NULL;
    const struct json_t *array =
        mr_planjson_get_array(r, object, key, sizeof(const char *), count, &items);
    const char **texts = items;
    for (size_t i = 0; i < *count && r->code == MR_OK; i++) {
        const char *text = NULL;
        r->code = mr_json_item_text(array, i, &text, r->err);
        if (r->code == MR_OK)
            texts[i] = keep(r, mr_arena_strdup(r->arena, text));
    }
    return texts;
}
