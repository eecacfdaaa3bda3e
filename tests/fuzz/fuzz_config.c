/*
 * fuzz_config.c: configuration files, and the names that we write into them.
 *
 * A file parses, or is refused with a message that names it; what a section says of a table
 * is then read, or refused, too.  A table's name written as a section matches that table, and
 * a column's name written as a value is that column.
 */
#include "fuzz.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/cli/config.h"
#include "recon/gate/gate_config.h"

static const struct mr_config_room *const gate_room[] = {&mr_gate_room};
static const struct mr_config_rooms rooms = {gate_room, 1};

static void check_refusal(enum mr_code code, const struct mr_err *err)
{
    FUZZ_CHECK(code == MR_E_CONFIG && err->code == MR_E_CONFIG && err->message[0] != '\0');
}

static void check_file(const char *text, size_t size)
{
    struct mr_config *config = NULL;
    struct mr_err err = {0};
    enum mr_code code = mr_config_parse(text, size, "file", rooms, &config, &err);
    if (code != MR_OK) {
        check_refusal(code, &err);
        FUZZ_CHECK(strncmp(err.message, "file", 4) == 0 || strstr(err.message, "\"file\""));
        return;
    }
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
    struct mr_table_config table;
    code = mr_config_table(config, "club", "members", &arena, &table, &err);
    if (code != MR_OK)
        check_refusal(code, &err);
    err = (struct mr_err){0};
    code = mr_config_lines(config, "club", "members", &lines, &err);
    if (code != MR_OK)
        check_refusal(code, &err);
    for (size_t i = 0; code == MR_OK && i < lines.count; i++) {
        const struct mr_config_line *line = mr_vec_at(&lines, i);
        FUZZ_CHECK(mr_config_has_line(&lines, line->key, line->value));
    }
    err = (struct mr_err){0};
    code = mr_config_require_letters(config, "club", "members", &err);
    if (code != MR_OK)
        check_refusal(code, &err);
    mr_vec_release(&lines);
    mr_arena_release(&arena);
    mr_config_free(config);
}

/* name: of a table, and of a column; no line break, which no value can hold. */
static void check_name(const char *name)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_config *config = NULL;
    struct mr_table_config table;
    struct mr_err err = {0};
    mr_table_config_add_section(&text, "club", name);
    mr_strbuf_add_str(&text, "\nsubject = yes\nidentity = ");
    mr_table_config_add_name(&text, name);
    mr_strbuf_add_char(&text, '\n');
    FUZZ_CHECK(!text.failed);
    FUZZ_CHECK(mr_config_parse(text.ptr, text.len, "file", rooms, &config, &err) == MR_OK);
    FUZZ_CHECK(mr_config_table(config, "club", name, &arena, &table, &err) == MR_OK);
    FUZZ_CHECK(table.subject && table.identity == MR_IDENTITY_COLUMNS);
    FUZZ_CHECK(table.identity_columns.count == 1 &&
               strcmp(table.identity_columns.items[0], name) == 0);
    mr_config_free(config);
    mr_strbuf_release(&text);
    mr_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_file(text, size);
    text[strcspn(text, "\r\n")] = '\0';
    /* what servers take for a name: of 64 characters at most, and UTF-8 */
    if (text[0] != '\0' && strlen(text) <= 64 && mr_utf8_is_valid(text, strlen(text)))
        check_name(text);
    free(text);
    return 0;
}
