/* script_world_said: what a script of script_world.h says; included by it. */
#ifndef MR_TESTS_SCRIPT_WORLD_SAID_H
#define MR_TESTS_SCRIPT_WORLD_SAID_H

#include "script_world.h"

/* ---- what it says ---- */

/* The text with "#" and "--ran". */
static inline const char *world_shown(struct world *w, const struct mr_strbuf *sql)
{
    static const struct {
        const char *text, *shown;
    } words[] = {{"`o``dd`.myrecon_", "#"}, {MR_SCRIPT_RAN ";\n", "--ran\n"}};
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (const char *p = sql->len > 0 ? sql->ptr : ""; *p != '\0';) {
        size_t i = 0;
        while (i < LEN(words) && strncmp(p, words[i].text, strlen(words[i].text)) != 0)
            i++;
        if (i < LEN(words))
            mr_strbuf_add_str(&w->shown, words[i].shown);
        else
            mr_strbuf_add_char(&w->shown, *p);
        p += i < LEN(words) ? strlen(words[i].text) : 1;
    }
    return w->shown.ptr;
}

/* What was written since the last question; line: behind the first line that begins so. */
static inline const char *world_said(struct world *w, const char *line)
{
    const char *at = world_shown(w, &w->s.sql);
    if (w->s.sql.failed)
        return "it failed";
    while (line != NULL && strncmp(at, line, strlen(line)) != 0) {
        at = strchr(at, '\n');
        if (at++ == NULL)
            return "no such line";
    }
    return line != NULL ? strchr(at, '\n') + 1 : at;
}

/* Is it that?  Then it is forgotten. */
#define world_sql_behind(w, line, wanted)                                                          \
    do {                                                                                           \
        assert_string_equal(world_said((w), (line)), (wanted));                                    \
        mr_strbuf_reset(&(w)->s.sql);                                                              \
    } while (0)
#define world_sql_is(w, wanted) world_sql_behind((w), NULL, (wanted))

#endif
