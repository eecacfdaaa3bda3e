/* json_record.c: see json_record.h. */
#include "core/json/json_record.h"

#include <string.h>

_Static_assert(sizeof(enum mr_json_type) == sizeof(unsigned), "enums are read and written as such");

/* ---- writing ---- */

static bool is_empty(const struct mr_json_member *m, const char *from)
{
    const char *at = from + m->at;
    switch (m->type) {
    case MR_JSON_TEXT:
    case MR_JSON_TEXT_OR_NULL: return *(const char *const *)at == NULL;
    case MR_JSON_NUMBER:
    case MR_JSON_COUNT: return *(const uint64_t *)at == 0;
    case MR_JSON_WORD:
    case MR_JSON_UNSIGNED: return *(const unsigned *)at == 0;
    case MR_JSON_BOOL: return !*(const bool *)at;
    case MR_JSON_TEXTS:
    case MR_JSON_LIST: return *(const size_t *)(from + m->count_at) == 0;
    case MR_JSON_OBJECT: break;
    }
    return false;
}

/* What may lack and is empty is left out, as it was before the member was known: old readers see
 * the file that they know. */
static void put_member(struct mr_jsonw *w, const struct mr_json_member *m, const char *from)
{
    const char *at = from + m->at;
    if (m->may_lack && is_empty(m, from))
        return;
    switch (m->type) {
    case MR_JSON_TEXT:
    case MR_JSON_TEXT_OR_NULL: mr_jsonw_add_str(w, m->name, *(const char *const *)at); break;
    case MR_JSON_WORD: mr_jsonw_add_str(w, m->name, m->words->texts[*(const unsigned *)at]); break;
    case MR_JSON_NUMBER: mr_jsonw_add_number(w, m->name, *(const uint64_t *)at); break;
    case MR_JSON_UNSIGNED: mr_jsonw_add_number(w, m->name, *(const unsigned *)at); break;
    case MR_JSON_COUNT: mr_jsonw_add_uint(w, m->name, *(const uint64_t *)at); break;
    case MR_JSON_BOOL: mr_jsonw_add_bool(w, m->name, *(const bool *)at); break;
    case MR_JSON_TEXTS:
        mr_jsonw_add_texts(w, m->name, *(const char *const *const *)at,
                           *(const size_t *)(from + m->count_at));
        break;
    case MR_JSON_OBJECT:
        mr_jsonw_key(w, m->name);
        mr_jsonw_object_begin(w);
        mr_json_put_record(w, m->of, at);
        mr_jsonw_object_end(w);
        break;
    case MR_JSON_LIST:
        mr_json_put_list(w, m->name, m->of, *(const void *const *)at,
                         *(const size_t *)(from + m->count_at));
        break;
    }
}

void mr_json_put_record(struct mr_jsonw *w, const struct mr_json_record *record, const void *from)
{
    for (size_t i = 0; i < record->count; i++)
        put_member(w, &record->members[i], from);
}

void mr_json_put_list(struct mr_jsonw *w, const char *name, const struct mr_json_record *record,
                      const void *items, size_t count)
{
    mr_jsonw_key(w, name);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        mr_jsonw_object_begin(w);
        mr_json_put_record(w, record, (const char *)items + i * record->size);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

/* ---- reading ---- */

/* A word that no writer has: a file of a later version, or one that was edited. */
static unsigned get_word(struct mr_json_reader *r, const struct json_t *object,
                         const struct mr_json_member *m)
{
    const char *text = mr_json_read_text_or_null(r, object, m->name);
    for (size_t i = 1; text != NULL && i < m->words->count; i++)
        if (strcmp(m->words->texts[i], text) == 0)
            return (unsigned)i;
    if (text != NULL)
        mr_json_read_refuse(r, m->name, text);
    return 0;
}

/* A member that may lack leaves what stands in the record: its zero. */
static void get_member(struct mr_json_reader *r, const struct json_t *object,
                       const struct mr_json_member *m, char *out)
{
    char *at = out + m->at;
    size_t *count = (size_t *)(out + m->count_at);
    if (m->may_lack && !mr_json_has(object, m->name))
        return;
    switch (m->type) {
    case MR_JSON_TEXT: *(const char **)at = mr_json_read_text(r, object, m->name); break;
    case MR_JSON_TEXT_OR_NULL:
        *(const char **)at = mr_json_read_text_or_null(r, object, m->name);
        break;
    case MR_JSON_WORD: *(unsigned *)at = get_word(r, object, m); break;
    case MR_JSON_NUMBER:
    case MR_JSON_COUNT: *(uint64_t *)at = mr_json_read_number(r, object, m->name); break;
    case MR_JSON_UNSIGNED:
        *(unsigned *)at = (unsigned)mr_json_read_number(r, object, m->name);
        break;
    case MR_JSON_BOOL: *(bool *)at = mr_json_read_bool(r, object, m->name); break;
    case MR_JSON_TEXTS:
        *(const char *const **)at = mr_json_read_texts(r, object, m->name, count);
        break;
    case MR_JSON_OBJECT:
        mr_json_get_record(r, mr_json_read_object(r, object, m->name), m->of, at);
        break;
    case MR_JSON_LIST: *(void **)at = mr_json_get_list(r, object, m->name, m->of, count); break;
    }
}

void mr_json_get_record(struct mr_json_reader *r, const struct json_t *object,
                        const struct mr_json_record *record, void *out)
{
    for (size_t i = 0; i < record->count && r->code == MR_OK; i++)
        get_member(r, object, &record->members[i], out);
}

void *mr_json_get_list(struct mr_json_reader *r, const struct json_t *object, const char *name,
                       const struct mr_json_record *record, size_t *count)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(r, object, name, record->size, count, &items);
    for (size_t i = 0; i < *count && r->code == MR_OK; i++)
        mr_json_get_record(r, mr_json_read_item(r, array, i), record,
                           (char *)items + i * record->size);
    if (r->code != MR_OK)
        *count = 0;
    return items;
}
