/* man_page.c: see man_page.h. */
#include "docs/docgen/man_page.h"

#include <string.h>

#include "docs/docgen/man_options.h"

struct reader {
    struct mr_command_list commands;
    const char *at; /* the next line */
    unsigned line;  /* its number, from 1 */
};

/* The line without its end; false behind the last one. */
static bool next_line(struct reader *reader, const char **line, size_t *len)
{
    if (*reader->at == '\0')
        return false;
    *line = reader->at;
    *len = strcspn(reader->at, "\n");
    reader->at += *len + (reader->at[*len] == '\n' ? 1 : 0);
    reader->line++;
    return true;
}

static bool is_word(const char *line, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(line, word, len) == 0;
}

static const struct mr_command *find_command(struct mr_command_list commands, const char *name,
                                             size_t len)
{
    for (size_t i = 0; i < commands.count; i++) {
        if (is_word(name, len, commands.items[i]->name))
            return commands.items[i];
    }
    return NULL;
}

/* "gate record, gate check" */
static enum mr_code read_commands(const struct reader *reader, const char *names, size_t len,
                                  const struct mr_command **found, size_t *nfound,
                                  struct mr_err *err)
{
    const char *end = names + len;
    for (*nfound = 0; names < end;) {
        const char *comma = memchr(names, ',', (size_t)(end - names));
        size_t name_len = (size_t)((comma != NULL ? comma : end) - names);
        if (*nfound == MR_MAN_COMMANDS)
            return mr_err_set(err, MR_E_CONFIG, "too many commands on one page");
        found[*nfound] = find_command(reader->commands, names, name_len);
        if (found[*nfound] == NULL)
            return mr_err_set(err, MR_E_CONFIG, "unknown command \"%.*s\"", (int)name_len, names);
        (*nfound)++;
        names += name_len;
        while (names < end && (*names == ',' || *names == ' '))
            names++;
    }
    return MR_OK;
}

static enum mr_code begin_note(struct mr_vec *notes, const char *line, size_t len,
                               struct mr_err *err)
{
    struct mr_man_note *note = mr_vec_push(notes);
    if (note == NULL)
        return mr_err_nomem(err, "reading notes");
    if (len < 5 || line[len - 1] != '*')
        return mr_err_set(err, MR_E_CONFIG, "a note begins with *--name* alone");
    note->name = line + 3;
    note->name_len = len - 4;
    note->text = line + len + 1;
    return MR_OK;
}

/* Empty lines around a note are the page's own, not the note's. */
static void end_note(struct mr_vec *notes, const char *end)
{
    if (notes->count == 0)
        return;
    struct mr_man_note *note = mr_vec_at(notes, notes->count - 1);
    while (end > note->text && end[-1] == '\n')
        end--;
    note->text_len = end > note->text ? (size_t)(end - note->text) + 1 : 0;
}

static enum mr_code read_notes(struct reader *reader, struct mr_vec *notes, struct mr_err *err)
{
    const char *line;
    size_t len;
    while (next_line(reader, &line, &len)) {
        bool is_end = is_word(line, len, "@end");
        bool is_name = len > 2 && memcmp(line, "*--", 3) == 0;
        if (is_end || is_name)
            end_note(notes, line);
        if (is_end)
            return MR_OK;
        if (is_name)
            MR_TRY(begin_note(notes, line, len, err));
        else if (len > 0 && (line[0] != '\t' || notes->count == 0))
            return mr_err_set(err, MR_E_CONFIG, "this belongs to no option");
    }
    return mr_err_set(err, MR_E_CONFIG, "@options without @end");
}

static enum mr_code expand_options(struct reader *reader, const char *names, size_t len,
                                   struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_command *commands[MR_MAN_COMMANDS];
    size_t ncommands = 0;
    struct mr_vec notes = MR_VEC_INIT(struct mr_man_note);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_commands(reader, names, len, commands, &ncommands, err));
    MR_TRY_OUT(read_notes(reader, &notes, err));
    MR_TRY_OUT(mr_man_options_add(commands, ncommands, &notes, out, err));
out:
    mr_vec_release(&notes);
    return code;
}

enum mr_code mr_man_page_expand(struct mr_command_list commands, const char *text,
                                struct mr_strbuf *out, struct mr_err *err)
{
    static const char options[] = "@options ";
    const size_t options_len = sizeof options - 1;
    struct reader reader = {.commands = commands, .at = text};
    const char *line;
    size_t len;
    while (next_line(&reader, &line, &len)) {
        enum mr_code code = MR_OK;
        if (len > options_len && memcmp(line, options, options_len) == 0) {
            code = expand_options(&reader, line + options_len, len - options_len, out, err);
        } else if (is_word(line, len, "@settings")) {
            mr_man_settings_add(commands, out);
        } else if (is_word(line, len, "@settings-excluded")) {
            mr_man_settings_add_excluded(commands, out);
        } else if (len > 0 && line[0] == '@') {
            code = mr_err_set(err, MR_E_CONFIG, "unknown placeholder \"%.*s\"", (int)len, line);
        } else {
            mr_strbuf_add(out, line, len);
            mr_strbuf_add_char(out, '\n');
        }
        if (code != MR_OK) {
            mr_err_context(err, "line %u", reader.line);
            mr_err_hint(err, "Correct the page's source; --help has the names.");
            return code;
        }
    }
    return mr_strbuf_check(out, "filling in a page", err);
}
