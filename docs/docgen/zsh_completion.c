/* zsh_completion.c: the parts of myrecon.zsh, for _describe and _arguments; see
 * completion.h. */
#include "docs/docgen/completion.h"

#include <string.h>

/* Within single quotes, and within what _arguments reads up to a bracket or colon. */
static void add_quoted(struct mr_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            mr_strbuf_add_str(out, "'\\''");
            continue;
        }
        if (strchr("[]:\\", *text) != NULL)
            mr_strbuf_add_char(out, '\\');
        mr_strbuf_add_char(out, *text);
    }
}

static void add_description(struct mr_strbuf *out, const char *name, size_t len, const char *text)
{
    mr_strbuf_add_fmt(out, "'%.*s:", (int)len, name);
    add_quoted(out, text);
    mr_strbuf_add_str(out, "' ");
}

/* The commands of one word, and of each group its name. */
static void add_overview(struct mr_command_list commands, struct mr_strbuf *out)
{
    const char *group = "";
    size_t group_len = 0;
    mr_strbuf_add_str(out, "    '') names=(");
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_command *command = commands.items[i];
        size_t len = strcspn(command->name, " ");
        if (command->name[len] == '\0') {
            add_description(out, command->name, len, command->doc->summary);
        } else if (len != group_len || memcmp(group, command->name, len) != 0) {
            group = command->name;
            group_len = len;
            add_description(out, group, len, "a group of commands");
        }
    }
    mr_strbuf_add_str(out, "'help:print the help of a command' "
                           "'version:print the version') ;;\n");
}

static void fill_commands(struct mr_command_list commands, struct mr_strbuf *out)
{
    char group[64] = "";
    add_overview(commands, out);
    for (size_t i = 0; i < commands.count; i++) {
        const char *name = commands.items[i]->name;
        const char *blank = strchr(name, ' ');
        if (blank == NULL)
            continue;
        if (!mr_cli_in_group(commands.items[i], group)) {
            mr_strbuf_add_str(out, group[0] != '\0' ? ") ;;\n" : "");
            (void)snprintf(group, sizeof group, "%.*s", (int)(blank - name), name);
            mr_strbuf_add_fmt(out, "    %s) names=(", group);
        }
        add_description(out, blank + 1, strlen(blank + 1), commands.items[i]->doc->summary);
    }
    mr_strbuf_add_str(out, group[0] != '\0' ? ") ;;\n" : "");
}

static void fill_groups(struct mr_command_list commands, struct mr_strbuf *out)
{
    char group[64] = "";
    mr_strbuf_add_str(out, "    ");
    for (size_t i = 0; i < commands.count; i++) {
        const char *name = commands.items[i]->name;
        if (strchr(name, ' ') == NULL || mr_cli_in_group(commands.items[i], group))
            continue;
        mr_strbuf_add_str(out, group[0] != '\0' ? " | " : "");
        (void)snprintf(group, sizeof group, "%.*s", (int)strcspn(name, " "), name);
        mr_strbuf_add_str(out, group);
    }
    mr_strbuf_add_str(out, ")\n");
}

static void add_action(struct mr_strbuf *out, enum mr_completion_kind kind,
                       const struct mr_option *option)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    bool is_list = option != NULL && mr_completion_is_list(option);
    switch (kind) {
    case MR_COMPLETION_FILE: mr_strbuf_add_str(out, "_files"); return;
    case MR_COMPLETION_CASE: mr_strbuf_add_str(out, "_files -g \"*.case\""); return;
    case MR_COMPLETION_COLUMNS: mr_strbuf_add_str(out, "_myrecon_columns"); return;
    case MR_COMPLETION_DIR: mr_strbuf_add_str(out, "_files -/"); return;
    case MR_COMPLETION_ENDPOINT: mr_strbuf_add_str(out, "_myrecon_endpoint"); return;
    case MR_COMPLETION_SERVER: mr_strbuf_add_str(out, "_myrecon_server"); return;
    case MR_COMPLETION_ANY: mr_strbuf_add_char(out, ' '); return;
    case MR_COMPLETION_WORDS: break;
    }
    mr_strbuf_add_str(out, is_list ? "_sequence compadd - " : "(");
    mr_completion_add_words(option, &words);
    add_quoted(out, words.ptr);
    mr_strbuf_add_str(out, is_list ? "" : ")");
    out->failed = out->failed || words.failed;
    mr_strbuf_release(&words);
}

static void add_spec(struct mr_strbuf *out, const struct mr_option *option, const char *before,
                     const char *exclude)
{
    bool again = mr_option_is_repeatable(option) || option->type == MR_OPTION_COUNTER;
    mr_strbuf_add_str(out, " \\\n            ");
    if (option->letter != '\0')
        mr_strbuf_add_fmt(out, "'%s'{-%c,--%s}'", again ? "*" : exclude, option->letter,
                          option->name);
    else
        mr_strbuf_add_fmt(out, "'%s--%s%s", again ? "*" : exclude, before, option->name);
    if (option->arg != NULL)
        mr_strbuf_add_char(out, '=');
    mr_strbuf_add_char(out, '[');
    add_quoted(out, option->help);
    mr_strbuf_add_char(out, ']');
    if (option->arg != NULL) {
        mr_strbuf_add_char(out, ':');
        add_quoted(out, option->arg);
        mr_strbuf_add_char(out, ':');
        add_action(out, mr_completion_of_option(option), option);
    }
    mr_strbuf_add_char(out, '\'');
}

static void add_options(struct mr_strbuf *out, const struct mr_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mr_option *option = &options[i];
        struct mr_strbuf exclude = MR_STRBUF_INIT;
        if (option->letter != '\0')
            mr_strbuf_add_fmt(&exclude, "(-%c --%s)", option->letter, option->name);
        else if (option->type == MR_OPTION_SWITCH)
            mr_strbuf_add_fmt(&exclude, "(--%s --no-%s)", option->name, option->name);
        add_spec(out, option, "", exclude.ptr);
        if (option->type == MR_OPTION_SWITCH)
            add_spec(out, option, "no-", exclude.ptr);
        out->failed = out->failed || exclude.failed;
        mr_strbuf_release(&exclude);
    }
}

/* A required operand behind an optional one may be the first: both are offered there. */
static void add_operands(struct mr_strbuf *out, const char *operands)
{
    struct mr_completion_operand operand;
    for (size_t at = 1; mr_completion_next_operand(&operands, &operand); at++) {
        if (operand.is_repeated)
            mr_strbuf_add_str(out, " \\\n            '*:");
        else
            mr_strbuf_add_fmt(out, " \\\n            '%zu:", at);
        mr_strbuf_add(out, operand.name, operand.name_len);
        mr_strbuf_add_char(out, ':');
        struct mr_completion_operand second;
        const char *next = operands;
        if (operand.is_optional && mr_completion_next_operand(&next, &second)) {
            mr_strbuf_add_str(out, "_alternative \"a:");
            mr_strbuf_add(out, operand.name, operand.name_len);
            mr_strbuf_add_char(out, ':');
            add_action(out, operand.kind, NULL);
            mr_strbuf_add_str(out, "\" \"b:");
            mr_strbuf_add(out, second.name, second.name_len);
            mr_strbuf_add_char(out, ':');
            add_action(out, second.kind, NULL);
            mr_strbuf_add_char(out, '"');
        } else {
            add_action(out, operand.kind, NULL);
        }
        mr_strbuf_add_char(out, '\'');
    }
}

static void fill_arguments(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_command *command = commands.items[i];
        mr_strbuf_add_fmt(out, "    '%s')\n        _arguments -s -S", command->name);
        add_options(out, command->options->options, command->options->count);
        add_options(out, mr_cli_builtin, mr_cli_builtin_count);
        add_operands(out, command->doc->operands);
        mr_strbuf_add_str(out, "\n        ;;\n");
    }
}

const struct mr_completion_part mr_completion_zsh[] = {
    {"commands", fill_commands},
    {"groups", fill_groups},
    {"arguments", fill_arguments},
    {NULL, NULL},
};
