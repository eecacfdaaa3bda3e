/* table_config_text.c: names as the configuration takes them; see table_config.h. */
#include "core/cli/table_config.h"

#include <string.h>

static bool is_bare(const char *name)
{
    /* words that a value may take for something else */
    static const char *const special[] = {"none", "key", "row", "when"};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strcmp(name, special[i]) == 0)
            return false;
    for (const char *at = name; *at != '\0'; at++)
        if (!(*at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
              (*at >= 'a' && *at <= 'z')))
            return false;
    return *name != '\0';
}

/* As parse_quoted of table_config.c reads it back: advice that is pasted into a configuration means
 * the column that it names. */
void mr_table_config_add_name(struct mr_strbuf *out, const char *name)
{
    if (is_bare(name)) {
        mr_strbuf_add_str(out, name);
        return;
    }
    mr_strbuf_add_char(out, '`');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '`')
            mr_strbuf_add_char(out, '`');
        mr_strbuf_add_char(out, *at);
    }
    mr_strbuf_add_char(out, '`');
}

/* Blanks at either end are cut off there, and a semicolon may begin a comment. */
static void add_pattern(struct mr_strbuf *out, const char *name, bool first, bool last)
{
    for (const char *at = name; *at != '\0'; at++) {
        bool end = (first && at == name) || (last && at[1] == '\0');
        bool odd = (unsigned char)*at < ' ' || *at == '*' || *at == ';' || (*at == ' ' && end);
        mr_strbuf_add_char(out, odd ? '?' : *at);
    }
}

void mr_table_config_add_section(struct mr_strbuf *out, const char *db, const char *table)
{
    mr_strbuf_add_str(out, "[table ");
    add_pattern(out, db, true, false);
    mr_strbuf_add_char(out, '.');
    add_pattern(out, table, false, true);
    mr_strbuf_add_char(out, ']');
}
