/* man_options.c: see man_options.h. */
#include "docs/docgen/man_options.h"

#include <ctype.h>
#include <string.h>

#include "core/cli/help.h"

/* Above that a number's upper limit only keeps it from overflowing. */
#define TOLD_MAX ((uint64_t)86400)

/* One option of the page: what each command that has it says. */
struct entry {
    const struct mr_option *first;
    const struct mr_option *of[MR_MAN_COMMANDS]; /* NULL: that command has it not */
};

struct page {
    const struct mr_command *const *commands;
    size_t ncommands;
    struct mr_vec entries; /* of struct entry, in the order of the page */
    struct mr_vec groups;  /* of const char * */
    bool failed;           /* out of memory */
};

/* What is a word of the markup stays one character of the text. */
static void add_escaped(struct mr_strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("*_\\", text[i]) != NULL)
            mr_strbuf_add_char(out, '\\');
        mr_strbuf_add_char(out, text[i]);
    }
}

/* "repair plan" is "plan" on the page of repair. */
static const char *short_name(const struct mr_command *command)
{
    const char *blank = strchr(command->name, ' ');
    return blank != NULL ? blank + 1 : command->name;
}

static struct entry *find_entry(const struct page *page, const char *name, size_t len)
{
    for (size_t i = 0; i < page->entries.count; i++) {
        struct entry *entry = mr_vec_at(&page->entries, i);
        const char *has = entry->first->name;
        if (strlen(has) == len && memcmp(has, name, len) == 0)
            return entry;
    }
    return NULL;
}

static size_t find_group(const struct page *page, const char *group)
{
    size_t i = 0;
    while (i < page->groups.count &&
           strcmp(*(const char **)mr_vec_at(&page->groups, i), group) != 0)
        i++;
    return i;
}

/* Before the first of the command's later groups that the page has already, so that each
 * command's order is kept and what all have at the end stays there. */
static void insert_group(struct page *page, const char *group, const struct mr_option *later,
                         size_t nlater)
{
    size_t at = page->groups.count;
    if (find_group(page, group) < at)
        return;
    for (size_t i = 0; i < nlater && at == page->groups.count; i++)
        at = find_group(page, later[i].group);
    if (mr_vec_push(&page->groups) == NULL) {
        page->failed = true;
        return;
    }
    const char **items = page->groups.items;
    memmove(items + at + 1, items + at, (page->groups.count - 1 - at) * sizeof *items);
    items[at] = group;
}

static void collect(struct page *page, size_t command, const struct mr_option *options,
                    size_t count)
{
    for (size_t i = 0; i < count && !page->failed; i++) {
        insert_group(page, options[i].group, options + i, count - i);
        struct entry *entry = find_entry(page, options[i].name, strlen(options[i].name));
        if (entry == NULL) {
            entry = mr_vec_push(&page->entries);
            if (entry != NULL)
                entry->first = &options[i];
        }
        if (entry != NULL)
            entry->of[command] = &options[i];
        page->failed = page->failed || entry == NULL;
    }
}

/* csv|json: each alternative underlined by itself. */
static void add_argument(struct mr_strbuf *out, const char *arg)
{
    mr_strbuf_add_char(out, ' ');
    while (*arg != '\0') {
        size_t len = strcspn(arg, "|");
        mr_strbuf_add_char(out, '_');
        add_escaped(out, arg, len);
        mr_strbuf_add_char(out, '_');
        arg += len;
        if (*arg == '|')
            mr_strbuf_add_char(out, *arg++);
    }
}

static void add_names(struct mr_strbuf *out, const struct mr_option *option)
{
    if (option->letter != '\0')
        mr_strbuf_add_fmt(out, "*-%c*, ", option->letter);
    mr_strbuf_add_fmt(out, "*--%s*", option->name);
    if (option->type == MR_OPTION_SWITCH)
        mr_strbuf_add_fmt(out, ", *--no-%s*", option->name);
    if (option->arg != NULL)
        add_argument(out, option->arg);
    mr_strbuf_add_char(out, '\n');
}

static void add_limits(struct mr_strbuf *out, const struct mr_option *option)
{
    bool is_number = option->type == MR_OPTION_UINT || option->type == MR_OPTION_UINT64 ||
                     option->type == MR_OPTION_MILLIS;
    uint64_t unit = option->type == MR_OPTION_MILLIS ? 1000 : 1;
    if (is_number && option->max / unit <= TOLD_MAX)
        mr_strbuf_add_fmt(out, " From %llu to %llu.", (unsigned long long)(option->min / unit),
                          (unsigned long long)(option->max / unit));
    if (option->type == MR_OPTION_MILLIS)
        mr_strbuf_add_str(out, " Up to three decimals.");
    if (option->type == MR_OPTION_LIST && strstr(option->help, "repeatable") == NULL)
        mr_strbuf_add_str(out, " Repeatable.");
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The default, and whose it is where the commands' differ. */
static void add_defaults(struct mr_strbuf *out, const struct page *page,
                         const struct mr_option *const *say, const struct mr_option *any)
{
    bool alike = true;
    const char *joint = " (default: ";
    for (size_t i = 0; i < page->ncommands; i++)
        alike = alike && (say[i] == NULL || is_same(mr_help_default(say[i]), mr_help_default(any)));
    for (size_t i = 0; i < page->ncommands; i++) {
        const char *value = say[i] != NULL ? mr_help_default(say[i]) : NULL;
        if (value == NULL)
            continue;
        mr_strbuf_add_str(out, joint);
        add_escaped(out, value, strlen(value));
        if (alike)
            break;
        mr_strbuf_add_fmt(out, " of *%s*", short_name(page->commands[i]));
        joint = ", ";
    }
    if (!alike || mr_help_default(any) != NULL)
        mr_strbuf_add_char(out, ')');
}

/* A sentence, or the rest of one that names the commands. */
static void add_help(struct mr_strbuf *out, const char *help, bool begun)
{
    if (!begun) {
        mr_strbuf_add_char(out, (char)toupper((unsigned char)*help));
        help++;
    }
    add_escaped(out, help, strlen(help));
}

/* "Of *create* and *verify*: ", where not all commands of the page say so. */
static bool add_lead(struct mr_strbuf *out, const struct page *page,
                     const struct mr_option *const *say)
{
    size_t count = 0;
    for (size_t i = 0; i < page->ncommands; i++)
        count += say[i] != NULL ? 1 : 0;
    if (count == page->ncommands)
        return false;
    size_t told = 0;
    for (size_t i = 0; i < page->ncommands; i++) {
        if (say[i] == NULL)
            continue;
        mr_strbuf_add_str(out, told == 0 ? "Of " : told + 1 == count ? " and " : ", ");
        mr_strbuf_add_fmt(out, "*%s*", short_name(page->commands[i]));
        told++;
    }
    mr_strbuf_add_str(out, ": ");
    return true;
}

/* What several commands say alike stands once, in front of it which they are. */
static void add_texts(struct mr_strbuf *out, const struct page *page, const struct entry *entry)
{
    struct entry left = *entry;
    bool first = true;
    for (size_t i = 0; i < page->ncommands; i++) {
        struct entry say = {0};
        if (left.of[i] == NULL)
            continue;
        for (size_t j = i; j < page->ncommands; j++) {
            if (left.of[j] != NULL && is_same(entry->of[i]->help, left.of[j]->help)) {
                say.of[j] = left.of[j];
                left.of[j] = NULL;
            }
        }
        if (!first)
            mr_strbuf_add_char(out, ' ');
        first = false;
        add_help(out, entry->of[i]->help, add_lead(out, page, say.of));
        add_defaults(out, page, say.of, entry->of[i]);
        mr_strbuf_add_char(out, '.');
    }
}

static void add_entry(struct mr_strbuf *out, const struct page *page, const struct entry *entry,
                      const struct mr_vec *notes)
{
    const char *name = entry->first->name;
    add_names(out, entry->first);
    mr_strbuf_add_char(out, '\t');
    add_texts(out, page, entry);
    add_limits(out, entry->first);
    mr_strbuf_add_char(out, '\n');
    for (size_t i = 0; i < notes->count; i++) {
        const struct mr_man_note *note = mr_vec_at(notes, i);
        if (strlen(name) == note->name_len && memcmp(name, note->name, note->name_len) == 0)
            mr_strbuf_add(out, note->text, note->text_len);
    }
    mr_strbuf_add_char(out, '\n');
}

static enum mr_code check_notes(const struct page *page, const struct mr_vec *notes,
                                struct mr_err *err)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct mr_man_note *note = mr_vec_at(notes, i);
        if (find_entry(page, note->name, note->name_len) == NULL)
            return mr_err_set(err, MR_E_CONFIG, "no command here has an option \"--%.*s\"",
                              (int)note->name_len, note->name);
    }
    return MR_OK;
}

/* A group whose options stand in another one, for an earlier command, has no heading. */
static void add_group(struct mr_strbuf *out, const struct page *page, const char *group,
                      const struct mr_vec *notes)
{
    bool headed = false;
    for (size_t i = 0; i < page->entries.count; i++) {
        const struct entry *entry = mr_vec_at(&page->entries, i);
        if (strcmp(entry->first->group, group) != 0)
            continue;
        if (!headed)
            mr_strbuf_add_fmt(out, "## %s\n\n", group);
        headed = true;
        add_entry(out, page, entry, notes);
    }
}

enum mr_code mr_man_options_add(const struct mr_command *const *commands, size_t ncommands,
                                const struct mr_vec *notes, struct mr_strbuf *out,
                                struct mr_err *err)
{
    struct page page = {.commands = commands,
                        .ncommands = ncommands,
                        .entries = MR_VEC_INIT(struct entry),
                        .groups = MR_VEC_INIT(const char *)};
    for (size_t i = 0; i < ncommands; i++) {
        collect(&page, i, commands[i]->options->options, commands[i]->options->count);
        collect(&page, i, mr_cli_builtin, mr_cli_builtin_count);
    }
    enum mr_code code =
        page.failed ? mr_err_nomem(err, "describing options") : check_notes(&page, notes, err);
    for (size_t i = 0; code == MR_OK && i < page.groups.count; i++)
        add_group(out, &page, *(const char **)mr_vec_at(&page.groups, i), notes);
    mr_vec_release(&page.entries);
    mr_vec_release(&page.groups);
    return code;
}
