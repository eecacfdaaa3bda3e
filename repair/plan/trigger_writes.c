/* trigger_writes.c: see trigger_writes.h. */
#include "repair/plan/trigger_writes.h"

#include <string.h>
#include <strings.h>

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static const char *past_line(const char *p)
{
    return p + strcspn(p, "\n");
}

/* Behind blanks and comments. */
static const char *past_blanks(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (*p == '#' || (strncmp(p, "--", 2) == 0 && (p[2] == '\0' || p[2] <= ' '))) {
            p = past_line(p);
        } else if (strncmp(p, "/*", 2) == 0) {
            const char *end = strstr(p + 2, "*/");
            p = end != NULL ? end + 2 : p + strlen(p);
        } else {
            return p;
        }
    }
}

/* Behind what the quote at p encloses; appended to out where that is wanted. */
static const char *past_quoted(const char *p, struct mr_strbuf *out)
{
    const char quote = *p++;
    for (; *p != '\0'; p++) {
        if (*p == quote && p[1] != quote)
            return p + 1;
        if (*p == quote || (*p == '\\' && quote != '`' && p[1] != '\0'))
            p++;
        if (out != NULL)
            mr_strbuf_add_char(out, *p);
    }
    return p;
}

/* A name at *at, quoted or not. */
static bool take_name(const char **at, struct mr_strbuf *out)
{
    const char *p = past_blanks(*at);
    mr_strbuf_reset(out);
    if (*p == '`') {
        p = past_quoted(p, out);
    } else {
        for (; is_word_char(*p); p++)
            mr_strbuf_add_char(out, *p);
    }
    *at = p;
    return out->len > 0;
}

static bool is(const struct mr_strbuf *word, const char *text)
{
    return word->len > 0 && !word->failed && strcasecmp(word->ptr, text) == 0;
}

static bool is_modifier(const struct mr_strbuf *word)
{
    static const char *const modifiers[] = {
        "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "QUICK", "INTO", "FROM"};
    for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
        if (is(word, modifiers[i]))
            return true;
    return false;
}

/* The name behind a verb; false: there is none, it was the function of that name. */
static bool take_table(struct mr_trigger_writes *w)
{
    bool quoted;
    do {
        quoted = *past_blanks(w->at) == '`';
        if (!take_name(&w->at, &w->table))
            return false;
    } while (!quoted && is_modifier(&w->table));
    mr_strbuf_reset(&w->db);
    const char *p = past_blanks(w->at);
    if (*p != '.')
        return true;
    mr_strbuf_add(&w->db, w->table.ptr, w->table.len);
    w->at = p + 1;
    return take_name(&w->at, &w->table);
}

/* DELETE a, b FROM t …: what stands in front of FROM are aliases. */
static void skip_to_from(struct mr_trigger_writes *w)
{
    for (const char *p = past_blanks(w->at); *p != '\0' && *p != ';';
         p = past_blanks(p)) {
        const char *before = p;
        if (*p == '`') {
            p = past_quoted(p, NULL);
        } else if (!take_name(&p, &w->words[0])) {
            p++;
        } else if (is(&w->words[0], "FROM")) {
            w->at = before;
            return;
        }
    }
}

/* Is the word at hand the verb of a write?  SELECT … FOR UPDATE writes nothing; the UPDATE of
 * ON DUPLICATE KEY is of the table that was named last. */
static bool take_write(struct mr_trigger_writes *w)
{
    static const struct {
        const char *word;
        enum mr_trigger_verb verb;
    } verbs[] = {{"INSERT", MR_TRIGGER_INSERTS},
                 {"REPLACE", MR_TRIGGER_REPLACES},
                 {"UPDATE", MR_TRIGGER_UPDATES},
                 {"DELETE", MR_TRIGGER_DELETES},
                 {"CALL", MR_TRIGGER_CALLS}};
    size_t i = 0;
    while (i < sizeof verbs / sizeof *verbs && !is(&w->words[0], verbs[i].word))
        i++;
    if (i == sizeof verbs / sizeof *verbs || is(&w->words[1], "FOR"))
        return false;
    w->verb = verbs[i].verb;
    if (is(&w->words[1], "KEY"))
        return w->table.len > 0;
    if (w->verb == MR_TRIGGER_DELETES)
        skip_to_from(w);
    return take_table(w);
}

void mr_trigger_writes_init(struct mr_trigger_writes *w, const char *body)
{
    *w = (struct mr_trigger_writes){.db = MR_STRBUF_INIT,
                                    .table = MR_STRBUF_INIT,
                                    .words = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                                    .at = body};
}

bool mr_trigger_writes_next(struct mr_trigger_writes *w)
{
    for (w->at = past_blanks(w->at); *w->at != '\0'; w->at = past_blanks(w->at)) {
        if (*w->at == '\'' || *w->at == '"' || *w->at == '`') {
            w->at = past_quoted(w->at, NULL);
            continue;
        }
        if (!is_word_char(*w->at)) {
            w->at++;
            continue;
        }
        const struct mr_strbuf before = w->words[1];
        w->words[1] = w->words[0];
        w->words[0] = before;
        if (take_name(&w->at, &w->words[0]) && take_write(w))
            return true;
    }
    return false;
}

void mr_trigger_writes_release(struct mr_trigger_writes *w)
{
    mr_strbuf_release(&w->db);
    mr_strbuf_release(&w->table);
    mr_strbuf_release(&w->words[0]);
    mr_strbuf_release(&w->words[1]);
}
