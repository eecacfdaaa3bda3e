/* type_member.c: see type_member.h. */
#include "core/schema/type_member.h"

#include <string.h>

/* What an escape in a type's text stands for; the servers write no others. */
static char unescape(char c)
{
    switch (c) {
    case '0': return '\0';
    case 'n': return '\n';
    case 'r': return '\r';
    default: return c;
    }
}

const char *mr_type_members(const char *type)
{
    const char *open = strchr(type, '(');
    return open != NULL ? open + 1 : "";
}

bool mr_type_next_member(const char **at, struct mr_strbuf *out)
{
    const char *p = *at + (**at == ',');
    mr_strbuf_reset(out);
    if (*p++ != '\'')
        return false;
    for (; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0') {
            mr_strbuf_add_char(out, unescape(*++p));
        } else if (*p != '\'') {
            mr_strbuf_add_char(out, *p);
        } else if (p[1] == '\'') {
            mr_strbuf_add_char(out, *p++);
        } else {
            *at = p + 1;
            return true;
        }
    }
    return false;
}
