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

static bool is_one_of(const struct mr_strbuf *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(word->ptr, *words) == 0)
            return true;
    return false;
}

/* The table behind INSERT or REPLACE; false: it was the function of that name. */
static bool take_table(const char **at, struct mr_strbuf *db, struct mr_strbuf *table)
{
    static const char *const modifiers[] = {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY",
                                            "IGNORE",       "INTO",    NULL};
    bool quoted;
    do {
        quoted = *past_blanks(*at) == '`';
        if (!take_name(at, table))
            return false;
    } while (!quoted && is_one_of(table, modifiers));
    mr_strbuf_reset(db);
    const char *p = past_blanks(*at);
    if (*p != '.')
        return true;
    mr_strbuf_add(db, table->ptr, table->len);
    *at = p + 1;
    return take_name(at, table);
}

bool mr_trigger_next_write(const char **at, struct mr_strbuf *db, struct mr_strbuf *table)
{
    static const char *const verbs[] = {"INSERT", "REPLACE", NULL};
    for (const char *p = past_blanks(*at); *p != '\0'; p = past_blanks(p)) {
        if (*p == '\'' || *p == '"' || *p == '`') {
            p = past_quoted(p, NULL);
        } else if (!is_word_char(*p)) {
            p++;
        } else if (take_name(&p, table) && is_one_of(table, verbs) &&
                   take_table(&p, db, table)) {
            *at = p;
            return true;
        }
    }
    return false;
}
