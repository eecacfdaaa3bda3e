/* help.c: see help.h. */
#include "core/cli/help.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/term.h"

#define HELP_COLUMN ((size_t)26)    /* where the texts of options begin */
#define COMMAND_COLUMN ((size_t)19) /* and those of commands */
/* Narrower, its words would have no room; wider, nobody could read it. */
#define MIN_WIDTH 40
#define MAX_WIDTH 120

static void pad(struct mr_strbuf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mr_strbuf_add_char(out, ' ');
}

unsigned mr_help_width(void)
{
    const char *columns = getenv("COLUMNS");
    unsigned long width = columns != NULL ? strtoul(columns, NULL, 10) : 0;
    if (width == 0)
        width = mr_term_width(STDOUT_FILENO);
    return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : (unsigned)width;
}

/*
 * Appends text word by word, breaking before `end`, the last column; new lines begin with `indent`
 * blanks. `column` is where the output stands.  Texts of the tables are ASCII: bytes
 * are columns.
 */
static void add_wrapped(struct mr_strbuf *out, const char *text, size_t column, size_t indent,
                        size_t end)
{
    bool line_start = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!line_start && column + 1 + len > end) {
            mr_strbuf_add_char(out, '\n');
            pad(out, indent);
            column = indent;
        } else if (!line_start) {
            mr_strbuf_add_char(out, ' ');
            column++;
        }
        mr_strbuf_add(out, text, len);
        column += len;
        line_start = false;
        text += len;
        text += strspn(text, " ");
    }
    mr_strbuf_add_char(out, '\n');
}

/* Paragraphs are separated by newlines. */
static void add_paragraphs(struct mr_strbuf *out, const char *text, size_t end)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        struct mr_strbuf paragraph = MR_STRBUF_INIT;
        mr_strbuf_add(&paragraph, text, len);
        add_wrapped(out, paragraph.ptr, 0, 0, end);
        out->failed = out->failed || paragraph.failed;
        mr_strbuf_release(&paragraph);
        text += len;
        text += *text == '\n' ? 1 : 0;
    }
}

static void add_names(struct mr_strbuf *out, const struct mr_option *option)
{
    if (option->letter != '\0')
        mr_strbuf_add_fmt(out, "  -%c, --", option->letter);
    else
        mr_strbuf_add_str(out, "      --");
    mr_strbuf_add_str(out, option->name);
    if (option->type == MR_OPTION_SWITCH)
        mr_strbuf_add_fmt(out, ", --no-%s", option->name);
    if (option->arg != NULL)
        mr_strbuf_add_fmt(out, " %s", option->arg);
}

const char *mr_help_default(const struct mr_option *option)
{
    if (option->initial_note != NULL)
        return option->initial_note;
    return option->arg != NULL ? option->initial : NULL;
}

static void add_option(struct mr_strbuf *out, const struct mr_option *option, size_t end)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT;
    add_names(&line, option);
    if (line.len + 2 > HELP_COLUMN) {
        mr_strbuf_add_char(&line, '\n');
        pad(&line, HELP_COLUMN);
    } else {
        pad(&line, HELP_COLUMN - line.len);
    }
    mr_strbuf_add_str(&text, option->help);
    if (mr_help_default(option) != NULL)
        mr_strbuf_add_fmt(&text, " (default: %s)", mr_help_default(option));
    mr_strbuf_add(out, line.ptr, line.len);
    add_wrapped(out, text.ptr, HELP_COLUMN, HELP_COLUMN, end);
    out->failed = out->failed || line.failed || text.failed;
    mr_strbuf_release(&line);
    mr_strbuf_release(&text);
}

/* Options of one group, in the order of the table; the heading when there is one. */
static void add_options(struct mr_strbuf *out, const struct mr_option *options, size_t count,
                        const char **group, size_t end)
{
    for (size_t i = 0; i < count; i++) {
        if (*group == NULL || strcmp(*group, options[i].group) != 0)
            mr_strbuf_add_fmt(out, "\n%s:\n", options[i].group);
        *group = options[i].group;
        add_option(out, &options[i], end);
    }
}

static void add_command(struct mr_strbuf *out, const char *name, const char *summary, size_t end)
{
    mr_strbuf_add_fmt(out, "  %-16s ", name);
    add_wrapped(out, summary, COMMAND_COLUMN, COMMAND_COLUMN, end);
}

static void add_commands(struct mr_strbuf *out, struct mr_command_list commands, const char *group,
                         size_t end)
{
    mr_strbuf_add_str(out, "\nCommands:\n");
    for (size_t i = 0; i < commands.count; i++)
        if (group == NULL || mr_cli_in_group(commands.items[i], group))
            add_command(out, commands.items[i]->name, commands.items[i]->doc->summary, end);
}

void mr_help_overview(struct mr_command_list commands, const char *group, unsigned width,
                      struct mr_strbuf *out)
{
    const size_t end = width - 1; /* a full last column makes some terminals wrap */
    if (group != NULL) {
        mr_strbuf_add_fmt(out, "Usage: myrecon %s COMMAND [OPTIONS] ...\n", group);
        add_commands(out, commands, group, end);
        mr_strbuf_add_fmt(out, "\nRun \"myrecon %s COMMAND --help\" for the options.\n", group);
        return;
    }
    mr_strbuf_add_str(out, "Usage: myrecon COMMAND [OPTIONS] ...\n\n");
    add_paragraphs(out,
                   "Compares two live MySQL or MariaDB servers, schema and every row, "
                   "says whose rows differ, and brings two histories together.",
                   end);
    add_commands(out, commands, NULL, end);
    add_command(out, "help", "print the help of a command", end);
    add_command(out, "version", "print the version", end);
    mr_strbuf_add_str(out, "\nExamples:\n"
                           "  myrecon check mysql://root@10.0.0.1 mysql://root@10.0.0.2\n"
                           "  myrecon check --help\n");
}

void mr_help_command(const struct mr_command *command, unsigned width, struct mr_strbuf *out)
{
    const size_t end = width - 1;
    const struct mr_command_doc *doc = command->doc;
    const char *group = NULL;
    mr_strbuf_add_fmt(out, "Usage: myrecon %s [OPTIONS]%s%s\n\n", command->name,
                      doc->operands[0] != '\0' ? " " : "", doc->operands);
    add_paragraphs(out, doc->description, end);
    add_options(out, command->options->options, command->options->count, &group, end);
    add_options(out, mr_cli_builtin, mr_cli_builtin_count, &group, end);
    mr_strbuf_add_str(out, "\nExamples:\n");
    mr_strbuf_add_str(out, doc->examples);
}
