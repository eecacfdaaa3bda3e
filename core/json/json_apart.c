/* json_apart.c: see json_apart.h.
 *
 * The text is walked through by brackets and quotes alone, which finds where an item ends in whatever
 * is JSON; what is none is left to the parser, which says what is wrong with it.  In place of an array
 * that is set apart the tree has [FIRST, COUNT].
 */
#include "core/json/json_apart.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/base/vec.h"

struct span {
    size_t at, len;
};

struct mr_json_apart {
    const char *text, *name, *member;
    struct mr_vec spans; /* struct span, of items */
    struct mr_json_doc *rest, *item;
};

struct walk {
    const char *text;
    size_t len, at;
};

static char here(const struct walk *w)
{
    return w->at < w->len ? w->text[w->at] : '\0';
}

static void skip_spaces(struct walk *w)
{
    while (w->at < w->len && strchr(" \t\r\n", w->text[w->at]) != NULL && w->text[w->at] != '\0')
        w->at++;
}

/* From one quote behind the other; false: there is no other. */
static bool skip_string(struct walk *w)
{
    for (w->at++; w->at < w->len; w->at++) {
        if (w->text[w->at] == '"') {
            w->at++;
            return true;
        }
        if (w->text[w->at] == '\\')
            w->at++;
    }
    return false;
}

/* Up to what follows the value; false: it does not end. */
static bool skip_value(struct walk *w)
{
    size_t depth = 0;
    do {
        const char c = here(w);
        if (w->at >= w->len)
            return false;
        if (c == '"') {
            if (!skip_string(w))
                return false;
            continue;
        }
        if (c == ',' && depth == 0)
            return true;
        if (c == '}' || c == ']') {
            if (depth == 0)
                return true;
            depth--;
        }
        if (c == '{' || c == '[')
            depth++;
        w->at++;
    } while (depth > 0 || strchr(",]}", here(w)) == NULL || here(w) == '\0');
    return true;
}

/* Of the array whose bracket is here: false where it is no list of values up to its end. */
static bool take_items(struct walk *w, struct mr_vec *spans, bool *nomem)
{
    w->at++;
    skip_spaces(w);
    while (here(w) != ']') {
        const size_t from = w->at;
        if (!skip_value(w) || w->at == from)
            return false;
        struct span *span = mr_vec_push(spans);
        if (span == NULL) {
            *nomem = true;
            return false;
        }
        *span = (struct span){from, w->at - from};
        if (here(w) != ',' && here(w) != ']')
            return false;
        if (here(w) == ',') {
            w->at++;
            skip_spaces(w);
            if (here(w) == ']')
                return false; /* a comma too many: not for us to say */
        }
    }
    w->at++;
    return true;
}

/* The string here is that name, and an array is its value: the walk stands at the bracket. */
static bool is_array_of(struct walk *w, const char *member, size_t name_len)
{
    const size_t from = w->at;
    struct walk ahead = *w;
    if (!skip_string(&ahead) || ahead.at - from != name_len + 2 ||
        memcmp(w->text + from + 1, member, name_len) != 0)
        return false;
    skip_spaces(&ahead);
    if (here(&ahead) != ':')
        return false;
    ahead.at++;
    skip_spaces(&ahead);
    if (here(&ahead) != '[')
        return false;
    *w = ahead;
    return true;
}

/* The text without the items; false: it is no JSON. */
static bool split(struct mr_json_apart *doc, size_t len, struct mr_strbuf *rest, bool *nomem)
{
    struct walk w = {doc->text, len, 0};
    const size_t name_len = strlen(doc->member);
    size_t copied = 0;
    while (w.at < len) {
        if (here(&w) != '"') {
            w.at++;
            continue;
        }
        if (!is_array_of(&w, doc->member, name_len)) {
            if (!skip_string(&w))
                return false;
            continue;
        }
        const size_t first = doc->spans.count;
        mr_strbuf_add(rest, doc->text + copied, w.at - copied);
        if (!take_items(&w, &doc->spans, nomem))
            return false;
        mr_strbuf_add_fmt(rest, "[%zu, %zu]", first, doc->spans.count - first);
        copied = w.at;
    }
    mr_strbuf_add(rest, doc->text + copied, len - copied);
    return true;
}

enum mr_code mr_json_apart_parse(const char *text, size_t len, const char *name, const char *member,
                                 struct mr_json_apart **out, struct mr_err *err)
{
    struct mr_strbuf rest = MR_STRBUF_INIT;
    bool nomem = false;
    enum mr_code code = MR_OK;
    struct mr_json_apart *doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return mr_err_nomem(err, "reading JSON");
    *doc = (struct mr_json_apart){
        .text = text, .name = name, .member = member, .spans = MR_VEC_INIT(struct span)};
    const bool is_split = split(doc, len, &rest, &nomem);
    if (nomem)
        MR_TRY_OUT(mr_err_nomem(err, "reading JSON"));
    MR_TRY_OUT(mr_strbuf_check(&rest, "reading JSON", err));
    MR_TRY_OUT(is_split ? mr_json_parse(rest.ptr, rest.len, name, &doc->rest, err)
                        : mr_json_parse(text, len, name, &doc->rest, err));
out:
    mr_strbuf_release(&rest);
    if (code == MR_OK)
        *out = doc;
    else
        mr_json_apart_free(doc);
    return code;
}

void mr_json_apart_free(struct mr_json_apart *doc)
{
    if (doc == NULL)
        return;
    mr_json_free(doc->rest);
    mr_json_free(doc->item);
    mr_vec_release(&doc->spans);
    free(doc);
}

const struct json_t *mr_json_apart_root(const struct mr_json_apart *doc)
{
    return mr_json_root(doc->rest);
}

/* Who writes the name with an escape, and numbers behind it, says which items are meant: of this very
 * file they are in any case. */
enum mr_code mr_json_apart_array(const struct mr_json_apart *doc, const struct json_t *object,
                                 size_t *first, size_t *count, struct mr_err *err)
{
    const json_t *pair = json_object_get(object, doc->member);
    const json_int_t from = json_integer_value(json_array_get(pair, 0));
    const json_int_t number = json_integer_value(json_array_get(pair, 1));
    const json_int_t all = (json_int_t)doc->spans.count;
    if (json_array_size(pair) != 2 || !json_is_integer(json_array_get(pair, 0)) ||
        !json_is_integer(json_array_get(pair, 1)) || from < 0 || number < 0 || from > all ||
        number > all - from)
        return mr_err_set(err, MR_E_REFUSED, "member \"%s\" is missing or is not an array",
                          doc->member);
    *first = (size_t)from;
    *count = (size_t)number;
    return MR_OK;
}

enum mr_code mr_json_apart_item(struct mr_json_apart *doc, size_t at, const struct json_t **out,
                                struct mr_err *err)
{
    const struct span *span = mr_vec_at(&doc->spans, at);
    mr_json_free(doc->item);
    doc->item = NULL;
    MR_TRY(mr_json_parse(doc->text + span->at, span->len, doc->name, &doc->item, err));
    *out = mr_json_root(doc->item);
    return MR_OK;
}
