/* bash_completion.c: the lines of case statements in myrecon.bash; see completion.h. */
#include "docs/docgen/completion.h"

#include <string.h>

static const char *kind_word(enum mr_completion_kind kind, bool is_list)
{
    switch (kind) {
    case MR_COMPLETION_FILE: return "file";
    case MR_COMPLETION_CASE: return "case";
    case MR_COMPLETION_COLUMNS: return "columns";
    case MR_COMPLETION_DIR: return "dir";
    case MR_COMPLETION_ENDPOINT: return "endpoint";
    case MR_COMPLETION_SERVER: return "server";
    case MR_COMPLETION_WORDS: return is_list ? "list" : "words";
    case MR_COMPLETION_ANY: break;
    }
    return "any";
}

/* First words of the commands, or the second ones of a group's. */
static void add_command_words(struct mr_command_list commands, const char *group,
                              struct mr_strbuf *out)
{
    const char *last = "";
    size_t last_len = 0;
    for (size_t i = 0; i < commands.count; i++) {
        const char *name = commands.items[i]->name;
        if (group != NULL && !mr_cli_in_group(commands.items[i], group))
            continue;
        if (group != NULL)
            name = strchr(name, ' ') + 1;
        size_t len = strcspn(name, " ");
        if (len == last_len && memcmp(name, last, len) == 0)
            continue;
        mr_strbuf_add_str(out, last_len == 0 ? "" : " ");
        mr_strbuf_add(out, name, len);
        last = name;
        last_len = len;
    }
}

static void fill_commands(struct mr_command_list commands, struct mr_strbuf *out)
{
    char group[64] = "";
    mr_strbuf_add_str(out, "    '') echo '");
    add_command_words(commands, NULL, out);
    mr_strbuf_add_str(out, "' ;;\n");
    for (size_t i = 0; i < commands.count; i++) {
        const char *name = commands.items[i]->name;
        if (strchr(name, ' ') == NULL || mr_cli_in_group(commands.items[i], group))
            continue;
        (void)snprintf(group, sizeof group, "%.*s", (int)strcspn(name, " "), name);
        mr_strbuf_add_fmt(out, "    %s) echo '", group);
        add_command_words(commands, group, out);
        mr_strbuf_add_str(out, "' ;;\n");
    }
}

static void add_option_names(struct mr_strbuf *out, const struct mr_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add_fmt(out, " --%s", options[i].name);
        if (options[i].type == MR_OPTION_SWITCH)
            mr_strbuf_add_fmt(out, " --no-%s", options[i].name);
    }
}

static void fill_options(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_command *command = commands.items[i];
        mr_strbuf_add_fmt(out, "    '%s') echo '", command->name);
        add_option_names(out, command->options->options, command->options->count);
        add_option_names(out, mr_cli_builtin, mr_cli_builtin_count);
        mr_strbuf_add_str(out, "' ;;\n");
    }
}

static void add_value(struct mr_strbuf *out, const struct mr_command *command,
                      const struct mr_option *option)
{
    mr_strbuf_add_fmt(out, "    '%s --%s'", command->name, option->name);
    if (option->letter != '\0')
        mr_strbuf_add_fmt(out, " | '%s -%c'", command->name, option->letter);
    mr_strbuf_add_fmt(out, ") echo '%s",
                      kind_word(mr_completion_of_option(option), mr_completion_is_list(option)));
    if (mr_completion_of_option(option) == MR_COMPLETION_WORDS) {
        mr_strbuf_add_char(out, ' ');
        mr_completion_add_words(option, out);
    }
    mr_strbuf_add_str(out, "' ;;\n");
}

static void fill_values(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_option_set *set = commands.items[i]->options;
        for (size_t j = 0; j < set->count; j++) {
            if (mr_option_has_value(&set->options[j]))
                add_value(out, commands.items[i], &set->options[j]);
        }
    }
}

/* Where optional operands come before it, one may stand further in front. */
static bool may_stand_at(const char *operands, size_t index, size_t at)
{
    struct mr_completion_operand operand;
    size_t optional = 0, i = 0;
    while (mr_completion_next_operand(&operands, &operand)) {
        if (i == index)
            return at + optional >= index && (at <= index || operand.is_repeated);
        optional += operand.is_optional ? 1 : 0;
        i++;
    }
    return false;
}

/* A repeated operand is offered as often as somebody is likely to ask. */
static void fill_operands(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const char *operands = commands.items[i]->doc->operands;
        for (size_t at = 0; at < 8; at++) {
            struct mr_completion_operand operand;
            const char *next = operands;
            size_t told = 0;
            for (size_t j = 0; mr_completion_next_operand(&next, &operand); j++) {
                if (!may_stand_at(operands, j, at))
                    continue;
                if (told++ == 0)
                    mr_strbuf_add_fmt(out, "    '%s %zu') echo '", commands.items[i]->name, at);
                mr_strbuf_add_fmt(out, "%s%s", told > 1 ? " " : "", kind_word(operand.kind, false));
            }
            if (told > 0)
                mr_strbuf_add_str(out, "' ;;\n");
        }
    }
}

const struct mr_completion_part mr_completion_bash[] = {
    {"commands", fill_commands},
    {"options", fill_options},
    {"values", fill_values},
    {"operands", fill_operands},
    {NULL, NULL},
};
