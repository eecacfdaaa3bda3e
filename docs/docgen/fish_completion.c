/* fish_completion.c: the lines of myrecon.fish, one `complete` each; see completion.h. */
#include "docs/docgen/completion.h"

#include <string.h>

/* Within single quotes fish knows \' and \\ alone. */
static void add_quoted(struct mr_strbuf *out, const char *text)
{
    mr_strbuf_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            mr_strbuf_add_char(out, '\\');
        mr_strbuf_add_char(out, *text);
    }
    mr_strbuf_add_char(out, '\'');
}

static void add_word(struct mr_strbuf *out, const char *condition, const char *word, size_t len,
                     const char *description)
{
    mr_strbuf_add_fmt(out, "complete -c myrecon -n '%s' -a '%.*s' -d ", condition, (int)len, word);
    add_quoted(out, description);
    mr_strbuf_add_char(out, '\n');
}

/* First words of the commands, and behind that of a group the second ones. */
static void fill_commands(struct mr_command_list commands, struct mr_strbuf *out)
{
    char group[64] = "", condition[96];
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_command *command = commands.items[i];
        const size_t len = strcspn(command->name, " ");
        if (command->name[len] == '\0') {
            add_word(out, "__myrecon_is", command->name, len, command->doc->summary);
            continue;
        }
        if (!mr_cli_in_group(command, group)) {
            (void)snprintf(group, sizeof group, "%.*s", (int)len, command->name);
            add_word(out, "__myrecon_is", group, len, "a group of commands");
        }
        (void)snprintf(condition, sizeof condition, "__myrecon_is %s", group);
        add_word(out, condition, command->name + len + 1, strlen(command->name + len + 1),
                 command->doc->summary);
    }
}

static void add_action(struct mr_strbuf *out, enum mr_completion_kind kind)
{
    switch (kind) {
    case MR_COMPLETION_FILE: mr_strbuf_add_str(out, " -F"); return;
    case MR_COMPLETION_CASE:
        mr_strbuf_add_str(out, " -k -a '(__fish_complete_suffix .case)'");
        return;
    case MR_COMPLETION_COLUMNS: mr_strbuf_add_str(out, " -a '(__myrecon_columns)'"); return;
    case MR_COMPLETION_DIR: mr_strbuf_add_str(out, " -a '(__fish_complete_directories)'"); return;
    case MR_COMPLETION_ENDPOINT: mr_strbuf_add_str(out, " -a '(__myrecon_endpoint)'"); return;
    case MR_COMPLETION_SERVER: mr_strbuf_add_str(out, " -a mysql://"); return;
    case MR_COMPLETION_WORDS:
    case MR_COMPLETION_ANY: break;
    }
}

static void add_choices(struct mr_strbuf *out, const struct mr_option *option)
{
    const bool is_list = mr_completion_is_list(option);
    mr_strbuf_add_str(out, is_list ? " -a '(__myrecon_list " : " -a '");
    mr_completion_add_words(option, out);
    mr_strbuf_add_str(out, is_list ? ")'" : "'");
}

static void add_option(struct mr_strbuf *out, const char *command, const struct mr_option *option,
                       const char *before)
{
    mr_strbuf_add_fmt(out, "complete -c myrecon -n '__myrecon_in %s'", command);
    if (option->letter != '\0')
        mr_strbuf_add_fmt(out, " -s %c", option->letter);
    mr_strbuf_add_fmt(out, " -l %s%s", before, option->name);
    if (mr_option_has_value(option)) {
        const enum mr_completion_kind kind = mr_completion_of_option(option);
        mr_strbuf_add_str(out, kind == MR_COMPLETION_FILE ? " -r" : " -x");
        if (kind == MR_COMPLETION_WORDS)
            add_choices(out, option);
        else
            add_action(out, kind);
    }
    mr_strbuf_add_str(out, " -d ");
    add_quoted(out, option->help);
    mr_strbuf_add_char(out, '\n');
}

static void add_options(struct mr_strbuf *out, const char *command, const struct mr_option *options,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_option(out, command, &options[i], "");
        if (options[i].type == MR_OPTION_SWITCH)
            add_option(out, command, &options[i], "no-");
    }
}

/* What any operand of the command may be: fish says no place. */
static void add_operands(struct mr_strbuf *out, const struct mr_command *command)
{
    const char *operands = command->doc->operands;
    struct mr_completion_operand operand;
    unsigned told = 0; /* a bit a kind */
    while (mr_completion_next_operand(&operands, &operand)) {
        if (operand.kind == MR_COMPLETION_ANY || (told & 1U << operand.kind) != 0)
            continue;
        told |= 1U << operand.kind;
        mr_strbuf_add_fmt(out, "complete -c myrecon -n '__myrecon_in %s'", command->name);
        add_action(out, operand.kind);
        mr_strbuf_add_char(out, '\n');
    }
}

static void fill_arguments(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_command *command = commands.items[i];
        add_options(out, command->name, command->options->options, command->options->count);
        add_options(out, command->name, mr_cli_builtin, mr_cli_builtin_count);
        add_operands(out, command);
    }
}

const struct mr_completion_part mr_completion_fish[] = {
    {"commands", fill_commands},
    {"arguments", fill_arguments},
    {NULL, NULL},
};
