/* report_story_get.c: see report_story_get.h. */
#include "recon/report/report_story_get.h"

#include "core/case/mask.h"

static void fail(struct mr_story_reader *r)
{
    if (r->code == MR_OK)
        r->code = mr_err_nomem(r->err, "reading what was done");
}

const char *mr_story_keep(struct mr_story_reader *r, const char *text)
{
    const char *copy = text != NULL ? mr_arena_strdup(&r->story->arena, text) : NULL;
    if (text != NULL && copy == NULL)
        fail(r);
    return copy;
}

const char *mr_story_get_text(struct mr_story_reader *r, const struct json_t *object,
                              const char *key)
{
    const char *text = NULL;
    if (r->code != MR_OK || mr_json_get_text(object, key, &text, NULL) != MR_OK)
        return NULL;
    return mr_story_keep(r, text);
}

const char *mr_story_get_said(struct mr_story_reader *r, const struct json_t *object,
                              const char *key)
{
    const char *text = mr_story_get_text(r, object, key);
    struct mr_strbuf masked = MR_STRBUF_INIT;
    if (text == NULL || r->story->unmask)
        return text;
    mr_mask_said(text, strlen(text), &masked);
    if (masked.failed)
        fail(r);
    text = masked.failed ? NULL : mr_story_keep(r, masked.ptr);
    mr_strbuf_release(&masked);
    return text;
}

uint64_t mr_story_get_count(const struct json_t *object, const char *key)
{
    uint64_t count = 0;
    return mr_json_get_uint(object, key, &count, NULL) == MR_OK ? count : 0;
}

bool mr_story_get_bool(const struct json_t *object, const char *key)
{
    bool value = false;
    return mr_json_get_bool(object, key, &value, NULL) == MR_OK && value;
}

const struct json_t *mr_story_get_object(const struct json_t *object, const char *key)
{
    const struct json_t *inner = NULL;
    return mr_json_get_object(object, key, &inner, NULL) == MR_OK ? inner : NULL;
}

const struct json_t *mr_story_get_array(const struct json_t *object, const char *key, size_t *count)
{
    const struct json_t *array = NULL;
    *count = 0;
    if (mr_json_get_array(object, key, &array, count, NULL) != MR_OK)
        *count = 0;
    return array;
}

void *mr_story_push(struct mr_story_reader *r, struct mr_vec *vec)
{
    void *item = r->code == MR_OK ? mr_vec_push(vec) : NULL;
    if (item == NULL)
        fail(r);
    return item;
}
