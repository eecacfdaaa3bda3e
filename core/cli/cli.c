/* cli.c: see cli.h. */
#include "core/cli/cli.h"

#include <string.h>
#include <strings.h>

#include "core/base/secret.h"
#include "core/base/suggest.h"

const struct mr_option mr_cli_builtin[] = {
    {.name = "help",
     .letter = 'h',
     .type = MR_OPTION_HELP,
     .group = "General",
     .help = "print this help"},
    {.name = "version", .type = MR_OPTION_VERSION, .group = "General", .help = "print the version"},
};
const size_t mr_cli_builtin_count = sizeof mr_cli_builtin / sizeof mr_cli_builtin[0];

/* What is left to read of the command line. */
struct line {
    struct mr_invocation *invocation;
    char **args;
    size_t count, at;
    const char **operands;
    bool options_ended; /* behind -- */
    struct mr_err *err;
};

/* The argument as a message may show it. */
static const char *shown(struct mr_arena *arena, const char *arg)
{
    char *copy = mr_arena_strdup(arena, arg);
    if (copy == NULL)
        return "";
    (void)mr_secret_mask(copy);
    return copy;
}

static const struct mr_option *find_builtin(const char *name)
{
    for (size_t i = 0; i < mr_cli_builtin_count; i++) {
        if (strcmp(mr_cli_builtin[i].name, name) == 0)
            return &mr_cli_builtin[i];
    }
    return NULL;
}

static const struct mr_option *find_letter(const struct mr_option_set *set, char letter)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].letter == letter)
            return &set->options[i];
    }
    for (size_t i = 0; i < mr_cli_builtin_count; i++) {
        if (mr_cli_builtin[i].letter == letter)
            return &mr_cli_builtin[i];
    }
    return NULL;
}

/* The option of a long name; *negated for the --no-NAME of a switch. */
static const struct mr_option *find_long(const struct mr_option_set *set, const char *name,
                                         bool *negated)
{
    *negated = false;
    const struct mr_option *option = mr_settings_find(set, name);
    if (option == NULL)
        option = find_builtin(name);
    if (option != NULL || strncmp(name, "no-", 3) != 0)
        return option;
    option = mr_settings_find(set, name + 3);
    *negated = true;
    return option != NULL && option->type == MR_OPTION_SWITCH ? option : NULL;
}

static enum mr_code unknown_option(const struct line *line, const char *name)
{
    const struct mr_option_set *set = line->invocation->settings.set;
    struct mr_suggest suggest = {.typed = name};
    const char *abbreviated = NULL; /* the shortest that begins like this */
    for (size_t i = 0; i < set->count + mr_cli_builtin_count; i++) {
        const char *known =
            i < set->count ? set->options[i].name : mr_cli_builtin[i - set->count].name;
        mr_suggest_offer(&suggest, known);
        if (name[0] != '\0' && strncmp(known, name, strlen(name)) == 0 &&
            (abbreviated == NULL || strlen(known) < strlen(abbreviated)))
            abbreviated = known;
    }
    const char *best = abbreviated != NULL ? abbreviated : suggest.best;
    (void)mr_err_set(line->err, MR_E_USAGE, "unknown option \"--%s\"", name);
    if (best != NULL)
        mr_err_hint(line->err, "Did you mean \"--%s\"?", best);
    else
        mr_err_hint(line->err, "Run \"myrecon %s --help\" for its options.",
                    line->invocation->command->name);
    return MR_E_USAGE;
}

static enum mr_code given_twice(const struct line *line, const struct mr_option *option)
{
    (void)mr_err_set(line->err, MR_E_USAGE, "option \"--%s\" given twice", option->name);
    mr_err_hint(line->err, "Keep one of them; it is not a list.");
    return MR_E_USAGE;
}

static enum mr_code set_value(struct line *line, const struct mr_option *option, const char *text)
{
    struct mr_settings *settings = &line->invocation->settings;
    const struct mr_origin origin = {.kind = MR_ORIGIN_COMMAND_LINE};
    if (option->type != MR_OPTION_FLAG && !mr_option_is_repeatable(option) &&
        mr_settings_origin(settings, option)->kind == MR_ORIGIN_COMMAND_LINE)
        return given_twice(line, option);
    enum mr_code code = mr_settings_set(settings, option, text, origin, line->err);
    if (code == MR_OK)
        return MR_OK;
    if (strstr(text, "://") != NULL) /* it may hold a password: do not repeat it */
        code = mr_err_set(line->err, code, "a URI is not a value for it");
    mr_err_context(line->err, "option \"--%s\"", option->name);
    return code;
}

/* An option that is complete without a value. */
static enum mr_code apply_bare(struct line *line, const struct mr_option *option, bool negated)
{
    switch (option->type) {
    case MR_OPTION_HELP: line->invocation->request = MR_CLI_HELP; return MR_OK;
    case MR_OPTION_VERSION: line->invocation->request = MR_CLI_VERSION; return MR_OK;
    case MR_OPTION_COUNTER: mr_settings_bump(&line->invocation->settings, option); return MR_OK;
    case MR_OPTION_FLAG:
    case MR_OPTION_SWITCH:
    case MR_OPTION_STRING:
    case MR_OPTION_UINT:
    case MR_OPTION_UINT64:
    case MR_OPTION_MILLIS:
    case MR_OPTION_CHOICE:
    case MR_OPTION_LIST: break;
    }
    return set_value(line, option, negated ? "no" : "yes");
}

/* The next argument as the option's value. */
static enum mr_code apply_next(struct line *line, const struct mr_option *option)
{
    if (line->at == line->count || strncmp(line->args[line->at], "--", 2) == 0) {
        (void)mr_err_set(line->err, MR_E_USAGE, "option \"--%s\" needs a value", option->name);
        mr_err_hint(line->err, "Write --%s %s, or --%s=%s if that begins with --.", option->name,
                    option->arg, option->name, option->arg);
        return MR_E_USAGE;
    }
    return set_value(line, option, line->args[line->at++]);
}

static enum mr_code parse_long(struct line *line, char *arg)
{
    char *equals = strchr(arg, '=');
    const char *value = NULL;
    if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    }
    bool negated = false;
    const struct mr_option *option = find_long(line->invocation->settings.set, arg, &negated);
    if (option == NULL)
        return unknown_option(line, arg);
    if (!mr_option_has_value(option)) {
        if (value == NULL)
            return apply_bare(line, option, negated);
        (void)mr_err_set(line->err, MR_E_USAGE, "option \"--%s\" takes no value", arg);
        mr_err_hint(line->err, "Write --%s alone.", arg);
        return MR_E_USAGE;
    }
    return value != NULL ? set_value(line, option, value) : apply_next(line, option);
}

/* -q, -vv, -vh */
static enum mr_code parse_letters(struct line *line, const char *letters)
{
    for (; *letters != '\0' && line->invocation->request == MR_CLI_RUN; letters++) {
        const struct mr_option *option = find_letter(line->invocation->settings.set, *letters);
        if (option == NULL) {
            (void)mr_err_set(line->err, MR_E_USAGE, "unknown option \"-%c\"", *letters);
            mr_err_hint(line->err, "Run \"myrecon %s --help\" for its options.",
                        line->invocation->command->name);
            return MR_E_USAGE;
        }
        if (mr_option_has_value(option))
            return letters[1] != '\0' ? set_value(line, option, letters + 1)
                                      : apply_next(line, option);
        MR_TRY(apply_bare(line, option, false));
    }
    return MR_OK;
}

static enum mr_code add_operand(struct line *line, const char *arg)
{
    struct mr_invocation *inv = line->invocation;
    const struct mr_command *command = inv->command;
    if (inv->noperands < command->max_operands) {
        line->operands[inv->noperands++] = arg;
        return MR_OK;
    }
    (void)mr_err_set(line->err, MR_E_USAGE, "unexpected operand \"%s\"", shown(&inv->arena, arg));
    mr_err_hint(line->err, "The command is: myrecon %s [OPTIONS]%s%s", command->name,
                command->doc->operands[0] != '\0' ? " " : "", command->doc->operands);
    return MR_E_USAGE;
}

static enum mr_code parse_arg(struct line *line, char *arg)
{
    if (line->options_ended || arg[0] != '-' || arg[1] == '\0')
        return add_operand(line, arg);
    if (strcmp(arg, "--") == 0) {
        line->options_ended = true;
        return MR_OK;
    }
    return arg[1] == '-' ? parse_long(line, arg + 2) : parse_letters(line, arg + 1);
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Is an operand of that word a path?  The word may stand in brackets. */
static bool is_path_word(const char *word)
{
    word += *word == '[';
    return begins_with(word, "DIR") || begins_with(word, "FILE");
}

static const char *next_word(const char *word)
{
    word += strcspn(word, " ");
    return word + strspn(word, " ");
}

/* An endpoint in a path's place is most often two operands interchanged: told here, for
 * all commands, before it is looked for as a file. */
static enum mr_code check_paths(const struct mr_invocation *inv, struct mr_err *err)
{
    const char *word = inv->command->doc->operands;
    size_t left_out = inv->command->max_operands - inv->noperands;
    /* of "[FILE] SERVER", FILE is not there where one is given */
    for (; *word == '[' && left_out > 0; left_out--)
        word = next_word(word);
    for (size_t i = 0; i < inv->noperands; i++, word = next_word(word)) {
        const bool server = begins_with(inv->operands[i], "mysql://");
        if (!is_path_word(word) || (!server && !begins_with(inv->operands[i], "snapshot:")))
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "%s stands where a path is to be",
                         server ? "a server" : "\"snapshot:\"");
        mr_err_hint(err, "The command is: myrecon %s [OPTIONS] %s", inv->command->name,
                    inv->command->doc->operands);
        return MR_E_USAGE;
    }
    return MR_OK;
}

static enum mr_code check_operands(const struct mr_invocation *inv, struct mr_err *err)
{
    const struct mr_command *command = inv->command;
    if (inv->noperands >= command->min_operands)
        return check_paths(inv, err);
    (void)mr_err_set(err, MR_E_USAGE, "command \"%s\" needs %s; %zu of %zu given", command->name,
                     command->doc->operands, inv->noperands, command->min_operands);
    mr_err_hint(err, "Run \"myrecon %s --help\" for examples.", command->name);
    return MR_E_USAGE;
}

static enum mr_code parse_command_line(struct line *line)
{
    struct mr_invocation *inv = line->invocation;
    enum mr_code code =
        mr_settings_init(&inv->settings, inv->command->options, &inv->arena, line->err);
    line->operands = mr_arena_calloc(&inv->arena, line->count, sizeof *line->operands);
    if (code == MR_OK && line->operands == NULL)
        code = mr_err_nomem(line->err, "reading the command line");
    inv->operands = line->operands;
    while (code == MR_OK && line->at < line->count && inv->request == MR_CLI_RUN)
        code = parse_arg(line, line->args[line->at++]);
    if (code == MR_OK && inv->request == MR_CLI_RUN)
        code = check_operands(inv, line->err);
    return code;
}

/* Is the command's name these words?  second NULL: the line has none. */
static bool has_words(const struct mr_command *command, const char *first, const char *second)
{
    size_t len = strlen(first);
    return second != NULL && strncmp(command->name, first, len) == 0 && command->name[len] == ' ' &&
           strcmp(command->name + len + 1, second) == 0;
}

bool mr_cli_in_group(const struct mr_command *command, const char *group)
{
    size_t len = strlen(group);
    return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

/* Whoever typed "repair" alone gets the words to choose from, not another command to run first. */
static void hint_second_words(struct line *line, const char *first)
{
    const struct mr_invocation *inv = line->invocation;
    struct mr_strbuf words = MR_STRBUF_INIT;
    for (size_t i = 0; i < inv->commands.count; i++)
        if (mr_cli_in_group(inv->commands.items[i], first))
            mr_strbuf_add_fmt(&words, "%s%s", words.len > 0 ? ", " : "",
                              inv->commands.items[i]->name + strlen(first) + 1);
    mr_err_hint(line->err, "Add one of: %s; \"myrecon %s --help\" says what each does.",
                words.failed || words.ptr == NULL ? "" : words.ptr, first);
    mr_strbuf_release(&words);
}

/* The first word of commands with two, without a second word that makes it one. */
static enum mr_code incomplete_command(struct line *line, const char *first, const char *second)
{
    struct mr_invocation *inv = line->invocation;
    struct mr_suggest suggest = {.typed = second != NULL ? second : ""};
    const bool asked =
        second != NULL && (strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0);
    if (asked || (inv->request == MR_CLI_HELP && second == NULL)) {
        inv->request = MR_CLI_HELP;
        inv->group = first;
        return MR_OK;
    }
    for (size_t i = 0; i < inv->commands.count; i++)
        if (mr_cli_in_group(inv->commands.items[i], first))
            mr_suggest_offer(&suggest, inv->commands.items[i]->name + strlen(first) + 1);
    if (second == NULL)
        (void)mr_err_set(line->err, MR_E_USAGE, "command \"%s\" needs a second word", first);
    else
        (void)mr_err_set(line->err, MR_E_USAGE, "unknown command \"%s %s\"", first,
                         shown(&inv->arena, second));
    if (suggest.best != NULL)
        mr_err_hint(line->err, "Did you mean \"%s %s\"?", first, suggest.best);
    else
        hint_second_words(line, first);
    return MR_E_USAGE;
}

/* "repiar plan": the command of two words that is meant, or NULL. */
static const char *both_words(struct mr_invocation *inv, const char *first, const char *second)
{
    struct mr_strbuf typed = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&typed, "%s %s", first, second);
    struct mr_suggest suggest = {.typed = typed.ptr};
    for (size_t i = 0; !typed.failed && i < inv->commands.count; i++)
        if (strchr(inv->commands.items[i]->name, ' ') != NULL)
            mr_suggest_offer(&suggest, inv->commands.items[i]->name);
    mr_strbuf_release(&typed);
    return suggest.best;
}

/* The word, or words, at which the line stands. */
static enum mr_code find_command(struct line *line, const char *first)
{
    struct mr_invocation *inv = line->invocation;
    struct mr_suggest suggest = {.typed = first};
    const char *second = line->at < line->count ? line->args[line->at] : NULL;
    bool group = false;
    for (size_t i = 0; i < inv->commands.count; i++) {
        const struct mr_command *command = inv->commands.items[i];
        mr_suggest_offer(&suggest, command->name);
        group = group || mr_cli_in_group(command, first);
        if (strcmp(command->name, first) == 0)
            inv->command = command;
        if (!has_words(command, first, second))
            continue;
        inv->command = command;
        line->at++;
    }
    if (inv->command != NULL)
        return MR_OK;
    if (group)
        return incomplete_command(line, first, second);
    if (first[0] == '-') {
        (void)mr_err_set(line->err, MR_E_USAGE, "an option where the command belongs");
        mr_err_hint(line->err, "Write: myrecon COMMAND [OPTIONS]; see myrecon --help.");
        return MR_E_USAGE;
    }
    (void)mr_err_set(line->err, MR_E_USAGE, "unknown command \"%s\"", shown(&inv->arena, first));
    if (suggest.best == NULL && second != NULL)
        suggest.best = both_words(inv, first, second);
    if (suggest.best != NULL)
        mr_err_hint(line->err, "Did you mean \"%s\"?", suggest.best);
    return MR_E_USAGE;
}

/* `help`, `--help` and `-h` take the place of a command, and may name one. */
static enum mr_code parse_help(struct line *line)
{
    line->invocation->request = MR_CLI_HELP;
    if (line->at == line->count)
        return MR_OK;
    const char *first = line->args[line->at++];
    return find_command(line, first);
}

static enum mr_code copy_args(struct line *line, int argc, char *const *argv)
{
    struct mr_arena *arena = &line->invocation->arena;
    line->count = argc > 1 ? (size_t)argc - 1 : 0;
    line->args = mr_arena_calloc(arena, line->count + 1, sizeof *line->args);
    bool failed = line->args == NULL;
    for (size_t i = 0; i < line->count && !failed; i++) {
        line->args[i] = mr_arena_strdup(arena, argv[i + 1]);
        failed = line->args[i] == NULL;
    }
    return failed ? mr_err_nomem(line->err, "reading the command line") : MR_OK;
}

/* Help and version are asked for before anything else is judged, so that they can be had with a
 * command line that is wrong behind them. */
enum mr_code mr_cli_parse(struct mr_invocation *invocation, struct mr_command_list commands,
                          int argc, char *const *argv, struct mr_err *err)
{
    *invocation = (struct mr_invocation){.request = MR_CLI_RUN, .commands = commands};
    mr_arena_init(&invocation->arena);
    struct line line = {.invocation = invocation, .err = err};
    MR_TRY(copy_args(&line, argc, argv));
    if (line.count == 0)
        return mr_err_set(err, MR_E_USAGE, "no command given");
    const char *first = line.args[line.at++];
    if (strcmp(first, "help") == 0 || strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return parse_help(&line);
    if (strcmp(first, "version") == 0 || strcmp(first, "--version") == 0) {
        invocation->request = MR_CLI_VERSION;
        return MR_OK;
    }
    enum mr_code code = find_command(&line, first);
    return code == MR_OK && invocation->command != NULL ? parse_command_line(&line) : code;
}

static bool is_file_key(const struct mr_option *option)
{
    return mr_option_is_setting(option) && !option->not_in_file;
}

/* The last of two lines would win in silence, and the reader of the file sees the first. */
static enum mr_code check_repeat(const struct mr_option *option,
                                 const struct mr_ini_section *section,
                                 const struct mr_ini_entry *entry, struct mr_err *err)
{
    if (mr_option_is_repeatable(option))
        return MR_OK;
    for (const struct mr_ini_entry *other = section->entries; other != entry; other = other->next) {
        if (strcmp(other->key, entry->key) != 0)
            continue;
        (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: key \"%s\" given twice in section", entry->file,
                         entry->line, entry->key);
        mr_err_hint(err, "It stands in line %u already; keep one of them.", other->line);
        return MR_E_CONFIG;
    }
    return MR_OK;
}

/* One section serves all commands: a key is right that any of them knows, whichever runs now. */
static enum mr_code check_file_key(struct mr_command_list commands,
                                   const struct mr_ini_section *section,
                                   const struct mr_ini_entry *entry, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = entry->key};
    bool only_on_line = false;
    for (size_t i = 0; i < commands.count; i++) {
        const struct mr_option_set *set = commands.items[i]->options;
        const struct mr_option *option = mr_settings_find(set, entry->key);
        if (option != NULL && is_file_key(option))
            return check_repeat(option, section, entry, err);
        only_on_line = only_on_line || option != NULL;
        for (size_t j = 0; j < set->count; j++) {
            if (is_file_key(&set->options[j]))
                mr_suggest_offer(&suggest, set->options[j].name);
        }
    }
    (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: %s \"%s\" in section [options]", entry->file,
                     entry->line, only_on_line ? "command line option" : "unknown key", entry->key);
    if (only_on_line)
        mr_err_hint(err, "Give --%s on the command line.", entry->key);
    else if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "The keys are listed in myrecon.ini(5).");
    return MR_E_CONFIG;
}

enum mr_code mr_cli_check_file(struct mr_command_list commands, const struct mr_config *config,
                               struct mr_err *err)
{
    for (const struct mr_ini_section *section = NULL;
         (section = mr_config_options(config, section)) != NULL;)
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next)
            MR_TRY(check_file_key(commands, section, entry, err));
    return MR_OK;
}

static const char *config_path(const struct mr_settings *settings)
{
    const char *path = NULL;
    const struct mr_option *option = mr_settings_find(settings->set, "config");
    if (option != NULL && option->type == MR_OPTION_STRING)
        memcpy(&path, (const char *)settings->values + option->offset, sizeof path);
    return path;
}

enum mr_code mr_cli_configure(struct mr_invocation *invocation, struct mr_err *err)
{
    struct mr_settings *settings = &invocation->settings;
    if (settings->set->prepare != NULL)
        MR_TRY(settings->set->prepare(settings, err));
    MR_TRY(mr_config_load(config_path(settings), invocation->commands.rooms, &invocation->config,
                          err));
    MR_TRY(mr_cli_check_file(invocation->commands, invocation->config, err));
    MR_TRY(mr_settings_apply_file(settings, invocation->config, err));
    return mr_settings_finish(settings, err);
}

void mr_cli_release(struct mr_invocation *invocation)
{
    mr_config_free(invocation->config);
    mr_arena_release(&invocation->arena);
    *invocation = (struct mr_invocation){0};
}
