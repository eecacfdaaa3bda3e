/* innodb_name.c: see innodb_name.h. */
#include "core/schema/innodb_name.h"

#include <ctype.h>

static bool add_part(struct mr_strbuf *out, const char *name, enum mr_innodb_spelling spelling,
                     bool lower)
{
    for (const char *p = name; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte >= 0x80)
            return false;
        if (isalnum(byte) || byte == '_' || spelling == MR_INNODB_SPACE)
            mr_strbuf_add_char(out, (char)(lower ? tolower(byte) : byte));
        else
            mr_strbuf_add_fmt(out, "@%04x", byte);
    }
    return true;
}

bool mr_innodb_name_add(struct mr_strbuf *out, const char *db, const char *table,
                        enum mr_innodb_spelling spelling, bool lower)
{
    if (!add_part(out, db, spelling, lower))
        return false;
    mr_strbuf_add_char(out, '/');
    return add_part(out, table, spelling, lower);
}
