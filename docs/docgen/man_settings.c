/* man_settings.c: the section [options] of myrecon.ini(5); see man_options.h. */
#include "docs/docgen/man_options.h"

#include <string.h>

/* A key is described once, where the first command that has it comes. */
static bool is_first(struct mr_command_list commands, size_t command, const char *name)
{
    for (size_t i = 0; i < command; i++) {
        if (mr_settings_find(commands.items[i]->options, name) != NULL)
            return false;
    }
    return true;
}

static void add_value(struct mr_strbuf *out, const struct mr_option *option)
{
    switch (option->type) {
    case MR_OPTION_FLAG: mr_strbuf_add_str(out, "yes|no"); return;
    case MR_OPTION_SWITCH: mr_strbuf_add_str(out, "yes|no|auto"); return;
    case MR_OPTION_COUNTER: mr_strbuf_add_str(out, "0|1|2"); return;
    case MR_OPTION_CHOICE: mr_strbuf_add_str(out, option->arg); return;
    case MR_OPTION_STRING:
    case MR_OPTION_UINT:
    case MR_OPTION_UINT64:
    case MR_OPTION_MILLIS:
    case MR_OPTION_LIST:
    case MR_OPTION_HELP:
    case MR_OPTION_VERSION: mr_strbuf_add_fmt(out, "_%s_", option->arg); return;
    }
}

/* Some commands have an option on the command line only. */
static bool is_user(const struct mr_command *command, const char *name)
{
    const struct mr_option *option = mr_settings_find(command->options, name);
    return option != NULL && !option->not_in_file;
}

static size_t count_users(struct mr_command_list commands, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < commands.count; i++)
        count += is_user(commands.items[i], name) ? 1 : 0;
    return count;
}

/* The shorter list: who uses it, or who does not. */
static void add_users(struct mr_strbuf *out, struct mr_command_list commands, const char *name)
{
    size_t count = count_users(commands, name), told = 0;
    bool users = count <= commands.count / 2;
    if (!users)
        count = commands.count - count;
    mr_strbuf_add_str(out, users ? "Of " : count > 0 ? "Of all but " : "Of all commands");
    for (size_t i = 0; i < commands.count; i++) {
        if (is_user(commands.items[i], name) != users)
            continue;
        if (told > 0)
            mr_strbuf_add_str(out, told + 1 == count ? " and " : ", ");
        mr_strbuf_add_fmt(out, "*%s*", commands.items[i]->name);
        told++;
    }
    mr_strbuf_add_str(out, ".\n\n");
}

void mr_man_settings_add(struct mr_command_list commands, struct mr_strbuf *out)
{
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_option_set *set = commands.items[i]->options;
        for (size_t j = 0; j < set->count; j++) {
            const struct mr_option *option = &set->options[j];
            if (!is_first(commands, i, option->name) || count_users(commands, option->name) == 0)
                continue;
            mr_strbuf_add_fmt(out, "*%s* = ", option->name);
            add_value(out, option);
            mr_strbuf_add_str(out, "\n\t");
            if (option->type == MR_OPTION_LIST)
                mr_strbuf_add_str(out, "Repeatable. ");
            add_users(out, commands, option->name);
        }
    }
}

void mr_man_settings_add_excluded(struct mr_command_list commands, struct mr_strbuf *out)
{
    bool first = true;
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_option_set *set = commands.items[i]->options;
        for (size_t j = 0; j < set->count; j++) {
            const char *name = set->options[j].name;
            if (!is_first(commands, i, name) || count_users(commands, name) > 0)
                continue;
            mr_strbuf_add_fmt(out, "%s*%s*", first ? "" : ", ", name);
            first = false;
        }
    }
    mr_strbuf_add_str(out, first ? "none.\n" : ".\n");
}
