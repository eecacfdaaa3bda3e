/* text_ids.c: see text_ids.h. */
#include "repair/side/text_ids.h"

#include "core/row/json_norm.h"

/* json_norm goes no deeper; the text itself is a level, too. */
enum { LEVELS = 200 + 2 };

struct part {
    const char *ptr;
    size_t len;
    bool escapes; /* a backslash begins one */
    bool small;   /* a small number counts where it is all of it */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static size_t digits_end(const struct part *part, size_t at)
{
    while (at < part->len && is_digit(part->ptr[at]))
        at++;
    return at;
}

/* "-04-01" behind a year. */
static bool is_date(const struct part *part, size_t at)
{
    static const char form[] = "-dd-dd";
    size_t n = sizeof form - 1;
    if (part->len - at < n || (part->len - at > n && is_word(part->ptr[at + n])))
        return false;
    for (size_t i = 0; i < n; i++)
        if (form[i] == '-' ? part->ptr[at + i] != '-' : !is_digit(part->ptr[at + i]))
            return false;
    return true;
}

/* Digits from begin to end; what is in front of them is no word. */
static bool stands_alone(const struct part *part, size_t begin, size_t end)
{
    const char *p = part->ptr;
    if (end < part->len && is_word(p[end]))
        return false;
    if (end + 1 < part->len && p[end] == '.' && is_digit(p[end + 1]))
        return false;
    if (begin > 1 && p[begin - 1] == '.' && is_digit(p[begin - 2]))
        return false;
    return end - begin != 4 || !is_date(part, end);
}

/* 0: it is none. */
static uint64_t number(const struct part *part, size_t begin, size_t end)
{
    uint64_t n = 0;
    if (part->ptr[begin] == '0')
        return 0;
    for (size_t i = begin; i < end; i++) {
        uint64_t digit = (uint64_t)(part->ptr[i] - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return 0;
        n = n * 10 + digit;
    }
    return n;
}

/* Digits within a word, a date, a fraction or behind an escape are no id: a false one would have
 * people look for a row that nobody means. */
static enum mr_code scan_part(struct mr_text_ids *ids, const struct part *part, struct mr_err *err)
{
    bool in_word = false;
    for (size_t i = 0; i < part->len;) {
        if (part->escapes && part->ptr[i] == '\\') {
            i += i + 1 < part->len && part->ptr[i + 1] == 'u' ? 6 : 2;
            in_word = false;
            continue;
        }
        if (!is_digit(part->ptr[i])) {
            in_word = is_word(part->ptr[i++]);
            continue;
        }
        size_t end = digits_end(part, i);
        uint64_t n = in_word || !stands_alone(part, i, end) ? 0 : number(part, i, end);
        bool whole = part->small && i == 0 && end == part->len;
        if (n >= MR_TEXT_IDS_SMALL || (n > 0 && whole))
            MR_TRY(ids->fn(ids->ctx, n, err));
        in_word = true;
        i = end;
    }
    return MR_OK;
}

/* ---- JSON in its normal form ---- */

struct level {
    bool object;
    bool id; /* the name of the member that is read, or that the array is, ends in "id" */
};

struct walk {
    struct mr_text_ids *ids;
    const char *ptr;
    size_t len, at;
    struct level level[LEVELS];
    size_t depth;
    bool name; /* a member's name comes next */
};

static bool ends_in_id(const struct part *name)
{
    size_t n = name->len;
    if (n > 0 && (name->ptr[n - 1] | 0x20) == 's')
        n--;
    return n >= 2 && (name->ptr[n - 2] | 0x20) == 'i' && (name->ptr[n - 1] | 0x20) == 'd';
}

/* Of a member's name it is only remembered whether it promises an id; a value below such a name
 * may be a small number, too. */
static enum mr_code take_string(struct walk *w, struct mr_err *err)
{
    size_t end = w->at + 1;
    while (end < w->len && w->ptr[end] != '"')
        end += w->ptr[end] == '\\' ? 2 : 1;
    end = end < w->len ? end : w->len;
    struct part part = {w->ptr + w->at + 1, end - w->at - 1, true, false};
    if (w->name)
        w->level[w->depth].id = ends_in_id(&part);
    else
        part.small = w->level[w->depth].id;
    w->at = end + 1;
    return scan_part(w->ids, &part, err);
}

static enum mr_code take_number(struct walk *w, struct mr_err *err)
{
    size_t begin = w->at;
    while (w->at < w->len && w->ptr[w->at] != ',' && w->ptr[w->at] != '}' && w->ptr[w->at] != ']')
        w->at++;
    const struct part part = {w->ptr + begin, w->at - begin, false, w->level[w->depth].id};
    return w->ptr[begin] == '-' ? MR_OK : scan_part(w->ids, &part, err);
}

static void take_mark(struct walk *w)
{
    const char c = w->ptr[w->at++];
    if ((c == '{' || c == '[') && w->depth + 1 < LEVELS) {
        bool id = c == '[' && w->level[w->depth].id;
        w->level[++w->depth] = (struct level){c == '{', id};
        w->name = c == '{';
    } else if ((c == '}' || c == ']') && w->depth > 0) {
        w->depth--;
    } else if (c == ',') {
        w->name = w->level[w->depth].object;
    } else if (c == ':') {
        w->name = false;
    }
}

static enum mr_code scan_json(struct mr_text_ids *ids, struct mr_err *err)
{
    struct walk w = {.ids = ids, .ptr = ids->json.ptr, .len = ids->json.len};
    while (w.at < w.len) {
        if (w.ptr[w.at] == '"')
            MR_TRY(take_string(&w, err));
        else if (w.ptr[w.at] == '-' || is_digit(w.ptr[w.at]))
            MR_TRY(take_number(&w, err));
        else
            take_mark(&w);
    }
    return MR_OK;
}

enum mr_code mr_text_ids_scan(struct mr_text_ids *ids, const char *ptr, size_t len,
                              struct mr_err *err)
{
    const struct part all = {ptr, len, false, false};
    size_t at = 0;
    while (at < len && (ptr[at] == ' ' || (ptr[at] >= '\t' && ptr[at] <= '\r')))
        at++;
    if (at == len || (ptr[at] != '{' && ptr[at] != '['))
        return scan_part(ids, &all, err);
    mr_strbuf_reset(&ids->json);
    bool json = mr_json_norm(ptr, len, &ids->json);
    MR_TRY(mr_strbuf_check(&ids->json, "reading JSON", err));
    return json ? scan_json(ids, err) : scan_part(ids, &all, err);
}

void mr_text_ids_release(struct mr_text_ids *ids)
{
    mr_strbuf_release(&ids->json);
}
