/* suspect_config.c: see suspect_config.h. */
#include "core/pair/suspect_config.h"

#include <string.h>

#include "core/cli/config.h"
#include "core/db/sqltext.h"

/* For people, under the sql_mode that conditions are read in: App\\Models\\User is not to
 * become hexadecimal. */
static void add_literal(struct mr_strbuf *out, const char *text)
{
    if (strchr(text, '\\') == NULL || strchr(text, '\'') != NULL) {
        mr_sql_string(out, text);
        return;
    }
    mr_strbuf_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        mr_strbuf_add_char(out, *text);
        if (*text == '\\')
            mr_strbuf_add_char(out, '\\');
    }
    mr_strbuf_add_char(out, '\'');
}

static bool is_comment(const struct mr_suspect_line *line)
{
    return line->unlike || line->either;
}

static void add_line(struct mr_strbuf *out, const struct mr_suspect_line *line)
{
    mr_strbuf_add_str(out, is_comment(line) ? "\n; reference = " : "\nreference = ");
    mr_table_config_add_name(out, line->column);
    mr_strbuf_add_str(out, " -> ");
    mr_table_config_add_name(out, line->parent->db);
    mr_strbuf_add_char(out, '.');
    mr_table_config_add_name(out, line->parent->name);
    mr_strbuf_add_char(out, '.');
    mr_table_config_add_name(out, line->parent_column);
    if (line->type_column == NULL)
        return;
    mr_strbuf_add_str(out, " when ");
    mr_table_config_add_name(out, line->type_column);
    mr_strbuf_add_str(out, " = ");
    add_literal(out, line->type);
}

bool mr_suspect_config(struct mr_strbuf *out, const struct mr_suspect_line *lines, size_t count)
{
    struct mr_config *parsed = NULL;
    struct mr_table_config config = {0};
    bool good = false;
    size_t wanted = 0;
    mr_table_config_add_section(out, lines->child->db, lines->child->name);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].either &&
            (i == 0 || !lines[i - 1].either || strcmp(lines[i - 1].column, lines[i].column) != 0))
            mr_strbuf_add_str(out, "\n; one of these is meant: take its ; away");
        add_line(out, &lines[i]);
        wanted += !is_comment(&lines[i]);
    }
    if (!out->failed &&
        mr_config_parse(out->ptr, out->len, "advice", MR_CONFIG_NO_ROOMS, &parsed, NULL) == MR_OK &&
        mr_config_table(parsed, lines->child->db, lines->child->name, &parsed->arena, &config,
                        NULL) == MR_OK)
        good = config.nreferences == wanted;
    mr_config_free(parsed);
    return good;
}
