/* json_reader.c: see json_reader.h. */
#include "core/json/json_reader.h"

#include <errno.h>
#include <stdlib.h>

void *mr_json_read_keep(struct mr_json_reader *r, void *ptr)
{
    if (ptr == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, r->doing);
    return ptr;
}

void mr_json_read_refuse(struct mr_json_reader *r, const char *what, const char *value)
{
    if (r->code == MR_OK)
        r->code = mr_err_set(r->err, MR_E_REFUSED, "%s \"%.200s\" is not as it is written", what,
                             value != NULL ? value : "");
}

static const char *keep_text(struct mr_json_reader *r, const char *text)
{
    const char *kept =
        r->texts != NULL ? mr_intern_text(r->texts, text) : mr_arena_strdup(r->arena, text);
    if (kept == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, r->doing);
    return kept;
}

const char *mr_json_read_text(struct mr_json_reader *r, const struct json_t *object,
                              const char *name)
{
    const char *text = "", *kept = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_text(object, name, &text, r->err);
    if (r->code == MR_OK)
        kept = keep_text(r, text);
    return kept != NULL ? kept : "";
}

const char *mr_json_read_text_or_null(struct mr_json_reader *r, const struct json_t *object,
                                      const char *name)
{
    const char *text = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_text_or_null(object, name, &text, r->err);
    if (r->code != MR_OK || text == NULL)
        return NULL;
    return keep_text(r, text);
}

const char *mr_json_read_exact(struct mr_json_reader *r, const struct json_t *object,
                               const char *name)
{
    const char *text = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_exact(object, name, r->arena, &text, r->err);
    return r->code == MR_OK ? text : NULL;
}

uint64_t mr_json_read_number(struct mr_json_reader *r, const struct json_t *object,
                             const char *name)
{
    uint64_t number = 0;
    if (r->code == MR_OK)
        r->code = mr_json_get_uint(object, name, &number, r->err);
    return r->code == MR_OK ? number : 0;
}

int64_t mr_json_read_signed(struct mr_json_reader *r, const struct json_t *object, const char *name)
{
    const char *text = mr_json_read_text(r, object, name);
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (r->code == MR_OK && (errno != 0 || end == text || *end != '\0'))
        r->code = mr_err_set(r->err, MR_E_REFUSED, "\"%s\" is no number: \"%s\"", name, text);
    return r->code == MR_OK ? number : 0;
}

bool mr_json_read_bool(struct mr_json_reader *r, const struct json_t *object, const char *name)
{
    bool value = false;
    if (r->code == MR_OK)
        r->code = mr_json_get_bool(object, name, &value, r->err);
    return r->code == MR_OK && value;
}

const struct json_t *mr_json_read_object(struct mr_json_reader *r, const struct json_t *object,
                                         const char *name)
{
    const struct json_t *inner = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_object(object, name, &inner, r->err);
    return r->code == MR_OK ? inner : NULL;
}

const struct json_t *mr_json_read_array(struct mr_json_reader *r, const struct json_t *object,
                                        const char *name, size_t item_size, size_t *count,
                                        void **items)
{
    const struct json_t *array = NULL;
    *count = 0;
    *items = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_array(object, name, &array, count, r->err);
    if (r->code == MR_OK)
        *items = mr_json_read_keep(r, mr_arena_calloc(r->arena, *count + 1, item_size));
    if (r->code != MR_OK)
        *count = 0;
    return r->code == MR_OK ? array : NULL;
}

const struct json_t *mr_json_read_item(struct mr_json_reader *r, const struct json_t *array,
                                       size_t at)
{
    const struct json_t *item = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_item(array, at, &item, r->err);
    return r->code == MR_OK ? item : NULL;
}

const char *const *mr_json_read_texts(struct mr_json_reader *r, const struct json_t *object,
                                      const char *name, size_t *count)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, object, name, sizeof(const char *), count, &items);
    const char **texts = items;
    for (size_t i = 0; i < *count && r->code == MR_OK; i++) {
        const char *text = NULL;
        r->code = mr_json_item_text(array, i, &text, r->err);
        if (r->code == MR_OK)
            texts[i] = keep_text(r, text);
    }
    if (r->code != MR_OK)
        *count = 0;
    return texts;
}
