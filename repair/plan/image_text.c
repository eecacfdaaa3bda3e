/* image_text.c: see image_text.h. */
#include "repair/plan/image_text.h"

#include <stdint.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/case/mask.h"
#include "core/json/jsonw.h"

#define START_BYTES ((size_t)400) /* of a long value that are shown */
#define BEFORE_BYTES ((size_t)60) /* of them before the first difference */

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

/* Not of an image without bytes. */
static struct mr_csv_field value_in(struct mr_csv_field image, struct mr_csv_field name)
{
    const char *at = image.ptr;
    struct mr_image_member m;
    while (mr_image_text_next(&at, image.ptr + image.len, &m))
        if (is_same(m.name, name))
            return m.value;
    return (struct mr_csv_field){NULL, 0};
}

struct mr_csv_field mr_image_text_value(const char *image, struct mr_csv_field name)
{
    const struct mr_csv_field none = {NULL, 0}, all = {image, strlen(image)};
    return all.len > 0 ? value_in(all, name) : none;
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

/* ---- long values ----
 *
 * Where one value of a column is long, all of them are shown from one place on, a little before they
 * begin to differ: else two that do would look alike. */

/* What it says: the text, or the digits of bytes.  True: bytes. */
static bool read_value(struct mr_csv_field value, struct mr_strbuf *out)
{
    static const char hex[] = "{\"hex\":\"", end[] = "\"}";
    const size_t head = sizeof hex - 1, around = head + sizeof end - 1;
    const bool is_hex = value.len >= around && memcmp(value.ptr, hex, head) == 0;
    mr_strbuf_reset(out);
    if (is_hex)
        mr_strbuf_add(out, value.ptr + head, value.len - around);
    else
        mr_image_text_unquote(out, inner(value));
    return is_hex;
}

/* Not within a character, nor within a byte's digits. */
static size_t place_in(const struct mr_strbuf *text, bool is_hex, size_t at)
{
    if (at >= text->len)
        return text->len;
    if (is_hex)
        return at - at % 2;
    while (at > 0 && ((unsigned char)text->ptr[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static size_t first_difference(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    size_t at = 0;
    while (at < a->len && at < b->len && a->ptr[at] == b->ptr[at])
        at++;
    return at == a->len && at == b->len ? SIZE_MAX : at;
}

static bool is_null(struct mr_csv_field value)
{
    return value.len == 4 && memcmp(value.ptr, "null", 4) == 0;
}

/* From where on the column's values are shown; SIZE_MAX: none of them is long. */
static size_t cut_from(const struct mr_csv_field images[MR_IMAGES], const struct mr_image_member *m,
                       struct mr_strbuf *out)
{
    struct mr_csv_field values[MR_IMAGES];
    size_t count = 0, longest = 0, from = SIZE_MAX;
    for (size_t i = 0; i < MR_IMAGES; i++)
        longest = images[i].len > longest ? images[i].len : longest;
    if (longest <= MR_IMAGE_VALUE_MAX)
        return SIZE_MAX; /* most rows: nothing is looked for in them */
    longest = 0;
    for (size_t i = 0; i < MR_IMAGES; i++) {
        if (images[i].len == 0)
            continue;
        values[count] = value_in(images[i], m->name);
        if (values[count].ptr == NULL || is_null(values[count]))
            continue;
        longest = values[count].len > longest ? values[count].len : longest;
        count++;
    }
    if (longest <= MR_IMAGE_VALUE_MAX)
        return SIZE_MAX;
    struct mr_strbuf first = MR_STRBUF_INIT, other = MR_STRBUF_INIT;
    const bool is_hex = read_value(values[0], &first);
    for (size_t i = 1; i < count; i++) {
        const bool alike = read_value(values[i], &other) == is_hex;
        const size_t at = alike ? first_difference(&first, &other) : 0;
        from = at < from ? at : from;
    }
    from = from != SIZE_MAX && from > START_BYTES - BEFORE_BYTES ? from - BEFORE_BYTES : 0;
    from = place_in(&first, is_hex, from);
    out->failed |= first.failed || other.failed;
    mr_strbuf_release(&first);
    mr_strbuf_release(&other);
    return from;
}

/* False: all of it can be shown. */
static bool add_cut(struct mr_jsonw *w, struct mr_csv_field value, size_t from, size_t number)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const bool is_hex = read_value(value, &text);
    const size_t end = place_in(&text, is_hex, from + START_BYTES), unit = is_hex ? 2 : 1;
    const bool is_cut = from > 0 || end < text.len;
    if (is_cut && !text.failed) {
        mr_jsonw_object_begin(w);
        mr_jsonw_key(w, is_hex ? "hex" : "start");
        mr_jsonw_string(w, text.ptr + from, end - from);
        if (from > 0)
            mr_jsonw_add_uint(w, "skipped", from / unit);
        mr_jsonw_add_uint(w, "bytes", text.len / unit);
        mr_jsonw_add_uint(w, "same", number);
        mr_jsonw_object_end(w);
    }
    w->out->failed |= text.failed;
    mr_strbuf_release(&text);
    return is_cut;
}

/* A masked value is never cut: its beginning would be told. */
static void add_member(struct mr_image_text *text, const struct mr_csv_field images[MR_IMAGES],
                       size_t at, struct mr_jsonw *w, const struct mr_image_member *m)
{
    const bool none = is_null(m->value), masked = !none && is_masked(text, m->name);
    const size_t from = masked || none ? SIZE_MAX : cut_from(images, m, w->out);
    mr_strbuf_add_char(w->out, '"');
    mr_strbuf_add(w->out, m->name.ptr, m->name.len);
    mr_strbuf_add_str(w->out, "\":");
    bool changed = masked;
    if (masked)
        add_masked(w, m->value, number_of(images, m));
    else if (from != SIZE_MAX)
        changed = add_cut(w, m->value, from, number_of(images, m));
    if (!changed)
        mr_strbuf_add(w->out, m->value.ptr, m->value.len);
    text->is_changed[at] |= changed;
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
