/* ini.c: see ini.h. */
#include "core/cli/ini.h"

#include <stdbool.h>
#include <string.h>

struct parser {
    const char *file;
    unsigned line;
    struct mr_arena *arena;
    const struct mr_ini_section **next_section; /* where the next one is linked */
    const struct mr_ini_entry **next_entry;     /* NULL before the first section */
    struct mr_err *err;
};

struct span {
    const char *ptr;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Index behind the quote that closes the one at `at`; at + 1 if nothing closes it. */
static size_t skip_quoted(struct span text, size_t at)
{
    char quote = text.ptr[at];
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.ptr[i] == '\\' && quote != '`')
            i++;
        else if (text.ptr[i] == quote)
            return i + 1;
    }
    return at + 1;
}

/* Cuts "…  ; comment" off.  A semicolon without white space before it is text. */
static struct span cut_comment(struct span text, bool quotes)
{
    for (size_t i = 0; i < text.len;) {
        char c = text.ptr[i];
        if (quotes && (c == '\'' || c == '"' || c == '`')) {
            i = skip_quoted(text, i);
            continue;
        }
        if (c == ';' && (i == 0 || is_blank(text.ptr[i - 1]))) {
            text.len = i;
            break;
        }
        i++;
    }
    return trim(text);
}

static enum mr_code fail(const struct parser *p, const char *message, const char *hint)
{
    (void)mr_err_set(p->err, MR_E_CONFIG, "%s:%u: %s", p->file, p->line, message);
    mr_err_hint(p->err, "%s", hint);
    return MR_E_CONFIG;
}

/* Quotes mean nothing here, for a pattern may hold one. Behind the bracket there is nothing but a
 * comment. */
static enum mr_code parse_section(struct parser *p, struct span text)
{
    static const char hint[] = "Write it like [table club.members], alone on its line.";
    text = cut_comment(text, false);
    if (text.len < 2 || text.ptr[text.len - 1] != ']')
        return fail(p, "the section's name is not closed by ]", hint);
    struct span inner = trim((struct span){text.ptr + 1, text.len - 2});
    size_t word_len = 0;
    while (word_len < inner.len && !is_blank(inner.ptr[word_len]))
        word_len++;
    if (word_len == 0)
        return fail(p, "the section has no name", hint);
    struct span rest = trim((struct span){inner.ptr + word_len, inner.len - word_len});
    struct mr_ini_section *section = mr_arena_calloc(p->arena, 1, sizeof *section);
    char *word = mr_arena_dup(p->arena, inner.ptr, word_len);
    char *argument = mr_arena_dup(p->arena, rest.ptr, rest.len);
    if (section == NULL || word == NULL || argument == NULL)
        return mr_err_nomem(p->err, "reading the configuration file");
    *section = (struct mr_ini_section){
        .word = word, .argument = argument, .file = p->file, .line = p->line};
    *p->next_section = section;
    p->next_section = &section->next;
    p->next_entry = &section->entries;
    return MR_OK;
}

/* Quotes count where the value ends: a semicolon within a quoted name begins no comment. */
static enum mr_code parse_entry(struct parser *p, struct span text)
{
    const char *equals = memchr(text.ptr, '=', text.len);
    if (equals == NULL)
        return fail(p, "neither a section, a key with a value, nor a comment",
                    "Write \"key = value\"; a comment starts with ; or #.");
    struct span key = trim((struct span){text.ptr, (size_t)(equals - text.ptr)});
    if (key.len == 0)
        return fail(p, "no key before =", "Write \"key = value\".");
    if (p->next_entry == NULL)
        return fail(p, "a key before the first section",
                    "Begin with [options] or [table PATTERN].");
    size_t value_at = (size_t)(equals - text.ptr) + 1;
    struct span value = cut_comment((struct span){text.ptr + value_at, text.len - value_at}, true);
    struct mr_ini_entry *entry = mr_arena_calloc(p->arena, 1, sizeof *entry);
    char *key_copy = mr_arena_dup(p->arena, key.ptr, key.len);
    char *value_copy = mr_arena_dup(p->arena, value.ptr, value.len);
    if (entry == NULL || key_copy == NULL || value_copy == NULL)
        return mr_err_nomem(p->err, "reading the configuration file");
    *entry = (struct mr_ini_entry){
        .key = key_copy, .value = value_copy, .file = p->file, .line = p->line};
    *p->next_entry = entry;
    p->next_entry = &entry->next;
    return MR_OK;
}

static enum mr_code parse_line(struct parser *p, struct span text)
{
    if (memchr(text.ptr, '\0', text.len) != NULL)
        return fail(p, "a zero byte", "The file must be plain text in UTF-8.");
    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    text = trim(text);
    if (text.len == 0 || text.ptr[0] == ';' || text.ptr[0] == '#')
        return MR_OK;
    return text.ptr[0] == '[' ? parse_section(p, text) : parse_entry(p, text);
}

/* Editors of Windows put a mark in front of UTF-8, which would be a part of the first word. */
enum mr_code mr_ini_parse(const char *text, size_t len, const char *file, struct mr_arena *arena,
                          const struct mr_ini_section **out, struct mr_err *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct parser p = {.file = file, .arena = arena, .next_section = out, .err = err};
    const struct mr_ini_section *behind = *out;
    *out = NULL;
    size_t at = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    while (at < len) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t end = newline != NULL ? (size_t)(newline - text) : len;
        p.line++;
        MR_TRY(parse_line(&p, (struct span){text + at, end - at}));
        at = end + 1;
    }
    *p.next_section = behind;
    return MR_OK;
}
