/* image_text.c: see image_text.h. */
#include "repair/plan/image_text.h"

#include <stdint.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/case/mask.h"
#include "core/json/jsonw.h"

#define START_BYTES ((size_t)400) /* of a long value that are shown */

void mr_image_text_init(struct mr_image_text *text, const struct mr_string_list *masked)
{
    *text = (struct mr_image_text){.masked = masked};
    for (size_t i = 0; i < MR_IMAGES; i++)
        mr_strbuf_init(&text->shown[i]);
}

void mr_image_text_release(struct mr_image_text *text)
{
    for (size_t i = 0; i < MR_IMAGES; i++)
        mr_strbuf_release(&text->shown[i]);
}

/* ---- finding the members ----
 *
 * The values are copied as they stand, so that nothing is lost by reading them as numbers or
 * texts; only where one ends has to be known. */

/* Behind the string that begins at `at`; NULL: it has no end. */
static const char *behind_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : NULL;
}

/* Behind a value: a string, an object, or a word. */
static const char *behind_value(const char *at, const char *end)
{
    unsigned depth = 0;
    while (at != NULL && at < end) {
        if (*at == '"') {
            at = behind_string(at, end);
            if (depth == 0)
                return at;
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}'))
            return at;
        depth += *at == '{';
        depth -= *at == '}';
        at++;
        if (depth == 0 && at[-1] == '}')
            return at;
    }
    return NULL;
}

bool mr_image_text_next(const char **at, const char *end, struct mr_image_member *m)
{
    const char *from = *at;
    *at = NULL;
    if (from >= end || (*from != '{' && *from != ',' && *from != '}'))
        return false;
    if (*from == '}' || (*from == '{' && from + 1 < end && from[1] == '}')) {
        *at = from + (*from == '{' ? 2 : 1) == end ? end : NULL;
        return false;
    }
    const char *name = from + 1;
    const char *colon = name < end && *name == '"' ? behind_string(name, end) : NULL;
    const char *behind =
        colon != NULL && colon < end && *colon == ':' ? behind_value(colon + 1, end) : NULL;
    if (behind == NULL)
        return false;
    m->name = (struct mr_csv_field){name + 1, (size_t)(colon - name) - 2};
    m->value = (struct mr_csv_field){colon + 1, (size_t)(behind - colon) - 1};
    *at = behind;
    return true;
}

static bool is_same(struct mr_csv_field a, struct mr_csv_field b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* The number of a value among those of its column: the first image that has it. */
static size_t number_of(const struct mr_csv_field images[MR_IMAGES],
                        const struct mr_image_member *m)
{
    for (size_t i = 0; i < MR_IMAGES; i++) {
        const char *at = images[i].ptr;
        struct mr_image_member other;
        while (images[i].len > 0 && mr_image_text_next(&at, images[i].ptr + images[i].len, &other))
            if (is_same(other.name, m->name) && is_same(other.value, m->value))
                return i;
    }
    return MR_IMAGES;
}

struct mr_csv_field mr_image_text_value(const char *image, struct mr_csv_field name)
{
    const struct mr_csv_field none = {NULL, 0};
    const char *at = image;
    struct mr_image_member m;
    while (image[0] != '\0' && mr_image_text_next(&at, image + strlen(image), &m))
        if (is_same(m.name, name))
            return m.value;
    return none;
}

/* Four hexadecimal digits; UINT32_MAX: they are none. */
static uint32_t hex4(const char *at, const char *end)
{
    uint32_t code = 0;
    if (end - at < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", c = at[i];
        const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
        if (c == '\0' || found == NULL)
            return UINT32_MAX;
        code = code << 4 | (uint32_t)(found - digits);
    }
    return code;
}

static void add_code_point(struct mr_strbuf *out, uint32_t c)
{
    if (c >= 0x10000)
        mr_strbuf_add_char(out, (char)(0xf0 | c >> 18));
    else if (c >= 0x800)
        mr_strbuf_add_char(out, (char)(0xe0 | c >> 12));
    else if (c >= 0x80)
        mr_strbuf_add_char(out, (char)(0xc0 | c >> 6));
    if (c >= 0x10000)
        mr_strbuf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
    if (c >= 0x800)
        mr_strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    mr_strbuf_add_char(out, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
}

/* Behind `\\u`; a pair of surrogates is one character.  Returns where it ends. */
static const char *add_escaped(struct mr_strbuf *out, const char *at, const char *end)
{
    uint32_t code = hex4(at, end);
    if (code == UINT32_MAX)
        return at;
    at += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const uint32_t low = hex4(at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
    }
    add_code_point(out, code);
    return at;
}

void mr_image_text_unquote(struct mr_strbuf *out, struct mr_csv_field quoted)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    const char *at = quoted.ptr, *end = quoted.ptr + quoted.len;
    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            mr_strbuf_add_char(out, *at++);
            continue;
        }
        const char *letter = memchr(letters, at[1], sizeof letters - 1);
        at += 2;
        if (at[-1] == 'u')
            at = add_escaped(out, at, end);
        else
            mr_strbuf_add_char(out, letter != NULL ? controls[letter - letters] : at[-1]);
    }
}

/* ---- writing them ---- */

/* Masks have the column's name, images what JSON writes of it.  What cannot be compared is hidden. */
static bool is_masked(const struct mr_image_text *text, struct mr_csv_field name)
{
    struct mr_strbuf word = MR_STRBUF_INIT;
    if (text->masked == NULL || text->masked->count == 0)
        return false;
    mr_image_text_unquote(&word, name);
    const bool is = word.failed || mr_string_list_has(text->masked, word.ptr);
    mr_strbuf_release(&word);
    return is;
}

/* The text between the quotes of a string; of another value the value itself. */
static struct mr_csv_field inner(struct mr_csv_field value)
{
    const bool quoted = value.len >= 2 && value.ptr[0] == '"';
    return quoted ? (struct mr_csv_field){value.ptr + 1, value.len - 2} : value;
}

/* A NULL is no secret: that a value is missing is what people decide by. */
static void add_masked(struct mr_jsonw *w, struct mr_csv_field value, size_t number)
{
    struct mr_strbuf mask = MR_STRBUF_INIT;
    const struct mr_csv_field in = inner(value);
    mr_mask_text(MR_MASK_VALUE, in.ptr != value.ptr, in.ptr, in.len, &mask);
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "mask");
    mr_jsonw_string(w, mask.ptr != NULL ? mask.ptr : "", mask.len);
    mr_jsonw_add_uint(w, "same", number);
    mr_jsonw_object_end(w);
    w->out->failed |= mask.failed;
    mr_strbuf_release(&mask);
}

/* Where a cut may stand: not within a character, nor behind a backslash. */
static size_t cut_at(struct mr_csv_field value)
{
    size_t at = START_BYTES;
    while (at > 0 && (((unsigned char)value.ptr[at] & 0xc0) == 0x80))
        at--;
    const char *escape = memchr(value.ptr, '\\', at);
    return escape != NULL ? (size_t)(escape - value.ptr) : at;
}

static void add_cut(struct mr_jsonw *w, struct mr_csv_field value, size_t number)
{
    const struct mr_csv_field in = inner(value);
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "start");
    mr_jsonw_string(w, in.ptr, cut_at(in));
    mr_jsonw_add_uint(w, "bytes", in.len);
    mr_jsonw_add_uint(w, "same", number);
    mr_jsonw_object_end(w);
}

static bool is_null(struct mr_csv_field value)
{
    return value.len == 4 && memcmp(value.ptr, "null", 4) == 0;
}

/* A masked value is never cut: its beginning would be told. */
static void add_member(struct mr_image_text *text, const struct mr_csv_field images[MR_IMAGES],
                       size_t at, struct mr_jsonw *w, const struct mr_image_member *m)
{
    const bool masked = is_masked(text, m->name) && !is_null(m->value);
    const bool cut = !masked && m->value.len > MR_IMAGE_VALUE_MAX;
    mr_strbuf_add_char(w->out, '"');
    mr_strbuf_add(w->out, m->name.ptr, m->name.len);
    mr_strbuf_add_str(w->out, "\":");
    if (masked)
        add_masked(w, m->value, number_of(images, m));
    else if (cut)
        add_cut(w, m->value, number_of(images, m));
    else
        mr_strbuf_add(w->out, m->value.ptr, m->value.len);
    text->is_changed[at] |= masked || cut;
}

/* Each member by a writer of its own: names and values that stay stand between them as they are. */
static bool show_one(struct mr_image_text *text, const struct mr_csv_field images[MR_IMAGES],
                     size_t i)
{
    struct mr_strbuf *out = &text->shown[i];
    const char *at = images[i].ptr, *end = images[i].ptr + images[i].len;
    struct mr_image_member m;
    bool begun = false;
    mr_strbuf_add_char(out, '{');
    while (mr_image_text_next(&at, end, &m)) {
        struct mr_jsonw w;
        if (begun)
            mr_strbuf_add_char(out, ',');
        begun = true;
        mr_jsonw_init_buf(&w, out);
        add_member(text, images, i, &w, &m);
        mr_jsonw_release(&w);
    }
    mr_strbuf_add_char(out, '}');
    return at == end;
}

/* All four before any is told: a value is numbered by the first image that has it. */
enum mr_code mr_image_text_show(struct mr_image_text *text,
                                const struct mr_csv_field images[MR_IMAGES], struct mr_err *err)
{
    for (size_t i = 0; i < MR_IMAGES; i++) {
        mr_strbuf_reset(&text->shown[i]);
        text->is_changed[i] = false;
        if (images[i].len == 0)
            continue;
        if (!show_one(text, images, i))
            return mr_err_set(err, MR_E_REFUSED, "\"%.40s\" is no row", images[i].ptr);
        MR_TRY(mr_strbuf_check(&text->shown[i], "writing a page", err));
    }
    return MR_OK;
}
